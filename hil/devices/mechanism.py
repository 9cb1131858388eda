"""The scanner's body: lamp, sleep timer, feeder, cover, button and faults, as a function of time and stimuli.

Knows no command and no byte. Pure: `now` is an argument (monotonic seconds), nothing happens between calls.
Only `use` wakes the lamp and restarts the sleep timer, so looking at `state` never does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from hil.devices.stimuli import (
    After,
    At,
    CancelAtPanel,
    ChangeOriginal,
    Clear,
    Cover,
    DoubleFeed,
    Fatal,
    Happening,
    InUse,
    Jam,
    LoadPaper,
    Plug,
    Press,
    RemovePaper,
    Slow,
    Stimulus,
    Unplug,
)
from hil.script import Script


class Lamp(StrEnum):
    """The lamp; off means asleep."""

    OFF = "off"
    WARMING = "warming"
    ON = "on"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet in the feeder's path; a duplex scan takes its front first."""

    number: int
    back: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """Everything a test (or a person standing next to the scanner) can see."""

    lamp: Lamp
    asleep: bool
    sheets: int  # waiting in the feeder, without the one in the path
    path: Sheet | None
    original: int
    cover_open: bool
    jammed: bool
    double_fed: bool
    fatal: bool
    in_use: bool
    button: int  # latched until read; 0: none
    canceled: bool  # at the panel, during the running scan
    slow: float
    plugged: bool

    @property
    def warming(self) -> bool:
        """The lamp is not ready to scan."""
        return self.lamp is Lamp.WARMING

    @property
    def paper(self) -> bool:
        """The feeder has something to scan."""
        return self.sheets > 0 or self.path is not None

    @property
    def feeder_blocked(self) -> bool:
        """Nothing can be fed until a person has acted."""
        return self.cover_open or self.jammed or self.double_fed


class Mechanism:
    """One body; see the module."""

    def __init__(self, script: Script, now: float) -> None:
        self._script = script
        self._lamp = Lamp.ON
        self._warm_at = now
        self._used = now
        self._sheets = 0
        self._next = 1
        self._original = script.original
        self._path: Sheet | None = None
        self._cover_open = self._jammed = self._double_fed = self._fatal = self._in_use = False
        self._button = 0
        self._slow = 1.0
        self._plugged = True
        self._scanning = self._canceled = False
        self._pages: list[tuple[int, float, Happening]] = []  # pages still to begin, percent, what
        self._timers: list[tuple[float, Happening]] = []
        self._warm(now)
        if script.adf:
            self._happen(LoadPaper(script.adf), now)
        self.update(now, script.stimuli)

    # Time and things.

    def update(self, now: float, stimuli: Iterable[Stimulus] = ()) -> float | None:
        """Let what is due happen, then `stimuli`; returns when something is due next."""
        for due, happening in sorted(self._timers, key=lambda each: each[0]):
            if due <= now:
                self._pass(due)
                self._happen(happening, due)
        self._timers = [each for each in self._timers if each[0] > now]
        self._pass(now)
        for stimulus in stimuli:
            match stimulus:
                case At(page, percent, happening):
                    self._pages.append((page, percent, happening))
                case After(seconds, happening):
                    self._timers.append((now + seconds, happening))
                case _:
                    self._happen(stimulus, now)
        return self._wake_at()

    @property
    def state(self) -> State:
        """As of the last `update`."""
        return State(
            lamp=self._lamp,
            asleep=self._lamp is Lamp.OFF,
            sheets=self._sheets,
            path=self._path,
            original=self._original,
            cover_open=self._cover_open,
            jammed=self._jammed,
            double_fed=self._double_fed,
            fatal=self._fatal,
            in_use=self._in_use,
            button=self._button,
            canceled=self._canceled,
            slow=self._slow,
            plugged=self._plugged,
        )

    # What the electronics do with the body.

    def use(self, now: float) -> None:
        """A command that needs the lamp came: wake up, restart the sleep timer."""
        self._used = now
        if self._lamp is Lamp.OFF:
            self._warm(now)

    def change_lamp(self, now: float) -> None:
        """Another lamp is to shine from now on, and it is cold."""
        self._used = now
        self._warm(now)

    def take_button(self) -> int:
        """Read the button's latch and clear it."""
        button, self._button = self._button, 0
        return button

    def feed(self) -> bool:
        """Bring the next sheet into the path; False: there is none or the way is blocked."""
        state = self.state
        if state.feeder_blocked or not state.paper:
            return False
        if self._path is None:
            self._sheets -= 1
            self._path = Sheet(self._next)
            self._next += 1
        return True

    def eject(self) -> None:
        """Move the sheet in the path out."""
        self._path = None
        if not self._sheets:
            self._next = 1

    def begin_page(self, now: float) -> None:
        """A page begins to be scanned."""
        self._used = now
        self._scanning, self._canceled = True, False
        self._pages = [(page - 1, percent, what) for page, percent, what in self._pages]

    def page_at(self, percent: float, now: float) -> None:
        """That much of the page has passed: what was armed for here happens."""
        due = [each for each in self._pages if each[0] == 0 and each[1] <= percent]
        self._pages = [each for each in self._pages if each not in due]
        for _, _, happening in sorted(due, key=lambda each: each[1]):
            self._happen(happening, now)

    def end_page(self, now: float, *, turn: bool = False) -> None:
        """The page is over, whole or not. `turn`: the sheet's back comes next, else a sheet in the path leaves."""
        self._scanning = self._canceled = False
        self._used = now
        self._pages = [each for each in self._pages if each[0] > 0]
        if turn and self._path is not None and not self._path.back:
            self._path = Sheet(self._path.number, back=True)
        elif not self.state.feeder_blocked:
            self.eject()

    # Inside.

    def _wake_at(self) -> float | None:
        due = [each[0] for each in self._timers]
        if self._lamp is Lamp.WARMING:
            due.append(self._warm_at)
        elif self._lamp is Lamp.ON and not self._scanning:
            due.append(self._used + self._script.sleep)
        return min(due, default=None)

    def _pass(self, now: float) -> None:
        """The lamp as time passes."""
        if self._lamp is Lamp.WARMING and now >= self._warm_at:
            self._lamp = Lamp.ON
        if self._lamp is Lamp.ON and not self._scanning and now >= self._used + self._script.sleep:
            self._lamp = Lamp.OFF

    def _warm(self, now: float) -> None:
        self._warm_at = now + self._script.warmup
        self._lamp = Lamp.WARMING if self._script.warmup else Lamp.ON

    def _happen(self, happening: Happening, now: float) -> None:  # noqa: PLR0912 (one line for each thing)
        match happening:
            case LoadPaper(sheets):
                if not self._sheets and self._path is None:
                    self._next = 1
                self._sheets += sheets
            case RemovePaper():
                self._sheets = 0
            case ChangeOriginal(number):
                self._original = number
            case Jam():
                self._jammed = True
            case DoubleFeed():
                self._double_fed = True
            case Cover(open=True):
                self._cover_open = True
            case Cover(open=False) | Clear():
                self._put_right(everything=isinstance(happening, Clear))
            case Press(button):
                self._button = button
                self.use(now)
            case CancelAtPanel():
                self._canceled = self._scanning
            case Fatal():
                self._fatal = True
            case Slow(factor):
                self._slow = factor
            case InUse(taken):
                self._in_use = taken
            case Unplug():
                self._plugged = False
            case Plug():
                self._plugged = True

    def _put_right(self, *, everything: bool) -> None:
        if self._jammed or self._double_fed:
            self.eject()
        self._cover_open = self._jammed = self._double_fed = False
        if everything:
            self._fatal = False
