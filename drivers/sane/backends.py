"""Which backends a child may load: a SANE configuration directory of our own, made from the system's.

Every file of the system's directories is linked into it but the lists of backends, which are one list there.
Source: sane(7) and sane-dll(5): SANE_CONFIG_DIR, dll.conf, dll.d.
"""

import os
import tempfile
import tomllib
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

SYSTEM: Final = Path("/etc/sane.d")
_LISTS: Final = frozenset({"dll.conf", "dll.d", "dll.aliases"})
_MAX_LIST: Final = 64 * 1024


def left_out() -> frozenset[str]:
    """Backends that must be named to be used."""
    return frozenset(name for names in _lists().values() for name in names)


def look_outside(named: Iterable[str]) -> bool:
    """Whether one of them is for scanners in the network."""
    return not frozenset(_lists()["network"]).isdisjoint(named)


@cache
def _lists() -> dict[str, list[str]]:
    return tomllib.loads((resources.files("drivers") / "sane" / "backends.toml").read_text("utf-8"))


def directories() -> list[Path]:
    """Where SANE's configuration lies, first found first."""
    told = os.environ.get("SANE_CONFIG_DIR", "")
    places = [Path(each) for each in told.split(":") if each]
    return places if places and not told.endswith(":") else [*places, SYSTEM]


def allowed(places: Iterable[Path], named: Iterable[str]) -> list[str]:
    """The system's backends, without those that must be named, and those that are."""
    system: list[str] = []
    for place in places:
        for file in [place / "dll.conf", *_entries(place / "dll.d")]:
            system += _listed(file)
    return list(dict.fromkeys([*(name for name in system if name not in left_out()), *named]))


def private(named: Iterable[str]) -> Path:
    """A new configuration directory that knows these backends only; its owner removes it."""
    places = directories()
    root = Path(tempfile.mkdtemp(prefix="wsd-scan-bridge-sane-"))
    for place in places:
        for entry in _entries(place):
            if entry.name not in _LISTS:
                with suppress(FileExistsError):  # a directory named earlier has it too
                    (root / entry.name).symlink_to(entry.resolve())
    (root / "dll.conf").write_text("".join(f"{name}\n" for name in allowed(places, named)), encoding="utf-8")
    return root


def _entries(place: Path) -> list[Path]:
    try:
        return sorted(place.iterdir())
    except OSError:
        return []


def _listed(file: Path) -> list[str]:
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            text = lines.read(_MAX_LIST)
    except OSError:
        return []
    names = (line.partition("#")[0].strip() for line in text.splitlines())
    return [name for name in names if name]
