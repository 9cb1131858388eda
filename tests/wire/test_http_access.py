"""Strangers, neighbours and web pages: who is served what, and that one client cannot take the scanner from others.

Two addresses of 127/8 stand for two machines. Requests are written by hand and sent to the running daemon over TCP.
"""

import asyncio
import gzip
import logging
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.errors import ConfigError
from bridge.net import guest, serving, shares
from drivers.contract.document import ScanRequest
from drivers.contract.handover import Handover
from tests.wire.http_rig import (
    DIRECTED,
    NS,
    WSD,
    WSE,
    Y01,
    Y08,
    Answer,
    Connection,
    Gate,
    Job,
    Rig,
    Subscriber,
    configured,
    message,
    page,
    running,
    subscription,
    ticket,
)

HERE, THERE = "127.0.0.1", "127.0.0.2"
GET = message("http://schemas.xmlsoap.org/ws/2004/09/transfer/Get", "")
PROBE = message(f"{WSD}/Probe", "<d:Probe/>")
ACTIVE = message(f"{Y08}/GetActiveJobs", "<w:GetActiveJobsRequest/>")
STATUS = "<w:RequestedElements><w:Name>w:{}</w:Name></w:RequestedElements>"
ENDS = f"{Y08}/JobEndStateEvent"


@pytest.fixture
def lines() -> list[str]:
    """What the bridge says of its peers, without what it says of devices and jobs."""
    said: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name.startswith("bridge.net"):
                said.append(record.getMessage())

    handler, root = Keep(), logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    return said


def seen_from(rig: Rig, address: str) -> Rig:
    """The same daemon, asked from another address."""
    return replace(rig, source=address)


def denied(answer: Answer, key: str) -> None:
    """The fault of somebody who is not on that list, and may not be asked to try again."""
    assert (answer.status, answer.subcode) == (403, "Sender"), answer.body
    assert f"[access] {key}" in answer.text("s:Body/s:Fault/s:Detail")
    assert answer.xml.findtext("s:Header/a:RelatesTo", None, NS) is not None


# Who may.


async def test_who_may_do_nothing_is_not_answered_at_all(tmp_path: Path, lines: list[str]) -> None:
    only = {"scan": [HERE], "subscribe": [HERE], "jobs": [HERE]}
    async with running(tmp_path, more={"access": only}) as rig:
        stranger = seen_from(rig, THERE)
        for path, body in ((rig.path, GET), (rig.path, PROBE), (DIRECTED, PROBE), (rig.scan_path, ACTIVE), ("/x", GET)):
            lines.clear()
            answer = await stranger.ask(path, body)
            assert (answer.status, answer.body, answer.headers["connection"]) == (403, b"", "close")
            assert lines == [f"{THERE}: refused: from outside the networks of [access]"]
        for path, body in ((rig.path, GET), (rig.path, PROBE), (DIRECTED, PROBE), (rig.scan_path, ACTIVE)):
            assert (await rig.ask(path, body)).status == 200


async def test_a_body_of_somebody_who_may_do_nothing_is_not_waited_for(tmp_path: Path) -> None:
    only = {"scan": [HERE], "subscribe": [HERE], "jobs": [HERE]}
    async with running(tmp_path, more={"access": only}) as rig:
        connection = await seen_from(rig, THERE).connect()
        await connection.send(rig.path, b"", Content_Length="30000")
        assert (await asyncio.wait_for(connection.head(), 2))[0] == 403


@pytest.mark.parametrize("year", [Y08, Y01])
async def test_who_may_not_scan_may_see_what_the_scanner_is(tmp_path: Path, lines: list[str], year: str) -> None:
    async with running(tmp_path, more={"access": {"scan": [HERE]}}) as rig:
        other = seen_from(rig, THERE)
        job = await rig.create(year=year)
        lines.clear()
        denied(await other.operate("CreateScanJob", ticket(), year), "scan")
        why = f"{THERE} is not among those of [access] scan"
        assert lines == [f"{THERE}: CreateScanJob refused: This is not allowed from where you are ({why})"]
        denied(await other.operate("ValidateScanTicket", ticket(), year), "scan")
        denied(await other.retrieve(job, year), "scan")
        assert (await other.operate("GetScannerElements", STATUS.format("ScannerStatus"), year)).status == 200
        assert (await other.ask(rig.path, GET)).status == 200
        assert len(await other.active()) == 1
        assert len(rig.scanner.documents) == 1
        assert (await rig.retrieve(job, year)).status == 200


