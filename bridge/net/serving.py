"""The listening sockets and the HTTP server behind them: who is let in, for how long, and how it stops.

aiohttp bounds heads and header lines; the bodies are bounded where they are read (bridge.net.web).
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from aiohttp import web

from bridge.net.listening import BACKLOG

KEEP_ALIVE: Final = 75.0  # Windows dislikes a connection that closes after each answer
LINGER: Final = 1.0  # seconds for the rest of a request that was refused half read
GRACE: Final = 3.0  # seconds for answers under way when the bridge stops
MAX_CONNECTIONS: Final = 256  # open at once, so that files are left for scanners and for events


@asynccontextmanager
async def serving(application: web.Application, socks: Iterable[socket.socket]) -> AsyncIterator[None]:
    """Serve on these sockets, which are ours from now on, while the block lasts."""
    # A client that hangs up in the middle of an image must be noticed, hence the cancellation.
    runner = web.AppRunner(
        application,
        access_log=None,
        handler_cancellation=True,
        keepalive_timeout=KEEP_ALIVE,
        shutdown_timeout=GRACE,
        lingering_time=LINGER,
    )
    async with AsyncExitStack() as stack:
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        server = runner.server
        assert server is not None  # setup() made it
        loop = asyncio.get_running_loop()
        for sock in socks:
            listening = await loop.create_server(lambda: _admitted(server), sock=sock, backlog=BACKLOG)
            stack.callback(listening.close)
        yield


class _TurnedAway(asyncio.Protocol):
    """A connection that nobody has a chair for."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()


def _admitted(server: web.Server) -> asyncio.BaseProtocol:
    """What serves a connection that was just accepted."""
    return server() if len(server.connections) < MAX_CONNECTIONS else _TurnedAway()
