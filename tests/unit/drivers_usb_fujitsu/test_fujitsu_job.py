"""A running scan that is paused, halted or canceled, against a dialogue with answers written by hand."""

from collections import deque
from collections.abc import Iterable

import pytest

from drivers.contract.capabilities import Mode, Source
from drivers.contract.document import Region, ScanRequest
from drivers.contract.errors import CanceledAtDevice, ScanFailed
from drivers.contract.handover import Handover, ScanCanceled
from drivers.contract.observation import Phase, Readiness, Snapshot, Trouble, TroubleKind, Unit
from drivers.usb.fujitsu import wire
from drivers.usb.fujitsu.dialogue import Dialogue
from drivers.usb.fujitsu.hardware import Hardware
from drivers.usb.fujitsu.job import Job

GOOD = bytes.fromhex("53000000000000000000000000")
CHECK = bytes.fromhex("53000000000000000002000000")
PAUSED_TROUBLE = Trouble(TroubleKind.PAUSED, Unit.FEEDER)


def medium(qualifier: int) -> list[list[bytes]]:
    """Answers to a command and to REQUEST SENSE: a paper error."""
    data = bytes([0x70, 0, 3, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x80, qualifier, 0, 0, 0, 0])
    return [[CHECK], [data, GOOD]]


class Answers:
    """One row of transfers for each write."""

    def __init__(self, rows: Iterable[list[bytes]]) -> None:
        self._rows = deque(rows)
        self._pending: deque[bytes] = deque()

    def read(self, limit: int, seconds: float = 0.25) -> bytes:
        return self._pending.popleft() if self._pending else b""

    def write(self, data: bytes) -> None:
        self._pending.extend(self._rows.popleft())

    def interrupt(self, limit: int, seconds: float = 0.25) -> bytes:
        raise NotImplementedError

    def control(self, request_type: int, request: int, value: int, index: int, data: bytes | int) -> bytes:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing to give back."""


class Bench:
    def __init__(self, *rows: list[bytes]) -> None:
        self.told: list[tuple[Snapshot, bool]] = []
        self.remembered: list[Trouble | None] = []
        self.handover = Handover()
        dialogue = Dialogue(Answers(rows), lambda: 0.0)
        dialogue.spoiled = False
        request = ScanRequest("1", Source.FEEDER, Mode.GRAY8, (75, 75), Region(0, 0, 4000, 3000))
        self.job = Job(
            dialogue,
            request,
            self.handover,
            self.tell,
            look=lambda: (Hardware(), ()),
            remember=self.remembered.append,
            has_feeder=True,
        )

    def tell(self, snapshot: Snapshot, *, lasting: bool = False) -> None:
        self.told.append((snapshot, lasting))


def test_a_pause_at_the_panel_is_told_for_certain_once_and_waited_for() -> None:
    bench = Bench(*medium(0x32), *medium(0x32), [GOOD])
    bench.job.do(wire.LOAD)
    [(paused, lasting)] = bench.told
    assert (paused.readiness, lasting) == (Readiness.STOPPED, True)
    assert paused.troubles == {PAUSED_TROUBLE}
    assert (paused.jobs[0].phase, paused.explanation) == (Phase.STOPPED, "paused in the document feeder")
    bench.job.put(b"", 10)
    assert bench.told[-1][0].jobs[0].phase is Phase.SCANNING
    assert bench.remembered == []


def test_a_cancel_during_a_pause_is_heeded() -> None:
    bench = Bench(*medium(0x32))
    bench.handover.cancel()
    with pytest.raises(ScanCanceled):
        bench.job.do(wire.LOAD)


def test_stop_is_canceled_at_the_device_and_a_halt_is_a_failure() -> None:
    with pytest.raises(CanceledAtDevice):
        Bench(*medium(0x20)).job.do(wire.LOAD)
    with pytest.raises(ScanFailed, match="halted"):
        Bench(*medium(0x22)).job.do(wire.LOAD)


@pytest.mark.parametrize(
    ("qualifier", "kind"), [(0x01, TroubleKind.JAM), (0x02, TroubleKind.COVER_OPEN), (0x07, TroubleKind.DOUBLE_FEED)]
)
def test_a_trouble_is_told_for_certain_remembered_and_ends_the_scan(qualifier: int, kind: TroubleKind) -> None:
    bench = Bench(*medium(qualifier))
    with pytest.raises(ScanFailed):
        bench.job.do(wire.LOAD)
    trouble = Trouble(kind, Unit.FEEDER)
    assert bench.remembered == [trouble]
    snapshot, lasting = bench.told[-1]
    assert (snapshot.readiness, lasting) == (Readiness.STOPPED, True)
    assert snapshot.troubles == {trouble}


def test_no_paper_is_no_failure_of_the_command() -> None:
    assert Bench(*medium(0x03)).job.do(wire.LOAD).sense.qualifier == 0x03
