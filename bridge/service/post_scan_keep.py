"""One image as it comes, to the disk: never whole in memory, and there for good when it is done."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from bridge.errors import WireError
from bridge.jobs.post_scan_store import Incoming, Store

_PIECE: Final = 4 * 1024 * 1024  # bytes in memory before they go to the disk


async def keep(store: Store, place: str, number: int, word: str, chunks: AsyncIterator[bytes]) -> bool:
    """False: the very same image was there already. `word`: its format. Raises ImageTooLarge, ImageDiffers, StoreFull,
    OSError, WireError for an empty one, and what `chunks` raises; then it is not there."""
    incoming = await asyncio.to_thread(store.incoming, place, number, word)
    pieces = _Pieces(incoming, min(_PIECE, store.most + 1))
    try:
        async for chunk in chunks:
            await pieces.add(chunk)
        await pieces.flush()
        if not incoming.size:
            raise WireError("ImageData", "is empty")
        return await asyncio.to_thread(incoming.keep)
    except BaseException:
        await pieces.settled()
        incoming.drop()
        raise


class _Pieces:
    """While one piece is written the next is filled. The two are used again and again: memory that is fresh for each
    piece costs more than copying into memory that is not; and they are large, for each is waited for twice, once in
    the thread and once here. An image that is smaller never touches the rest of them."""

    def __init__(self, incoming: Incoming, size: int) -> None:
        self._incoming = incoming
        self._filling, self._other = memoryview(bytearray(size)), memoryview(bytearray(size))
        self._size = 0
        self._writing: asyncio.Future[None] | None = None

    async def add(self, chunk: bytes) -> None:
        """Raises what writing raises."""
        left = memoryview(chunk)
        while left:
            fits = min(len(left), len(self._filling) - self._size)
            self._filling[self._size : self._size + fits] = left[:fits]
            self._size += fits
            left = left[fits:]
            if self._size == len(self._filling):
                await self._write()

    async def flush(self) -> None:
        """All of it is written. Raises what writing raises."""
        await self._write()
        await self._write()

    async def settled(self) -> None:
        """Nothing is being written any more."""
        if self._writing is not None:
            await asyncio.gather(self._writing, return_exceptions=True)

    async def _write(self) -> None:
        if self._writing is not None:
            await self._writing
            self._writing = None
        if self._size:
            self._writing = asyncio.ensure_future(asyncio.to_thread(self._incoming.write, self._filling[: self._size]))
            self._filling, self._other, self._size = self._other, self._filling, 0
