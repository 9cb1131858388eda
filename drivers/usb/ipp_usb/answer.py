"""An HTTP/1.1 answer read off a stream that never ends, to its last byte and no further.

Spec: RFC 9112 sections 4, 6 and 7. Over USB nothing but its length, or its last chunk, says where an answer ends.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from drivers.contract.http_exchange import HttpFailed

MOST_HEAD: Final = 16 * 1024
MOST_LINE: Final = 256
MOST_TRAILERS: Final = 32
PIECE: Final = 64 * 1024


class Reader:
    """Bytes of one stream, read ahead by what came in one transfer."""

    def __init__(self, more: Callable[[], Awaitable[bytes]]) -> None:
        """`more`: at least one byte; raises HttpFailed."""
        self._more, self._held = more, bytearray()

    async def until(self, mark: bytes, most: int) -> bytes:
        """What comes before `mark`, which is read too."""
        while (end := self._held.find(mark)) < 0:
            if len(self._held) > most:
                raise HttpFailed(f"no end after {most} bytes where an answer should have one")
            self._held += await self._more()
        data = bytes(self._held[:end])
        del self._held[: end + len(mark)]
        return data

    async def some(self, most: int) -> bytes:
        """1…most bytes."""
        if not self._held:
            self._held += await self._more()
        data = bytes(self._held[:most])
        del self._held[:most]
        return data

    @property
    def rest(self) -> int:
        """Bytes that came and were not asked for."""
        return len(self._held)


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers, names in lower case."""

    status: int
    headers: dict[str, str]


async def head(reader: Reader) -> Head:
    """The head of the next answer, those of 1xx skipped. Raises HttpFailed."""
    while True:
        first, *lines = (await reader.until(b"\r\n\r\n", MOST_HEAD)).decode("latin-1").lstrip("\r\n").split("\r\n")
        version, _, rest = first.partition(" ")
        code = rest[:3]
        if not version.startswith("HTTP/1.") or not code.isdecimal():
            raise HttpFailed(f"no answer in HTTP: it begins with {first[:40]!r}")
        if not code.startswith("1"):
            pairs = (line.partition(":") for line in lines)
            return Head(int(code), {name.strip().lower(): value.strip() for name, _, value in pairs})


async def body(reader: Reader, found: Head) -> AsyncIterator[bytes]:
    """The body, to its end. Raises HttpFailed."""
    if found.status in (204, 304):
        return
    if "chunked" in found.headers.get("transfer-encoding", "").lower():
        async for piece in _chunks(reader):
            yield piece
        return
    length = found.headers.get("content-length", "")
    if not length.isdecimal():
        raise HttpFailed("an answer that does not say how long it is")
    left = int(length)
    while left:
        piece = await reader.some(min(left, PIECE))
        left -= len(piece)
        yield piece


async def _chunks(reader: Reader) -> AsyncIterator[bytes]:
    while left := _size(await reader.until(b"\r\n", MOST_LINE)):
        while left:
            piece = await reader.some(min(left, PIECE))
            left -= len(piece)
            yield piece
        if await reader.until(b"\r\n", MOST_LINE):
            raise HttpFailed("a chunk that is longer than it says")
    for _ in range(MOST_TRAILERS):
        if not await reader.until(b"\r\n", MOST_HEAD):
            return
    raise HttpFailed("too many lines behind the last chunk")


def _size(line: bytes) -> int:
    try:
        return int(line.partition(b";")[0].strip() or b"-", 16)
    except ValueError as err:
        raise HttpFailed(f"no length of a chunk: {line[:20]!r}") from err
