"""The best way to scan with a USB id, in one line that its owner understands.

The rule (docs/decisions/0091-routes.md), first match wins: a driver of ours that scans; a backend of SANE's that works,
those without a firmware file before those with one; a free program beside SANE that works; what nobody has tried; a
closed program that exists for this machine's processor; one that does not; nothing.
"""

import platform
import struct
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final

from drivers.routes import firmware, table
from drivers.routes.firmware import Kept, Want
from drivers.routes.table import Known, Status, Way

_DEBIAN: Final = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "armhf", "armv6l": "armhf", "i686": "i386"}
_OF_32_BITS: Final = {"amd64": "i386", "arm64": "armhf"}


class Kind(StrEnum):
    """Who scans."""

    NATIVE = "native"
    SANE = "sane"
    FIRMWARE = "sane with firmware"
    FREE = "another program"
    CLOSED = "closed program"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Native:
    """A driver of ours that knows the id."""

    family: str
    scans: bool


@dataclass(frozen=True, slots=True)
class Route:
    """What becomes of one USB id here."""

    ids: str
    names: tuple[str, ...]
    kind: Kind
    by: str = ""  # family, backend or program
    status: Status | None = None
    files: tuple[str, ...] = ()  # firmware that fits
    file: str = ""  # the one that is there
    happy: bool = True  # it scans as it stands, as far as anybody knows
    line: str = ""


def processor() -> str:
    """This machine's, as Debian calls it; programs of 32 bits run on kernels of 64."""
    name = _DEBIAN.get(platform.machine(), platform.machine())
    return _OF_32_BITS.get(name, name) if struct.calcsize("P") == 4 else name


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, and where."""

    ids: str  # "vvvv:pppp" in lower case
    known: Known | None = None
    native: Native | None = None
    files: tuple[Kept, ...] = ()  # firmware that is there
    processor: str = ""
    called: str = ""  # what its owner calls it

    @property
    def names(self) -> tuple[str, ...]:
        """What it is sold as."""
        return self.known.names if self.known is not None else ()

    @property
    def who(self) -> str:
        """Whom the line speaks of."""
        several = f"{self.names[0]} ({self.ids})" if self.names else f"USB id {self.ids}"
        return self.called or (self.names[0] if len(self.names) == 1 else several)


def choose(asked: Asked) -> Route:
    """The best route."""
    native = asked.native
    if native is not None and native.scans:
        line = f"{asked.who}: the bridge's own driver {native.family} scans with it."
        return Route(asked.ids, asked.names, Kind.NATIVE, native.family, line=line)
    ways = asked.known.ways if asked.known is not None else ()
    usable = [way for way in ways if way.status is not Status.UNSUPPORTED]
    if usable:
        return _route(asked, min(usable, key=lambda way: _rank(asked, way)))
    line = f"{asked.who}: nobody is known to scan with it without Windows."
    return Route(asked.ids, asked.names, Kind.NONE, happy=False, line=line)


def _rank(asked: Asked, way: Way) -> tuple[int, int]:
    program = table.programs().get(way.program)
    well = list(Status).index(way.status)
    exists = program is None or not program.processors or asked.processor in program.processors
    if not exists:
        return 5, well
    if program is not None and program.closed:
        return 4, well
    if not way.status.works:
        return 3, well
    if program is not None:
        return 2, well
    return int(_wanted(asked.ids, way) is not None), well


def _route(asked: Asked, way: Way) -> Route:
    if (want := _wanted(asked.ids, way)) is not None:
        return _with_firmware(asked, way, want)
    program, native = table.programs().get(way.program), asked.native
    if program is None:
        line = f"{asked.who}: SANE's {way.program} scans with it{_HOW_WELL[way.status]}."
        if native is not None:
            line += f" The bridge's own driver {native.family} looks after it meanwhile."
        return Route(asked.ids, asked.names, Kind.SANE, way.program, way.status, line=line)
    what = f"{program.title} ({way.need})" if way.need else program.title
    only = "only " if program.closed else ""
    if not program.processors or asked.processor in program.processors:
        line = f"{asked.who}: {only}{what} scans with it{_HOW_WELL[way.status]}: {program.get}; "
        line += "the bridge then finds it through SANE."
    else:
        line = f"{asked.who}: {only}{what} would scan with it{_HOW_WELL[way.status]}, which exists for "
        line += f"{' and '.join(program.processors)} but not for this machine's {asked.processor}."
    kind = Kind.CLOSED if program.closed else Kind.FREE
    return Route(asked.ids, asked.names, kind, way.program, way.status, happy=False, line=line)


def _wanted(ids: str, way: Way) -> Want | None:
    want = firmware.wants().get(ids)
    return want if want is not None and want.backend == way.program else None


def _with_firmware(asked: Asked, way: Way, want: Want) -> Route:
    route = partial(Route, asked.ids, asked.names, Kind.FIRMWARE, way.program, way.status, want.files)
    scans = f"SANE's {way.program} scans with it{_HOW_WELL[way.status]}"
    if (there := firmware.fitting(want, asked.files)) is not None:
        return route(there.path.name, line=f"{asked.who}: {scans} and has {there.path.name} for it.")
    if want.files:
        add = f"{_one_of(want.files)} from the Windows driver: wsd-scan-bridge firmware add {want.files[0]}"
    else:
        add = f"a firmware file from the Windows driver: wsd-scan-bridge firmware add FILE --for {asked.ids}"
    return route(happy=False, line=f"{asked.who}: SANE's {way.program} needs {add}")


def _one_of(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]


_HOW_WELL: Final = {
    Status.COMPLETE: "",
    Status.GOOD: "",
    Status.BASIC: " (not all of it works)",
    Status.MINIMAL: " (hardly more than that works)",
    Status.UNTESTED: " (nobody has told yet whether it does)",
    Status.UNSUPPORTED: "",
}
