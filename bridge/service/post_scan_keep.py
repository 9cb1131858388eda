"""One image as it comes, to the disk: never whole in memory, and there for good when it is done."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from bridge.errors import WireError
from bridge.jobs.post_scan_store import Store

_PIECE: Final = 512 * 1024  # bytes in memory before they go to the disk


async def keep(store: Store, place: str, number: int, word: str, chunks: AsyncIterator[bytes]) -> bool:
    """False: the very same image was there already. `word`: its format. Raises ImageTooLarge, ImageDiffers, StoreFull,
    OSError, WireError for an empty one, and what `chunks` raises; then it is not there."""
    incoming = await asyncio.to_thread(store.incoming, place, number, word)
    try:
        waiting = bytearray()
        async for chunk in chunks:
            waiting += chunk
            if len(waiting) >= _PIECE:
                await asyncio.to_thread(incoming.write, bytes(waiting))
                waiting.clear()
        await asyncio.to_thread(incoming.write, bytes(waiting))
        if not incoming.size:
            raise WireError("ImageData", "is empty")
        return await asyncio.to_thread(incoming.keep)
    except BaseException:
        incoming.drop()
        raise
