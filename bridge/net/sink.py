"""Where events arrive: a small HTTP server that takes what a device POSTs to our NotifyTo and hands it on in order.

Its path is a secret of this run, so that only who was told the address is heard. A message we cannot read is refused
with its fault; one we can read is taken (202) whatever it says: an unknown event is handed on raw.
Spec: WS-Eventing 2004/08; WS-Scan V1.0, the seven events; DSM, the two of a scan server.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from aiohttp import web
from lxml import etree

from bridge.dsm import names as dsm
from bridge.dsm import operations
from bridge.dsm.names import DspElement
from bridge.errors import ConfigError, WireError
from bridge.eventing.messages import IDENTIFIER, SUBSCRIPTION_END, SubscriptionEnd
from bridge.log import TRAFFIC
from bridge.soap import envelope, fault, tree
from bridge.soap.envelope import EnvelopeRefused, Message
from bridge.wsscan.events import EVENTS, EventName
from bridge.wsscan.names import ScanElement, qname
from bridge.wsscan.year import Year, normalise, split_action
from drivers.contract.clock import Clock

log: Final = logging.getLogger(__name__)

# A whole configuration may come in an event; DPWS allows no envelope beyond 32 767 bytes, devices are not so strict.
MAX_EVENT: Final = 256 * 1024
MAX_CONNECTIONS: Final = 64
READ_TIMEOUT: Final = 10.0
_MAX_HEADER: Final = 8190
_POST_SCAN: Final = {dsm.action(name): name for name in operations.EventName}
_TYPES: Final = ("application/soap+xml", "text/xml", "application/xml")


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message that came in, whole.

    `name` is the event's, or the last part of the Action where it is none that we know. `event` is None for what is
    unknown or cannot be read; then `flaw` says why, and `message` and `raw` hold all there is.
    """

    at: float  # monotonic, when its last byte was read
    time: datetime
    peer: str
    raw: bytes
    message: Message
    year: Year | None
    name: EventName | str
    event: ScanElement | DspElement | SubscriptionEnd | None
    flaw: str | None = None

    @property
    def identifier(self) -> str | None:
        """The wse:Identifier that a NotifyTo asked to have echoed."""
        return self.message.header_text(IDENTIFIER)


class Sink:
    """Listens on an address of ours while the block lasts; `heard` is called from the event loop, before the answer."""

    def __init__(self, address: str, heard: Callable[[Arrived], None], clock: Clock, port: int = 0) -> None:
        self._address, self._port = address, port
        self._heard, self._clock = heard, clock
        self._path = f"/{uuid.uuid4()}"
        self._server = web.Server(self._handle, access_log=None, max_line_size=_MAX_HEADER, max_field_size=_MAX_HEADER)
        self._runner = web.ServerRunner(self._server, handle_signals=False, shutdown_timeout=1.0)

    async def __aenter__(self) -> Self:
        """Raises ConfigError when the address or port cannot be had."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._address, self._port).start()
        except OSError as err:
            await self._runner.cleanup()
            reason = f"cannot listen there for events: {err.strerror or err}"
            raise ConfigError("listen", f"{self._address}:{self._port}", reason) from err
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """What to give as NotifyTo."""
        host = f"[{self._address}]" if ":" in self._address else self._address
        return f"http://{host}:{self._port}{self._path}"

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if len(self._server.connections) > MAX_CONNECTIONS:
            return _closing(503)
        if request.path != self._path:
            return _closing(404)
        if request.method != "POST":
            return web.Response(status=405, headers={"Allow": "POST"})
        if request.content_type not in _TYPES:
            return _closing(415)
        try:
            async with asyncio.timeout(READ_TIMEOUT):
                data = await _body(request)
        except TimeoutError:
            return _closing(408)
        if data is None:
            log.warning("event from %s refused: more than %d bytes", request.remote, MAX_EVENT)
            return _closing(413)
        try:
            arrived = self._read(data, request.remote or "")
        except EnvelopeRefused as err:
            log.warning("event from %s refused: %s", request.remote, err)
            return web.Response(
                status=fault.http_status(err.fault),
                body=envelope.answer_refusal(err),
                content_type="application/soap+xml",
                charset="utf-8",
            )
        TRAFFIC.debug("from %s: %s", arrived.peer, data.decode(errors="replace"))
        self._heard(arrived)
        return web.Response(status=202)

    def _read(self, data: bytes, peer: str) -> Arrived:
        at, time = self._clock.monotonic(), self._clock.now()
        message = envelope.read(data, max_bytes=MAX_EVENT)
        name, year = _name(message)
        event: ScanElement | DspElement | SubscriptionEnd | None = None
        flaw: str | None = None
        try:
            event = _event(name, message.body)
        except WireError as err:
            flaw = str(err)
        return Arrived(at, time, peer, data, message, year, name, event, flaw)


def _name(message: Message) -> tuple[EventName | str, Year | None]:
    """By the Action, where that names no event by the element: devices leave the Action out or spell their own."""
    action = message.addressing.action
    if action == SUBSCRIPTION_END:
        return "SubscriptionEnd", None
    if action in _POST_SCAN:
        return _POST_SCAN[action], None
    split = split_action(action)
    if split is not None and split[1] in EVENTS:
        return EventName(split[1]), split[0]
    if message.body is not None:
        inner = split_action(tree.plain("/".join(_parts(message.body))))
        if inner is not None and inner[1] in EVENTS:
            return EventName(inner[1]), inner[0]
    return action.rpartition("/")[2] or "unknown", None if split is None else split[0]


def _event(name: EventName | str, body: etree._Element | None) -> ScanElement | DspElement | SubscriptionEnd | None:
    """Raises WireError; None: none of ours, and `body` is untouched."""
    if name == "SubscriptionEnd" and body is not None:
        return SubscriptionEnd.from_xml(body)
    if isinstance(name, operations.EventName):
        return operations.read_event(name, body)
    if not isinstance(name, EventName):
        return None
    if body is not None:
        normalise(body)
    if body is None or body.tag != qname(name):
        raise WireError(str(name), "is missing")
    return EVENTS[name].from_xml(body)


def _parts(element: etree._Element) -> tuple[str, str]:
    name = etree.QName(element)
    return name.namespace or "", name.localname


async def _body(request: web.BaseRequest) -> bytes | None:
    """The body; None when it is too large."""
    data = bytearray()
    async for chunk in request.content.iter_any():
        data += chunk
        if len(data) > MAX_EVENT:
            return None
    return bytes(data)


def _closing(status: int) -> web.Response:
    response = web.Response(status=status)
    response.force_close()
    return response
