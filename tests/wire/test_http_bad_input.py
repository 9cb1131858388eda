"""What bad input gets: the right HTTP status, the right fault in the right year, nothing changed, one line in the log.

Spec: WS-Scan V1.0 operation error reporting; SOAP 1.2; WS-Addressing 2004/08; DPWS 2006 R0003, R0013, R0031, R0040,
R2024. Every request in the table is sent to the running daemon over HTTP.
"""

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridge import log
from bridge.net import exchange, serving
from drivers.contract.errors import DeviceBusy
from tests.wire.http_rig import (
    ANONYMOUS,
    DIALECT,
    DIRECTED,
    NS,
    SMALL,
    WSD,
    WSE,
    Y01,
    Y08,
    FakeScanner,
    Gate,
    Rig,
    Subscriber,
    message,
    running,
    subscription,
    ticket,
)

MESSAGE_ID = "urn:uuid:11111111-1111-1111-1111-111111111111"


@dataclass(frozen=True)
class Bad:
    """One bad request and what it deserves; `detail` stands somewhere in the fault."""

    body: bytes
    status: int
    subcode: str
    relates: bool = True
    detail: str = ""
    content_type: str = "application/soap+xml; charset=utf-8"


def create(content: str, year: str = Y08) -> bytes:
    return message(f"{year}/CreateScanJob", f"<w:CreateScanJobRequest>{content}</w:CreateScanJobRequest>")


def job_request(name: str, job_id: str, rest: str = "") -> bytes:
    return message(f"{Y08}/{name}", f"<w:{name}Request><w:JobId>{job_id}</w:JobId>{rest}</w:{name}Request>")


ASKED = "<w:RequestedElements><w:Name>w:JobStatus</w:Name></w:RequestedElements>"
NAMED = "<w:DocumentDescription><w:DocumentName>a</w:DocumentName></w:DocumentDescription>"
TOKEN = f"<w:JobToken>nobody's</w:JobToken>{NAMED}"
GOOD = create(ticket())
DTD = b'<!DOCTYPE s:Envelope [<!ENTITY e "x">]>'
BOMB = b'<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
SENDER, RECEIVER = 400, 500

XML = {
    "empty": Bad(b"", SENDER, "Sender", relates=False),
    "not XML": Bad(b"GIF89a\x00\x01", SENDER, "Sender", relates=False),
    "cut off": Bad(GOOD[:-20], SENDER, "Sender", relates=False),
    "a DTD": Bad(DTD + GOOD, SENDER, "Sender", relates=False),
    "an entity bomb": Bad(BOMB + GOOD.replace(b"Letters", b"&b;"), SENDER, "Sender", relates=False),
    "an external entity": Bad(
        b'<!DOCTYPE b [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + GOOD.replace(b"Letters", b"&x;"),
        SENDER,
        "Sender",
        relates=False,
    ),
    "one byte too many": Bad(GOOD + b" " * (32_768 - len(GOOD)), SENDER, "Sender", relates=False),
    "a megabyte": Bad(GOOD + b" " * 1_000_000, SENDER, "Sender", relates=False),
    "65 deep": Bad(create("<w:x>" * 62 + "</w:x>" * 62), SENDER, "Sender", relates=False),
    "an encoding of its own": Bad(
        b'<?xml version="1.0" encoding="iso-8859-15"?>' + GOOD, SENDER, "Sender", relates=False
    ),
    "no envelope": Bad(b"<a/>", SENDER, "Sender", relates=False),
    "no body": Bad(GOOD.replace(b"s:Body", b"s:Bodi"), SENDER, "Sender"),
    "two bodies in one": Bad(message(f"{Y08}/GetActiveJobs", "<w:a/><w:b/>"), SENDER, "Sender"),
    "text/xml": Bad(GOOD, SENDER, "Sender", relates=False, content_type="text/xml"),
    "a form": Bad(GOOD, SENDER, "Sender", relates=False, content_type="application/x-www-form-urlencoded"),
    "multipart": Bad(GOOD, SENDER, "Sender", relates=False, content_type="multipart/related; boundary=x"),
    "no type at all": Bad(GOOD, SENDER, "Sender", relates=False, content_type=""),
}

