"""A running scan towards both its sides: commands that are waited for, and what is told of it and handed on."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import NoReturn

from drivers.contract.capabilities import Source
from drivers.contract.document import Raster, ScanRequest
from drivers.contract.errors import CanceledAtDevice, DeviceGarbled, DeviceTimeout, ScanFailed
from drivers.contract.handover import Handover, ScanCanceled
from drivers.contract.observation import ButtonPress, JobReport, Phase, Readiness, Trouble, TroubleKind, Unit
from drivers.usb.family import Tell
from drivers.usb.fujitsu import observe
from drivers.usb.fujitsu.dialogue import MOVING_SECONDS, Dialogue, Reply
from drivers.usb.fujitsu.hardware import Hardware
from drivers.usb.fujitsu.sense import Verdict

Waiting = Callable[[Reply], None]

PAUSE = 0.1  # s between two tries of a busy scanner
CANCELED_SECONDS = 3.0  # how long a command that is under way is waited for when the reader has canceled


class Job:
    """One request while it runs."""

    def __init__(
        self,
        dialogue: Dialogue,
        request: ScanRequest,
        handover: Handover,
        tell: Tell,
        *,
        look: Callable[[], tuple[Hardware, tuple[ButtonPress, ...]]],
        remember: Callable[[Trouble | None], None],
        has_feeder: bool,
    ) -> None:
        """`look`: the sensors, and presses not told yet; `remember`: a trouble that they will not show; None: a sheet
        moves; `has_feeder`: the scanner, whatever is scanned from."""
        self.request = request
        self.remember = remember
        self.from_feeder = request.source is not Source.PLATEN
        self.pages = 0
        self._dialogue = dialogue
        self._handover = handover
        self._tell_actor = tell
        self._look = look
        self._has_feeder = has_feeder
        self._seen = Hardware()
        self._phase = Phase.SCANNING
        self._percent: int | None = None

    @property
    def paper(self) -> bool:
        """There is something to scan, as of the last look."""
        return not self.from_feeder or self._seen.paper

    @property
    def enough(self) -> bool:
        """All images that were wanted are there."""
        return self.pages >= (self.request.pages or (1 << 30 if self.from_feeder else 1))

    def do(
        self,
        cdb: bytes,
        parameters: bytes = b"",
        size: int = 0,
        *,
        waiting: Waiting | None = None,
        once: bool = False,
    ) -> Reply:
        """One command, waited for. Only FINE, EMPTY and REFUSED come back; the others end the scan.

        `waiting` is called while the scanner is busy, instead of ours. `once`: not waited for, so AGAIN and PAUSED come
        back too.
        """
        if once:
            reply = self._dialogue.command(cdb, parameters, size, self._patience)
        else:
            reply = self._dialogue.settled(
                cdb, parameters, size, waiting=waiting or self.waiting, seconds=self._patience
            )
        if self._handover.canceled:
            raise ScanCanceled
        back = {Verdict.FINE, Verdict.EMPTY, Verdict.REFUSED, *([Verdict.AGAIN, Verdict.PAUSED] if once else [])}
        if reply.verdict not in back:
            self.fail(reply)
        return reply

    def _patience(self) -> float:
        return CANCELED_SECONDS if self._handover.canceled else MOVING_SECONDS

    def waiting(self, reply: Reply) -> None:
        """Let a moment pass while the scanner is busy, or somebody has paused it. Raises ScanCanceled."""
        if self._handover.canceled:
            raise ScanCanceled
        trouble = reply.sense.meaning.trouble
        if reply.verdict is Verdict.PAUSED and trouble is not None and self._phase is not Phase.STOPPED:
            self._phase = Phase.STOPPED
            self._tell(lasting=True, more=frozenset({trouble}))
        self._handover.pause(PAUSE)

    def fail(self, reply: Reply) -> NoReturn:
        """End the scan by what the scanner said."""
        words, trouble = reply.sense.words, reply.sense.meaning.trouble
        if reply.verdict is Verdict.STOPPED:
            raise CanceledAtDevice(words)
        if trouble is not None:
            self.remember(trouble)
            with suppress(DeviceGarbled, DeviceTimeout):
                self.look()
            self._phase = Phase.STOPPED
            self._tell(lasting=True, more=frozenset({trouble}))
        raise ScanFailed(words)

    def begin_page(self, header: Raster) -> None:
        """A page is opened."""
        self._phase, self._percent = Phase.SCANNING, 0
        self._tell()
        self._handover.page(header)

    def put(self, rows: bytes, percent: int) -> None:
        """Rows of the open page, and how much of it that makes."""
        if rows:
            self._handover.put(rows)
        self._phase, self._percent = Phase.SCANNING, percent
        self._tell()

    def end_page(self, *, sheet: bool) -> None:
        """The open page is whole. `sheet`: so is the sheet, and the sensors are looked at."""
        self._handover.end_page()
        self.pages += 1
        self._percent = None
        if sheet:
            self.look(lasting=True)
        else:
            self._tell(lasting=True)

    def must(self, reply: Reply) -> Reply:
        """What may not be refused."""
        if reply.verdict is Verdict.REFUSED:
            self.fail(reply)
        return reply

    def warm(self, cdb: bytes) -> None:
        """Switch the lamp on and wait for it."""

        def waiting(reply: Reply) -> None:
            if self._phase is not Phase.WARMING:
                self._phase = Phase.WARMING
                self._tell()
            self.waiting(reply)

        self.do(cdb, waiting=waiting)
        self._phase = Phase.SCANNING
        self._tell()

    def empty(self) -> None:
        """There was no sheet at all."""
        self._tell(more=frozenset({Trouble(TroubleKind.FEEDER_EMPTY, Unit.FEEDER)}))

    def look(self, *, lasting: bool = False) -> None:
        """Look at the sensors and tell it."""
        self._seen, presses = self._look()
        self._tell(lasting=lasting, presses=presses)

    def _tell(
        self,
        *,
        lasting: bool = False,
        presses: tuple[ButtonPress, ...] = (),
        more: frozenset[Trouble] = frozenset(),
    ) -> None:
        unit = Unit.FEEDER if self.from_feeder else Unit.PLATEN
        job = JobReport(self.request.native_id, self._phase, self.pages, self._percent, unit)
        idle = observe.idle(self._seen, presses=presses, feeder=self._has_feeder)
        troubles = idle.troubles | more
        readiness = {Phase.WARMING: Readiness.WARMING, Phase.STOPPED: Readiness.STOPPED}.get(
            self._phase, Readiness.BUSY
        )
        explanation = observe.explain(troubles) if self._phase is Phase.STOPPED else idle.explanation
        snapshot = replace(idle, readiness=readiness, jobs=(job,), troubles=troubles, explanation=explanation)
        self._tell_actor(snapshot, lasting=lasting or bool(presses))
