"""A Genesys scanner as the actor's family: looking only. SANE scans with it (docs/decisions/0095).

A look reads a register or three and changes nothing, so it wakes nothing. Its buttons are seen only while they are
down, so it is looked at as often as front ends of SANE do, however long nothing has happened; its state less often.
"""

from drivers.contract.document import ScanRequest
from drivers.contract.errors import DeviceRefused
from drivers.contract.handover import Handover
from drivers.contract.observation import ButtonPress, Feeder, Snapshot
from drivers.usb.family import Tell
from drivers.usb.genesys.model import Model
from drivers.usb.genesys.registers import Registers
from drivers.usb.genesys.status import Motion, Status, facts, readiness
from drivers.usb.link import Link
from drivers.usb.presses import Presses

SOURCE = "usb"
PACE = 0.25  # s: a hand holds a button down for longer
STATE_EVERY = 4  # looks; at once when a line has changed


class GenesysScanner:
    """One scanner; its link may change between calls."""

    pace = PACE
    fleeting = True

    def __init__(self, model: Model) -> None:
        self._model = model
        self._down: frozenset[str] | None = None  # None: nobody has looked yet, so what is down is no news
        self._pressed = Presses()
        self._reading: int | None = None  # of the lines, at the last look
        self._state = (Status(0), Motion(0))
        self._age = 0  # of that, in looks

    def observe(self, link: Link) -> Snapshot:
        layout, wiring = self._model.layout, self._model.wiring
        registers = Registers(link, layout)
        reading = registers.panel()
        if reading != self._reading or self._age >= STATE_EVERY:
            status = Status(registers.read(layout.status))
            motion = Motion(registers.read(layout.motion)) if layout.motion is not None else Motion(0)
            self._state, self._age = (status, motion), 0
        self._reading, self._age = reading, self._age + 1
        status, motion = self._state
        said = facts(status, motion, sensors=layout.sensors)
        if Motion.DIGITISING in motion:
            said += (("lines", str(registers.lines())),)
        powered = Status.POWERED in status
        feeder = Feeder.UNKNOWN
        if wiring.page is not None and powered:
            feeder = Feeder.LOADED if wiring.page.on(reading) else Feeder.EMPTY
        return Snapshot(
            SOURCE,
            readiness(status, motion),
            feeder=feeder,
            presses=self._presses(wiring.down(reading) if powered else None),
            facts=said,
        )

    def scan(self, link: Link, request: ScanRequest, handover: Handover, tell: Tell) -> None:
        del link, request, handover, tell
        raise DeviceRefused("a Genesys scanner is scanned with through SANE")

    def reopened(self) -> None:
        self._down = self._reading = None

    def resynchronise(self, link: Link) -> None:
        """Every request is whole in itself; its bulk endpoint is SANE's."""

    def _presses(self, down: frozenset[str] | None) -> tuple[ButtonPress, ...]:
        """Those that went down since the last look; `down` None: the lines are not set up."""
        fresh = sorted(down - self._down) if down is not None and self._down is not None else []
        self._down = down
        return self._pressed.next(*fresh)