HEADERS = {
    "SOAP 1.1": Bad(
        message(f"{Y08}/CreateScanJob", "", envelope="http://schemas.xmlsoap.org/soap/envelope/"),
        RECEIVER,
        "VersionMismatch",
        relates=False,
    ),
    "a header nobody understands": Bad(
        message(f"{Y08}/GetActiveJobs", "", headers='<x:T xmlns:x="urn:t" s:mustUnderstand="1"/>'),
        RECEIVER,
        "MustUnderstand",
    ),
    "no MessageID": Bad(
        message(f"{Y08}/CreateScanJob", "", message_id=None),
        SENDER,
        "a:MessageInformationHeaderRequired",
        relates=False,
    ),
    "no Action": Bad(message("", ""), SENDER, "a:MessageInformationHeaderRequired"),
    "ReplyTo somebody else": Bad(
        message(f"{Y08}/GetActiveJobs", "", reply_to="http://192.0.2.1/"),
        SENDER,
        "a:InvalidMessageInformationHeader",
    ),
    "two Actions": Bad(
        message(f"{Y08}/GetActiveJobs", "", headers=f"<a:Action>{Y08}/CancelJob</a:Action>"),
        SENDER,
        "a:InvalidMessageInformationHeader",
    ),
    "a strange Action": Bad(message("urn:example:Format", ""), SENDER, "a:ActionNotSupported", detail="urn:example"),
    "an operation there is not": Bad(
        message(f"{Y08}/FormatDisk", "<w:FormatDiskRequest/>"), SENDER, "a:ActionNotSupported", detail="FormatDisk"
    ),
    "a response as a request": Bad(message(f"{Y08}/CreateScanJobResponse", ""), SENDER, "a:ActionNotSupported"),
    "an event as a request": Bad(message(f"{Y08}/JobStatusEvent", ""), SENDER, "a:ActionNotSupported"),
    "the namespace alone": Bad(message(Y08, ""), SENDER, "a:ActionNotSupported"),
    "Put": Bad(message("http://schemas.xmlsoap.org/ws/2004/09/transfer/Put", ""), SENDER, "a:ActionNotSupported"),
    "Action and body of two operations": Bad(
        message(f"{Y08}/CancelJob", f"<w:CreateScanJobRequest>{ticket()}</w:CreateScanJobRequest>"),
        SENDER,
        "w8:InvalidArgs",
        detail="CancelJobRequest",
    ),
    "an Action without its body": Bad(message(f"{Y08}/CreateScanJob", ""), SENDER, "w8:InvalidArgs"),
}

JOBS = {
    **{
        f"{name} of job {job_id!r}": Bad(job_request(name, job_id, rest), SENDER, code, detail=detail)
        for name, rest in (("CancelJob", ""), ("GetJobElements", ASKED), ("RetrieveImage", TOKEN))
        for job_id, code, detail in (
            ("77", "w8:ClientErrorJobIdNotFound", "77"),
            ("2147483647", "w8:ClientErrorJobIdNotFound", "2147483647"),
            ("0", "w8:InvalidArgs", "JobId"),
            ("-1", "w8:InvalidArgs", "JobId"),
            ("2147483648", "w8:InvalidArgs", "JobId"),
            ("99999999999999999999", "w8:InvalidArgs", "JobId"),
            ("seven", "w8:InvalidArgs", "JobId"),
            ("1.0", "w8:InvalidArgs", "JobId"),
            ("٣", "w8:InvalidArgs", "JobId"),
            ("", "w8:InvalidArgs", "JobId"),
        )
    },
    "CancelJob of no job": Bad(
        message(f"{Y08}/CancelJob", "<w:CancelJobRequest/>"), SENDER, "w8:InvalidArgs", detail="JobId"
    ),
    "CancelJob of two jobs": Bad(
        job_request("CancelJob", "1", "<w:JobId>2</w:JobId>"), SENDER, "w8:InvalidArgs", detail="JobId"
    ),
    "RetrieveImage without a token": Bad(job_request("RetrieveImage", "1", NAMED), SENDER, "w8:InvalidArgs"),
    "RetrieveImage without a name": Bad(
        job_request("RetrieveImage", "1", "<w:JobToken>x</w:JobToken>"), SENDER, "w8:InvalidArgs"
    ),
    "a token of 256 letters": Bad(
        job_request("RetrieveImage", "1", f"<w:JobToken>{'x' * 256}</w:JobToken>{NAMED}"), SENDER, "w8:InvalidArgs"
    ),
    "GetJobElements of nothing": Bad(
        job_request("GetJobElements", "1", "<w:RequestedElements/>"), SENDER, "w8:InvalidArgs"
    ),
    "GetScannerElements under a prefix nobody declared": Bad(
        message(
            f"{Y08}/GetScannerElements",
            "<w:GetScannerElementsRequest><w:RequestedElements><w:Name>q:ScannerStatus</w:Name>"
            "</w:RequestedElements></w:GetScannerElementsRequest>",
        ),
        SENDER,
        "w8:InvalidArgs",
    ),
    "more names at once than an answer may hold": Bad(
        message(
            f"{Y08}/GetScannerElements",
            f'<w:GetScannerElementsRequest xmlns:q="urn:{"x" * 600}"><w:RequestedElements>'
            + "".join(f"<w:Name>q:N{number}</w:Name>" for number in range(64))
            + "</w:RequestedElements></w:GetScannerElementsRequest>",
        ),
        SENDER,
        "w8:InvalidArgs",
        detail="more was asked for at once than an answer may hold",
    ),
    "2006/01 is refused in 2006/01": Bad(
        message(f"{Y01}/CancelJob", "<w:CancelJobRequest><w:JobId>77</w:JobId></w:CancelJobRequest>"),
        SENDER,
        "w1:ClientErrorJobIdNotFound",
    ),
    "a 2006/08 body under a 2006/01 Action is refused in 2006/01": Bad(
        message(f"{Y01}/CancelJob", "<w:CancelJobRequest><w:JobId>77</w:JobId></w:CancelJobRequest>", scan=Y08),
        SENDER,
        "w1:ClientErrorJobIdNotFound",
    ),
}