async def test_who_may_not_subscribe_is_told_so(tmp_path: Path) -> None:
    async with Subscriber(THERE) as subscriber, running(tmp_path, more={"access": {"subscribe": [HERE]}}) as rig:
        denied(await seen_from(rig, THERE).subscribe(subscriber), "subscribe")
        for name in ("Renew", "GetStatus", "Unsubscribe"):
            body = message(f"{WSE}/{name}", f"<e:{name}/>", headers="<e:Identifier>urn:x</e:Identifier>")
            denied(await seen_from(rig, THERE).ask(rig.scan_path, body), "subscribe")


async def test_who_may_not_see_jobs_sees_his_own(tmp_path: Path) -> None:
    async with running(tmp_path, more={"access": {"jobs": []}}) as rig:
        other = seen_from(rig, THERE)
        mine, yours = await rig.create(), await other.create()
        for name in ("GetActiveJobs", "GetJobHistory"):
            denied(await rig.operate(name, ""), "jobs")
        asked = "<w:JobId>{}</w:JobId>" + STATUS.format("JobStatus")
        assert (await rig.operate("GetJobElements", asked.format(mine.id))).status == 200
        assert (await other.operate("GetJobElements", asked.format(yours.id))).status == 200
        denied(await rig.operate("GetJobElements", asked.format(yours.id)), "jobs")
        assert (await rig.operate("GetJobElements", asked.format(77))).subcode == "w8:ClientErrorJobIdNotFound"


async def test_a_job_is_cancelled_by_its_creator_alone(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        gate = Gate()
        rig.scanner.play = lambda handover, request: gate.wait(handover)
        job, waiting = await rig.create(), await rig.create()
        other = seen_from(rig, THERE)
        for each in (job, waiting):
            denied(await other.cancel(each), "cancel")
        assert (await rig.status(job))[0] == "Processing"
        assert (await other.cancel(Job(77, "", job.answer))).subcode == "w8:ClientErrorJobIdNotFound"
        assert (await rig.cancel(waiting)).status == 200
        assert (await rig.cancel(job)).status == 200
        await rig.until(job, "Canceled")


async def test_whom_the_operator_names_may_cancel_the_jobs_of_others(tmp_path: Path) -> None:
    async with running(tmp_path, more={"access": {"cancel": [THERE]}}) as rig:
        gate = Gate()
        rig.scanner.play = lambda handover, request: gate.wait(handover)
        job = await rig.create()
        assert (await seen_from(rig, THERE).cancel(job)).status == 200
        await rig.until(job, "Canceled")


@pytest.mark.parametrize(
    ("section", "key", "value", "why"),
    [
        ("access", "scan", ["192.0.2.1/24"], "192.0.2.1/24 has host bits set"),
        ("access", "cancel", ["the boss"], "'the boss' is no address and no network"),
        ("access", "jobs", ["LOCAL"], "'LOCAL' is no address and no network"),
        ("service", "allow_notify", ["local"], "'local' is no address and no network"),
        ("access", "print", ["any"], "there is no such key"),
    ],
)
def test_a_place_that_is_none_is_an_error(tmp_path: Path, section: str, key: str, value: list[str], why: str) -> None:
    with pytest.raises(ConfigError, match=f"{section}.{key}") as wrong:
        configured(tmp_path, {section: {key: value}})
    assert wrong.value.reason == why


# Web pages.


@pytest.mark.parametrize(
    "said",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://scanner.example:5380", "Host": "scanner.example:5380"},  # a name pointed at us
        {"Sec_Fetch_Site": "cross-site"},
    ],
)
async def test_a_web_page_cannot_drive_the_scanner(tmp_path: Path, lines: list[str], said: dict[str, str]) -> None:
    async with running(tmp_path) as rig:
        create = message(f"{Y08}/CreateScanJob", f"<w:CreateScanJobRequest>{ticket()}</w:CreateScanJobRequest>")
        lines.clear()
        answer = await rig.ask(rig.scan_path, create, **said)
        assert (answer.status, answer.body) == (403, b"")
        assert len(lines) == 1
        assert "a web page asks" in lines[0]
        assert rig.scanner.documents == []


