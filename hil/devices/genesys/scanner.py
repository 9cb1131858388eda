"""A Genesys chip behind its plug: a file of registers, of which a few show what the body does.

Pure: `now` is an argument everywhere. There is no image: SANE opens it, reads its buttons and sensors, ejects a sheet,
and does not get a page. The carriage stays at home; the motor counts steps and moves the sheet of a sheet-fed one.
A button is down for as long as a hand holds it, and nothing remembers it afterwards.
Source: SANE genesys; its "what the host does" is this module's "what must be understood".
"""

from collections.abc import Iterable

from hil.devices.genesys.product import LIDE_200, Product
from hil.devices.mechanism import Mechanism, State
from hil.devices.stimuli import Plug, Stimulus
from hil.script import Script

HELD = 0.4  # s that a hand is on a button
SPEED = 2000  # steps a second
SCAN, LAMP, POWER, RESET, MOTOR, STEPS = 0x01, 0x03, 0x06, 0x0E, 0x0F, 0x48
SCANNING, LAMP_ON, POWER_BIT = 0x01, 0x10, 0x10
POWERED, BUFFER_EMPTY, HOME, LAMP_LIT, MOTOR_ON = 0x80, 0x40, 0x08, 0x04, 0x01  # of the status register
MOVING = 0x02  # of the register before it
REGISTERS = 0x200


class GenesysScanner:
    """The scanner behind its plug."""

    def __init__(self, script: Script, now: float, product: Product = LIDE_200, held: float = HELD) -> None:
        self.product, self._held = product, held
        self._script = script
        self._body = Mechanism(script, now)
        self._now = now
        self._registers = bytearray(REGISTERS)
        self._gpio = 0
        self._down: tuple[int, float] | None = None  # the button, and when it is let go
        self._motor: float | None = None  # since when it runs
        self._sheet = False  # it has a sheet to move
        self.update(now)

    @property
    def state(self) -> State:
        """The body, as of the last call."""
        return self._body.state

    @property
    def powered(self) -> bool:
        """A host has set it up since it was switched on."""
        return bool(self._registers[POWER] & POWER_BIT)

    @property
    def down(self) -> int:
        """The button that a hand is on; 0: none."""
        return self._down[0] if self._down is not None else 0

    def update(self, now: float, stimuli: Iterable[Stimulus] = ()) -> float | None:
        """Let time pass and things happen; returns when something is due next."""
        self._now, given = now, tuple(stimuli)
        wake = self._body.update(now, given)
        if not self.state.plugged or any(isinstance(each, Plug) for each in given):
            self._reset()  # it has its current from the bus
        if self._sheet and self._motor is not None and now >= self._motor + self._script.feed:
            self._sheet = False
            self._body.feed()
            self._body.eject()
        if button := self._body.take_button():
            self._down = (button, now + self._held)
        if self._down is not None and now >= self._down[1]:
            self._down = None
        return min((each for each in (wake, self._down and self._down[1]) if each is not None), default=None)

    def write(self, address: int, value: int) -> None:
        """One register."""
        self._registers[address % REGISTERS] = value
        if address == RESET:
            self._reset()
        elif address == MOTOR and value and self._motor is None:
            self._motor, self._sheet = self._now, self.product.page is not None and self.state.paper
        elif (address == SCAN and not value & SCANNING) or (address == MOTOR and not value):
            self._motor = None

    def read(self, address: int) -> int:
        """One register."""
        product = self.product
        if address == product.status:
            lit = self._registers[LAMP] & LAMP_ON
            shown = (POWERED, self.powered), (LAMP_LIT, lit), (MOTOR_ON, self._motor is not None)
            return BUFFER_EMPTY | HOME | sum(bit for bit, on in shown if on)
        if address == product.status - 1:
            return MOVING if self._motor is not None else 0
        if STEPS <= address < STEPS + 3 and self._motor is not None:
            return int((self._now - self._motor) * SPEED).to_bytes(3, "big")[address - STEPS]
        if address == product.panel:
            return self._panel(self._registers[address])
        return self._registers[address % REGISTERS]

    def write_gpio(self, value: int) -> None:
        """The lines that have requests of their own."""
        self._gpio = value

    def read_gpio(self) -> int:
        """The same."""
        return self._panel(self._gpio) if self.product.panel is None else self._gpio

    def _panel(self, written: int) -> int:
        """Outputs read as they were written, inputs as they are; all are low until a host has set them up."""
        if not self.powered:
            return 0
        product = self.product
        shown = product.idle
        if 1 <= self.down <= len(product.pressed):
            shown = product.pressed[self.down - 1]
        inputs = product.idle
        for each in product.pressed:
            inputs |= each
        if product.page is not None:
            mask, value = product.page
            inputs |= mask
            shown = shown & ~mask | (value if self.state.paper else mask ^ value)
        return shown | written & ~inputs

    def _reset(self) -> None:
        self._registers[:] = bytes(REGISTERS)
        self._gpio, self._motor = 0, None
