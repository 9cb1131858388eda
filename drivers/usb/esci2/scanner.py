"""An ESC/I-2 scanner as the actor's family: looking, buttons, scanning.

While no scan runs only STAT is asked, in a session for asking, which neither wakes the scanner nor keeps others out.
Presses come on the interrupt endpoint where there is one, else STAT tells of them.
"""

import time
from collections.abc import Callable

from drivers.contract.document import ScanRequest
from drivers.contract.errors import DeviceBusy
from drivers.contract.handover import Handover
from drivers.contract.observation import ButtonPress, Readiness, Snapshot
from drivers.usb.esci2 import observe, wire
from drivers.usb.esci2.dialogue import Dialogue
from drivers.usb.esci2.model import Model
from drivers.usb.esci2.observe import Condition
from drivers.usb.esci2.scan import Scan
from drivers.usb.exchange import Exchange
from drivers.usb.family import Tell
from drivers.usb.link import Link
from drivers.usb.presses import Held, Presses

PRESSED, PUSH_SCAN = 0x01, 0x04  # first byte of an interrupt packet: a button, whose number follows; "scan to PC"
UNITS = ((b"#ADF", "ADF "), (b"#FB ", "FB  "))


class Esci2Scanner:
    """One identified scanner; its link may change between calls."""

    def __init__(self, model: Model, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` counts how long an answer, or a lamp, is waited for."""
        self._model = model
        self._monotonic = monotonic
        self._dialogue: Dialogue | None = None
        self._held = Held()
        self._pressed = Presses(model.quirk.buttons)
        self._seen = Snapshot(observe.SOURCE, Readiness.IDLE)

    def observe(self, link: Link) -> Snapshot:
        feeder = self._model.feeder is not None
        try:
            condition = self._look(self._speak(link))
        except DeviceBusy:
            return Snapshot(observe.SOURCE, Readiness.BUSY)
        self._seen = observe.idle(condition, feeder=feeder, presses=self._presses(condition))
        return self._seen

    def heed(self, packet: bytes, now: float) -> Snapshot | None:  # noqa: ARG002  # it counts that it came
        """As drivers.usb.family.Listener. Stop requests are told by the scan's own answers too, and left to them."""
        if len(packet) < 2 or packet[0] not in {PRESSED, PUSH_SCAN}:
            return None
        number = packet[1] if packet[0] == PRESSED else 1
        return Snapshot(
            observe.SOURCE,
            self._seen.readiness,
            self._seen.troubles,
            self._seen.feeder,
            presses=self._pressed.next(str(number)),
            explanation=self._seen.explanation,
        )

    def scan(self, link: Link, request: ScanRequest, handover: Handover, tell: Tell) -> None:
        Scan(self._speak(link), self._model, request, handover, tell, monotonic=self._monotonic).run()

    def resynchronise(self, link: Link) -> None:
        """As drivers.usb.family.Resynchronising."""
        self._speak(link).recover()

    def reopened(self) -> None:
        self._dialogue = None
        self._held = Held()

    def _speak(self, link: Link) -> Dialogue:
        if self._dialogue is None or self._dialogue.exchange.link is not link:
            self._dialogue = Dialogue(Exchange(link, self._monotonic))
        return self._dialogue

    def _look(self, dialogue: Dialogue) -> Condition:
        if not self._model.quirk.unit_before_status:
            with dialogue.session(asking=True):
                return observe.condition(*dialogue.table(wire.STATUS))
        found = []
        with dialogue.session():
            for parameter, unit in UNITS:
                if (self._model.feeder if unit == "ADF " else self._model.glass) is not None:
                    dialogue.ask(wire.PARAMETERS, parameter)
                    found.append(observe.condition(*dialogue.table(wire.STATUS)))
        faults = tuple(dict.fromkeys(fault for each in found for fault in each.faults))
        return Condition(faults, found[-1].not_ready, max(each.event for each in found))

    def _presses(self, condition: Condition) -> tuple[ButtonPress, ...]:
        if not self._model.button or not self._held.is_fresh(condition.event):
            return ()
        return self._pressed.next(str(condition.event))
