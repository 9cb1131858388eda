"""`python -m hil.bench.ready_page`: the bridge with a device whose page is coded already.

It prints `ready URL BYTES`, the length of the JPEG that every RetrieveImage carries, and ends with its standard input.
"""

import asyncio
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bridge.config import validate
from bridge.daemon import Daemon
from bridge.imaging import formats
from bridge.imaging.encode import encode
from bridge.imaging.target import Target
from drivers.contract.capabilities import Capabilities, Mode, Size, SourceCapabilities
from drivers.contract.document import Document, Encoded, Page, Raster, ScanRequest
from drivers.contract.driver import Device, Finding
from drivers.contract.identity import Identity
from drivers.contract.observation import Readiness, Snapshot

PPI = 300
SIZE = Size(8_000, 11_000)
_QUALITY = 100  # of noise: a large file, which is what is wanted
_CHUNK = 64 * 1024
_SIDE = SourceCapabilities((PPI, PPI), (PPI,), (Mode.RGB24,), Size(100, 100), SIZE)


class ReadyPage:
    """Observer and acquirer."""

    def __init__(self, jpeg: bytes) -> None:
        self._jpeg = jpeg
        identity = Identity("bench-ready-page", "Bench", "Ready page", "1", "1.0", 0x04B8, 0x0110)
        self.device = Device(identity, "bench", Capabilities(platen=_SIDE), (self,), self, self._close)

    async def poll(self) -> Snapshot:
        return Snapshot("bench", Readiness.IDLE)

    async def rest(self, seen: Snapshot) -> None:  # noqa: ARG002 - nothing ever moves
        await asyncio.Event().wait()

    async def scan(self, request: ScanRequest) -> Document:  # noqa: ARG002 - there is one page
        return _Pages(self._jpeg)

    async def _close(self) -> None:
        pass

    async def open(self) -> Device:
        return self.device


class _Pages:
    def __init__(self, jpeg: bytes) -> None:
        self._jpeg = jpeg

    def cancel(self) -> None:
        """There is nothing to stop."""

    def __iter__(self) -> Iterator[Page]:
        yield Encoded("jpeg", (self._jpeg[at : at + _CHUNK] for at in range(0, len(self._jpeg), _CHUNK)))


def noise() -> bytes:
    """A JPEG of the whole area that hardly compresses."""
    width, height = SIZE.width * PPI // 1000, SIZE.height * PPI // 1000
    rows = (random.Random(row).randbytes(3 * width) for row in range(height))  # noqa: S311
    target = Target(formats.of("jfif"), Mode.RGB24, width, height, (PPI, PPI), _QUALITY)
    with tempfile.TemporaryDirectory() as place:
        return b"".join(encode(Raster(width, height, Mode.RGB24, (PPI, PPI), rows), target, Path(place)))


async def serve() -> None:
    """Until standard input ends."""
    jpeg = noise()
    page, stop = ReadyPage(jpeg), asyncio.Event()

    async def find() -> list[Finding]:
        return [Finding(page.device.identity.key, "bench", "a page", page.open)]

    with tempfile.TemporaryDirectory(prefix="wsd-scan-bench-") as place:
        service = {"listen": "127.0.0.1:0", "multicast": False, "state_dir": place, "cache_dir": place}
        daemon = Daemon(
            validate({"service": service}, "bench"), find, lambda url: print(f"ready {url} {len(jpeg)}", flush=True)
        )
        run = asyncio.create_task(daemon.run(stop))
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
        stop.set()
        await run


if __name__ == "__main__":
    asyncio.run(serve())