async def test_a_web_page_is_given_no_leave_to_ask(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        asking = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "content-type"}
        for said in (asking, {**asking, "Origin": "http://evil.example"}):
            answer = await rig.ask(rig.scan_path, b"", "OPTIONS", **said)
            assert answer.status in (403, 405)
            assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_a_client_may_call_us_what_it_likes(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        for name in ("scanner.local:5380", "[fe80::1]:5380", "SCANNER"):
            assert (await rig.ask(rig.scan_path, ACTIVE, Host=name)).status == 200


# Where events go.


async def test_events_go_to_another_machine_where_the_operator_allows_it(tmp_path: Path) -> None:
    elsewhere = "<a:Address>http://192.0.2.5:8080/events</a:Address>"
    outside = "<a:Address>http://192.0.3.5:8080/events</a:Address>"
    end_to = "<e:EndTo><a:Address>http://192.0.3.5:8080/events</a:Address></e:EndTo>"
    async with running(tmp_path) as rig:
        refused = await rig.ask(rig.scan_path, subscription(elsewhere, ENDS))
        assert (refused.status, refused.subcode) == (400, "a:DestinationUnreachable")
    async with running(tmp_path, more={"service": {"allow_notify": ["192.0.2.0/24"]}}) as rig:
        assert (await rig.ask(rig.scan_path, subscription(elsewhere, ENDS))).status == 200
        refused = await rig.ask(rig.scan_path, subscription(outside, ENDS))
        assert refused.subcode == "a:DestinationUnreachable"
        refused = await rig.ask(
            rig.scan_path, subscription(elsewhere, ENDS).replace(b"<e:Delivery>", end_to.encode() + b"<e:Delivery>")
        )
        assert refused.subcode == "a:DestinationUnreachable"


# Names.


@pytest.mark.parametrize("private", [True, False])
async def test_names_of_jobs_are_withheld_from_others_if_asked_for(tmp_path: Path, private: bool) -> None:
    async with (
        Subscriber() as mine,
        Subscriber(THERE) as theirs,
        running(tmp_path, more={"access": {"private_names": private}}) as rig,
    ):
        other = seen_from(rig, THERE)
        await rig.subscribe(mine)
        await other.subscribe(theirs)
        job = await rig.create(ticket())
        asked = f"<w:JobId>{job.id}</w:JobId>{STATUS.format('ScanTicket')}"
        told = {
            "active": [b"".join(each.encode() for each in await one.active()) for one in (rig, other)],
            "ticket": [(await one.operate("GetJobElements", asked)).body for one in (rig, other)],
        }
        assert (await rig.retrieve(job)).status == 200
        asked = f"<w:JobId>{job.id}</w:JobId>{STATUS.format('Documents')}"
        told["documents"] = [(await one.operate("GetJobElements", asked)).body for one in (rig, other)]
        await mine.until("end:")
        await theirs.until("end:")
        told["events"] = [b"".join(letter.body for letter in one.letters) for one in (mine, theirs)]
        told["history"] = [(await one.operate("GetJobHistory", "")).body for one in (rig, other)]
        for where, (for_me, for_them) in told.items():
            words = (b"page.png",) if where == "documents" else (b"Letters", b"Ada")
            assert all(word in for_me for word in words), where
            assert b"withheld" not in for_me, where
            assert all((word in for_them) is not private for word in words), where
            assert (b"withheld" in for_them) is private, where
        assert mine.lines == theirs.lines


# Who takes too much, or too long.


async def ended(connection: Connection) -> None:
    """The daemon has closed this connection."""
    with suppress(ConnectionError):
        while await asyncio.wait_for(connection.reader.read(65536), 5):
            pass


async def test_one_peer_cannot_hold_all_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    monkeypatch.setattr(serving, "MAX_CONNECTIONS", 6)
    async with running(tmp_path) as rig:
        greedy = [await rig.connect() for _ in range(6)]
        assert [(await each.ask(rig.scan_path, ACTIVE)).status for each in greedy] == [200] * 6
        other = seen_from(rig, THERE)
        assert (await other.ask(rig.scan_path, ACTIVE)).status == 200
        await ended(greedy[0])  # the one that was idle longest
        assert (await greedy[1].ask(rig.scan_path, ACTIVE)).status == 200
        lines.clear()
        # Its own next ones are turned away, which is said once.
        await (await rig.connect()).ask(rig.scan_path, ACTIVE)
        for _ in range(3):
            await ended(await rig.connect())
        assert lines == [f"{HERE}: turned away: 6 connections are open"]


async def test_sixty_four_connections_are_enough_for_anybody(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        held = [await rig.connect() for _ in range(64)]
        assert (await held[63].ask(rig.scan_path, ACTIVE)).status == 200
        await ended(await rig.connect())
        assert (await seen_from(rig, THERE).ask(rig.scan_path, ACTIVE)).status == 200
        held[0].close()
        await asyncio.sleep(0.05)
        assert (await rig.ask(rig.scan_path, ACTIVE)).status == 200


async def test_a_head_that_trickles_in_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guest, "HEAD_TIMEOUT", 0.3)
    async with running(tmp_path) as rig:
        connection = await rig.connect()
        assert (await connection.ask(rig.scan_path, ACTIVE)).status == 200
        await asyncio.sleep(0.5)  # between two requests there is time
        assert (await connection.ask(rig.scan_path, ACTIVE)).status == 200
        await connection.raw(f"POST {rig.scan_path} HTTP/1.1\r\n".encode())
        begun = asyncio.get_running_loop().time()
        with suppress(ConnectionError):
            for number in range(40):
                await connection.raw(f"X-{number}: slow\r\n".encode())
                await asyncio.sleep(0.05)
                if connection.reader.at_eof():
                    break
        await ended(connection)
        assert asyncio.get_running_loop().time() - begun < 1.5


async def test_a_connection_on_which_nothing_is_asked_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guest, "IDLE_TIMEOUT", 0.1)
    async with running(tmp_path) as rig:
        await ended(await rig.connect())


