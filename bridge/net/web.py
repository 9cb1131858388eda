"""HTTP: requests in, answers out, pages streamed. Which answer it is, bridge.service decides.

Spec: SOAP 1.2 HTTP binding, DPWS 2006 section 4, MTOM. Everything a peer can make us hold or wait for is bounded.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final

from aiohttp import web

from bridge.discovery.messages import PROBE
from bridge.discovery.responder import Responder
from bridge.errors import OperationRefused, WireError
from bridge.log import TRAFFIC, kept_short
from bridge.net.guest import guest_of
from bridge.net.shares import Shares
from bridge.service.access import Access, AccessDenied
from bridge.service.endpoint import Endpoint, Image, is_retrieve_image, refusal
from bridge.service.peer import Peer
from bridge.soap import envelope, fault
from bridge.soap.envelope import Message
from bridge.wsscan import faults
from drivers.contract.tap import TAP
from drivers.contract.xml import MAX_BYTES

_log = logging.getLogger(__name__)

STABLE_PROBE: Final = "/StableWSDiscoveryEndpoint/schemas-xmlsoap-org_ws_2005_04_discovery"
SOAP_XML: Final = "application/soap+xml"
CONTENT_TYPE: Final = f"{SOAP_XML}; charset=utf-8"
BODY_TIMEOUT: Final = 20.0  # seconds for a request of 32 KB to arrive
# What browsers say of requests that a page makes them send, and no WSD client does: a page that somebody looks at in
# this network, even under a name that was pointed at us, must not reach a scanner.
FROM_A_PAGE: Final = ("Origin", "Sec-Fetch-Site")
STALL_TIMEOUT: Final = 60.0  # seconds in which a client must take the next piece of its image
# sane-airscan waits for ever when the image of a job that it cancels breaks off before CancelJob is answered.
CANCEL_PAUSE: Final = 0.25


class Web:
    """The HTTP face of every hosted scanner, on one port."""

    def __init__(self, endpoints: Callable[[], Mapping[str, Endpoint]], responder: Responder, access: Access) -> None:
        self._endpoints = endpoints  # by their uuid in the path
        self._responder = responder
        self._access = access
        self._shares = Shares()
        self.ports: frozenset[int] = frozenset()

    def application(self) -> web.Application:
        """What aiohttp serves."""
        # One more than is read: some versions of aiohttp refuse the very limit.
        app = web.Application(client_max_size=MAX_BYTES + 1)
        # One way in, and no middlewares: of an application that has some aiohttp lets go only a thousand others later.
        app.router.add_route("*", "/{path:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        with _watched(request):
            response = await self._admitted(request)
            _tell(request, response)
            return response

    async def _admitted(self, request: web.Request) -> web.StreamResponse:
        """Nobody who may do nothing here, or asks without end, and no web page is listened to."""
        try:
            peer = _peer(request)
        except OperationRefused as err:  # nobody is there to be answered
            raise ConnectionResetError(str(err)) from err
        if not self._access.may_enter(peer):
            return self._turned_away(peer, "from outside the networks of [access]")
        now = asyncio.get_running_loop().time()
        if not self._shares.admit(peer.address, now):
            if self._shares.is_news(peer.address, now):
                _log.warning("%s: more requests than are answered", peer.address)
            return _closing(web.Response(status=429, headers={"Retry-After": "1"}))
        page = next((name for name in FROM_A_PAGE if name in request.headers), None)
        if page is not None:
            return self._turned_away(peer, f"a web page asks ({page}: {kept_short(request.headers[page], 100)})")
        return await self._routed(request)

    def _turned_away(self, peer: Peer, why: str) -> web.Response:
        if self._shares.is_worth_a_line(peer.address, asyncio.get_running_loop().time()):
            _log.info("%s: refused: %s", peer.address, why)
        return _closing(web.Response(status=403))

    async def _routed(self, request: web.Request) -> web.StreamResponse:
        uuid, _, rest = request.path[1:].partition("/")
        endpoint = self._endpoints().get(uuid) if rest in ("", "scan") else None
        if endpoint is None and request.path != STABLE_PROBE:
            raise web.HTTPNotFound(text="no scanner lives here\n")
        if request.method != "POST":
            raise web.HTTPMethodNotAllowed(request.method, ["POST"])
        return await (self._probe(request) if endpoint is None else self._post(request, endpoint))

    async def _post(self, request: web.Request, endpoint: Endpoint) -> web.StreamResponse:
        async def answer(message: Message) -> web.StreamResponse:
            if is_retrieve_image(message):
                return await self._retrieve(request, endpoint, message)
            # Only CreateScanJob waits for anything, and sees to it that a client that hangs up stops nothing half way.
            return _answered(await endpoint.answer(message, _peer(request), _base_url(request), self.ports))

        return await self._guarded(request, answer)

    async def _probe(self, request: web.Request) -> web.StreamResponse:
        async def answer(message: Message) -> web.StreamResponse:
            if message.addressing.action != PROBE:
                raise faults.action_not_supported(message.addressing.action)
            try:
                return _answered(self._responder.directed(message, _peer(request).scoped_local_address))
            except WireError as err:
                raise OperationRefused(fault.malformed(str(err))) from err

        return await self._guarded(request, answer)

    async def _guarded(
        self, request: web.Request, answer: Callable[[Message], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Read the request and answer it; whatever goes wrong before the answer's first byte is a fault."""
        message: Message | None = None
        try:
            message = await _read(request)
            return await answer(message)
        except OperationRefused as err:
            return _refused(request, err, message)
        except ConnectionError:
            raise  # nobody is there to be answered
        except Exception:  # noqa: BLE001 - a bug of ours costs one request, and is logged whole
            _log.exception("%s: the request broke", request.remote)
            return _refused(request, faults.internal_error(), message)

    @asynccontextmanager
    async def _held(self, endpoint: Endpoint, message: Message, peer: Peer) -> AsyncIterator[Image]:
        with self._shares.held(peer.address):
            async with endpoint.retrieve(message, peer) as image:
                yield image

    async def _retrieve(self, request: web.Request, endpoint: Endpoint, message: Message) -> web.StreamResponse:
        """The head goes out with the page's first bytes; a page that breaks later breaks the connection."""
        response = web.StreamResponse()
        try:
            peer = _peer(request)
            async with self._held(endpoint, message, peer) as image:
                response.headers["Content-Type"] = image.content_type
                async for chunk in image.outgoing.chunks():
                    if not response.prepared:
                        await response.prepare(request)
                        TAP.tell("http", data=image.head, way="out", peer=_asker(request), status=200, type="image")
                        chunk = image.head + chunk  # noqa: PLW2901 - head and first bytes leave together
                    await _write(response, chunk)
                await _write(response, image.tail)
                async with asyncio.timeout(STALL_TIMEOUT):
                    await response.write_eof()
        except Exception as err:
            if not response.prepared:
                raise
            _log.info("%s: an image broke off: %s", request.remote, err or type(err).__name__)
            try:
                if isinstance(err, OperationRefused):  # the job was ended by somebody, who is answered first
                    await asyncio.sleep(CANCEL_PAUSE)
            finally:
                _abort(request)
        except BaseException:
            _abort(request)
            raise
        return response


