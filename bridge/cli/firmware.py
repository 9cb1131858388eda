"""`firmware`: the files that some old scanners must be sent at every start, kept where the service can read them."""

import argparse
import json
from pathlib import Path

from bridge.cli import options
from bridge.errors import BridgeError, ConfigError
from drivers.routes import firmware, table
from drivers.routes.firmware import Kept, NotFirmware, Want

_NAMES = 6  # of scanners in a line


class NotTaken(BridgeError):
    """A file that cannot be kept or removed."""


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser(
        "firmware",
        help="keep the firmware files that some scanners need",
        description="Some scanners forget their firmware when they are switched off; SANE sends it from a file that "
        "comes with the Windows driver. What root adds is kept for the service, else for a bridge of your own.",
    )
    what = parser.add_subparsers(required=True, metavar="COMMAND")
    adding = what.add_parser("add", help="keep a file")
    adding.add_argument("file", type=Path, metavar="FILE")
    adding.add_argument(
        "--for", dest="ids", default="", metavar="VVVV:PPPP", help="scanner, if the file has another name"
    )
    adding.set_defaults(run=_add)
    listing = what.add_parser("list", help="what is kept")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=_list)
    removing = what.add_parser("remove", help="keep a file no longer")
    removing.add_argument("name", metavar="NAME", help="as `list` shows it")
    removing.set_defaults(run=_remove)
    for each in (adding, listing, removing):
        options.add_config(each)


def _add(arguments: argparse.Namespace) -> int:
    store = options.load(arguments).firmware_dir
    file: Path = arguments.file
    ids = table.ids_in(arguments.ids) if arguments.ids else ""
    if ids is None:
        raise ConfigError("command line", "--for", f"'{arguments.ids}' is no USB id VVVV:PPPP")
    try:
        wanted = firmware.recognised(file.name, ids)
        data = _read(file)
        firmware.check(data, wanted)
    except NotFirmware as err:
        raise NotTaken(f"{file}: {err}") from err
    except OSError as err:
        raise NotTaken(f"{file}: {err.strerror or err}") from err
    try:
        path = firmware.keep(store, file.name, data, wanted)
    except OSError as err:
        raise NotTaken(f"{store}: {err.strerror or err}") from err
    print(f"{path}: for {_told(_names(wanted))}.")
    print("Plug the scanner in again, or wait a minute.")
    return 0


def _read(file: Path) -> bytes:
    if not file.is_file():  # a pipe or a device would never end
        raise NotFirmware("is no file" if file.exists() else "is not there")
    with file.open("rb") as opened:
        return opened.read(firmware.MOST + 1)


def _list(arguments: argparse.Namespace) -> int:
    kept = firmware.kept(options.load(arguments).firmware_dir)
    if arguments.json:
        told = [{"path": str(each.path), "backend": each.backend, "scanners": _names(_for(each))} for each in kept]
        print(json.dumps(told, indent=2, ensure_ascii=False))
        return 0
    for each in kept:
        print(f"{each.path.name}: SANE's {each.backend}, for {_told(_names(_for(each)))}")
    if not kept:
        print("No firmware file is kept.")
    return 0


def _remove(arguments: argparse.Namespace) -> int:
    store = options.load(arguments).firmware_dir
    found = [each for each in firmware.kept(store) if each.path.name.lower() == arguments.name.lower()]
    if not found:
        raise NotTaken(f"{store}: no file '{arguments.name}' is kept there")
    for each in found:
        try:
            each.path.unlink(missing_ok=True)
        except OSError as err:
            raise NotTaken(f"{each.path}: {err.strerror or err}") from err
        print(f"{each.path}: removed.")
    return 0


def _for(kept: Kept) -> tuple[Want, ...]:
    wants = firmware.wants().values()
    return tuple(want for want in wants if want.backend == kept.backend and kept.path.name in want.accepted)


def _names(wanted: tuple[Want, ...]) -> list[str]:
    known = {want.ids: table.known(want.ids) for want in wanted}
    return [name for ids, each in known.items() for name in (each.names if each is not None else (ids,))]


def _told(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return f"{', '.join(names[:_NAMES])}{more}"
