"""A scanner that is only paper: it scans small pages as fast as they are taken, and fails now and then.

The fuzzer needs a device whose jobs begin and end thousands of times a minute; what a device can do wrong is the
simulators' part.
"""

import asyncio
import itertools
from collections.abc import Iterator

from drivers.contract.capabilities import Capabilities, Mode, Size, SourceCapabilities
from drivers.contract.document import Document, Page, Raster, ScanRequest
from drivers.contract.driver import Device
from drivers.contract.errors import CanceledAtDevice, DeviceBusy, DriverError, FeederEmpty, ScanFailed
from drivers.contract.identity import Identity
from drivers.contract.observation import Readiness, Snapshot

_SIDE = SourceCapabilities(
    optical=(300, 300),
    resolutions=(50, 75, 100),
    modes=(Mode.RGB24, Mode.GRAY8),
    minimum=Size(100, 100),
    maximum=Size(2_000, 3_000),
)
CAPABILITIES = Capabilities(platen=_SIDE, feeder=_SIDE, feeder_back=_SIDE)
_IDENTITY = Identity("fuzz-paper", "Paper", 'Scanner <&> of "paper"', "1", "1.0", 0x04B8, 0x0110)
_SHEETS = 2  # in the feeder, always
# Every so many scans one ends like that: before it begins, or after its first page.
_REFUSED = 11
_TROUBLES = (None, None, ScanFailed, None, FeederEmpty, None, CanceledAtDevice)


class Paper:
    """Observer and acquirer of the one device."""

    def __init__(self) -> None:
        self._count = itertools.count(1)
        self.device = Device(_IDENTITY, "paper", CAPABILITIES, (self,), self, self._close)

    async def poll(self) -> Snapshot:
        return Snapshot("paper", Readiness.IDLE)

    async def rest(self, seen: Snapshot) -> None:  # noqa: ARG002 - nothing ever moves
        await asyncio.Event().wait()

    async def scan(self, request: ScanRequest) -> Document:
        number = next(self._count)
        if number % _REFUSED == 0:
            raise DeviceBusy("somebody else has the paper")
        return _Sheets(request, _TROUBLES[number % len(_TROUBLES)])

    async def _close(self) -> None:
        pass


class _Sheets:
    """The pages of one scan; `trouble` comes after the first of them."""

    def __init__(self, request: ScanRequest, trouble: type[DriverError] | None) -> None:
        self._request, self._trouble = request, trouble
        self._canceled = False

    def cancel(self) -> None:
        self._canceled = True

    def __iter__(self) -> Iterator[Page]:
        request = self._request
        width = request.region.width * request.resolution[0] // 1000
        height = request.region.height * request.resolution[1] // 1000
        for _ in range(min(_SHEETS, request.pages or _SHEETS)):
            if self._canceled:
                raise ScanFailed("the scan was canceled")
            rows = itertools.repeat(b"\x80" * request.mode.row_bytes(width), height)
            yield Raster(width, height, request.mode, request.resolution, rows)
            if self._trouble is not None:
                raise self._trouble("the paper is in trouble")  # a new one each time: it keeps where it has been
