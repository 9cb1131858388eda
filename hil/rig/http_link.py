"""HTTP straight to a simulated device, without a socket: `drivers.contract.http.Http` for a hand-turned clock.

An answer comes as the device makes it: `take` is asked again after a moment while it has nothing yet (hil.http.Reply).
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Final

from drivers.contract.clock import Clock
from drivers.contract.http import HttpFailed, HttpTimeout, Incoming
from hil.http import Broken, Reply, Request

SLICE: Final = 0.02  # seconds until the device is asked for more
PIECE: Final = 65536
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


class FaceHttp:
    """One device in this process."""

    def __init__(self, serve: Callable[[Request, float], Reply], reachable: Callable[[], bool], clock: Clock) -> None:
        """`reachable`: whether its cable is in."""
        self._serve, self._reachable, self._clock = serve, reachable, clock

    @asynccontextmanager
    async def exchange(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] = _NONE,
        *,
        wait: float,
        pause: float,
    ) -> AsyncIterator[Incoming]:
        if not self._reachable():
            raise HttpFailed(f"{path}: no route to the device")
        sent = {"host": "mfp", **{name.lower(): value for name, value in headers.items()}}
        reply = self._serve(Request(method, path, "", sent, body), self._clock.monotonic())
        data = b""
        while b"\r\n\r\n" not in data:
            data += await self._more(reply, path, wait)
        head, _, rest = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        said = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        chunked = said.get("transfer-encoding") == "chunked"
        length = None if chunked else int(said.get("content-length", "0"))
        yield Incoming(int(first.split(" ")[1]), said, self._body(reply, rest, length, path, pause))

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
