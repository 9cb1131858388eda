"""A device of ten lines that pushes its scans to the daemon's scan server: requests by hand, as the published pages
show them."""

import asyncio
import json
import ssl
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from drivers.contract.observation import ButtonPress, Readiness, Snapshot
from tests.ports import kept_port
from tests.schema import dsm
from tests.wire.http_rig import DIALECT, KEY, WSD, WSDP, WSE, Answer, Connection, FakeScanner, Hands, Subscriber
from tests.wire.http_rig import message as envelope
from tests.wire.http_rig import running as daemon_running
from tests.wire.test_http_tls import trusting

DSP = "http://schemas.microsoft.com/windows/2008/12/wdp/distributedscan/processing"
PSP = "http://schemas.microsoft.com/windows/2008/02/imaging/postscan/psp"
FILTER = "http://schemas.microsoft.com/windows/2007/10/imaging/postscan/filter"
PROCESS = "c4f199c7-6876-4549-a86e-a85035952448"
SHARE = "\\\\server\\in"
XOP = "http://www.w3.org/2004/08/xop/include"
BOUNDARY = "e1ac1c8d-11be-4313-999f-a8b0857d5360-3c31c1fe-39ef-4c34-8efd-918cf79f6"


def share(unc: str = SHARE) -> str:
    """A psp:Filter into a share."""
    return (
        f"<p:Filter><p:Dialect>{FILTER}/fileshare</p:Dialect><p:Instructions>"
        f'<f:FileShareConfig xmlns:f="{FILTER}/fileshare"><f:FileShares><f:ShareUNC>{unc}</f:ShareUNC></f:FileShares>'
        "</f:FileShareConfig></p:Instructions></p:Filter>"
    )


def mail(*addresses: str) -> str:
    """A psp:Filter to mail addresses."""
    listed = "".join(f"<m:EmailAddress>{each}</m:EmailAddress>" for each in addresses)
    return (
        f'<p:Filter><p:Dialect>{FILTER}/email</p:Dialect><p:Instructions><m:EmailConfig xmlns:m="{FILTER}/email">'
        f'<m:SendToScanUser>false</m:SendToScanUser><m:SendToAddresses CanAddAddresses="false">{listed}'
        "</m:SendToAddresses></m:EmailConfig></p:Instructions></p:Filter>"
    )


def library(*urls: str) -> str:
    """A psp:Filter into document libraries."""
    listed = "".join(f"<l:SaveToSharePointSiteURL>{each}</l:SaveToSharePointSiteURL>" for each in urls)
    return (
        f"<p:Filter><p:Dialect>{FILTER}/sharepoint</p:Dialect><p:Instructions>"
        f'<l:SharePointConfig xmlns:l="{FILTER}/sharepoint"><l:SaveToMySite>false</l:SaveToMySite>'
        f"<l:SaveToSharePointSites>{listed}</l:SaveToSharePointSites></l:SharePointConfig></p:Instructions></p:Filter>"
    )


def create(*filters: str, goes_on: bool | None = None, process: str = PROCESS, name: str = "Invoice") -> str:
    """The inside of a CreatePostScanJobRequest."""
    said = "" if goes_on is None else f"<p:ContinueOnError>{str(goes_on).lower()}</p:ContinueOnError>"
    return (
        f"<d:UserIdentifier>S-1-5-21-1-2-3-500</d:UserIdentifier><d:PSP_Identifier>{process}</d:PSP_Identifier>"
        f"<d:PostScanInstructions>{said}<p:DocumentRootName>{name}</p:DocumentRootName>"
        f"<p:FiltersToProcess>{''.join(filters or (share(),))}</p:FiltersToProcess></d:PostScanInstructions>"
    )


def request(operation: str, content: str) -> bytes:
    """The envelope of one operation."""
    element = f"d:{operation}Request"
    body = f'<{element} xmlns:d="{DSP}" xmlns:p="{PSP}">{content}</{element}>'
    return envelope(f"{DSP}/{operation}", body, message_id=uuid.uuid4().urn)


