"""One connection, watched: who is slow in asking or in taking the answer gives up its place.

Stands between the transport and aiohttp's own protocol, which knows no limit for a head that trickles in nor for an
answer that nobody reads. The handler says by `began` and `ended` when a request is under way: its body and its answer
have limits of their own (bridge.net.web).
"""

import asyncio
from collections.abc import Callable
from typing import Final

IDLE_TIMEOUT: Final = 75.0  # seconds until the first byte; between requests aiohttp counts
HEAD_TIMEOUT: Final = 15.0  # seconds from the first byte of a request to the end of its head
TAKE_TIMEOUT: Final = 60.0  # seconds in which what waits for a peer must become less


class Guest(asyncio.Protocol):
    """Hands everything on to `inner`; `left` is called when the connection is over."""

    def __init__(self, inner: asyncio.Protocol, left: Callable[["Guest"], None]) -> None:
        self._inner = inner
        self._left = left
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._asking: asyncio.TimerHandle | None = None
        self._taking: asyncio.TimerHandle | None = None
        self._heard = False  # a byte of the next request
        self.idle_since: float | None = None  # loop time; None: a request, or the TLS handshake, is under way

    # What the handler says.

    def began(self) -> None:
        """The head of a request is whole."""
        self.idle_since = None
        _stop(self._asking)

    def ended(self) -> None:
        """The request was answered."""
        self.idle_since = self._loop.time()
        self._heard = False

    def dismiss(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    # What the transport says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.idle_since = self._loop.time()
        self._asking = self._loop.call_later(IDLE_TIMEOUT, self.dismiss)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self.idle_since is not None and not self._heard:
            self._heard = True
            _stop(self._asking)
            self._asking = self._loop.call_later(HEAD_TIMEOUT, self.dismiss)
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._taking = self._loop.call_later(TAKE_TIMEOUT, self.dismiss)
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        _stop(self._taking)
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        _stop(self._asking)
        _stop(self._taking)
        self._inner.connection_lost(exc)
        self._left(self)


def guest_of(transport: asyncio.Transport | None) -> Guest | None:
    """Who watches that connection."""
    watching = None if transport is None else transport.get_protocol()
    return watching if isinstance(watching, Guest) else None


def _stop(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
