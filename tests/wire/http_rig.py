"""A rig for tests of the whole service over loopback: the real daemon, a scanner of ten lines, a raw HTTP client and
a subscriber that keeps what it is sent. Nothing of the product speaks for itself here: requests are written by hand.
"""

import asyncio
import json
import re
import ssl
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from lxml import etree

from bridge.config import Config, validate
from bridge.daemon import Daemon
from drivers.contract.capabilities import Capabilities, Mode, Size, SourceCapabilities
from drivers.contract.document import Document, Raster, ScanRequest
from drivers.contract.driver import Device, Finding
from drivers.contract.errors import DriverError
from drivers.contract.handover import Handover, ScanCanceled
from drivers.contract.identity import Identity
from drivers.contract.observation import Readiness, Snapshot

SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSA = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
WSE = "http://schemas.xmlsoap.org/ws/2004/08/eventing"
WSD = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
WSDP = "http://schemas.xmlsoap.org/ws/2006/02/devprof"
Y08 = "http://schemas.microsoft.com/windows/2006/08/wdp/scan"
Y01 = "http://schemas.microsoft.com/windows/2006/01/wdp/scan"
DIALECT = f"{WSDP}/Action"
DIRECTED = "/StableWSDiscoveryEndpoint/schemas-xmlsoap-org_ws_2005_04_discovery"
SOAP_XML = "application/soap+xml; charset=utf-8"
ANONYMOUS = f"{WSA}/role/anonymous"
NS = {"s": SOAP, "a": WSA, "e": WSE, "d": WSD, "p": WSDP, "w8": Y08, "w1": Y01}

KEY = "usb-04b8-0110-RIG"
SCANNER = uuid.UUID("0d0e0f00-0000-4000-8000-00000000f253")
SIDE = SourceCapabilities(
    optical=(600, 600),
    resolutions=(75, 150, 300),
    modes=(Mode.RGB24, Mode.GRAY8),
    minimum=Size(100, 100),
    maximum=Size(8500, 11690),
)


class Hands:
    """A clock whose hands the test turns."""

    def __init__(self, now: datetime = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)) -> None:
        self._start, self._passed = now, 0.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return self._passed

    def boottime(self) -> float:
        return 1000.0 + self._passed

    async def sleep(self, seconds: float) -> None:
        rung = asyncio.Event()
        self._sleepers.append((self._passed + seconds, rung))
        await rung.wait()

    @property
    def waiting(self) -> list[float]:
        """For how long each sleeper still sleeps."""
        return sorted(round(due - self._passed, 6) for due, _ in self._sleepers)

    def turn(self, seconds: float) -> None:
        """Time passes, who slept long enough wakes."""
        self._passed += seconds
        for due, rung in list(self._sleepers):
            if due <= self._passed:
                self._sleepers.remove((due, rung))
                rung.set()


Play = Callable[[Handover, ScanRequest], None]


def page(handover: Handover, request: ScanRequest, grey: int = 200) -> None:
    """One evenly grey page as the request wants it."""
    width = request.region.width * request.resolution[0] // 1000
    height = request.region.height * request.resolution[1] // 1000
    handover.page(Raster(width, height, request.mode, request.resolution, iter(())))
    row = bytes([grey]) * request.mode.row_bytes(width)
    for _ in range(height):
        handover.put(row)
    handover.end_page()


def pages(count: int) -> Play:
    """So many sheets in the feeder (a platen has one)."""

    def play(handover: Handover, request: ScanRequest) -> None:
        for number in range(min(count, request.pages) if request.pages else count):
            page(handover, request, 10 * number)

    return play