async def test_answers_that_nobody_takes_end_the_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guest, "TAKE_TIMEOUT", 0.2)
    asked = message(
        f"{Y08}/GetScannerElements",
        "<w:GetScannerElementsRequest><w:RequestedElements><w:Name>w:ScannerConfiguration</w:Name>"
        "<w:Name>w:DefaultScanTicket</w:Name></w:RequestedElements></w:GetScannerElementsRequest>",
    )
    async with running(tmp_path) as rig:
        connection = await rig.connect()
        connection.writer.transport.pause_reading()

        async def ask_on() -> None:
            while True:
                await connection.send(rig.scan_path, asked)

        with pytest.raises(ConnectionError):
            await asyncio.wait_for(ask_on(), 10)
        assert (await rig.ask(rig.scan_path, ACTIVE)).status == 200


async def test_who_asks_without_end_is_told_to_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    monkeypatch.setattr(shares, "UNCOUNTED", ())
    monkeypatch.setattr(shares, "BURST", 5.0)
    monkeypatch.setattr(shares, "RATE", 0.001)
    async with running(tmp_path) as rig:
        assert [(await rig.ask(rig.scan_path, ACTIVE)).status for _ in range(5)] == [200] * 5
        lines.clear()
        for _ in range(3):
            answer = await rig.ask(rig.scan_path, ACTIVE)
            assert (answer.status, answer.body, answer.headers["retry-after"]) == (429, b"", "1")
        assert (await seen_from(rig, THERE).ask(rig.scan_path, ACTIVE)).status == 200
        assert lines == [f"{HERE}: more requests than are answered"]


async def test_images_waited_for_by_one_peer_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "MOST_HELD", 2)
    async with running(tmp_path) as rig:
        gate = Gate()

        def play(handover: Handover, request: ScanRequest) -> None:
            gate.wait(handover)
            page(handover, request)

        rig.scanner.play = play
        job = await rig.create()
        held = [await rig.connect() for _ in range(2)]
        for each in held:
            await each.send(rig.scan_path, rig.retrieval(job))
        await asyncio.sleep(0.1)
        answer = await rig.retrieve(job)
        assert (answer.status, answer.subcode) == (500, "w8:ServerErrorTemporaryError")
        gate.open()
        assert sorted([(await each.answer()).status for each in held]) == [200, 400]
        job = await rig.create()
        assert (await rig.retrieve(job)).status == 200


