"""Who is let in to a face of ours: nobody who may do nothing here, or asks without end, and no web page."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from bridge.errors import OperationRefused
from bridge.log import kept_short
from bridge.net import exchange
from bridge.net.shares import Shares
from bridge.service.access import Access
from bridge.service.peer import Peer

_log = logging.getLogger(__name__)

# What browsers say of requests that a page makes them send, and no WSD client does: a page that somebody looks at in
# this network, even under a name that was pointed at us, must not reach a scanner.
FROM_A_PAGE: Final = ("Origin", "Sec-Fetch-Site")


class Entrance:
    """The door of one face; `routed` answers whoever comes in."""

    def __init__(
        self, access: Access, shares: Shares, routed: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> None:
        self._access, self._shares, self._routed = access, shares, routed

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """What aiohttp calls for every request."""
        with exchange.watched(request):
            response = await self._admitted(request)
            exchange.tell(request, response)
            return response

    async def _admitted(self, request: web.Request) -> web.StreamResponse:
        try:
            peer = exchange.peer_of(request)
        except OperationRefused as err:  # nobody is there to be answered
            raise ConnectionResetError(str(err)) from err
        if not self._access.may_enter(peer):
            return self._turned_away(peer, "from outside the networks of [access]")
        now = asyncio.get_running_loop().time()
        if not self._shares.admit(peer.address, now):
            if self._shares.is_news(peer.address, now):
                _log.warning("%s: more requests than are answered", peer.address)
            return exchange.closing(web.Response(status=429, headers={"Retry-After": "1"}))
        page = next((name for name in FROM_A_PAGE if name in request.headers), None)
        if page is not None:
            return self._turned_away(peer, f"a web page asks ({page}: {kept_short(request.headers[page], 100)})")
        return await self._routed(request)

    def _turned_away(self, peer: Peer, why: str) -> web.Response:
        if self._shares.is_worth_a_line(peer.address, asyncio.get_running_loop().time()):
            _log.info("%s: refused: %s", peer.address, why)
        return exchange.closing(web.Response(status=403))
