"""HTTP that tells the tap what is asked of a device and what it answers, piece by piece; it changes none of it.

For what goes over a network; what goes over USB is told there, transfer by transfer.
"""

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from drivers.contract.clock import Clock
from drivers.contract.http_exchange import Http, HttpFailed, Incoming, Request
from drivers.contract.tap import TAP, Tap

PIECE: Final = 64 * 1024  # bytes, and seconds, that are told as one
SPAN: Final = 0.1
_LANE: Final = "http"
# What says something about the answer; the rest is the connection's.
_TOLD: Final = frozenset({"content-type", "location", "etag", "retry-after"})


class Tapped:
    """`drivers.contract.http_exchange.Http` around another one."""

    def __init__(self, http: Http, name: str, root: str, clock: Clock, tap: Tap = TAP) -> None:
        """`name`: the device's key; `root`: path of its service."""
        self._http, self._name, self._clock, self._tap = http, name, clock, tap
        self._numbers = itertools.count(1)
        tap.opened(_LANE, name, root=root)

    @asynccontextmanager
    async def exchange(self, request: Request, *, wait: float, pause: float) -> AsyncIterator[Incoming]:
        number = next(self._numbers)
        asked = {"way": "out", "method": request.method, "path": request.target}
        self._tell(number, self._clock.monotonic(), request.body, asked)
        said: dict[str, object] = {"way": "in"}  # of the next piece
        try:
            async with self._http.exchange(request, wait=wait, pause=pause) as incoming:
                headers = {name: value for name, value in incoming.headers.items() if name in _TOLD}
                said |= {"status": incoming.status, "headers": headers}
                yield Incoming(incoming.status, incoming.headers, self._pieces(number, incoming.chunks, said))
        except HttpFailed as err:
            said["error"] = str(err)
            raise
        finally:
            if len(said) > 1:  # of a body that nobody wants the head is told all the same
                self._tell(number, self._clock.monotonic(), b"", said)

    async def _pieces(self, number: int, chunks: AsyncIterator[bytes], said: dict[str, object]) -> AsyncIterator[bytes]:
        """Many small ones are told as one; the last is known as such when it is over."""
        began = at = self._clock.monotonic()
        waiting = bytearray()
        async for chunk in chunks:
            if len(waiting) >= PIECE or (waiting and at - began >= SPAN):
                self._tell(number, at, bytes(waiting), said)
                waiting.clear()
                for name in ("status", "headers"):
                    said.pop(name, None)
            at = self._clock.monotonic()
            began = began if waiting else at
            if self._tap.wants(self._name):
                waiting += chunk
            yield chunk
        self._tell(number, at, bytes(waiting), {**said, "last": True})
        said.clear()

    def _tell(self, number: int, at: float, data: bytes, facts: Mapping[str, object]) -> None:
        self._tap.tell(_LANE, self._name, data, at, exchange=number, **facts)

    async def close(self) -> None:
        await self._http.close()