MUST = ' w:MustHonor="true"'
WIDE = SMALL.replace("<w:ScanRegionWidth>400", f"<w:ScanRegionWidth{MUST}>99999")
TICKETS = {
    "no ticket": Bad(create(""), SENDER, "w8:InvalidArgs", detail="ScanTicket"),
    "a ticket without JobName": Bad(
        create(ticket().replace("<w:JobName>Letters</w:JobName>", "")), SENDER, "w8:InvalidArgs", detail="JobName"
    ),
    "no JobDescription": Bad(
        create("<w:ScanTicket><w:DocumentParameters/></w:ScanTicket>"),
        SENDER,
        "w8:InvalidArgs",
        detail="JobDescription",
    ),
    "a JobName of 256 letters": Bad(
        create(ticket().replace("Letters", "x" * 256)), SENDER, "w8:InvalidArgs", detail="JobName"
    ),
    "a format that is not made": Bad(
        create(ticket(format_="xps")), SENDER, "w8:ClientErrorFormatNotSupported", detail="jfif"
    ),
    "a format nobody knows": Bad(create(ticket(format_="webp")), SENDER, "w8:ClientErrorFormatNotSupported"),
    "a source that must be honored": Bad(
        create(ticket().replace("<w:InputSource>Platen", f"<w:InputSource{MUST}>Film")),
        SENDER,
        "w8:InvalidArgs",
        detail="InputSource",
    ),
    "a rotation that must be honored": Bad(
        create(ticket(extra=f"<w:Rotation{MUST}>45</w:Rotation>")), SENDER, "w8:InvalidArgs", detail="Rotation"
    ),
    "a resolution that must be honored": Bad(
        create(ticket(sides=SMALL.replace("<w:Resolution>", f"<w:Resolution{MUST}>").replace(">75<", ">77<"))),
        SENDER,
        "w8:InvalidArgs",
        detail="Resolution",
    ),
    "a width that must be honored": Bad(create(ticket(sides=WIDE)), SENDER, "w8:InvalidArgs", detail="Width"),
    "MustHonor that is no boolean": Bad(
        create(ticket(extra='<w:Rotation w:MustHonor="perhaps">0</w:Rotation>')), SENDER, "w8:InvalidArgs"
    ),
    "ImagesToTransfer below nothing": Bad(create(ticket(count=-1)), SENDER, "w8:InvalidArgs"),
    "a quality of 101": Bad(
        create(ticket(extra="<w:CompressionQualityFactor>101</w:CompressionQualityFactor>")), SENDER, "w8:InvalidArgs"
    ),
    "two formats": Bad(create(ticket(extra="<w:Format>png</w:Format>")), SENDER, "w8:InvalidArgs", detail="Format"),
    "a destination nobody has": Bad(
        create(f"<w:DestinationToken>d</w:DestinationToken>{ticket()}"),
        SENDER,
        "w8:ClientErrorInvalidDestinationToken",
    ),
    "a scan identifier nobody gave": Bad(
        create(f"<w:ScanIdentifier>i</w:ScanIdentifier>{ticket()}"), SENDER, "w8:ClientErrorInvalidScanIdentifier"
    ),
}


