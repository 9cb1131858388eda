"""A PIXMA as the actor's family: looking, buttons, scanning.

While no scan runs a scanner of generation 1 to 3 is asked for its status (F320), as SANE does when it opens one. Later
ones are asked nothing: nobody has seen them answer outside the XML of a scan, so a look only proves that they are
there, and of their feeder nothing is known but what comes with a press.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from drivers.contract.document import ScanRequest
from drivers.contract.errors import DeviceBusy, DeviceGarbled, DeviceTimeout, ScanFailed
from drivers.contract.handover import Handover
from drivers.contract.observation import Feeder, Readiness, Snapshot
from drivers.usb.exchange import Exchange
from drivers.usb.family import Tell
from drivers.usb.link import Link
from drivers.usb.pixma import report
from drivers.usb.pixma.answers import Busy, Refused
from drivers.usb.pixma.mp150 import packets, wire
from drivers.usb.pixma.mp150.dialogue import Dialogue
from drivers.usb.pixma.mp150.envelope import Operation
from drivers.usb.pixma.mp150.model import Model
from drivers.usb.pixma.mp150.scan import Scan
from drivers.usb.pixma.mp150.wire import Command
from drivers.usb.pixma.report import SOURCE, Report
from drivers.usb.presses import Presses

GET_STATUS = (0x80, 0x00, 0, 0, 2)  # of the device, USB 2.0 §9.4.5: answered by any that is plugged in


class PixmaScanner:
    """One scanner; its link may change between calls."""

    def __init__(self, model: Model, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` counts how long an answer is waited for."""
        self._model = model
        self._monotonic = monotonic
        self._dialogue: Dialogue | None = None
        self._pressed = Presses()
        self._seen = Snapshot(SOURCE, Readiness.IDLE)

    def observe(self, link: Link) -> Snapshot:
        if self._model.enveloped:
            link.control(*GET_STATUS)
            return self._seen
        try:
            answer = self._speak(link).ask(Command.STATUS, wanted=self._model.status_bytes)
        except Busy:
            return replace(self._seen, readiness=Readiness.BUSY)
        except Refused as err:
            raise DeviceGarbled("the scanner refuses to tell its status") from err
        found = wire.condition(answer, self._model.generation)
        self._seen = report.idle(found, feeder=self._model.feeder > 0)
        return self._seen

    def heed(self, packet: bytes, now: float) -> Snapshot | None:  # noqa: ARG002  # it counts that it came
        """As drivers.usb.family.Listener. That something has changed the next look will show."""
        said = packets.read(packet, self._model.packets)
        if not said.buttons:
            return None
        if said.feeder is not None:
            self._seen = replace(self._seen, feeder=Feeder.LOADED if said.feeder else Feeder.EMPTY)
        return replace(self._seen, presses=self._pressed.next(*said.buttons), facts=(*self._seen.facts, *said.settings))

    def scan(self, link: Link, request: ScanRequest, handover: Handover, tell: Tell) -> None:
        told = Report(request, tell, self._seen)
        Scan(self._speak(link), self._model, handover, told, self._monotonic).run()

    def resynchronise(self, link: Link) -> None:
        """As drivers.usb.family.Resynchronising."""
        dialogue = self._speak(link)
        dialogue.spoil()
        if not self._model.enveloped:
            dialogue.abort()
            return
        with suppress(DeviceTimeout):  # outside of a scan it need not answer
            dialogue.abort()
        with suppress(DeviceTimeout, DeviceGarbled, DeviceBusy, ScanFailed):
            dialogue.wrap(Operation.END)

    def reopened(self) -> None:
        self._dialogue = None

    def _speak(self, link: Link) -> Dialogue:
        if self._dialogue is None or self._dialogue.exchange.link is not link:
            self._dialogue = Dialogue(Exchange(link, self._monotonic))
        return self._dialogue