def package(token: str, number: int, image: bytes, word: str = "jfif", *, part: str = "i@x") -> bytes:
    """A SendImage with the image in it, as the example has it."""
    root = request(
        "SendImage",
        f"<d:JobToken>{token}</d:JobToken><d:DocumentDescription><d:DocumentId>{number}</d:DocumentId>"
        f"<d:Format>{word}</d:Format></d:DocumentDescription>"
        f'<d:ImageData><x:Include xmlns:x="{XOP}" href="cid:i@x"/></d:ImageData>',
    )
    return (
        f"--{BOUNDARY}\r\nContent-Type: application/xop+xml; type=application/soap+xml\r\n"
        "Content-Transfer-Encoding: binary\r\nContent-ID: <xml@example.org>\r\n\r\n"
    ).encode() + b"%b\r\n--%b\r\nContent-Type: application/octet-stream\r\nContent-ID: <%b>\r\n\r\n%b\r\n--%b--\r\n" % (
        root,
        BOUNDARY.encode(),
        part.encode(),
        image,
        BOUNDARY.encode(),
    )


PACKAGE = (
    f"Multipart/Related; boundary={BOUNDARY}; "
    'type="application/xop+xml"; start="<xml@example.org>"; start-info="application/soap+xml"'
)


@dataclass
class Server:
    """The running scan server and how a device talks to it."""

    port: int
    clock: Hands
    place: Path
    scanner: FakeScanner
    tls: ssl.SSLContext | None = None
    source: str = "127.0.0.1"
    path: str = ""
    presses: int = 0

    @property
    def delivered(self) -> dict[str, bytes]:
        """The files in the folder of the share; hidden ones are on their way."""
        return {each.name: each.read_bytes() for each in sorted((self.place / "in").glob("[!.]*"))}

    async def connect(self) -> Connection:
        return Connection(
            *await asyncio.open_connection("127.0.0.1", self.port, ssl=self.tls, local_addr=(self.source, 0))
        )

    async def ask(self, path: str, body: bytes, **headers: str) -> Answer:
        connection = await self.connect()
        try:
            answer = await connection.ask(path, body, **headers)
        finally:
            connection.close()
        if answer.body and answer.headers.get("content-type", "").startswith("application/soap+xml"):
            dsm.validate(answer.content)
        return answer

    async def find(self) -> str:
        """Probe, then Get: the path of the processing service."""
        probe = envelope(f"{WSD}/Probe", f'<d:Probe><d:Types xmlns:p="{WSDP}">p:Device</d:Types></d:Probe>')
        matches = (await self.ask("/ScanServer", probe)).xml
        (xaddrs,) = matches.iter(f"{{{WSD}}}XAddrs")
        scheme = "http" if self.tls is None else "https"
        assert xaddrs.text == f"{scheme}://127.0.0.1:{self.port}/ScanServer"
        got = await self.ask("/ScanServer", envelope("http://schemas.xmlsoap.org/ws/2004/09/transfer/Get", ""))
        (hosted,) = got.xml.iter(f"{{{WSDP}}}Hosted")
        url = hosted.findtext(".//{*}Address") or ""
        assert url.startswith(f"{xaddrs.text}/")
        self.path = url.removeprefix(f"{scheme}://127.0.0.1:{self.port}")
        return self.path

    async def operate(self, name: str, content: str) -> Answer:
        return await self.ask(self.path, request(name, content))

    async def create(self, *filters: str, goes_on: bool | None = None, process: str = PROCESS) -> str:
        answer = await self.operate("CreatePostScanJob", create(*filters, goes_on=goes_on, process=process))
        assert answer.status == 200, answer.body
        return answer.content.findtext("{*}JobToken") or ""

    async def send(self, token: str, number: int, image: bytes, word: str = "jfif") -> Answer:
        return await self.ask(self.path, package(token, number, image, word), Content_Type=PACKAGE)

    async def end(self, token: str) -> Answer:
        return await self.operate("EndPostScanJob", f"<d:JobToken>{token}</d:JobToken>")

    async def cancel(self, token: str) -> Answer:
        return await self.operate("CancelPostScanJob", f"<d:JobToken>{token}</d:JobToken>")

    async def elements(self, token: str, *names: str) -> Answer:
        asked = "".join(f"<d:Name>d:{name}</d:Name>" for name in names)
        return await self.operate(
            "GetPostScanJobElements",
            f"<d:JobToken>{token}</d:JobToken><d:RequestedElements>{asked}</d:RequestedElements>",
        )

    def press(self) -> None:
        """Somebody presses a button of the scanner."""
        self.presses += 1
        self.scanner.show(Snapshot("fake", Readiness.IDLE, presses=(ButtonPress("scan", self.presses),)))

    async def state(self, token: str) -> str:
        """`Aborted/SendImageFailed 1`"""
        return told((await self.elements(token, "JobStatus")).content)

    async def until(self, token: str, state: str) -> None:
        async with asyncio.timeout(5):
            while not (await self.state(token)).startswith(state):  # noqa: ASYNC110 - asked over the wire
                await asyncio.sleep(0.01)

    async def subscribe(self, subscriber: Subscriber) -> Answer:
        actions = f"{DSP}/PostScanJobStatusEvent {DSP}/PostScanJobEndStateEvent"
        body = (
            f"<e:Subscribe><e:Delivery><e:NotifyTo>{subscriber.notify_to}</e:NotifyTo></e:Delivery>"
            f'<e:Expires>PT1H</e:Expires><e:Filter Dialect="{DIALECT}">{actions}</e:Filter></e:Subscribe>'
        )
        return await self.ask(self.path, envelope(f"{WSE}/Subscribe", body))


