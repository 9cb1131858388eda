"""HTTP: requests in, answers out, pages streamed. Which answer it is, bridge.service decides.

Spec: SOAP 1.2 HTTP binding, DPWS 2006 section 4, MTOM. Everything a peer can make us hold or wait for is bounded.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final

from aiohttp import web

from bridge.discovery.messages import PROBE
from bridge.discovery.responder import Responder
from bridge.errors import OperationRefused, WireError
from bridge.net import exchange
from bridge.net.entrance import Entrance
from bridge.net.shares import Shares
from bridge.service.access import Access
from bridge.service.endpoint import Endpoint, Image, is_retrieve_image
from bridge.service.peer import Peer
from bridge.soap import fault
from bridge.soap.envelope import Message
from bridge.wsscan import faults
from drivers.contract.tap import TAP
from drivers.contract.xml import MAX_BYTES

_log = logging.getLogger(__name__)

STABLE_PROBE: Final = "/StableWSDiscoveryEndpoint/schemas-xmlsoap-org_ws_2005_04_discovery"
TO_A_PERSON: Final = "Scan programs talk here. What the scanners do is shown by: wsd-scan-bridge watch URL\n"
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
        app.router.add_route("*", "/{path:.*}", Entrance(self._access, self._shares, self._routed).handle)
        return app

    async def _routed(self, request: web.Request) -> web.StreamResponse:
        uuid, _, rest = request.path[1:].partition("/")
        endpoint = self._endpoints().get(uuid) if rest in ("", "scan") else None
        if endpoint is None and request.path != STABLE_PROBE:
            raise web.HTTPNotFound(text=f"no scanner lives here\n{TO_A_PERSON}")
        if request.method != "POST":
            raise web.HTTPMethodNotAllowed(request.method, ["POST"], text=TO_A_PERSON)
        return await (self._probe(request) if endpoint is None else self._post(request, endpoint))

    async def _post(self, request: web.Request, endpoint: Endpoint) -> web.StreamResponse:
        async def answer(message: Message) -> web.StreamResponse:
            if is_retrieve_image(message):
                return await self._retrieve(request, endpoint, message)
            # Only CreateScanJob waits for anything, and sees to it that a client that hangs up stops nothing half way.
            peer, base_url = exchange.peer_of(request), exchange.base_url(request)
            return exchange.answered(await endpoint.answer(message, peer, base_url, self.ports))

        return await exchange.guarded(request, partial(exchange.read, request), answer)

    async def _probe(self, request: web.Request) -> web.StreamResponse:
        async def answer(message: Message) -> web.StreamResponse:
            if message.addressing.action != PROBE:
                raise faults.action_not_supported(message.addressing.action)
            try:
                return exchange.answered(
                    self._responder.directed(message, exchange.peer_of(request).scoped_local_address)
                )
            except WireError as err:
                raise OperationRefused(fault.malformed(str(err))) from err

        return await exchange.guarded(request, partial(exchange.read, request), answer)

    @asynccontextmanager
    async def _held(self, endpoint: Endpoint, message: Message, peer: Peer) -> AsyncIterator[Image]:
        with self._shares.held(peer.address):
            async with endpoint.retrieve(message, peer) as image:
                yield image

    async def _retrieve(self, request: web.Request, endpoint: Endpoint, message: Message) -> web.StreamResponse:
        """The head goes out with the page's first bytes; a page that breaks later breaks the connection."""
        response = web.StreamResponse()
        try:
            peer = exchange.peer_of(request)
            async with self._held(endpoint, message, peer) as image:
                response.headers["Content-Type"] = image.content_type
                async for chunk in image.outgoing.chunks():
                    if not response.prepared:
                        await response.prepare(request)
                        TAP.tell(
                            "http", data=image.head, way="out", peer=exchange.asker(request), status=200, type="image"
                        )
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


async def _write(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(STALL_TIMEOUT):
        await response.write(data)


def _abort(request: web.Request) -> None:
    """Neither a last chunk nor a closing boundary: what was sent cannot be taken for a whole page."""
    with suppress(Exception):
        if request.transport is not None:
            request.transport.abort()
