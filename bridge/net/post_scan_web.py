"""The HTTP face of a scan server: messages as everywhere, and images that go to the disk as they come.

Spec: DSM, SendImage (MTOM in, xop 2004/08); SOAP 1.2 HTTP binding. No image is ever whole in memory.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID

from aiohttp import web

from bridge.dsm import faults
from bridge.errors import ConfigError, OperationRefused, WireError
from bridge.net import doors, exchange
from bridge.net.entrance import Entrance
from bridge.net.shares import Shares
from bridge.net.web import STABLE_PROBE
from bridge.service.access import Access
from bridge.service.post_scan_endpoint import PATH, PostScanEndpoint, send_image_request
from bridge.soap import fault, mtom
from bridge.soap.envelope import Message
from bridge.soap.mtom import Part
from drivers.contract.xml import MAX_BYTES

STALL_TIMEOUT: Final = 60.0  # seconds in which the next piece of an image must come: a scanner may pause


class PostScanWeb:
    """One scan server, on a port of its own."""

    def __init__(self, endpoint: PostScanEndpoint, access: Access) -> None:
        self._endpoint = endpoint
        self._entrance = Entrance(access, Shares(), self._routed)
        self.ports: frozenset[int] = frozenset()

    def application(self) -> web.Application:
        """What aiohttp serves."""
        app = web.Application(client_max_size=MAX_BYTES + 1)
        app.router.add_route("*", "/{path:.*}", self._entrance.handle)
        return app

    async def _routed(self, request: web.Request) -> web.StreamResponse:
        there = request.path in (PATH, f"{PATH}/", STABLE_PROBE)
        if not there and not request.path.startswith(f"{PATH}/"):
            raise web.HTTPNotFound(text="no scan server lives here\n")
        if request.method != "POST":
            raise web.HTTPMethodNotAllowed(request.method, ["POST"])
        if not there and not self._is_ours(request.path):
            return await self._guarded(request, self._unavailable)
        if mtom.is_multipart(request.headers.get("Content-Type", "")):
            return await self._image(request)
        return await self._guarded(request, partial(self._answer, request))

    def _is_ours(self, path: str) -> bool:
        try:
            return UUID(path.removeprefix(f"{PATH}/").rstrip("/")) == self._endpoint.uuid
        except ValueError:
            return False

    async def _guarded(self, request: web.Request, answer: "exchange.Answering") -> web.StreamResponse:
        return await exchange.guarded(request, partial(exchange.read, request), answer, faults.internal_error)

    async def _unavailable(self, _message: Message) -> web.StreamResponse:
        raise OperationRefused(fault.endpoint_unavailable())

    async def _answer(self, request: web.Request, message: Message) -> web.StreamResponse:
        peer, base_url = exchange.peer_of(request), exchange.base_url(request)
        return exchange.answered(await self._endpoint.answer(message, peer, base_url, self.ports))

    async def _image(self, request: web.Request) -> web.StreamResponse:
        """A package: its root first, then the one part that the root includes."""
        async with aclosing(mtom.read_parts(request.headers["Content-Type"], _arriving(request))) as parts:
            response = await self._unpacked(request, parts)
        if response.status != 200:  # there may be much on the way still
            response.force_close()
        return response

    async def _unpacked(self, request: web.Request, parts: AsyncGenerator[Part, None]) -> web.StreamResponse:
        async def root() -> Message:
            try:
                async with asyncio.timeout(exchange.BODY_TIMEOUT):
                    part = await anext(parts, None)
                    if part is None:
                        raise WireError("multipart", "holds no part")
                    return exchange.message_of(request, await part.read(MAX_BYTES))
            except WireError as err:
                raise OperationRefused(fault.malformed(str(err))) from err
            except TimeoutError as err:
                text = f"the root did not arrive within {exchange.BODY_TIMEOUT:g} s"
                raise OperationRefused(fault.malformed(text)) from err

        async def answer(message: Message) -> web.StreamResponse:
            wanted = send_image_request(message)
            try:
                name = wanted.image_data.include.content_id
                part = await anext(parts, None)
                if part is None or part.content_id != name:
                    raise WireError("ImageData/Include", "the next part is not the one that href names")
                return exchange.answered(await self._endpoint.send_image(message, wanted, part.chunks()))
            except WireError as err:
                raise faults.invalid_args(err) from err

        return await exchange.guarded(request, root, answer, faults.internal_error)


async def _arriving(request: web.Request) -> AsyncIterator[bytes]:
    """The body as it comes. Raises WireError for a peer that falls silent."""
    while True:
        try:
            async with asyncio.timeout(STALL_TIMEOUT):
                chunk = await request.content.readany()
        except TimeoutError as err:
            raise WireError("multipart", f"nothing came for {STALL_TIMEOUT:g} s") from err
        if not chunk:
            return
        yield chunk


def context(certificate: Path, key: Path | None, authority: Path | None) -> ssl.SSLContext:
    """To serve with. `authority`: who signs the certificates of users, PEM; a device may show one then, and is its
    user. Raises ConfigError."""
    made = doors.context(certificate, key)
    if authority is not None:
        try:
            made.load_verify_locations(authority)
        except (OSError, ssl.SSLError) as err:
            raise ConfigError("scan_server", "client_authority", f"{authority}: {err.strerror or err}") from err
        made.verify_mode = ssl.CERT_OPTIONAL
    return made