def told(content: etree._Element) -> str:
    """`Completed/PostScanJobCompletedSuccessfully 2 [CompletedSuccessfully]`; an end state with `end:` before it."""
    state = content.findtext(".//{*}JobState") or f"end:{content.findtext('.//{*}JobCompletedState')}"
    filters = []
    for each in content.iterfind(".//{*}FilterStatus"):
        reasons = [reason.text or "" for reason in each.iterfind(".//{*}FilterStateReason")]
        filters.append("/".join([each.findtext("{*}FilterState") or "", *reasons]))
    reason = content.findtext(".//{*}JobStateReason")
    return f"{state}/{reason} {content.findtext('.//{*}ImagesReceived')} [{' '.join(filters)}]"


def lines(subscriber: Subscriber) -> list[str]:
    """What a subscriber was told; every event is valid."""
    for letter in subscriber.letters:
        dsm.validate(letter.content)
    return [told(letter.content) for letter in subscriber.letters]


async def ended(subscriber: Subscriber, count: int = 1) -> None:
    """Wait for the end of so many jobs."""
    await subscriber.until("PostScanJobEndStateEvent", count=count)


def process_file(place: Path, port: int, *, https: bool = False, more: str = "") -> Path:
    """What the device knows of the scan process."""
    file = place / "device.toml"
    file.write_text(
        f'id = "{PROCESS}"\nname = "Invoices"\ndocument = "Invoice"\nuser = "eva"\n'
        f'server = "http{"s" if https else ""}://127.0.0.1:{port}/ScanServer"\n{more}\n'
        f"[scan]\nresolution = 75\nsource = 'feeder'\n[[filter]]\nshare = {json.dumps(SHARE)}\n"
    )
    return file


@asynccontextmanager
async def serving(
    place: Path,
    clock: Hands | None = None,
    filters: str | None = None,
    push: str = "",
    more: Mapping[str, object] | None = None,
    **scan_server: object,
) -> AsyncIterator[Server]:
    """The daemon with a scan server whose one process files into `place`/in, and whose scanner pushes to it. `push`:
    what else the device knows of the process; `more`: of the bridge's configuration."""
    (place / "in").mkdir(exist_ok=True)
    (place / "processes").mkdir(exist_ok=True)
    entry = f"[[filter]]\nshare = {json.dumps(SHARE)}\nfolder = {json.dumps(str(place / 'in'))}\n"
    (place / "processes" / "invoices.toml").write_text(
        f'id = "{PROCESS}"\nname = "Invoices"\n{entry if filters is None else filters}'
    )
    port = kept_port()
    said = {"processes": str(place / "processes"), "listen": f"127.0.0.1:{port}", **scan_server}
    pushed = process_file(place, port, https="certificate" in scan_server, more=push)
    scanner = {"key": KEY, "processes": {"": str(pushed)}}
    async with daemon_running(place, clock, more={"scan_server": said, "scanner": [scanner], **(more or {})}) as rig:
        server = Server(port, rig.clock, place, rig.scanner, trusting() if "certificate" in scan_server else None)
        await server.find()
        yield server