def subscribe_to(url: str, **kinds: str) -> bytes:
    return subscription(f"<a:Address>{url}</a:Address>", kinds.get("chosen"), kinds.get("expires", "PT1H"))


HERE = "<a:Address>http://127.0.0.1:9/e</a:Address>"
EVENTING = {
    **{
        f"NotifyTo {url}": Bad(subscribe_to(url), SENDER, "a:DestinationUnreachable")
        for url in (
            "http://192.0.2.7/events",
            "http://127.0.0.2/events",
            "http://[::1]/events",
            "http://2130706434/events",
            "http://0x7f000001/events",
            "http://0.0.0.0/events",
            "http://169.254.169.254/latest/meta-data",
            "http://239.255.255.250/events",
            "http://user@127.0.0.1/events",
            "http://127.0.0.1:0/events",
            "http://127.0.0.1:99999/events",
            "ftp://127.0.0.1/events",
            "file:///etc/passwd",
            "urn:uuid:00000000-0000-0000-0000-000000000001",
            ANONYMOUS,
        )
    },
    "no NotifyTo": Bad(
        message(f"{WSE}/Subscribe", "<e:Subscribe><e:Delivery/></e:Subscribe>"), SENDER, "e:InvalidMessage"
    ),
    "no Delivery": Bad(message(f"{WSE}/Subscribe", "<e:Subscribe/>"), SENDER, "e:InvalidMessage"),
    "no Subscribe": Bad(message(f"{WSE}/Subscribe", ""), SENDER, "e:InvalidMessage"),
    "an empty address": Bad(subscribe_to(""), SENDER, "e:InvalidMessage"),
    "another mode of delivery": Bad(
        message(
            f"{WSE}/Subscribe",
            f'<e:Subscribe><e:Delivery Mode="urn:pull"><e:NotifyTo>{HERE}</e:NotifyTo></e:Delivery></e:Subscribe>',
        ),
        SENDER,
        "e:DeliveryModeRequestedUnavailable",
        detail="DeliveryModes/Push",
    ),
    "a filter that nothing passes": Bad(subscription(HERE, f"{Y08}/NoEvent"), SENDER, "p:FilterActionNotSupported"),
    "half a segment of an event": Bad(subscription(HERE, f"{Y08}/JobStatus"), SENDER, "p:FilterActionNotSupported"),
    "another dialect": Bad(
        subscription(HERE, "//x").replace(DIALECT.encode(), b"urn:xquery"), SENDER, "e:FilteringRequestedUnavailable"
    ),
    "an XPath": Bad(
        subscription(HERE, "//JobId").replace(f' Dialect="{DIALECT}"'.encode(), b""),
        SENDER,
        "e:FilteringRequestedUnavailable",
    ),
    "a lease of nothing": Bad(subscription(HERE, None, "PT0S"), SENDER, "e:InvalidExpirationTime"),
    "a lease in the past": Bad(subscription(HERE, None, "2001-01-01T00:00:00Z"), SENDER, "e:InvalidExpirationTime"),
    "a lease of words": Bad(subscription(HERE, None, "tomorrow"), SENDER, "e:InvalidMessage"),
    "an EndTo elsewhere": Bad(
        subscription(HERE, None).replace(
            b"<e:Subscribe>", b"<e:Subscribe><e:EndTo><a:Address>http://192.0.2.7/</a:Address></e:EndTo>"
        ),
        SENDER,
        "a:DestinationUnreachable",
    ),
    "a reference parameter that is a header of ours": Bad(
        subscription(f"{HERE}<a:ReferenceParameters><a:Action>urn:x</a:Action></a:ReferenceParameters>", None),
        SENDER,
        "e:InvalidMessage",
    ),
    **{
        f"{name} of nobody's": Bad(
            message(f"{WSE}/{name}", f"<e:{name}/>", headers="<e:Identifier>urn:uuid:x</e:Identifier>"),
            SENDER,
            "e:InvalidMessage",
        )
        for name in ("Renew", "GetStatus", "Unsubscribe")
    },
    "Unsubscribe of nothing": Bad(message(f"{WSE}/Unsubscribe", "<e:Unsubscribe/>"), SENDER, "e:InvalidMessage"),
    "an answer nobody asked for": Bad(message(f"{WSE}/SubscribeResponse", ""), SENDER, "a:ActionNotSupported"),
}


