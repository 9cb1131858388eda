"""An ESC/I scanner as the actor's family: looking, buttons, scanning.

While no scan runs only commands are sent that do not wake the scanner: FS F, ESC F, ESC f and ESC !. After a garbled
answer, ESC @ too.
"""

import time
from collections.abc import Callable
from dataclasses import replace

from drivers.contract.document import ScanRequest
from drivers.contract.errors import DeviceGarbled
from drivers.contract.handover import Handover
from drivers.contract.observation import ButtonPress, Snapshot
from drivers.usb.esci import observe, wire
from drivers.usb.esci.dialogue import Dialogue
from drivers.usb.esci.model import Model
from drivers.usb.esci.scan import Scan
from drivers.usb.exchange import Exchange
from drivers.usb.family import Tell
from drivers.usb.link import Link
from drivers.usb.presses import Held, Presses


class EsciScanner:
    """One identified scanner; its link may change between calls."""

    def __init__(self, model: Model, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` counts how long an answer, or a lamp, is waited for."""
        self._model = model
        self._monotonic = monotonic
        self._dialogue: Dialogue | None = None
        self._held = Held()
        self._pressed = Presses(model.quirk.buttons)

    def observe(self, link: Link) -> Snapshot:
        dialogue = self._speak(link)
        condition = look(dialogue, self._model)
        return observe.idle(condition, self._presses(dialogue))

    def scan(self, link: Link, request: ScanRequest, handover: Handover, tell: Tell) -> None:
        dialogue = self._speak(link)
        Scan(
            dialogue,
            self._model,
            request,
            handover,
            tell,
            look=lambda: look(dialogue, self._model),
            presses=lambda: self._presses(dialogue),
            monotonic=self._monotonic,
        ).run()

    def reopened(self) -> None:
        self._dialogue = None
        self._held = Held()

    def resynchronise(self, link: Link) -> None:
        self._speak(link).recover()

    def _speak(self, link: Link) -> Dialogue:
        if self._dialogue is None or self._dialogue.exchange.link is not link:
            self._dialogue = Dialogue(Exchange(link, self._monotonic))
        return self._dialogue

    def _presses(self, dialogue: Dialogue) -> tuple[ButtonPress, ...]:
        if not self._model.button:
            return ()
        answer = dialogue.block(wire.BUTTON)
        if answer is None:
            return ()
        if len(answer[1]) != 1:
            raise wire.garbled("a button status of one byte", answer[1])
        number = answer[1][0]
        return self._pressed.next(str(number)) if self._held.is_fresh(number) else ()


def look(dialogue: Dialogue, model: Model) -> wire.Condition:
    """Ask for the condition with the best command the scanner has. Raises DeviceGarbled when it refuses them all."""
    condition = _asked(dialogue, model)
    if model.senses_double_feed and condition.feeder.unnamed:
        return replace(condition, feeder=replace(condition.feeder, double_feed=True))
    return condition


def _asked(dialogue: Dialogue, model: Model) -> wire.Condition:
    if model.fs_status and (data := dialogue.fixed(wire.FS_STATUS, wire.FS_STATUS_SIZE)) is not None:
        return wire.fs_status(data)
    if model.level.extended_status and (answer := dialogue.block(wire.EXTENDED_STATUS)) is not None:
        return wire.extended_status(*answer).condition
    if (answer := dialogue.block(wire.STATUS)) is not None:
        return wire.status(answer[0])
    raise DeviceGarbled("the scanner refuses every status command")
