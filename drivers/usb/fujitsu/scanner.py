"""A Fujitsu scanner as the actor's family: looking, switches, scanning.

While no scan runs only GET HARDWARE STATUS (or, of a scanner without it, TEST UNIT READY) is sent, which do not wake
the scanner.
"""

from collections.abc import Callable

from drivers.contract.document import ScanRequest
from drivers.contract.handover import Handover
from drivers.contract.observation import ButtonPress, Readiness, Snapshot, Trouble, TroubleKind
from drivers.usb.family import Tell
from drivers.usb.fujitsu import observe, wire
from drivers.usb.fujitsu.dialogue import Dialogue
from drivers.usb.fujitsu.hardware import SCAN, SCAN_LONG, Hardware, hardware
from drivers.usb.fujitsu.job import Job
from drivers.usb.fujitsu.model import Model
from drivers.usb.fujitsu.scan import Scan
from drivers.usb.fujitsu.sense import Verdict
from drivers.usb.fujitsu.window import Order
from drivers.usb.link import Link
from drivers.usb.presses import Presses


class FujitsuScanner:
    """One identified scanner; its link may change between calls."""

    def __init__(self, model: Model, monotonic: Callable[[], float]) -> None:
        """`monotonic` counts how long an answer is waited for."""
        self._model = model
        self._monotonic = monotonic
        self._dialogue: Dialogue | None = None
        self._down: frozenset[str] = frozenset()  # switches that were still down when they were looked at last
        self._pressed = Presses()
        self._remembered: frozenset[Trouble] = frozenset()
        self._orders = list(Order)  # of colour: those not refused yet

    def observe(self, link: Link) -> Snapshot:
        dialogue = self._speak(link)
        seen, presses = self._look(dialogue)
        if seen is None:
            return Snapshot(observe.SOURCE, Readiness.BUSY, presses=presses)
        return observe.idle(seen, self._remembered, presses, feeder=self._model.vital.feeder)

    def scan(self, link: Link, request: ScanRequest, handover: Handover, tell: Tell) -> None:
        dialogue = self._speak(link)
        # A look that was answered twice shows the one before ever after, and nobody sees it; a scan must not begin so.
        dialogue.spoiled = True

        def look() -> tuple[Hardware, tuple[ButtonPress, ...]]:
            seen, presses = self._look(dialogue)
            return seen or Hardware(), presses

        job = Job(
            dialogue,
            request,
            handover,
            tell,
            look=look,
            remember=self._remember,
            has_feeder=self._model.vital.feeder,
        )
        Scan(dialogue, self._model, job, self._orders).run()

    def reopened(self) -> None:
        self._dialogue = None
        self._down = frozenset()
        self._remembered = frozenset()

    def resynchronise(self, link: Link) -> None:
        self._speak(link).resynchronise()

    def _speak(self, link: Link) -> Dialogue:
        if self._dialogue is None or self._dialogue.link is not link:
            self._dialogue = Dialogue(link, self._monotonic)
        return self._dialogue

    def _remember(self, trouble: Trouble | None) -> None:
        """A trouble that the sensors will not show; None: a sheet moves, so whatever it was is over."""
        if trouble is None:
            self._remembered = frozenset()
        elif trouble.kind in {TroubleKind.JAM, TroubleKind.ATTENTION, TroubleKind.LAMP_FAILED}:
            self._remembered |= {trouble}

    def _look(self, dialogue: Dialogue) -> tuple[Hardware | None, tuple[ButtonPress, ...]]:
        """What the sensors show, None where the scanner is busy; and presses that were not told yet."""
        seen = self._sensed(dialogue)
        if seen is None:
            return None, ()
        if seen.feeder_open:
            self._remember(None)
        return seen, self._presses(seen, dialogue)

    def _sensed(self, dialogue: Dialogue) -> Hardware | None:
        size = self._model.vital.hardware_status
        reply = dialogue.command(wire.hardware_status(size) if size else wire.TEST_UNIT_READY, size=size)
        if reply.verdict is Verdict.AGAIN:
            return None
        if reply.data:
            return hardware(reply.data)
        # Sense data is all there is: what they say is so for as long as they say it.
        self._remember(None)
        if (trouble := reply.sense.meaning.trouble) is not None:
            self._remembered = frozenset({trouble})
        return Hardware(paper=reply.verdict is not Verdict.EMPTY)

    def _presses(self, seen: Hardware, dialogue: Dialogue) -> tuple[ButtonPress, ...]:
        """A switch that is set and was not down is one press.

        Whether a switch is set for as long as it is down, or until it was told, is not published. It is asked for once
        more at once: one that is set no more was latched or has been let go, and is a new press when it is set again;
        one that still is set is down, and no press before it was seen up. So neither kind is told twice or missed.
        """
        down = self._down | ({SCAN_LONG} if SCAN in self._down else set())  # held on, it is still the same press
        fresh = sorted(seen.switches - down)
        again = self._sensed(dialogue) if seen.switches else seen
        self._down = again.switches if again is not None else seen.switches
        return self._pressed.next(*fresh)
