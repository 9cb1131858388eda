"""The options of a SANE device as its child reports them, and the words that backends use in them.

Source: SANE standard 1.06, 4.2.9 and 4.4; the words are data (vocabulary.toml).
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from drivers.contract.errors import DeviceGarbled
from drivers.sane import protocol
from drivers.sane.protocol import Type, Unit

Value = bool | int | float | str


class Option(BaseModel):
    """One option as it is just now."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    name: str
    type: Type
    unit: Unit
    cap: int
    value: Value | None = None
    range: tuple[float, float, float] | None = None  # least, most, step; a step of 0 is none
    words: tuple[float, ...] = ()
    strings: tuple[str, ...] = ()

    @property
    def settable(self) -> bool:
        return bool(self.cap & protocol.SOFT_SELECT) and not self.cap & protocol.INACTIVE

    @property
    def sensed(self) -> bool:
        """Whether it can be read and only the device can change it."""
        return self.cap & (protocol.SOFT_SELECT | protocol.SOFT_DETECT | protocol.INACTIVE) == protocol.SOFT_DETECT

    def nearest(self, value: float) -> float:
        """The value that the constraint allows and that is nearest."""
        if self.words:
            return min(self.words, key=lambda word: abs(word - value))
        if self.range is None:
            return value
        least, most, step = self.range
        if step > 0:
            value = least + round((value - least) / step) * step
        return max(least, min(most, value))


class Parameters(BaseModel):
    """What sane_get_parameters tells."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    last_frame: int
    bytes_per_line: int
    pixels_per_line: int
    lines: int  # -1: only the end of the page tells
    depth: int


_OPTIONS: TypeAdapter[tuple[Option, ...]] = TypeAdapter(tuple[Option, ...])


@dataclass(frozen=True, slots=True)
class Options:
    """All options by name."""

    by_name: Mapping[str, Option]

    @classmethod
    def read(cls, told: object) -> "Options":
        """From a child's answer. Raises DeviceGarbled."""
        try:
            return cls({option.name.lower(): option for option in _OPTIONS.validate_python(told)})
        except ValidationError as err:
            raise DeviceGarbled(f"the SANE backend's options make no sense: {err.errors()[0]['msg']}") from err

    def changed(self, option: Option, value: object) -> "Options":
        """With another value of that one. Raises DeviceGarbled."""
        if not isinstance(value, bool | int | float | str | None):
            raise DeviceGarbled(f"the SANE process sent {str(value)[:40]} as a value")
        return Options({**self.by_name, option.name.lower(): option.model_copy(update={"value": value})})

    def first(self, names: Iterable[str]) -> Option | None:
        """The first of these that can be set."""
        found = (self.by_name.get(name) for name in names)
        return next((option for option in found if option is not None and option.settable), None)

    def get(self, name: str) -> Option | None:
        """The option of that name, if it can be set."""
        return self.first((name,))

    def sensed(self) -> tuple[Option, ...]:
        """What the device itself changes."""
        return tuple(option for option in self.by_name.values() if option.sensed)


def parameters(told: object) -> Parameters:
    """From a child's answer. Raises DeviceGarbled."""
    try:
        return Parameters.model_validate(told)
    except ValidationError as err:
        raise DeviceGarbled(f"the SANE backend's parameters make no sense: {err.errors()[0]['msg']}") from err


@cache
def words(section: str, kind: str) -> tuple[str, ...]:
    """The vocabulary's words for one thing."""
    return tuple(_vocabulary()[section][kind])


def fits(value: str, section: str, kind: str) -> bool:
    """Whether one of the words is the value, or for sources and sides a part of it."""
    text = value.strip().lower()
    if section in ("sources", "sides"):
        return any(word in text for word in words(section, kind))
    return text in words(section, kind)


def kind_of(value: str, section: str) -> str | None:
    """The first kind in the section that the value fits."""
    return next((kind for kind in _vocabulary()[section] if fits(value, section, kind)), None)


@cache
def _vocabulary() -> dict[str, dict[str, Any]]:
    text = (resources.files("drivers") / "sane" / "vocabulary.toml").read_text("utf-8")
    return tomllib.loads(text)
