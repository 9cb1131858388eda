"""One image as it comes, to the disk: never whole in memory, and there for good when it is done."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from bridge.errors import WireError
from bridge.jobs.post_scan_store import Store

_PIECE: Final = 1024 * 1024  # bytes in memory before they go to the disk


async def keep(store: Store, place: str, number: int, word: str, chunks: AsyncIterator[bytes]) -> bool:
    """False: the very same image was there already. `word`: its format. Raises ImageTooLarge, ImageDiffers, StoreFull,
    OSError, WireError for an empty one, and what `chunks` raises; then it is not there."""
    incoming = await asyncio.to_thread(store.incoming, place, number, word)
    # While one piece is written the next arrives.
    writing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    writing.set_result(None)
    try:
        waiting, size = list[bytes](), 0
        async for chunk in chunks:
            waiting.append(chunk)
            size += len(chunk)
            if size >= _PIECE:
                await writing
                writing = asyncio.ensure_future(asyncio.to_thread(incoming.write, b"".join(waiting)))
                waiting, size = [], 0
        await writing
        await asyncio.to_thread(incoming.write, b"".join(waiting))
        if not incoming.size:
            raise WireError("ImageData", "is empty")
        return await asyncio.to_thread(incoming.keep)
    except BaseException:
        await asyncio.gather(writing, return_exceptions=True)
        incoming.drop()
        raise
