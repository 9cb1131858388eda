"""HTTP straight to a simulated device, without a socket: `drivers.contract.http_exchange.Http` for a hand-turned clock.

An answer comes as the device makes it: `take` is asked again after a moment while it has nothing yet (hil.http.Reply).
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from drivers.contract import http_exchange
from drivers.contract.clock import Clock
from drivers.contract.http_exchange import HttpFailed, HttpTimeout
from hil.http import Broken, Reply, Request

SLICE: Final = 0.02  # seconds until the device is asked for more
PIECE: Final = 65536


class FaceHttp:
    """One device in this process."""

    def __init__(self, serve: Callable[[Request, float], Reply], reachable: Callable[[], bool], clock: Clock) -> None:
        """`reachable`: whether its cable is in."""
        self._serve, self._reachable, self._clock = serve, reachable, clock

    @asynccontextmanager
    async def exchange(
        self, request: http_exchange.Request, *, wait: float, pause: float
    ) -> AsyncIterator[http_exchange.Incoming]:
        path = request.target
        if not self._reachable():
            raise HttpFailed(f"{path}: no route to the device")
        sent = {"host": "mfp", **{name.lower(): value for name, value in request.headers.items()}}
        reply = self._serve(Request(request.method, path, "", sent, request.body), self._clock.monotonic())
        data = b""
        while b"\r\n\r\n" not in data:
            data += await self._more(reply, path, wait)
        head, _, rest = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        said = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        chunked = said.get("transfer-encoding") == "chunked"
        length = None if chunked else int(said.get("content-length", "0"))
        yield http_exchange.Incoming(int(first.split(" ")[1]), said, self._body(reply, rest, length, path, pause))

    async def _body(
        self, reply: Reply, data: bytes, length: int | None, path: str, pause: float
    ) -> AsyncIterator[bytes]:
        if length is not None:
            while len(data) < length:
                data += await self._more(reply, path, pause)
            yield data[:length]
            return
        while True:
            while b"\r\n" not in data:
                data += await self._more(reply, path, pause)
            size, _, data = data.partition(b"\r\n")
            if not int(size, 16):
                return
            while len(data) < int(size, 16) + 2:
                data += await self._more(reply, path, pause)
            yield data[: int(size, 16)]
            data = data[int(size, 16) + 2 :]

    async def _more(self, reply: Reply, path: str, patience: float) -> bytes:
        until = self._clock.monotonic() + patience
        while self._clock.monotonic() < until:
            if not self._reachable():
                raise HttpFailed(f"{path}: the connection was lost")
            try:
                data = reply.take(PIECE, self._clock.monotonic())
            except Broken as err:
                raise HttpFailed(f"{path}: the connection was closed") from err
            if data == b"":
                raise HttpFailed(f"{path}: the answer is too short")
            if data is not None:
                return data
            await self._clock.sleep(SLICE)
        raise HttpTimeout(f"{path}: no answer in {patience:g} s")

    async def close(self) -> None:
        """There is nothing to give back."""
