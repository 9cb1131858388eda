"""`python -m tests.system.flickering STATE_DIR`: the daemon with a scanner whose lamp flickers as fast as it is told.

No device of ours changes a hundred times a second, so its observer is played here; all behind it is the product. It
prints `ready URL`; `go COUNT RATE` on standard input makes COUNT changes, RATE in a second, and prints `done COUNT
SECONDS`. Each change is two events: a condition comes or goes, and the scanner's state changes with it. A scan never
ends. The end of the input is the end.
"""

import asyncio
import sys
import time
from pathlib import Path

from bridge.daemon import Daemon
from drivers.contract.clock import SystemClock
from drivers.contract.document import ScanRequest
from drivers.contract.driver import Finding
from drivers.contract.handover import Handover
from drivers.contract.observation import Readiness, Snapshot, Trouble, TroubleKind, Unit
from tests.wire.http_rig import FakeScanner, Gate, configured, page

WELL = Snapshot("fake", Readiness.IDLE)
ILL = Snapshot("fake", Readiness.STOPPED, frozenset({Trouble(TroubleKind.LAMP_FAILED, Unit.PLATEN)}))


def one_page_and_then_nothing(handover: Handover, request: ScanRequest) -> None:
    page(handover, request)
    Gate().wait(handover)


class Flickering(FakeScanner):
    """Waits after each change until it was looked at: no change is seen as part of another."""

    def __init__(self) -> None:
        super().__init__()
        self.play = one_page_and_then_nothing
        self._looked = asyncio.Event()

    async def poll(self) -> Snapshot:
        self._looked.set()
        return await super().poll()

    async def flicker(self, count: int, rate: float) -> float:
        """Seconds that it took."""
        began = time.monotonic()
        for number in range(count):
            self._looked.clear()
            self.show(WELL if self.snapshot == ILL else ILL)
            await self._looked.wait()
            await asyncio.sleep(began + (number + 1) / rate - time.monotonic())
        return time.monotonic() - began


async def main(place: Path) -> None:
    scanner, stop = Flickering(), asyncio.Event()

    async def find() -> list[Finding]:
        return [Finding(scanner.device.identity.key, "fake", "flickers", scanner.open)]

    def ready(url: str) -> None:
        print(f"ready {url}", flush=True)

    run = asyncio.create_task(Daemon(configured(place), find, ready, SystemClock()).run(stop))
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode():
        _, count, rate = line.split()
        print(f"done {count} {await scanner.flicker(int(count), float(rate)):.1f}", flush=True)
    stop.set()
    await run


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
