"""A session: what comes before the pages of a scan and after them, and the waiting for a scanner that is busy.

Source: SANE pixma_mp150.c (`mp150_scan`, `mp150_finish_scan`: which commands, in which order).
"""

from collections.abc import Callable

from drivers.contract.capabilities import Mode, Source
from drivers.contract.errors import DeviceBusy, DeviceGarbled, DeviceTimeout, ScanFailed
from drivers.contract.handover import Handover, ScanCanceled
from drivers.usb.pixma import parameters
from drivers.usb.pixma.dialogue import Busy, Dialogue, Refused
from drivers.usb.pixma.envelope import Operation
from drivers.usb.pixma.model import Model
from drivers.usb.pixma.wire import Command

BUSY_SECONDS = 10.0  # the carriage goes home after an abort; SANE has seen 5 s
BUSY_PAUSE = 0.5
GAMMA_TIMES = 3  # generation 3 and later get the table so often
FAILURES = (DeviceBusy, DeviceGarbled, DeviceTimeout, ScanFailed)  # all but that the device is gone


class Session:
    """Begun and ended as often as the generation wants it; everything in it raises ScanCanceled after a cancel."""

    def __init__(self, dialogue: Dialogue, model: Model, handover: Handover, monotonic: Callable[[], float]) -> None:
        self._dialogue, self._model, self._handover, self._monotonic = dialogue, model, handover, monotonic
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
                self.pause(BUSY_PAUSE)

    def begin(self, source: Source, mode: Mode) -> None:
        """Where it is not begun already; the source and the gamma table are its own."""
        if self._begun:
            return
        self._begun = True
        if not self._start():  # as SANE: it hangs in a session that nobody ended
            self._dialogue.abort()
            self.pause(BUSY_PAUSE)
            if not self._start():
                raise DeviceBusy("the scanner is busy and does not become free")
        if self._model.session_per_page:
            self.do(Command.SOURCE, parameters.select_source(source, self._model.generation))
        table = parameters.gamma(self._model.generation, mode)
        for _ in range(1 if self._model.session_per_page else GAMMA_TIMES):
            self.do(Command.GAMMA, table)

    def _start(self) -> bool:
        """False: it is busy and stays so, or says nothing."""
        deadline = self._monotonic() + BUSY_SECONDS
        while True:
            try:
                self._dialogue.ask(Command.START, seconds=self._homing)
                return True
            except Refused as err:
                raise ScanFailed("the scanner refuses to scan: its display may say why") from err
            except DeviceTimeout:
                self.look_for_cancel()
                return False
            except Busy:
                if self._monotonic() > deadline:
                    return False
            self.pause(BUSY_PAUSE)

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

    def do(self, command: Command, data: bytes = b"") -> None:
        """A command that has to be done. Raises ScanFailed, DeviceBusy."""
        self.look_for_cancel()
        try:
            self._dialogue.ask(command, data)
        except Refused as err:
            raise ScanFailed(f"the scanner refuses command {command:#06x}") from err
        except Busy as err:
            raise DeviceBusy(f"the scanner is busy at command {command:#06x}") from err

    def pause(self, seconds: float) -> None:
        if self._handover.pause(seconds):
            raise ScanCanceled

    def look_for_cancel(self) -> None:
        if self._handover.canceled:
            raise ScanCanceled

    def _homing(self) -> float:
        return 0.0 if self._handover.canceled else BUSY_SECONDS
