"""An imageCLASS as the actor's family: looking, its buttons, scanning.

While no scan runs it is asked for its status (F320), as SANE does when it opens one.
"""

from collections.abc import Callable
from dataclasses import replace

from drivers.contract.document import ScanRequest
from drivers.contract.errors import DeviceGarbled
from drivers.contract.handover import Handover
from drivers.contract.observation import Readiness, Snapshot
from drivers.usb.exchange import Exchange
from drivers.usb.family import Tell
from drivers.usb.link import Link
from drivers.usb.pixma import report
from drivers.usb.pixma.answers import Busy, Refused
from drivers.usb.pixma.imageclass import packets, wire
from drivers.usb.pixma.imageclass.dialogue import Dialogue
from drivers.usb.pixma.imageclass.model import Model
from drivers.usb.pixma.imageclass.scan import Scan
from drivers.usb.pixma.imageclass.wire import Command
from drivers.usb.pixma.report import SOURCE, Report
from drivers.usb.presses import Presses


class ImageclassScanner:
    """One scanner; its link may change between calls."""

    def __init__(self, model: Model, monotonic: Callable[[], float]) -> None:
        """`monotonic` counts how long an answer is waited for."""
        self._model = model
        self._monotonic = monotonic
        self._dialogue: Dialogue | None = None
        self._pressed = Presses()
        self._seen = Snapshot(SOURCE, Readiness.IDLE)

    def observe(self, link: Link) -> Snapshot:
        try:
            found = wire.condition(
                self._speak(link).ask(Command.STATUS, wanted=wire.STATUS_BYTES), self._model.generation
            )
        except Busy:
            return replace(self._seen, readiness=Readiness.BUSY)
        except Refused as err:
            raise DeviceGarbled("the scanner refuses to tell its status") from err
        self._seen = report.idle(found, feeder=self._model.feeder > 0)
        return self._seen

    def heed(self, packet: bytes, now: float) -> Snapshot | None:  # noqa: ARG002  # it counts that it came
        """As drivers.usb.family.Listener. That something has changed the next look will show."""
        names = packets.pressed(packet, self._model.packets)
        if not names:
            return None
        return replace(self._seen, presses=self._pressed.next(*names))

    def scan(self, link: Link, request: ScanRequest, handover: Handover, tell: Tell) -> None:
        told = Report(request, tell, self._seen)
        Scan(self._speak(link), self._model, handover, told, self._monotonic).run()

    def resynchronise(self, link: Link) -> None:
        """As drivers.usb.family.Resynchronising."""
        dialogue = self._speak(link)
        dialogue.spoil()
        dialogue.abort()

    def reopened(self) -> None:
        self._dialogue = None

    def _speak(self, link: Link) -> Dialogue:
        if self._dialogue is None or self._dialogue.exchange.link is not link:
            self._dialogue = Dialogue(Exchange(link, self._monotonic), self._model)
        return self._dialogue
