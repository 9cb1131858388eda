"""The actor of a SANE device: what there is to do with a child that has it open.

While nobody scans it reads the device's sensors, where it has any; else it only sees to it that the device is there,
and soon after a scan the child ends. One that hangs or dies costs what it was doing; the next use starts another.
With `share` the device is opened for each look and scan, and not looked at where it has no sensors.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Final

from drivers.actor import actor
from drivers.actor.work import Interject, Tell
from drivers.contract.clock import Clock
from drivers.contract.document import ScanRequest
from drivers.contract.driver import Claim
from drivers.contract.errors import DeviceGone, DriverError, FeederEmpty, ScanFailed
from drivers.contract.handover import Handover, ScanCanceled
from drivers.contract.observation import ButtonPress, Readiness, Snapshot
from drivers.sane.model import Model
from drivers.sane.opened import Opened
from drivers.sane.panel import SOURCE, Fingers
from drivers.sane.scan import Scan

SENSING_PACE: Final = 1.0  # s between looks at sensors: each costs the backend some transfers
LIVELY: Final = 60.0  # s after the last change: until then somebody stands there
QUIET_PACE: Final = 2.0  # from then on; docs/decisions/0098-idle-costs-of-sane.md
SHARED_PACE: Final = 5.0  # when each look must open the device
PRESENCE_PACE: Final = 5.0  # when there is nothing to be sensed
# s after a scan for the child, where there is nothing to be sensed, and else for its memory: the next sheet may be laid
# on the glass.
KEPT: Final = 45.0
BELIEVED: Final = 60.0  # s for which a trouble is believed that SANE told once and no sensor can take back


class ThroughChild:
    """`drivers.actor.work.Work` on a child."""

    source = SOURCE

    def __init__(
        self,
        name: str,
        model: Model,
        open_device: Callable[[], Opened],
        present: Callable[[], bool],
        clock: Clock,
        *,
        share: bool,
        claim: Claim | None,
    ) -> None:
        self._name, self._model, self._open_device, self._present = name, model, open_device, present
        self._clock, self._share, self._claim = clock, share, claim
        self._fingers = Fingers()
        self._trouble: tuple[Snapshot, float] | None = None  # how the last scan ended badly, and until when to say so
        self._kept_until: float | None = None  # memory of a scan that is over

    def pace(self, quiet: float) -> float:
        if not self._model.panel.numbers:
            return PRESENCE_PACE
        if self._share:
            return SHARED_PACE
        return SENSING_PACE if quiet < LIVELY else QUIET_PACE

    def glance(self) -> Snapshot | None:
        if self._model.panel.numbers:
            return None
        self._check_presence()
        return self._idle(Snapshot(SOURCE, Readiness.IDLE))

    def open(self) -> Opened:
        self._check_presence()
        with ExitStack() as undo:
            if self._claim is not None:
                self._claim.lend()
                undo.callback(self._claim.take_back)
            opened = self._open_device()
            undo.pop_all()
        return opened

    def reopened(self) -> None:
        self._fingers.forget()

    def taken(self, opened: Opened, interject: Interject) -> None:
        """Nothing comes from it by itself."""

    def usable(self, opened: Opened) -> bool:
        return opened.child.alive and self._present()

    def resynchronise(self, opened: Opened) -> None:
        """There is no need: after an error it is another child."""

    def look(self, opened: Opened) -> Snapshot:
        if self._kept_until is not None and self._clock.monotonic() >= self._kept_until:
            self._kept_until = None
            opened.child.give_back()
        panel = self._model.panel
        try:
            values = opened.values(panel)
        except DriverError:
            opened.child.quit()
            raise
        presses = []
        for button in self._fingers.went_down(panel, values):
            self._fingers.pressed += 1
            presses.append(ButtonPress(button, self._fingers.pressed))
        return replace(self._idle(panel.seen(values)), presses=tuple(presses))

    def before(self, opened: Opened) -> None:  # noqa: ARG002  # who else uses it is known from opening it
        return None

    def scan(self, opened: Opened, request: ScanRequest, handover: Handover, tell: Tell) -> None:
        self._trouble = None
        told = Snapshot(SOURCE, Readiness.BUSY)

        def tell_on(snapshot: Snapshot, *, lasting: bool = False) -> None:
            nonlocal told
            told = snapshot
            tell(snapshot, lasting=lasting)

        try:
            Scan(opened.child, opened.dials, self._model, request, handover=handover, tell=tell_on).run()
        except ScanCanceled:
            raise
        except DriverError as err:
            if not self._present():
                raise DeviceGone(f"{self._name} was unplugged") from err
            if told.troubles and isinstance(err, ScanFailed) and not isinstance(err, FeederEmpty):
                self._trouble = replace(told, explanation=str(err)), self._clock.monotonic() + BELIEVED
            raise
        finally:
            self._kept_until = self._clock.monotonic() + KEPT

    def close(self, opened: Opened) -> None:
        opened.child.quit()
        if self._claim is not None:
            self._claim.take_back()

    def _check_presence(self) -> None:
        if not self._present():
            raise DeviceGone(f"{self._name} is not plugged in")

    def _idle(self, seen: Snapshot) -> Snapshot:
        """What is seen, and the trouble that ended the last scan as long as it is believed."""
        if self._trouble is None:
            return seen
        told, until = self._trouble
        if self._clock.monotonic() > until:
            self._trouble = None
            return seen
        return replace(
            seen,
            readiness=Readiness.STOPPED,
            troubles=seen.troubles | told.troubles,
            explanation=seen.explanation or told.explanation,
        )


class Actor(actor.Actor[Opened]):
    """Observer and acquirer of one SANE device. Made inside a running event loop."""

    def __init__(
        self,
        name: str,
        model: Model,
        open_device: Callable[[], Opened],
        present: Callable[[], bool],
        clock: Clock,
        *,
        opened: Opened | None = None,
        share: bool = False,
        claim: Claim | None = None,
    ) -> None:
        """`open_device` blocks and raises DriverError; `present`: whether the device is plugged in, as far as known;
        `claim`: of the driver of ours that has the device whenever the child has not."""
        work = ThroughChild(name, model, open_device, present, clock, share=share, claim=claim)
        super().__init__(name, work, clock, opened=opened, share=share, keep=KEPT)

    @property
    def pid(self) -> int | None:
        """The child's process, while there is one."""
        return None if self.opened is None else self.opened.child.pid
