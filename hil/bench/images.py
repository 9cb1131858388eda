"""How fast a page that is coded already passes through the bridge: a RetrieveImage against a bare stream.

Both send as many bytes, from processes of their own, to the same client; the floor streams from memory in the chunks
in which the bridge writes.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from bridge.wsscan.values import ColorEntry, InputSource
from drivers.contract.clock import Clock
from drivers.contract.http import HttpClient
from hil.bench.figures import Figure, samples
from hil.bench.floor import bare_server
from hil.client import ticket
from hil.client.session import Session, opened
from hil.client.ticket import Wish

_TIMEOUT = 30.0
_CHUNK = 64 * 1024


async def figure(runs: int, clock: Clock) -> Figure:
    """Seconds for a page, ours and bare, in turns."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hil.bench.ready_page", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        said = (await process.stdout.readline()).decode().split()
        if len(said) != 3:
            raise RuntimeError("the bridge with a ready page did not start")
        size = int(said[2])
        ours, bare = [], []
        async with opened(said[1], clock) as session, bare_server(b"\x80" * size, chunk=_CHUNK) as port:
            for _ in range(runs + 1):
                ours.append(await _image(session))
                bare.append(await _stream(f"http://127.0.0.1:{port}/", size))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    rate = size / 1e6 / samples(ours[1:]).median
    return Figure(
        f"RetrieveImage of a coded page, {size / 1e6:.0f} MB",
        samples(ours[1:]),
        samples(bare[1:]),
        "floor is a bare stream of as many bytes",
        note=f"{rate:.0f} MB a second",
    )


async def _image(session: Session) -> float:
    """From the request to the last byte, which the client writes to a file as it comes."""
    wish = Wish(InputSource.PLATEN, color=ColorEntry.RGB_24, resolution=300)
    job = await session.create_job(ticket.make(wish, await session.configuration()))
    with tempfile.TemporaryDirectory(prefix="wsd-scan-bench-") as place:
        began = time.monotonic()
        await session.retrieve(job, Path(place, "page.jpg"))
        return time.monotonic() - began


async def _stream(url: str, size: int) -> float:
    """The same for the floor."""
    with tempfile.TemporaryFile() as file:
        async with HttpClient() as client:
            began = time.monotonic()
            async with client.stream(url, b"<a/>", {}, _TIMEOUT) as (_, _, chunks):
                got = 0
                async for chunk in chunks:
                    file.write(chunk)
                    got += len(chunk)
            if got != size:
                raise RuntimeError(f"the bare stream sent {got} bytes of {size}")
            return time.monotonic() - began
