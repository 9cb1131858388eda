"""The poll loop turns looks into changes, on a hand-turned clock."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from drivers.contract.errors import DeviceBusy, DeviceGarbled, DeviceGone, DeviceRefused, DeviceTimeout
from drivers.contract.observation import ButtonPress, Readiness, Snapshot
from drivers.watch import snapshots

IDLE = Snapshot("usb", Readiness.IDLE)
BUSY = Snapshot("usb", Readiness.BUSY)


class HandClock:
    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return sum(self.slept)

    boottime = monotonic

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Looks:
    """An observer with a list of what it will see; the end of the list ends the test."""

    def __init__(self, looks: Sequence[Snapshot | Exception]) -> None:
        self.looks = list(looks)

    async def poll(self) -> Snapshot:
        if not self.looks:
            raise EOFError
        look = self.looks.pop(0)
        if isinstance(look, Exception):
            raise look
        return look

    async def rest(self, seen: Snapshot) -> None: ...


async def told(*looks: Snapshot | Exception) -> tuple[list[Snapshot], list[float]]:
    clock: HandClock = HandClock()
    result: list[Snapshot] = []
    stream = snapshots(Looks(looks), clock)
    with suppress(EOFError):
        while True:
            result.append(await anext(stream))
    return result, clock.slept


async def test_only_changes_are_told() -> None:
    assert (await told(IDLE, IDLE, BUSY, BUSY, IDLE))[0] == [IDLE, BUSY, IDLE]


async def test_every_press_is_told() -> None:
    first, second = (Snapshot("usb", Readiness.IDLE, presses=(ButtonPress("1", n),)) for n in (1, 2))
    assert (await told(IDLE, first, second, IDLE))[0] == [IDLE, first, second]


async def test_an_unplugged_device_is_told_once_with_its_reason_and_looked_for_less_and_less() -> None:
    gone = DeviceGone("it is not there")
    seen, slept = await told(IDLE, *[gone] * 6, IDLE)
    assert seen == [IDLE, Snapshot("usb", Readiness.GONE, explanation="it is not there"), IDLE]
    assert slept == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]


async def test_two_late_answers_are_forgiven_the_third_is_told() -> None:
    assert (await told(IDLE, DeviceTimeout("late"), DeviceGarbled("noise"), IDLE))[0] == [IDLE]
    seen, slept = await told(IDLE, *[DeviceTimeout("late")] * 4, IDLE)
    assert seen == [IDLE, Snapshot("usb", Readiness.STOPPED, explanation="late"), IDLE]
    assert slept == [0.2, 0.2, 0.5, 1.0]


async def test_another_program_is_busy_and_a_refusal_is_stopped() -> None:
    assert [s.readiness for s in (await told(DeviceBusy("saned"), DeviceRefused("no permission")))[0]] == [
        Readiness.BUSY,
        Readiness.STOPPED,
    ]
