"""The HTTP server behind the listening sockets: who is let in, for how long, and how it stops.

aiohttp bounds heads and header lines; bodies are bounded where they are read (bridge.net.web), slow peers by
bridge.net.guest, greedy ones by bridge.net.seats.
"""

import asyncio
import errno
import logging
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bridge.discovery.throttle import Throttle
from bridge.log import kept_short
from bridge.net.guest import Guest
from bridge.net.seats import Seats

_log = logging.getLogger(__name__)

KEEP_ALIVE: Final = 75.0  # Windows dislikes a connection that closes after each answer
LINGER: Final = 1.0  # seconds for the rest of a request that was refused half read
GRACE: Final = 3.0  # seconds for answers under way when the bridge stops
MAX_CONNECTIONS: Final = 256  # open at once, so that files are left for scanners and for events
HANDSHAKE_TIMEOUT: Final = 10.0
_FULL: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_PAUSE: Final = 1.0  # seconds, when the machine has nothing left for a connection


@asynccontextmanager
async def serving(
    application: web.Application, doors: Iterable[tuple[socket.socket, ssl.SSLContext | None]]
) -> AsyncIterator[None]:
    """Serve on these sockets, over TLS where there is a context, while the block lasts. They are ours from now on."""
    # A client that hangs up in the middle of an image must be noticed, hence the cancellation. What is compressed
    # might be a thousand times as large as it looks; no WSD client compresses.
    runner = web.AppRunner(
        application,
        access_log=None,
        handler_cancellation=True,
        keepalive_timeout=KEEP_ALIVE,
        shutdown_timeout=GRACE,
        lingering_time=LINGER,
        auto_decompress=False,
    )
    async with AsyncExitStack() as stack:
        talk, peers = logging.getLogger("aiohttp.server"), _Peers()
        talk.addFilter(peers)
        stack.callback(talk.removeFilter, peers)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        assert runner.server is not None  # setup() made it
        house = _House(runner.server)
        for sock, context in doors:
            stack.callback(sock.close)
            house.open(sock, context)
        stack.push_async_callback(house.close)  # first of all: nobody waits at a door that is gone
        yield


class _Peers(logging.Filter):
    """aiohttp tells with a traceback what a peer did wrong in HTTP, or that it hung up. One line does, and fills no
    disk; what we did wrong is still told whole."""

    def filter(self, record: logging.LogRecord) -> bool:
        err = record.exc_info[1] if record.exc_info else None
        if isinstance(err, HttpProcessingError):
            _log.info("a request that is not HTTP was refused: %s", kept_short(" ".join(err.message.split())))
        return not isinstance(err, HttpProcessingError | ConnectionError)


class _House:
    """Takes in who comes to any door."""

    def __init__(self, server: web.Server) -> None:
        self._server = server
        self._seats = Seats(MAX_CONNECTIONS)
        self._said = Throttle(rate=1 / 60, burst=1, total_rate=1 / 6, total_burst=10)
        self._doors: set[asyncio.Task[None]] = set()
        self._arriving: set[asyncio.Task[None]] = set()

    def open(self, sock: socket.socket, context: ssl.SSLContext | None) -> None:
        self._doors.add(asyncio.create_task(self._watch(sock, context)))

    async def close(self) -> None:
        """Let nobody in any more."""
        tasks = (*self._doors, *self._arriving)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self, sock: socket.socket, context: ssl.SSLContext | None) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(sock)
            except OSError as err:
                if err.errno in _FULL:
                    _log.error("no connection can be taken just now: %s", err.strerror)
                    await asyncio.sleep(_PAUSE)
                continue
            peer = address[0].partition("%")[0]
            guest = self._seats.admit(peer, lambda left: Guest(self._server(), left))
            if guest is None:
                _reset(connection)
                if self._said.admit(peer, loop.time()):
                    _log.warning("%s: turned away: %d connections are open", peer, len(self._seats))
                continue
            task = asyncio.create_task(self._seat(connection, context, peer, guest))
            self._arriving.add(task)
            task.add_done_callback(self._arriving.discard)

    async def _seat(self, connection: socket.socket, context: ssl.SSLContext | None, peer: str, guest: Guest) -> None:
        limit = None if context is None else HANDSHAKE_TIMEOUT
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: guest, connection, ssl=context, ssl_handshake_timeout=limit
            )
        except OSError as err:  # it went away, or speaks no TLS that we do
            self._seats.leave(peer, guest)
            connection.close()
            if self._said.admit(peer, asyncio.get_running_loop().time()):
                _log.info("%s: no connection: %s", peer, err)
        except BaseException:
            self._seats.leave(peer, guest)
            connection.close()
            raise


def _reset(connection: socket.socket) -> None:
    """Nothing of it shall linger here."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
