"""SANE told where the operator's firmware files are: backends' configuration in a child's own directory, rewritten.

Nothing of the system's is changed, and only scanners that are plugged in are spoken of: no scanner is ever sent another
one's firmware. Each backend is told in its own way:
  snapscan         one line for all of its scanners, the first counts (snapscan.c, sane_init)
  gt68xx           a line for the scanners of the `usb` line above it, after an `override` (gt68xx.c, sane_init)
  epjitsu          a line that counts for the `usb` lines below it (epjitsu.c, sane_get_devices)
  artec_eplus48u   an option among those of the `usb` line above it (artec_eplus48u.c, sane_init)
"""

import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

from drivers.routes import firmware
from drivers.routes.firmware import Kept

_USB: Final = re.compile(r"\s*usb\s+0x([0-9a-f]{4})\s+0x([0-9a-f]{4})\s*$", re.IGNORECASE)
_MAX_CONFIGURATION: Final = 256 * 1024


def tell(directory: Path, places: Collection[Path], store: Path | None, there: Collection[str]) -> None:
    """Make the child's `directory` agree with the `store`.

    `places`: where the system's configuration is; `there`: ids of what is plugged in.
    """
    files = firmware.kept(store)
    for backend, told in _TELLERS.items():
        source = next((place / f"{backend}.conf" for place in places if (place / f"{backend}.conf").exists()), None)
        if source is None:
            continue
        wanted = (want for ids, want in firmware.wants().items() if want.backend == backend and ids in there)
        chosen = {want.ids: kept for want in wanted if (kept := firmware.fitting(want, files)) is not None}
        made = directory / f"{backend}.conf.new"
        made.unlink(missing_ok=True)
        if chosen:
            with source.open(encoding="utf-8", errors="surrogateescape") as system:
                text = system.read(_MAX_CONFIGURATION)
            made.write_text(told(text, chosen), encoding="utf-8", errors="surrogateescape")
        else:
            made.symlink_to(source.resolve())
        made.replace(directory / f"{backend}.conf")  # a child may be reading


def _snapscan(text: str, chosen: dict[str, Kept]) -> str:
    """Two scanners that want different files cannot both be served: the latest file wins."""
    latest = max(chosen.values(), key=lambda kept: kept.added)
    return f'firmware "{latest.path}"\n{text}'


def _gt68xx(text: str, chosen: dict[str, Kept]) -> str:
    def lines(kept: Kept) -> str:
        model = firmware.override(kept.path.name)
        return (f'override "{model}"\n' if model else "") + f'firmware "{kept.path}"\n'

    return _below(text, chosen, lines)


def _artec(text: str, chosen: dict[str, Kept]) -> str:
    return _below(text, chosen, lambda kept: f'option artecFirmwareFile "{kept.path}"\n')


def _epjitsu(text: str, chosen: dict[str, Kept]) -> str:
    made = []
    for line in text.splitlines(keepends=True):
        if (kept := chosen.get(_ids(line))) is not None:
            made.append(f"firmware {kept.path}\n")  # no quotes: it takes the rest of the line
        made.append(line)
    return "".join(made)


def _below(text: str, chosen: dict[str, Kept], lines: Callable[[Kept], str]) -> str:
    """Lines added at the end of what stands below each `usb` line."""
    made: list[str] = []
    ids = ""
    for line in [*text.splitlines(), "usb"]:
        if line.split()[:1] == ["usb"]:
            if ids in chosen:
                made.append(lines(chosen[ids]))
            ids = _ids(line)
        made.append(f"{line}\n")
    return "".join(made[:-1])


def _ids(line: str) -> str:
    told = _USB.match(line)
    return f"{told[1]}:{told[2]}".lower() if told else ""


_TELLERS: Final = {"snapscan": _snapscan, "gt68xx": _gt68xx, "epjitsu": _epjitsu, "artec_eplus48u": _artec}
