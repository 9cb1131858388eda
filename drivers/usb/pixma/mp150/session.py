"""A session: what comes before the pages of a scan and after them, and the waiting for a scanner that is busy.

Source: SANE pixma_mp150.c (`mp150_scan`, `mp150_finish_scan`: which commands, in which order).
"""

from collections.abc import Callable

from drivers.contract.capabilities import Mode, Source
from drivers.contract.errors import DeviceBusy
from drivers.contract.handover import Handover
from drivers.usb.pixma.mp150 import parameters
from drivers.usb.pixma.mp150.dialogue import Dialogue
from drivers.usb.pixma.mp150.envelope import Operation
from drivers.usb.pixma.mp150.model import Model
from drivers.usb.pixma.mp150.wire import Command
from drivers.usb.pixma.steps import BUSY_PAUSE, BUSY_SECONDS, Steps

GAMMA_TIMES = 3  # generation 3 and later get the table so often


class Session:
    """Begun and ended as often as the generation wants it; everything in it raises ScanCanceled after a cancel."""

    def __init__(self, dialogue: Dialogue, model: Model, handover: Handover, monotonic: Callable[[], float]) -> None:
        self.steps = Steps(dialogue, handover, monotonic)
        self._dialogue, self._model, self._monotonic = dialogue, model, monotonic
        self._wrapped = self._begun = False

    def wrap(self) -> None:
        """Begin the XML dialogue, where there is one."""
        if not self._model.enveloped:
            return
        deadline = self._monotonic() + BUSY_SECONDS
        while True:
            try:
                self._wrapped = True
                self._dialogue.wrap(Operation.START)
                self._dialogue.wrap(Operation.SHIFT)
                return
            except DeviceBusy:
                if self._monotonic() > deadline:
                    raise
                self.steps.pause(BUSY_PAUSE)

    def begin(self, source: Source, mode: Mode) -> None:
        """Where it is not begun already; the source and the gamma table are its own."""
        if self._begun:
            return
        self._begun = True
        self.steps.start()
        if self._model.session_per_page:
            self.steps.do(Command.SOURCE, parameters.select_source(source, self._model.generation))
        if self._model.codes(source):
            return
        table = parameters.gamma(self._model.generation, mode)
        for _ in range(1 if self._model.session_per_page else GAMMA_TIMES):
            self.steps.do(Command.GAMMA, table)

    def abort(self) -> None:
        """End it."""
        if self._begun:
            self._dialogue.abort()
            self._begun = False

    def finish(self) -> None:
        """Back to where another scan can begin, whatever happened. Raises DriverError."""
        if self._wrapped:
            self._begun = True  # SANE aborts also the session that was not opened for want of paper
        self.abort()
        if self._wrapped:
            self._dialogue.wrap(Operation.END)
            self._wrapped = False
