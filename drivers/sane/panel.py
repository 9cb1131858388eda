"""Sensors and buttons of a device that its backend shows as options, and presses made of what they say.

An option is a sensor when a program can read it and only the device can change it.
Source: SANE 2.0 draft, 4.5 (well-known sensor options); the names are data (vocabulary.toml).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from drivers.contract.observation import Feeder, Readiness, Snapshot, Trouble, TroubleKind, Unit
from drivers.sane import protocol
from drivers.sane.options import Option, Options, Value, words
from drivers.sane.protocol import Type

SOURCE: Final = "sane"
_LARGEST_NAME: Final = 40


@dataclass(frozen=True, slots=True)
class Panel:
    """Which option numbers are what."""

    feeder: int | None = None
    cover: int | None = None
    presses: Mapping[int, str] = field(default_factory=dict)  # option → button
    refresh: int | None = None  # to be set before the buttons are read

    @classmethod
    def of(cls, options: Options) -> "Panel":
        """From the options of an opened device."""
        sensed = {option.name.lower(): option for option in options.sensed()}

        def first(kind: str) -> int | None:
            return next((sensed[name].number for name in words("sensors", kind) if name in sensed), None)

        refresh = next((options.by_name.get(name) for name in words("sensors", "refresh")), None)
        return cls(
            feeder=first("feeder"),
            cover=first("cover"),
            presses={each.number: name[:_LARGEST_NAME] for name, each in sensed.items() if _is_button(name, each)},
            refresh=refresh.number if refresh is not None and not refresh.cap & protocol.INACTIVE else None,
        )

    @property
    def buttons(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self.presses.values())

    @property
    def numbers(self) -> tuple[int, ...]:
        """The options to be read at a look."""
        sensors = (each for each in (self.feeder, self.cover) if each is not None)
        return (*sensors, *self.presses)

    def seen(self, values: Sequence[Value | None]) -> Snapshot:
        """What they show when nothing scans; `values` in the order of `numbers`."""
        told = dict(zip(self.numbers, values, strict=True))
        paper = Feeder.UNKNOWN
        if self.feeder is not None and told[self.feeder] is not None:
            paper = Feeder.LOADED if told[self.feeder] else Feeder.EMPTY
        opened = self.cover is not None and bool(told[self.cover])
        troubles = frozenset({Trouble(TroubleKind.COVER_OPEN, Unit.FEEDER)}) if opened else frozenset()
        readiness = Readiness.STOPPED if opened else Readiness.IDLE
        return Snapshot(SOURCE, readiness, troubles, paper, explanation="the cover is open" if opened else "")


def _is_button(name: str, option: Option) -> bool:
    if option.type not in (Type.BOOL, Type.INT):
        return False
    return name in words("sensors", "buttons") or name.startswith(words("sensors", "button-prefixes"))


class Fingers:
    """What the buttons said last, and which of them have been pressed since."""

    def __init__(self) -> None:
        self._held: dict[int, int] | None = None
        self.pressed = 0

    def forget(self) -> None:
        """The device was opened anew: what is down now was pressed before anybody was listening."""
        self._held = None

    def went_down(self, panel: Panel, values: Sequence[Value | None]) -> tuple[str, ...]:
        """Buttons pressed since the last look; one that is held, or told as held until it is read, is one press."""
        told = dict(zip(panel.numbers, values, strict=True))
        now = {number: int(value) if isinstance(value, bool | int) else 0 for number, value in _of(panel, told)}
        before, self._held = self._held, now
        if before is None:
            return ()
        return tuple(panel.presses[number] for number, value in now.items() if value and value != before.get(number, 0))


def _of(panel: Panel, told: Mapping[int, Value | None]) -> list[tuple[int, Value | None]]:
    return [(number, told[number]) for number in panel.presses]