async def test_what_is_compressed_is_not_unpacked(tmp_path: Path) -> None:
    bomb = gzip.compress(ACTIVE + b" " * 30_000_000)
    assert len(bomb) < 32_767
    async with running(tmp_path) as rig:
        for body in (bomb, gzip.compress(ACTIVE)):
            answer = await rig.ask(rig.scan_path, body, Content_Encoding="gzip")
            assert (answer.status, answer.subcode) == (400, "Sender")


async def test_a_client_that_fills_the_queue_neither_shuts_others_out_nor_goes_first(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        gate, scanned = Gate(), list[str | None]()

        def play(handover: Handover, request: ScanRequest) -> None:
            gate.wait(handover)
            scanned.append(request.native_id)
            page(handover, request)

        rig.scanner.play = play
        greedy = [await rig.create() for _ in range(9)]
        assert (await rig.operate("CreateScanJob", ticket())).subcode == "w8:ServerErrorNotAcceptingJobs"
        other = seen_from(rig, THERE)
        job = await other.create()
        assert (await other.operate("CreateScanJob", ticket())).subcode == "w8:ServerErrorNotAcceptingJobs"
        gate.open()
        for each in greedy:
            assert (await rig.retrieve(each)).status == 200
        assert (await other.retrieve(job)).status == 200
        assert scanned == [f"wsd-{number}" for number in (1, 10, 2, 3, 4, 5, 6, 7, 8, 9)]


# Places in a panel.

OFFERS = f"{Y08}/ScanAvailableEvent"


def destinations(*named: tuple[str, str]) -> str:
    return (
        "<w:ScanDestinations>"
        + "".join(
            f"<w:ScanDestination><w:ClientDisplayName>{name}</w:ClientDisplayName><w:ClientContext>{context}"
            "</w:ClientContext></w:ScanDestination>"
            for name, context in named
        )
        + "</w:ScanDestinations>"
    )


async def test_one_client_cannot_crowd_others_out_of_a_panel(tmp_path: Path) -> None:
    async with Subscriber() as here, Subscriber(THERE) as there, running(tmp_path) as rig:
        many = destinations(*((f"PC {number}", f"Scan{number}") for number in range(64)))
        one = destinations(("PC", "Scan"))
        assert (await rig.subscribe(here, OFFERS, extra=many)).status == 200
        assert (await rig.subscribe(here, OFFERS, extra=many)).status == 200, "the same again replaces it"
        refused = await rig.subscribe(here, OFFERS, extra=one)
        assert (refused.status, refused.subcode) == (500, "e:EventSourceUnableToProcess")
        assert (await rig.subscribe(here, ENDS)).status == 200, "events without destinations it may have"
        assert (await seen_from(rig, THERE).subscribe(there, OFFERS, extra=one)).status == 200


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("DESK", "DESK"),
        ("Scan to &quot;Ada&quot; \u00e9\u6f22", 'Scan to "Ada" \u00e9\u6f22'),
        ("DESK&#10;FRONT&#13;\tOFFICE", "DESK FRONT OFFICE"),
        ("\u202eKSED\u202c\u200b", "KSED"),
        ("&#x9b;31mRED&#x85;", "31mRED"),
    ],
)
async def test_a_display_name_is_one_line_that_hides_nothing(tmp_path: Path, said: str, shown: str) -> None:
    async with Subscriber() as subscriber, running(tmp_path) as rig:
        answer = await rig.subscribe(subscriber, OFFERS, extra=destinations((said, "Scan")))
        assert answer.status == 200
        (hosted,) = rig.daemon._hosted.values()
        assert [each.display_name for each in hosted.subscriptions.invitations.destinations] == [shown]


async def test_a_display_name_is_no_longer_than_a_panel(tmp_path: Path) -> None:
    async with Subscriber() as subscriber, running(tmp_path) as rig:
        for length, status in ((127, 200), (128, 400)):
            offer = destinations(("x" * length, "Scan"))
            assert (await rig.subscribe(subscriber, OFFERS, extra=offer)).status == status