def half_a_page(handover: Handover, request: ScanRequest) -> None:
    """A page of which the lower half never comes."""
    width = request.region.width * request.resolution[0] // 1000
    height = request.region.height * request.resolution[1] // 1000
    handover.page(Raster(width, height, request.mode, request.resolution, iter(())))
    for number in range(height // 2):
        handover.put(bytes([number % 256]) * request.mode.row_bytes(width))


class FakeScanner:
    """Observer and acquirer of one device. `play` moves the paper, in a thread of its own."""

    def __init__(self, key: str = KEY, capabilities: Capabilities | None = None) -> None:
        self.play: Play = pages(1)
        self.snapshot = Snapshot("fake", Readiness.IDLE)
        self.refusal: DriverError | None = None
        self.documents: list[Handover] = []
        self.stopped = 0  # scans that were told to stop and did
        self._news = asyncio.Event()
        self.device = Device(
            Identity(key, "Epson", "Perfection 1640", "RIG", "1.0", 0x04B8, 0x0110),
            "fake",
            capabilities or Capabilities(platen=SIDE, feeder=SIDE),
            (self,),
            self,
            self._close,
        )

    async def poll(self) -> Snapshot:
        return self.snapshot

    async def rest(self, seen: Snapshot) -> None:
        await self._news.wait()
        self._news.clear()

    def show(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._news.set()

    async def scan(self, request: ScanRequest) -> Document:
        if self.refusal is not None:
            raise self.refusal
        handover = Handover()
        self.documents.append(handover)
        threading.Thread(target=self._run, args=(handover, request), daemon=True).start()
        return handover

    def _run(self, handover: Handover, request: ScanRequest) -> None:
        try:
            self.play(handover, request)
        except ScanCanceled as err:
            self.stopped += 1
            handover.fail(err)
        except Exception as err:  # noqa: BLE001 - the script's error is the device's
            handover.fail(err)
        else:
            handover.finish()

    async def _close(self) -> None:
        for handover in self.documents:
            handover.cancel()

    async def open(self) -> Device:
        return self.device


class Gate:
    """Where a scan waits until the test lets it pass, or until it is told to stop."""

    def __init__(self) -> None:
        self._open = threading.Event()

    def open(self) -> None:
        self._open.set()

    def wait(self, handover: Handover) -> None:
        while not self._open.wait(0.005):
            if handover.canceled:
                raise ScanCanceled


# The client. ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, its body without chunking."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def xml(self) -> etree._Element:
        return etree.fromstring(self.body)

    @property
    def content(self) -> etree._Element:
        """The one child of the SOAP body."""
        (child,) = self.xml.findall("s:Body/*", NS)
        return child

    def text(self, path: str) -> str:
        found = self.xml.findtext(path, None, NS)
        assert found is not None, f"{path} is not in {self.body!r}"
        return found

    @property
    def subcode(self) -> str:
        """`prefix:Name` of the fault with the namespace spelt as in NS; only the code where there is no subcode."""
        assert self.content.tag == f"{{{SOAP}}}Fault", self.body
        value = self.xml.find("s:Body/s:Fault/s:Code/s:Subcode/s:Value", NS)
        if value is None:
            return self.text("s:Body/s:Fault/s:Code/s:Value").partition(":")[2]
        prefix, _, local = (value.text or "").partition(":")
        known = next(short for short, uri in NS.items() if uri == value.nsmap[prefix])
        return f"{known}:{local}"


class Connection:
    """One TCP connection to the daemon, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, path: str, body: bytes, method: str = "POST", **headers: str) -> None:
        said = {"Host": "127.0.0.1", "Content-Type": SOAP_XML, "Content-Length": str(len(body))}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in said.items() if value)
        await self.raw(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self) -> tuple[int, dict[str, str]]:
        text = (await self.reader.readuntil(b"\r\n\r\n")).decode("ascii")
        first, *lines = text.split("\r\n")[:-2]
        return int(first.split()[1]), {
            name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
        }

    async def chunk(self) -> bytes:
        """The next HTTP chunk, empty for the last."""
        size = int((await self.reader.readuntil(b"\r\n")).strip(), 16)
        return (await self.reader.readexactly(size + 2))[:-2]

    async def answer(self) -> Answer:
        status, headers = await self.head()
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while chunk := await self.chunk():
                body += chunk
        else:
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(status, headers, body)

    async def ask(self, path: str, body: bytes, method: str = "POST", **headers: str) -> Answer:
        await self.send(path, body, method, **headers)
        return await asyncio.wait_for(self.answer(), 10)

    def close(self) -> None:
        self.writer.close()

    def reset(self) -> None:
        """As a client that was killed."""
        self.writer.transport.abort()


def message(
    action: str,
    body: str,
    *,
    message_id: str | None = "urn:uuid:11111111-1111-1111-1111-111111111111",
    reply_to: str | None = ANONYMOUS,
    headers: str = "",
    scan: str | None = None,
    envelope: str = SOAP,
) -> bytes:
    """A request; in `body` the prefix w is WS-Scan's in the year of the Action (or in `scan`)."""
    spoken = scan or (Y01 if action.startswith(Y01) else Y08)
    blocks = "<a:To>http://here/</a:To>" + (f"<a:Action>{action}</a:Action>" if action else "")
    if message_id is not None:
        blocks += f"<a:MessageID>{message_id}</a:MessageID>"
    if reply_to is not None:
        blocks += f"<a:ReplyTo><a:Address>{reply_to}</a:Address></a:ReplyTo>"
    return (
        f'<s:Envelope xmlns:s="{envelope}" xmlns:a="{WSA}" xmlns:e="{WSE}" xmlns:w="{spoken}" xmlns:d="{WSD}" '
        f'xmlns:p="{WSDP}"><s:Header>{blocks}{headers}</s:Header><s:Body>{body}</s:Body></s:Envelope>'
    ).encode()


SMALL = (
    "<w:MediaSides><w:MediaFront><w:ScanRegion><w:ScanRegionXOffset>0</w:ScanRegionXOffset>"
    "<w:ScanRegionYOffset>0</w:ScanRegionYOffset><w:ScanRegionWidth>400</w:ScanRegionWidth>"
    "<w:ScanRegionHeight>400</w:ScanRegionHeight></w:ScanRegion><w:ColorProcessing>Grayscale8</w:ColorProcessing>"
    "<w:Resolution><w:Width>75</w:Width><w:Height>75</w:Height></w:Resolution></w:MediaFront></w:MediaSides>"
)

LARGE = SMALL.replace(">400<", ">4000<").replace(">75<", ">300<")


def ticket(source: str = "Platen", count: int = 0, extra: str = "", format_: str = "png", sides: str = SMALL) -> str:
    """A ticket for a small grey page; `extra` stands among the DocumentParameters."""
    return (
        "<w:ScanTicket><w:JobDescription><w:JobName>Letters</w:JobName><w:JobOriginatingUserName>Ada"
        "</w:JobOriginatingUserName></w:JobDescription><w:DocumentParameters>"
        f"<w:Format>{format_}</w:Format><w:ImagesToTransfer>{count}</w:ImagesToTransfer>"
        f"<w:InputSource>{source}</w:InputSource>{extra}{sides}</w:DocumentParameters></w:ScanTicket>"
    )


@dataclass
class Job:
    """What a CreateScanJob gave."""

    id: int
    token: str
    answer: Answer


@dataclass
class Rig:
    """The running daemon and how to talk to it."""

    url: str
    port: int
    path: str
    daemon: Daemon
    scanner: FakeScanner
    clock: Hands
    plugged: list[FakeScanner] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    source: str = "127.0.0.1"  # the address to ask from; all of 127/8 is ours
    tls: ssl.SSLContext | None = None  # how to speak TLS with `port`

    @property
    def scan_path(self) -> str:
        return f"{self.path}/scan"

    async def connect(self) -> Connection:
        connection = Connection(
            *await asyncio.open_connection("127.0.0.1", self.port, ssl=self.tls, local_addr=(self.source, 0))
        )
        self.connections.append(connection)
        return connection

    async def ask(self, path: str, body: bytes, method: str = "POST", **headers: str) -> Answer:
        """On a connection of its own."""
        connection = await self.connect()
        try:
            return await connection.ask(path, body, method, **headers)
        finally:
            connection.close()

    async def operate(self, name: str, content: str, year: str = Y08) -> Answer:
        """A scan operation: `content` stands in its Request element."""
        return await self.ask(
            self.scan_path, message(f"{year}/{name}", f"<w:{name}Request>{content}</w:{name}Request>")
        )

    async def create(self, content: str | None = None, year: str = Y08) -> Job:
        answer = await self.operate("CreateScanJob", content or ticket(), year)
        assert answer.status == 200, answer.body
        prefix = "w1" if year == Y01 else "w8"
        root = f"s:Body/{prefix}:CreateScanJobResponse/{prefix}"
        return Job(int(answer.text(f"{root}:JobId")), answer.text(f"{root}:JobToken"), answer)

    def retrieval(self, job: Job, year: str = Y08) -> bytes:
        return message(
            f"{year}/RetrieveImage",
            f"<w:RetrieveImageRequest><w:JobId>{job.id}</w:JobId><w:JobToken>{job.token}</w:JobToken>"
            "<w:DocumentDescription><w:DocumentName>page.png</w:DocumentName></w:DocumentDescription>"
            "</w:RetrieveImageRequest>",
        )

    async def retrieve(self, job: Job, year: str = Y08) -> Answer:
        return await self.ask(self.scan_path, self.retrieval(job, year))

    async def half_way(self, then: Callable[[], None] = lambda: None) -> tuple[Job, Connection, Gate]:
        """A job whose first image has begun to arrive; its lower half is waited for at the gate, then comes `then`."""
        gate = Gate()

        def play(handover: Handover, request: ScanRequest) -> None:
            half_a_page(handover, request)
            gate.wait(handover)
            then()

        self.scanner.play = play
        job = await self.create(ticket(sides=LARGE, format_="jfif"))
        connection = await self.connect()
        await connection.send(self.scan_path, self.retrieval(job))
        assert (await connection.head())[0] == 200
        assert await connection.chunk()
        return job, connection, gate

    async def cancel(self, job: Job) -> Answer:
        return await self.operate("CancelJob", f"<w:JobId>{job.id}</w:JobId>")

    async def status(self, job: Job) -> tuple[str, str | None, int]:
        """State, reason and ScansCompleted by GetJobElements."""
        answer = await self.operate(
            "GetJobElements",
            f"<w:JobId>{job.id}</w:JobId><w:RequestedElements><w:Name>w:JobStatus</w:Name></w:RequestedElements>",
        )
        (found,) = answer.xml.iter(f"{{{Y08}}}JobStatus")
        state, scans = found.findtext(f"{{{Y08}}}JobState"), found.findtext(f"{{{Y08}}}ScansCompleted")
        assert state is not None
        assert scans is not None
        return state, found.findtext(f".//{{{Y08}}}JobStateReason"), int(scans)

    async def until(self, job: Job, *states: str) -> None:
        """Wait until the job is in one of these states."""
        async with asyncio.timeout(5):
            while (await self.status(job))[0] not in states:  # noqa: ASYNC110 - asked over the wire
                await asyncio.sleep(0.01)

    async def active(self) -> list[str]:
        """The summaries of GetActiveJobs, whole."""
        answer = await self.operate("GetActiveJobs", "")
        return [etree.tostring(found, encoding="unicode") for found in answer.xml.iter(f"{{{Y08}}}JobSummary")]

    async def subscribe(
        self, subscriber: "Subscriber", chosen: str | None = None, expires: str | None = "PT1H", extra: str = ""
    ) -> Answer:
        """`extra` stands behind the Delivery."""
        return await self.ask(self.scan_path, subscription(subscriber.notify_to, chosen, expires, extra))

    async def manage(self, name: str, granted: Answer, body: str = "") -> Answer:
        """Renew, GetStatus or Unsubscribe what a SubscribeResponse granted."""
        (identifier,) = granted.xml.iter(f"{{{WSE}}}Identifier")
        block = f"<e:Identifier>{identifier.text}</e:Identifier>"
        return await self.ask(self.scan_path, message(f"{WSE}/{name}", f"<e:{name}>{body}</e:{name}>", headers=block))


def subscription(notify_to: str, chosen: str | None, expires: str | None = "PT1H", extra: str = "") -> bytes:
    """A Subscribe; `notify_to` is the inside of the NotifyTo."""
    lease = "" if expires is None else f"<e:Expires>{expires}</e:Expires>"
    filter_ = "" if chosen is None else f'<e:Filter Dialect="{DIALECT}">{chosen}</e:Filter>'
    return message(
        f"{WSE}/Subscribe",
        f"<e:Subscribe><e:Delivery><e:NotifyTo>{notify_to}</e:NotifyTo></e:Delivery>{lease}{filter_}{extra}"
        "</e:Subscribe>",
    )


# The subscriber. --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Letter:
    """One POST that a subscriber got."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def xml(self) -> etree._Element:
        return etree.fromstring(self.body)

    @property
    def action(self) -> str:
        return self.xml.findtext("s:Header/a:Action", "", NS)

    @property
    def content(self) -> etree._Element:
        (child,) = self.xml.findall("s:Body/*", NS)
        return child

    @property
    def line(self) -> str:
        """`Processing/JobScanning 4`, an end state with `end:` before it, or the element's name."""
        content = self.content
        name = etree.QName(content).localname
        if name not in ("JobStatusEvent", "JobEndStateEvent"):
            return name
        state = content.findtext(".//{*}JobState") or f"end:{content.findtext('.//{*}JobCompletedState')}"
        reason = content.findtext(".//{*}JobStateReason")
        return f"{state}{'/' + reason if reason else ''} {content.findtext('.//{*}ScansCompleted')}"


class Subscriber:
    """An HTTP server that keeps what it gets; it answers `status`, and only while `answering` is set."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.host = host
        self.letters: list[Letter] = []
        self.tries = 0
        self.status = 202
        self.answering = asyncio.Event()
        self.answering.set()
        self.reference = ""  # the inside of ReferenceParameters
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/events"

    @property
    def notify_to(self) -> str:
        blocks = f"<a:ReferenceParameters>{self.reference}</a:ReferenceParameters>" if self.reference else ""
        return f"<a:Address>{self.url}</a:Address>{blocks}"

    @property
    def lines(self) -> list[str]:
        """What came about jobs, in order; how the scanner is stands between and is told apart."""
        return [letter.line for letter in self.letters if not letter.line.startswith("Scan")]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while True:
                first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")[:-2]
                headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers["content-length"]))
                self.tries += 1
                await self.answering.wait()
                if self.status < 300:
                    self.letters.append(Letter(first.split()[1], headers, body))
                writer.write(f"HTTP/1.1 {self.status} X\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def until(self, *wanted: str, count: int = 1) -> None:
        """Wait for `count` letters whose line begins with one of `wanted`."""
        try:
            async with asyncio.timeout(5):
                while sum(each.line.startswith(wanted) for each in self.letters) < count:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise AssertionError(f"{wanted} did not come, but {[each.line for each in self.letters]}") from None

    async def first(self, name: str) -> Letter:
        """The first event of that name, once it is there."""
        await self.until(name)
        return next(each for each in self.letters if each.line == name)


# All of it. -------------------------------------------------------------------------------------------------------


def keep_state(directory: Path, **scanner: object) -> None:
    """What an earlier run is taken to have left for the rig's scanner."""
    directory.mkdir(parents=True, exist_ok=True)
    kept = {"version": 1, "instance_id": 1, "scanners": {KEY: {"uuid": str(SCANNER), **scanner}}}
    (directory / "state.json").write_text(json.dumps(kept), encoding="utf-8")


def configured(directory: Path, more: Mapping[str, object] | None = None, **jobs: float) -> Config:
    service = {
        "listen": "127.0.0.1:0",
        "multicast": False,
        "state_dir": str(directory / "state"),
        "cache_dir": str(directory / "cache"),
    }
    values: dict[str, Any] = {"service": {**service}, "jobs": {"retrieve_wait": 5.0, **jobs}}
    for section, said in (more or {}).items():
        values[section] = {**values.get(section, {}), **said} if isinstance(said, Mapping) else said
    return validate(values, "rig")


@asynccontextmanager
async def running(
    directory: Path,
    clock: Hands | None = None,
    scanners: tuple[FakeScanner, ...] = (),
    more: Mapping[str, object] | None = None,
    **jobs: float,
) -> AsyncIterator[Rig]:
    """The daemon with its scanners, served on a port of its own until the block ends. `more`: of the configuration."""
    clock, scanners = clock or Hands(), scanners or (FakeScanner(),)
    if not (directory / "state" / "state.json").exists():
        keep_state(directory / "state")
    urls: list[str] = []
    ready, stop = asyncio.Event(), asyncio.Event()

    def told(url: str) -> None:
        urls.append(url)
        if len(urls) == len(scanners):
            ready.set()

    async def find() -> list[Finding]:
        return [Finding(each.device.identity.key, "fake", "a scanner", each.open) for each in plugged]

    plugged = list(scanners)
    daemon = Daemon(configured(directory, more, **jobs), find, told, clock)
    run = asyncio.create_task(daemon.run(stop))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait((run, waiting), timeout=5, return_when=asyncio.FIRST_COMPLETED)
    if not ready.is_set():
        waiting.cancel()
        run.cancel()
        await run
        raise AssertionError("the daemon did not get ready")
    match = re.fullmatch(r"https?://127\.0\.0\.1:(\d+)(/[-0-9a-f]+)", urls[0])
    assert match is not None, urls
    rig = Rig(urls[0], int(match[1]), match[2], daemon, scanners[0], clock, plugged, urls=urls)
    try:
        yield rig
    finally:
        stop.set()
        await asyncio.wait_for(run, 10)
        for connection in rig.connections:
            connection.close()


def parts(answer: Answer) -> Iterator[tuple[dict[str, str], bytes]]:
    """The MIME parts of a package, taken apart by hand."""
    found = re.search(r'boundary="?([^";]+)"?', answer.headers["content-type"])
    assert found is not None
    delimiter = b"--" + found[1].encode()
    first, *rest, last = (b"\r\n" + answer.body).split(b"\r\n" + delimiter)
    assert (first, last) == (b"", b"--\r\n")
    for part in rest:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        lines = [line.partition(":") for line in head.decode("ascii").split("\r\n")]
        yield {name.lower(): value.strip() for name, _, value in lines}, content