class Lines(logging.Handler):
    """The log as it is written."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(log._OneLine("%(levelname)s %(name)s: %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def lines() -> list[str]:
    handler, root = Lines(), logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    return handler.lines


async def refused(rig: Rig, bad: Bad, lines: list[str], path: str | None = None) -> None:
    lines.clear()
    answer = await rig.ask(path or rig.scan_path, bad.body, Content_Type=bad.content_type)
    said = [line for line in lines if "bridge.scanner" not in line]  # what jobs do meanwhile is their own affair
    assert (answer.status, answer.subcode) == (bad.status, bad.subcode), answer.body
    assert answer.headers["content-type"].startswith("application/soap+xml")
    assert bad.detail in answer.body.decode()
    assert answer.text("s:Header/a:To") == ANONYMOUS
    assert answer.text("s:Header/a:Action").endswith(("/fault", "/Fault"))
    assert answer.text("s:Header/a:MessageID").startswith("urn:uuid:")
    assert answer.xml.findtext("s:Header/a:RelatesTo", None, NS) == (MESSAGE_ID if bad.relates else None)
    assert len(said) == 1, said
    assert said[0].isprintable()
    assert "refused" in said[0]
    assert len(said[0]) < 1000


async def unchanged(rig: Rig) -> None:
    assert await rig.active() == []
    (hosted,) = rig.daemon._hosted.values()
    assert hosted.subscriptions._ledger.everyone() == ()
    assert rig.scanner.documents == []
    assert [job.id for job in hosted.scanner.book.history()] == []


@pytest.mark.parametrize(
    "table", [XML, HEADERS, JOBS, TICKETS, EVENTING], ids=["xml", "headers", "jobs", "tickets", "eventing"]
)
async def test_bad_requests_get_their_fault_and_change_nothing(
    tmp_path: Path, lines: list[str], table: dict[str, Bad]
) -> None:
    async with running(tmp_path) as rig:
        wrong = []
        for name, bad in table.items():
            try:
                await refused(rig, bad, lines)
            except AssertionError as err:
                wrong.append(f"{name}: {err}")
        assert not wrong, "\n\n".join(wrong)
        await unchanged(rig)
        # And a good one is served as if nothing had been.
        assert (await rig.retrieve(await rig.create())).status == 200


async def test_a_request_of_just_the_largest_size_is_read(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        body = message(f"{Y08}/GetActiveJobs", "<w:GetActiveJobsRequest/>")
        answer = await rig.ask(rig.scan_path, body + b" " * (32_767 - len(body)))
        assert answer.status == 200


async def test_our_own_port_is_no_place_for_events(tmp_path: Path, lines: list[str]) -> None:
    async with running(tmp_path) as rig:
        bad = Bad(subscribe_to(f"http://127.0.0.1:{rig.port}{rig.scan_path}"), SENDER, "a:DestinationUnreachable")
        await refused(rig, bad, lines)
        await refused(
            rig, Bad(subscribe_to(f"http://localhost:{rig.port}/"), SENDER, "a:DestinationUnreachable"), lines
        )
        await unchanged(rig)


async def test_words_of_a_peer_cannot_break_out_of_their_line(tmp_path: Path, lines: list[str]) -> None:
    async with running(tmp_path) as rig:
        nasty = "urn:x/A&#13;&#10;CRITICAL root: all is lost&#x202e;&#x9b;2J"
        await refused(rig, Bad(message(nasty, ""), SENDER, "a:ActionNotSupported"), lines)
        await refused(rig, Bad(message(f"urn:x/{'y' * 2000}", ""), SENDER, "a:ActionNotSupported"), lines)
        await refused(rig, Bad(create(ticket(format_="a&#10;b")), SENDER, "w8:ClientErrorFormatNotSupported"), lines)
        await refused(rig, Bad(job_request("CancelJob", "1&#10;2"), SENDER, "w8:InvalidArgs"), lines)
        await unchanged(rig)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
async def test_other_methods_are_not_allowed(tmp_path: Path, method: str) -> None:
    async with running(tmp_path) as rig:
        for path in (rig.path, rig.scan_path, DIRECTED):
            connection = await rig.connect()
            await connection.send(path, b"", method)
            assert (await connection.head())[0] == 405


async def test_nobody_lives_at_other_paths(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        other = "/00000000-0000-0000-0000-000000000000"
        paths = ("/", "/scan", other, f"{other}/scan", f"{rig.scan_path}/x", f"{rig.path}/../x", "/%00/scan", "//scan")
        for path in paths:
            answer = await rig.ask(path, GOOD)
            assert answer.status == 404, path
        await unchanged(rig)


async def test_a_scanner_knows_nothing_of_anothers_jobs_and_subscriptions(tmp_path: Path) -> None:
    scanners = (FakeScanner(), FakeScanner("usb-04b8-0110-OTHER"))
    async with Subscriber() as subscriber, running(tmp_path, scanners=scanners) as rig:
        other = "/" + rig.urls[1].rpartition("/")[2]
        assert other != rig.path
        job = await rig.create()
        granted = await rig.subscribe(subscriber)
        rig.path = other
        answer = await rig.retrieve(job)
        assert answer.subcode == "w8:ClientErrorJobIdNotFound"
        assert (await rig.cancel(job)).subcode == "w8:ClientErrorJobIdNotFound"
        assert (await rig.manage("Unsubscribe", granted)).subcode == "e:InvalidMessage"


async def test_a_job_is_retrieved_with_its_own_token_only(tmp_path: Path, lines: list[str]) -> None:
    async with running(tmp_path) as rig:
        job, other = await rig.create(), await rig.create()
        for token in (other.token, "", "x", job.token[:-1], job.token.upper() + "ü"):
            wrong = job_request("RetrieveImage", str(job.id), f"<w:JobToken>{token}</w:JobToken>{NAMED}")
            await refused(rig, Bad(wrong, SENDER, "w8:ClientErrorInvalidJobToken"), lines)
        assert len(job.token) >= 32
        assert (await rig.retrieve(job)).status == 200


async def test_what_need_not_be_honored_is_replaced_and_said_so(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        sides = SMALL.replace(">75<", ">77<").replace(">400<", ">99999<")
        extra = "<w:Rotation>45</w:Rotation><w:Shiny>very</w:Shiny>"
        job = await rig.create(ticket(sides=sides, extra=extra).replace("Platen", "Film"))
        final = job.answer.content.find(f"{{{Y08}}}DocumentFinalParameters")
        assert final is not None
        for name, value in (("Rotation", "0"), ("InputSource", "Platen"), ("ScanRegionWidth", "8500")):
            (setting,) = final.iter(f"{{{Y08}}}{name}")
            assert setting.text == value
            assert setting.get(f"{{{Y08}}}Override") in ("true", "1")
        assert (await rig.retrieve(job)).status == 200


async def test_children_in_any_order_and_unknown_ones_are_read(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        mixed = (
            f"<w:Novelty/><w:ScanTicket><w:DocumentParameters>{SMALL}<w:InputSource>ADF</w:InputSource><w:Format>png"
            '</w:Format><x:Own xmlns:x="urn:x"><x:b/></x:Own></w:DocumentParameters><w:JobDescription>'
            "<w:JobOriginatingUserName>Ada</w:JobOriginatingUserName><w:JobName>Letters</w:JobName>"
            "</w:JobDescription></w:ScanTicket>"
        )
        job = await rig.create(mixed)
        assert (await rig.retrieve(job)).status == 200


async def test_a_body_in_chunks_is_read(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        connection = await rig.connect()
        body = message(f"{Y08}/GetActiveJobs", "<w:GetActiveJobsRequest/>")
        chunks = b"".join(
            b"%x\r\n%b\r\n" % (len(body[at : at + 100]), body[at : at + 100]) for at in range(0, len(body), 100)
        )
        await connection.send(rig.scan_path, chunks + b"0\r\n\r\n", Content_Length="", Transfer_Encoding="chunked")
        assert (await connection.answer()).status == 200


async def test_chunks_without_end_are_refused_when_they_are_too_many(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        connection = await rig.connect()
        await connection.send(rig.scan_path, b"", Content_Length="", Transfer_Encoding="chunked")
        for _ in range(40):
            await connection.raw(b"400\r\n" + b" " * 1024 + b"\r\n")
        answer = await asyncio.wait_for(connection.answer(), 5)
        assert (answer.status, answer.subcode) == (400, "Sender")


async def test_a_body_that_trickles_in_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "BODY_TIMEOUT", 0.1)
    async with running(tmp_path) as rig:
        connection = await rig.connect()
        await connection.send(rig.scan_path, GOOD[:100], Content_Length=str(len(GOOD)))
        answer = await asyncio.wait_for(connection.answer(), 5)
        assert (answer.status, answer.subcode) == (400, "Sender")
        await unchanged(rig)


async def test_a_client_that_goes_away_in_its_own_request_costs_nothing(tmp_path: Path, lines: list[str]) -> None:
    async with running(tmp_path) as rig:
        connection = await rig.connect()
        lines.clear()
        await connection.send(rig.scan_path, GOOD[:100], Content_Length=str(len(GOOD)))
        connection.reset()
        await asyncio.sleep(0.05)
        await unchanged(rig)
        assert not [line for line in lines if line.startswith(("ERROR", "WARNING"))]


async def test_a_job_that_does_not_begin_never_was(tmp_path: Path) -> None:
    async with Subscriber() as subscriber, running(tmp_path) as rig:
        await rig.subscribe(subscriber)
        rig.scanner.refusal = DeviceBusy("another program has the scanner")
        answer = await rig.operate("CreateScanJob", ticket())
        assert (answer.status, answer.subcode) == (500, "w8:ServerErrorNotAcceptingJobs")
        assert await rig.active() == []
        rig.scanner.refusal = None
        await rig.retrieve(await rig.create())
        await subscriber.until("end:")
        assert {letter.content.findtext(".//{*}JobId") for letter in subscriber.letters} - {None} == {"2"}


async def test_the_ninth_job_that_would_wait_is_not_accepted(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        gate = Gate()
        rig.scanner.play = lambda handover, request: gate.wait(handover)
        for _ in range(9):
            await rig.create()
        answer = await rig.operate("CreateScanJob", ticket())
        assert (answer.status, answer.subcode) == (500, "w8:ServerErrorNotAcceptingJobs")
        assert len(await rig.active()) == 9


@pytest.mark.parametrize(
    ("body", "subcode"),
    [
        (message(f"{WSD}/Resolve", "<d:Resolve/>"), "a:ActionNotSupported"),
        (message(f"{WSD}/Probe", ""), "Sender"),
        (message(f"{WSD}/Probe", "<d:Resolve/>"), "Sender"),
        (message(f"{WSD}/Probe", "<d:Probe><d:Types>nobody:Device</d:Types></d:Probe>"), "Sender"),
        (
            message(f"{WSD}/Probe", '<d:Probe><d:Scopes MatchBy="urn:own">x:y</d:Scopes></d:Probe>'),
            "d:MatchingRuleNotSupported",
        ),
        (message(f"{WSD}/Probe", "<d:Probe/>", reply_to="http://192.0.2.1/"), "a:InvalidMessageInformationHeader"),
        (b"<x", "Sender"),
    ],
)
async def test_a_directed_probe_that_makes_no_sense_is_refused(tmp_path: Path, body: bytes, subcode: str) -> None:
    async with running(tmp_path) as rig:
        for path in (DIRECTED, rig.path):
            answer = await rig.ask(path, body)
            assert (answer.status, answer.subcode) == (400, subcode)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello\r\n\r\n",
        b"POST / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: minus one\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 9000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"\x00" * 100 + b"\r\n\r\n",
    ],
)
async def test_what_is_not_http_costs_one_line_at_most(tmp_path: Path, lines: list[str], garbage: bytes) -> None:
    async with running(tmp_path) as rig:
        lines.clear()
        connection = await rig.connect()
        await connection.raw(garbage)
        assert (await asyncio.wait_for(connection.head(), 5))[0] == 400
        assert len(lines) <= 1, lines
        assert all(line.isprintable() and len(line) < 1000 for line in lines)


async def test_more_connections_than_there_are_chairs_are_turned_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "MAX_CONNECTIONS", 3)
    asked = message(f"{Y08}/GetActiveJobs", "<w:GetActiveJobsRequest/>")
    async with running(tmp_path) as rig:
        seated = [await rig.connect() for _ in range(3)]
        assert [(await each.ask(rig.scan_path, asked)).status for each in seated] == [200, 200, 200]
        late = await rig.connect()
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await late.ask(rig.scan_path, asked)
        seated[0].close()
        await asyncio.sleep(0.05)
        assert (await rig.ask(rig.scan_path, asked)).status == 200
