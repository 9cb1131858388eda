"""Firmware files: which scanner wants which, how a file is known to be one, and where the operator's are kept.

    STORE/snapscan/esfw52.bin        one directory per backend of SANE's, each file under the name it is known by
                                     in lower case

Whoever keeps a file makes it and its directory readable for all: root puts it there, a service without a name reads it.
"""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from drivers.routes import table

LEAST: Final = 512
MOST: Final = 256 * 1024
_SIXTEEN_BITS: Final = 64 * 1024  # what gt68xx and artec_eplus48u can address in the scanner
_EPJITSU: Final = 0x100 + 0x10000  # epjitsu skips a head and reads so much
# Where a file of snapscan's tells how long its firmware is, counted from its end: at 0x64 for these, 0x5e for Agfa's
# and the Perfection 660; Benq's do not tell (snapscan-scsi.c).
_EPSON: Final = frozenset({"04b8:011f", "04b8:0120", "04b8:0121", "04b8:0122"})
_LENGTH_AT: Final = {True: 0x64, False: 0x5E}
# What people have in hand before they have the file itself.
_WRAPPED: Final = {
    b"MZ": "a Windows program; the file is inside",
    b"PK\3\4": "a ZIP archive; unpack it",
    b"MSCF": "a cabinet; unpack it with cabextract",
    b"ISc(": "an InstallShield cabinet; unpack it with unshield",
    b"7z\xbc\xaf": "a 7z archive; unpack it",
    b"Rar!": "a RAR archive; unpack it",
    b"\x1f\x8b": "compressed by gzip; unpack it",
    b"%PDF": "a PDF document",
    b"<": "a web page",
    b"\x7fELF": "a Linux program",
}


class NotFirmware(Exception):
    """The file cannot be what it is taken for; the text says why."""


@dataclass(frozen=True, slots=True)
class Want:
    """What one USB id needs."""

    ids: str
    backend: str
    files: tuple[str, ...]  # any of them, the likeliest first; none when nobody has told the name

    @property
    def accepted(self) -> tuple[str, ...]:
        """Names under which a file of its is kept: Windows does not care for their case, so nobody does."""
        return tuple(map(str.lower, self.files)) or (f"{self.ids.replace(':', '-')}.bin",)


@dataclass(frozen=True, slots=True)
class Kept:
    """One file in the store."""

    backend: str
    path: Path
    added: float  # seconds since 1970


@cache
def wants() -> dict[str, Want]:
    """By USB id."""
    rows = table.read("firmware.toml")
    return {
        ids: Want(ids, backend, tuple(files))
        for backend, found in rows.items()
        if backend != "overrides"
        for ids, files in found.items()
    }


def override(file: str) -> str:
    """The model that gt68xx must be told besides, or ""."""
    rows: dict[str, str] = table.read("firmware.toml")["overrides"]
    return next((model for name, model in rows.items() if name.lower() == file), "")


def recognised(name: str, ids: str = "") -> tuple[Want, ...]:
    """The scanners that a file of that name is for; with `ids`, that scanner, whatever the file is called.

    Raises NotFirmware, which names what is known.
    """
    if ids:
        want = wants().get(ids)
        if want is None:
            raise NotFirmware(f"no scanner {ids} is known that wants a firmware file")
        if len(want.files) > 1 and name.lower() not in want.accepted:
            raise NotFirmware(f"call it one of {', '.join(want.files)}: different scanners are {ids}")
        return (want,)
    found = tuple(want for want in wants().values() if name.lower() in want.accepted)
    if not found:
        raise NotFirmware(f"no scanner is known that wants a file '{name}'; say for which it is: --for VVVV:PPPP")
    return found


def check(data: bytes, wanted: tuple[Want, ...]) -> None:
    """Raises NotFirmware when it cannot be firmware for these."""
    for head, what in _WRAPPED.items():
        if data.startswith(head):
            raise NotFirmware(f"it is {what}")
    backend = wanted[0].backend
    least, most = (_EPJITSU, MOST) if backend == "epjitsu" else (LEAST, MOST)
    if backend in {"gt68xx", "artec_eplus48u"}:
        most = _SIXTEEN_BITS
    size = f"more than {MOST}" if len(data) > MOST else len(data)
    if not least <= len(data) <= most:
        raise NotFirmware(f"it has {size} bytes, and {backend} wants {least} to {most}")
    if len(set(data)) == 1:
        raise NotFirmware("all its bytes are the same")
    if backend == "snapscan" and all(want.ids in _EPSON or _tells_length(want.ids) for want in wanted):
        at = len(data) - _LENGTH_AT[wanted[0].ids in _EPSON]
        length = int.from_bytes(data[at : at + 2], "little")
        if not 0 < length <= len(data):
            raise NotFirmware(f"the length in its last block, {length}, is none of a file of {len(data)} bytes")


def _tells_length(ids: str) -> bool:
    return ids == "04b8:0114" or ids.startswith("06bd:")


def keep(store: Path, name: str, data: bytes, wanted: tuple[Want, ...]) -> Path:
    """Put it into the store, over what was there; the path. Raises OSError."""
    place = store / wanted[0].backend
    for directory in (store, place):
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o755)
    path = place / (name.lower() if name.lower() in wanted[0].accepted else wanted[0].accepted[0])
    handle, temporary = tempfile.mkstemp(dir=place, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def kept(store: Path | None) -> tuple[Kept, ...]:
    """What is in the store and has its name from us, the latest first; nothing where there is none."""
    return tuple(sorted(_kept(store), key=lambda each: (-each.added, each.path))) if store is not None else ()


def _kept(store: Path) -> Iterator[Kept]:
    if not store.is_dir():
        return
    for backend in sorted({want.backend for want in wants().values()}):
        known = {name for want in wants().values() if want.backend == backend for name in want.accepted}
        for name in sorted(known):
            path = store / backend / name
            try:
                yield Kept(backend, path, path.stat().st_mtime)
            except OSError:
                continue


def fitting(want: Want, files: tuple[Kept, ...]) -> Kept | None:
    """The one added last of those that fit."""
    return next((each for each in files if each.backend == want.backend and each.path.name in want.accepted), None)
