"""The observer over a wire, to a hfaxd that says what a test wants."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from drivers.contract.clock import SystemClock
from drivers.contract.errors import DeviceBusy, DeviceGarbled, DeviceGone, DeviceRefused, DeviceTimeout, DriverError
from drivers.contract.fax import Cause, FaxCall, FaxLine, FaxPhase, FaxSnapshot
from drivers.hylafax import control, listings, observer, triggers
from drivers.hylafax.control import Control, Server, logged_in
from drivers.hylafax.observer import HylafaxObserver
from drivers.hylafax.open import open_observer
from tests.unit.hylafax.conftest import Hfaxd

READY = ["7", "W", "ttyS0", "0", "12", "0", "3", "0", "3", "1700000000", ""]
ACTIVE = ["7", "R", *READY[2:]]
ASLEEP = ["7", "S", "ttyS0", "1", "12", "0", "3", "0", "3", "1700000000", "Busy signal detected"]
MODEM = ["ttyS0", "Ours", "*", "Running and idle"]
QFILE = "statuscode:1\ncsi:Acme\n!tiff:0::docq/doc1.tif.7\ntiff:0::docq/doc2.tif.7\n"


@asynccontextmanager
async def following(hfaxd: Hfaxd) -> AsyncIterator[HylafaxObserver]:
    observing = await open_observer("127.0.0.1", hfaxd.port, "wsd", "", SystemClock())
    try:
        yield observing
    finally:
        await observing.close()


async def until(observing: HylafaxObserver, holds: Callable[[FaxSnapshot], bool]) -> list[FaxSnapshot]:
    """Everything that is told until it holds."""
    told: list[FaxSnapshot] = []
    async with asyncio.timeout(5):
        while not told or not holds(told[-1]):
            told.append(await observing.poll())
            if not holds(told[-1]):
                await observing.rest(told[-1])
    return told


def phases(snapshot: FaxSnapshot) -> list[FaxPhase]:
    return [job.phase for job in snapshot.jobs]


async def test_events_between_two_looks_are_told_one_by_one(hfaxd: Hfaxd):
    hfaxd.rows = {"sendq": [ACTIVE], "status": [MODEM]}
    async with following(hfaxd) as observing:
        assert phases(await observing.poll()) == [FaxPhase.INITIALIZING]
        start = "120000 1{} JOB 7 (dest 1 pri 1 com ): SEND FAX: {}"
        for number, text in ((17, "Call placed (off-hook)"), (18, "Connected"), (19, "Page 1 sent in 0:01")):
            hfaxd.tell(start.format(number, text))
        told = await until(observing, lambda seen: seen.jobs[0].pages_done == 1)
        assert [each for seen in told for each in phases(seen)][-3:] == [
            FaxPhase.DIALING,
            FaxPhase.ANSWERED,
            FaxPhase.TRANSMITTING,
        ]


async def test_an_event_of_a_job_brings_a_look(hfaxd: Hfaxd):
    async with following(hfaxd) as observing:
        assert (await observing.poll()).jobs == ()
        hfaxd.rows["sendq"] = [READY]
        hfaxd.tell("120000 100 JOB 7 (dest 1 pri 1 com ): Created")
        told = await until(observing, lambda seen: bool(seen.jobs))
        assert phases(told[-1]) == [FaxPhase.NO_LINE]


async def test_without_news_nothing_is_asked(hfaxd: Hfaxd):
    async with following(hfaxd) as observing:
        first = await observing.poll()
        logins = hfaxd.logins
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await observing.rest(first)
        assert await observing.poll() == first
        assert hfaxd.logins == logins


async def test_what_no_listing_has_is_read_once(hfaxd: Hfaxd):
    hfaxd.rows = {"sendq": [ASLEEP]}
    hfaxd.files = {"sendq/q7": QFILE}
    hfaxd.replies = {"SIZE docq/doc1.tif.7": "213 1000", "SIZE docq/doc2.tif.7": "213 711"}
    async with following(hfaxd) as observing:
        (job,) = (await observing.poll()).jobs
        assert (job.cause, job.detail, job.remote_id, job.size) == (Cause.BUSY, "Busy signal detected", "Acme", 1711)
        hfaxd.tell("120000 105 JOB 7 (dest 1 pri 1 com ): Being processed by scheduler")
        looks = hfaxd.commands.count("LIST sendq")
        await until(observing, lambda _: hfaxd.commands.count("LIST sendq") > looks)
        assert hfaxd.commands.count("RETR sendq/q7") == 1


async def test_a_job_file_that_may_not_be_read_still_has_a_code(hfaxd: Hfaxd):
    hfaxd.rows = {"sendq": [ASLEEP]}
    hfaxd.replies = {"JPARM STATUSCODE": "213 004"}
    async with following(hfaxd) as observing:
        (job,) = (await observing.poll()).jobs
        assert (job.cause, job.remote_id, job.size) == (Cause.NO_DIAL_TONE, None, None)


async def test_a_call_is_told_once_with_its_line(hfaxd: Hfaxd):
    hfaxd.rows = {"status": [MODEM]}
    async with following(hfaxd) as observing:
        await observing.poll()
        hfaxd.tell('120000 159 MODEM ttyS0: Caller-id information: "0301","Jane"')
        ringing = (await until(observing, lambda seen: bool(seen.calls)))[-1]
        assert ringing.calls == (FaxCall("ttyS0", "0301", 1),)
        assert ringing.lines == (FaxLine("ttyS0", ringing=True),)
        hfaxd.tell("120001 132 RECV FAX: Call started", "R<ttyS0>*")
        receiving = (await until(observing, lambda seen: bool(seen.jobs)))[-1]
        assert receiving.calls == ()
        assert receiving.lines == (FaxLine("ttyS0", receiving=True),)
        assert [(job.phase, job.caller_id) for job in receiving.jobs] == [(FaxPhase.RECEIVING, "0301")]


async def test_what_enters_and_leaves_the_archive_is_told_once(hfaxd: Hfaxd):
    old = ["fax1.tif", " ", "1", "9", "1700000000", "Acme", "", ""]
    new = ["fax2.tif", *old[1:]]
    hfaxd.rows = {"recvq": [old]}
    async with following(hfaxd) as observing:
        assert (await observing.poll()).archived == ()
        hfaxd.rows["recvq"] = [new]
        hfaxd.tell("120001 151 MODEM ttyS0: Marked ready")
        told = (await until(observing, lambda seen: bool(seen.archived)))[-1]
        assert [(each.message_id, each.removed) for each in told.archived] == [("fax2.tif", False), ("fax1.tif", True)]
        assert (await observing.poll()).archived == ()


async def test_a_trigger_that_ends_is_set_again(hfaxd: Hfaxd):
    async with following(hfaxd) as observing:
        seen = await observing.poll()
        first = hfaxd.triggers["J*S*M*"]
        first.close()
        await asyncio.wait_for(observing.rest(seen), 5)
        await until(observing, lambda _: hfaxd.triggers["J*S*M*"] is not first)


async def test_a_server_that_sets_no_trigger_is_looked_at_more_often(
    hfaxd: Hfaxd, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(observer, "DEAF_PACE", 0.1)
    hfaxd.replies = {"SITE TRIGGER": "504 Cannot register trigger"}
    async with following(hfaxd) as observing:
        await observing.poll()
        hfaxd.rows["sendq"] = [READY]
        await until(observing, lambda seen: bool(seen.jobs))
        assert sum("no events" in each.message for each in caplog.records) == 1


async def test_a_server_that_does_not_call_back_is_looked_at_more_often(hfaxd: Hfaxd, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(triggers, "ACCEPT_SECONDS", 0.1)
    hfaxd.replies = {"SITE TRIGGER": "150 trigger"}
    async with following(hfaxd) as observing:
        assert (await observing.poll()).jobs == ()


async def test_jobs_are_kept_while_the_server_is_away(hfaxd: Hfaxd, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(observer, "FIRST_RETRY", 0.05)
    hfaxd.rows = {"sendq": [READY]}
    async with following(hfaxd) as observing:
        seen = await observing.poll()
        hfaxd.greeting = "421 going down"
        for each in tuple(hfaxd.triggers.values()):
            each.close()
        with pytest.raises(DeviceGone, match="going down"):
            await until(observing, lambda _: False)
        hfaxd.greeting = "220 here"
        await observing.rest(seen)
        assert phases(await observing.poll()) == [FaxPhase.NO_LINE]


async def test_a_refusal_names_the_user(hfaxd: Hfaxd):
    hfaxd.replies = {"USER": "331 Password required", "PASS": "530 Login incorrect."}
    with pytest.raises(DeviceRefused, match="wants a password for user 'wsd'"):
        await open_observer("127.0.0.1", hfaxd.port, "wsd", "", SystemClock())
    with pytest.raises(DeviceRefused, match="refuses user 'wsd': Login incorrect"):
        await open_observer("127.0.0.1", hfaxd.port, "wsd", "secret", SystemClock())


@pytest.mark.parametrize(
    ("greeting", "error"),
    [
        ("520 no more clients", DeviceBusy),
        ("421 down for maintenance", DeviceGone),
        ("hello", DeviceGarbled),
        ("x" * 20_000, DeviceGarbled),
        ("\n".join(["220-more"] * 600), DeviceGarbled),
    ],
)
async def test_a_strange_greeting_is_an_error_that_says_whose(hfaxd: Hfaxd, greeting: str, error: type[DriverError]):
    hfaxd.greeting = greeting
    with pytest.raises(error, match="HylaFAX at 127"):
        await open_observer("127.0.0.1", hfaxd.port, "wsd", "", SystemClock())


async def test_a_silent_server_is_a_timeout(hfaxd: Hfaxd, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(control, "CONNECT_SECONDS", 0.1)
    hfaxd.greeting = "220-wait for it"
    with pytest.raises(DeviceTimeout):
        await open_observer("127.0.0.1", hfaxd.port, "wsd", "", SystemClock())


async def test_a_user_cannot_be_a_command(hfaxd: Hfaxd):
    server = Server("127.0.0.1", hfaxd.port, "wsd\r\nJKILL 7")
    async with logged_in(server):
        assert hfaxd.commands[0] == "USER wsdJKILL 7"


async def test_a_listing_without_end_is_cut(hfaxd: Hfaxd, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(control, "LIST_MAX", 1000)
    hfaxd.files = {"sendq/q7": "x" * 5000}
    async with logged_in(Server("127.0.0.1", hfaxd.port, "wsd")) as here:
        with pytest.raises(DeviceGarbled, match="more than 1000 bytes"):
            await here.fetch("RETR sendq/q7")


async def test_rows_that_are_not_as_they_should_be_are_left_out(hfaxd: Hfaxd):
    hfaxd.rows = {
        "sendq": [READY, ["8", "X", *READY[2:]], ["9", "W", "ttyS0", "many", *READY[4:]], ["10"], ["../x", *READY[1:]]],
        "doneq": [["11", "F", *READY[2:10], "conversion failed:\n  line two\n"]],
        "recvq": [["../fax", "", "1", "1", "1", "", "", ""], ["fax1.tif", "", "-1", "1", "1", "", "", ""]],
    }
    async with logged_in(Server("127.0.0.1", hfaxd.port, "wsd")) as here:
        listing = await listings.read(here)
    assert [(each.id, each.status) for each in listing.jobs] == [("7", ""), ("11", "conversion failed: line two")]
    assert listing.received == ()
    assert listing.scheduler


async def test_an_old_server_has_pasv_only_and_its_address_is_ignored(hfaxd: Hfaxd):
    hfaxd.replies = {"EPSV": "500 EPSV: Command not recognized.", "PASV": "227 Entering passive mode (10,0,0,1,0,9)"}
    async with logged_in(Server("127.0.0.1", hfaxd.port, "wsd")) as here:
        with pytest.raises(DeviceGone):  # port 9 of the host that was called, where nobody listens
            await here.fetch("LIST sendq")


async def test_a_port_that_is_none_is_garbled(hfaxd: Hfaxd):
    hfaxd.replies = {"EPSV": "229 passive (|||99999|)"}
    async with logged_in(Server("127.0.0.1", hfaxd.port, "wsd")) as here:
        assert isinstance(here, Control)
        with pytest.raises(DeviceGarbled, match="no port"):
            await here.fetch("LIST sendq")
