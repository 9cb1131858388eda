"""What a ScanSnap iX500 or iX100 wants of its host beyond what every scanner of the family does.

That they want it: SANE fujitsu (`init_model`, change notes 113 to 127), and captures of an iX500 that its owners have
published. What the real ones say to a host that does not do it is published nowhere: here it is a refusal for being
out of sequence, so that nothing can be left out unnoticed.
"""

from hil.devices.fujitsu import sense
from hil.devices.fujitsu.sense import GOOD, Answer, Sense, check
from hil.devices.fujitsu.window import Window

PRE_READ = b"SET PRE READMODE"
PRE_READ_SIZE = 32
QUANTISATION, TABLE, TABLES_SIZE = 0x88, 64, 10 + 2 * 64
COARSE = 300  # ppi, up to which it need not be prepared
LAMP_PAGE = 0x3D  # of MODE SENSE: asked for it, it never answers again


class Ways:
    """What the host has told it so far."""

    def __init__(self) -> None:
        self._prepared: tuple[int, int] | None = None  # resolution
        self._tables = False
        self._begun = False  # a sheet of this batch was loaded

    def diagnose(self, parameters: bytes) -> bool:
        """SEND DIAGNOSTIC: whether it was this one."""
        if len(parameters) != PRE_READ_SIZE or not parameters.startswith(PRE_READ):
            return False
        self._prepared = (int.from_bytes(parameters[16:18], "big"), int.from_bytes(parameters[18:20], "big"))
        return True

    def send(self, cdb: bytes, parameters: bytes) -> Answer:
        """SEND: the tables."""
        sizes = (int.from_bytes(parameters[4:6], "big"), int.from_bytes(parameters[6:8], "big"))
        if cdb[2] != QUANTISATION or len(parameters) != TABLES_SIZE or sizes != (TABLE, TABLE):
            return check(sense.BAD_FIELD)
        if 0 in parameters[10:]:
            return check(sense.bad_parameter(parameters.index(0, 10)))
        self._tables = True
        return GOOD

    def windowed(self) -> None:
        """SET WINDOW was taken: a batch begins."""
        self._tables = self._begun = False

    def position(self, *, paper: bool) -> Sense | None:
        """OBJECT POSITION: why not. An empty feeder is an error where no sheet of the batch has been."""
        if not paper and not self._begun:
            return sense.SEQUENCE
        self._begun = True
        return None

    def scan(self, window: Window) -> Sense | None:
        """SCAN: why not."""
        fine = max(window.resolution) > COARSE
        return sense.SEQUENCE if not self._tables or (fine and self._prepared != window.resolution) else None
