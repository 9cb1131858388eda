"""The commands of one scan, in whichever of Canon's command sets: between them a cancel is looked for.

Source: SANE pixma_mp150.c, pixma_imageclass.c (`mp150_scan`, `iclass_scan`), pixma_common.c (how long to wait).
"""

from collections.abc import Callable
from typing import Protocol

from drivers.contract.errors import DeviceBusy, DeviceTimeout, ScanFailed
from drivers.contract.handover import Handover, ScanCanceled
from drivers.usb.exchange import ANSWER_SECONDS, Patience
from drivers.usb.pixma.answers import Busy, Refused

START = 0xDB20  # of a session, in all sets
BUSY_SECONDS = 10.0  # the carriage goes home after an abort; SANE has seen 5 s
BUSY_PAUSE = 0.5


class Asked(Protocol):
    """A dialogue."""

    def ask(self, command: int, data: bytes = b"", *, wanted: int = 0, seconds: Patience = ANSWER_SECONDS) -> bytes:
        """The data of the answer. Raises Refused, Busy."""

    def abort(self) -> None:
        """End the session."""


class Steps:
    """Everything in it raises ScanCanceled after a cancel."""

    def __init__(self, dialogue: Asked, handover: Handover, monotonic: Callable[[], float]) -> None:
        self._dialogue, self._handover, self._monotonic = dialogue, handover, monotonic

    def start(self) -> None:
        """Begin a session. Raises ScanFailed, DeviceBusy."""
        if self._started():
            return
        self._dialogue.abort()  # as SANE: it hangs in a session that nobody ended
        self.pause(BUSY_PAUSE)
        if not self._started():
            raise DeviceBusy("the scanner is busy and does not become free")

    def _started(self) -> bool:
        """False: it is busy and stays so, or says nothing."""
        deadline = self._monotonic() + BUSY_SECONDS
        while True:
            try:
                self._dialogue.ask(START, seconds=self._homing)
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

    def do(self, command: int, data: bytes = b"") -> None:
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