@contextmanager
def _watched(request: web.Request) -> Iterator[None]:
    """Who watches the connection is told that its head is whole, and that it was answered."""
    guest = guest_of(request.transport)
    if guest is None:
        yield
        return
    guest.began()
    try:
        yield
    finally:
        guest.ended()


def _tell(request: web.Request, response: web.StreamResponse) -> None:
    """The tap hears every answer; of one with an image in it, `_retrieve` has told the SOAP part."""
    if isinstance(response, web.Response) and TAP.wants():
        body = response.body if isinstance(response.body, bytes) else b""
        kind = response.content_type
        TAP.tell("http", data=body, way="out", peer=_asker(request), status=response.status, type=kind)


def _asker(request: web.Request) -> str:
    """Who asked, as ADDRESS:PORT, by which answers on a tape find their questions."""
    there = request.transport.get_extra_info("peername") if request.transport is not None else None
    return f"{there[0]}:{there[1]}" if there else ""


async def _write(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(STALL_TIMEOUT):
        await response.write(data)


def _abort(request: web.Request) -> None:
    """Neither a last chunk nor a closing boundary: what was sent cannot be taken for a whole page."""
    with suppress(Exception):
        if request.transport is not None:
            request.transport.abort()


async def _read(request: web.Request) -> Message:
    """The SOAP message of a request. Raises OperationRefused."""
    if request.content_type != SOAP_XML:
        raise OperationRefused(fault.malformed(f"Content-Type {request.content_type[:100]}, {SOAP_XML} is understood"))
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            data = await request.read()
    except TimeoutError as err:
        raise OperationRefused(fault.malformed(f"the request did not arrive within {BODY_TIMEOUT:g} s")) from err
    except web.HTTPRequestEntityTooLarge as err:
        raise OperationRefused(fault.malformed(f"the request has more than {MAX_BYTES} bytes")) from err
    TRAFFIC.debug("from %s: %r", request.remote, data)
    TAP.tell("http", data=data, way="in", peer=_asker(request), url=request.path, type=request.content_type)
    return envelope.read_request(data)


def _answered(answer: bytes | None) -> web.Response:
    if answer is None:
        return web.Response(status=202)
    TRAFFIC.debug("answered: %r", answer)
    return web.Response(body=answer, headers={"Content-Type": CONTENT_TYPE})


def _refused(request: web.Request, err: OperationRefused, message: Message | None) -> web.Response:
    action = message.addressing.action if message is not None else ""
    relates_to = message.addressing.message_id if message is not None else None
    name = kept_short(action.rpartition("/")[2], 60) or "request"
    _log.info("%s: %s refused: %s", request.remote, name, kept_short(str(err), 300))
    body = refusal(err, action, relates_to)
    TRAFFIC.debug("answered: %r", body)
    status = 403 if isinstance(err, AccessDenied) else fault.http_status(err.fault)
    return web.Response(body=body, status=status, headers={"Content-Type": CONTENT_TYPE})


def _closing(response: web.Response) -> web.Response:
    response.force_close()
    return response


def _peer(request: web.Request) -> Peer:
    transport = request.transport
    here = transport.get_extra_info("sockname") if transport is not None else None
    there = transport.get_extra_info("peername") if transport is not None else None
    if here is None or there is None:
        raise faults.temporary_error("the connection is gone")
    return Peer(_plain(there[0]), _plain(here[0]), here[1], _interface(there))


def _interface(address: tuple[str, int] | tuple[str, int, int, int]) -> str:
    """The name of the interface that an IPv6 link-local address belongs to; names outlive a restart, indices do not."""
    if len(address) < 4 or not address[3]:
        return ""
    try:
        return socket.if_indextoname(address[3])
    except OSError:  # gone since; nothing can be sent there, and that will be said
        return str(address[3])


def _plain(address: str) -> str:
    """Without a scope, and IPv4 as IPv4 where a dual-stack socket wraps it."""
    return address.partition("%")[0].removeprefix("::ffff:")


def _base_url(request: web.Request) -> str:
    """How this very peer reaches us."""
    peer = _peer(request)
    host = f"[{peer.local_address}]" if ":" in peer.local_address else peer.local_address
    return f"{request.scheme}://{host}:{peer.local_port}"
