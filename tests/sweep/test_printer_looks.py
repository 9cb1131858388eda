"""A bad cable at each step of a look at an MFP's printer: its scanner notices nothing, and the next look is whole."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from drivers.contract.capabilities import Mode, Source
from drivers.contract.document import Region, ScanRequest
from drivers.contract.errors import DeviceGarbled, DeviceGone, DeviceTimeout, DriverError
from drivers.contract.handover import Handover
from drivers.contract.observation import Readiness
from drivers.usb.printer_class.beside import PACE
from drivers.usb.zero import Place, Zero
from hil.faults.plan import Fault
from tests.unit.drivers_usb_printer_class.test_printer_class import Clock, Scanner, beside, served

STEPS = 5  # it is opened, shows its interfaces, says who it is, is claimed, says how it is
ERRORS: dict[Fault, type[DriverError]] = {
    Fault.CUT: DeviceGone,
    Fault.STALL: DeviceGarbled,
    Fault.DELAY: DeviceTimeout,
}
REQUEST = ScanRequest("job", Source.PLATEN, Mode.GRAY8, (75, 75), Region(0, 0, 1000, 1000))


class Bad:
    """Which step of the next look goes wrong; 0: none. Counts the steps, and what is open."""

    def __init__(self, fault: Fault) -> None:
        self.fault, self.at, self.steps, self.open = fault, 0, 0, 0

    def step(self) -> bool:
        """Whether what is answered now is garbled. Raises DriverError."""
        self.steps += 1
        if self.steps != self.at:
            return False
        if self.fault in ERRORS:
            raise ERRORS[self.fault]("a bad cable")
        return True


class BadZero:
    """`Zero` behind it."""

    def __init__(self, zero: Zero, bad: Bad) -> None:
        self._zero, self._bad = zero, bad
        bad.open += 1

    def places(self) -> tuple[Place, ...]:
        return () if self._bad.step() else self._zero.places()

    def ask(self, request_type: int, request: int, value: int, index: int, size: int) -> bytes:
        garbled = self._bad.step()
        answer = self._zero.ask(request_type, request, value, index, size)
        return bytes(255 - each for each in answer) if garbled else answer

    @contextmanager
    def claimed(self, number: int) -> Iterator[None]:
        self._bad.step()
        with self._zero.claimed(number):
            yield

    def close(self) -> None:
        self._bad.open -= 1
        self._zero.close()


def _threads() -> int:
    """Those that run, but for asyncio's own pool, which grows to its bound as it likes."""
    return sum(not each.name.startswith("asyncio_") for each in threading.enumerate())


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.STALL, Fault.DELAY, Fault.GARBLE])
async def test_a_fault_at_any_step_of_a_look_costs_its_readings_alone(fault: Fault) -> None:
    bad, clock = Bad(fault), Clock()
    async with served() as (_, open_zero):

        def opened() -> Zero:
            bad.step()
            return BadZero(open_zero(), bad)  # type: ignore[return-value]  # it has the same methods

        device = await beside(Scanner(), opened, clock)
        assert device.acquirer is not None
        (observer,) = device.observers
        good = await observer.poll()
        assert (bad.steps, ("printer", "ready") in good.facts) == (STEPS, True)
        threads = _threads()
        for step in range(1, STEPS + 1):
            bad.at, bad.steps = step, 0
            clock.at += PACE
            seen = await observer.poll()
            assert bad.steps >= step
            assert (seen.readiness, seen.facts[0]) == (Readiness.IDLE, ("a", "b"))
            assert all(len(value) < 100 and value.isprintable() for _, value in seen.facts)
            assert isinstance(await device.acquirer.scan(REQUEST), Handover)
            bad.at = 0
            clock.at += PACE
            assert await observer.poll() == good
            assert (bad.open, _threads()) == (0, threads)
