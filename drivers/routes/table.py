"""Who is known to scan with a USB id: a table of some 1600, made from the lists of SANE, HPLIP and others.

Read when it is asked for, which the running service does not do for scanners that its drivers know. The table is
generated (docs/generate_routes.py) and does not name the bridge's own drivers: drivers/catalog.py knows those.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, Final

_IDS: Final = re.compile(r"(?:0x)?([0-9a-f]{4})[:\s](?:0x)?([0-9a-f]{4})", re.IGNORECASE)


class Status(StrEnum):
    """How well it works, in the words of SANE's lists."""

    COMPLETE = "complete"
    GOOD = "good"
    BASIC = "basic"
    MINIMAL = "minimal"
    UNTESTED = "untested"
    UNSUPPORTED = "unsupported"

    @property
    def works(self) -> bool:
        """Somebody has scanned with it."""
        return self not in (Status.UNTESTED, Status.UNSUPPORTED)


@dataclass(frozen=True, slots=True)
class Way:
    """One program that is said to scan with it, or not to."""

    program: str  # a backend of SANE's, or a row of programs.toml
    status: Status
    need: str = ""  # "iscan-plugin-gt-x750"


@dataclass(frozen=True, slots=True)
class Known:
    """One USB id."""

    ids: str  # "04b8:0122"
    names: tuple[str, ...]
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """Something that is neither the bridge nor a backend of SANE's own."""

    title: str
    get: str
    closed: bool = False
    processors: tuple[str, ...] = ()  # Debian's names; none: any


def known(ids: str) -> Known | None:
    """What the table has of "vvvv:pppp" in lower case."""
    row = _scanners().get(ids)
    return _known(ids, row) if row is not None else None


def everything() -> tuple[Known, ...]:
    """The whole table, by id."""
    return tuple(_known(ids, row) for ids, row in _scanners().items())


def named(text: str, more: Iterable[Known] = ()) -> tuple[Known, ...]:
    """All of whose names one has every word of `text`, of the table and `more`; those with a name that is just that
    come first."""
    words = text.lower().split()
    found: list[tuple[bool, Known]] = []
    for each in (*everything(), *more) if words else ():
        names = [name.lower() for name in each.names]
        if any(all(word in name for word in words) for name in names):
            exact = any(_ends_with(name.split(), words) for name in names)
            found.append((not exact, each))
    return tuple(each for _, each in sorted(found, key=lambda pair: (pair[0], pair[1].ids)))


def name_with(known: Known, text: str) -> str:
    """The one of its names that says `text` most closely."""
    words = text.lower().split()
    matching = [name for name in known.names if all(word in name.lower() for word in words)]
    return min(matching, key=lambda name: (not _ends_with(name.lower().split(), words), len(name)))


def ids_in(text: str) -> str | None:
    """ "04b8:0122" of what somebody typed or copied ("04B8:0122", "0x04b8 0x0122"); None when it is no USB id."""
    told = _IDS.fullmatch(text.strip())
    return f"{told[1]}:{told[2]}".lower() if told else None


@cache
def programs() -> dict[str, Program]:
    """The rows of programs.toml."""
    return {
        name: Program(row["title"], row["get"], row.get("closed", False), tuple(row.get("processors", ())))
        for name, row in read("programs.toml").items()
    }


def read(file: str) -> dict[str, Any]:
    """A table that lies beside this module."""
    return tomllib.loads((resources.files("drivers") / "routes" / file).read_text("utf-8"))


@cache
def _scanners() -> dict[str, Any]:
    return read("scanners.toml")


def _known(ids: str, row: dict[str, Any]) -> Known:
    ways = []
    for text in row["via"]:
        program, status, *need = text.split(" ")
        ways.append(Way(program, Status(status), " ".join(need)))
    return Known(ids, tuple(row["names"]), tuple(ways))


def _ends_with(name: list[str], words: list[str]) -> bool:
    """ "perfection 3490" is an Epson Perfection 3490, not a 3490 PHOTO."""
    return name[-len(words) :] == words
