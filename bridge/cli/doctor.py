"""`doctor`: what each network is told of us, and what stands between the bridge and the scanners on USB.

It looks, and neither claims, sends nor changes anything.
"""

import argparse
import asyncio
import errno
import grp
import json
import os
import pwd
import socket
import stat
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from bridge.alone import is_running
from bridge.cli import options
from bridge.config import Config, Mdns, Sane
from bridge.hotplug import find
from bridge.log import kept_short
from bridge.net import interfaces
from bridge.net.addresses import Interface, Selection, told, url
from drivers.contract.clock import SystemClock
from drivers.contract.errors import DriverError
from drivers.usb.bus import LocalBus
from drivers.usb.surroundings import NODES, PROC, SYSFS, holders, node, remarks

GROUPS: Final = frozenset({"scanner", "lp"})  # of which the service is a member
RULE: Final = "copy udev/60-wsd-scan-bridge.rules as the README says, and plug the scanner in again"


class Grade(StrEnum):
    """How much it matters."""

    FINE = "ok"
    NOTE = "note"
    WRONG = "WRONG"


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was looked at."""

    grade: Grade
    about: str
    text: str


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser(
        "doctor",
        help="look for what keeps scanners or clients away",
        description="Look for what keeps scanners or clients away: the addresses that each network is told, the port, "
        "who may open a scanner on USB and who has it. Nothing is changed. Exit code 1: something is wrong.",
    )
    options.add_config(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0; 1 where something is wrong."""
    config = options.load(arguments)
    said = [*networks(config, interfaces.read()), service(config), *scanners(config)]
    if arguments.json:
        print(json.dumps([asdict(each) for each in said], indent=2))
    else:
        for each in said:
            print(f"{each.grade:5}  {kept_short(each.about)}: {kept_short(each.text, 400)}")
    return 1 if any(each.grade is Grade.WRONG for each in said) else 0


# The network.


def networks(config: Config, found: Iterable[Interface]) -> Iterator[Said]:
    """What clients on each network are told."""
    there = tuple(found)
    selection = Selection.configured(config.service)
    served = {each.index: each for each in selection.of(there)}
    for each in there:
        here = served.get(each.index)
        if here is not None:
            yield from _told(config, here)
        elif not each.loopback:
            yield Said(
                Grade.NOTE, f"network {each.name}", "is left out, as `listen` or `interfaces` under [service] say"
            )
    for name in selection.missing(there):
        yield Said(Grade.WRONG, f"network {name}", "is asked for under [service], and is not there or has no address")
    if not served:
        yield Said(Grade.WRONG, "network", "there is none on which clients could find the bridge")
    if not config.service.multicast:
        yield Said(
            Grade.NOTE, "network", "`multicast` is off: clients find the bridge only where they are told its URL"
        )


def _told(config: Config, here: Interface) -> Iterator[Said]:
    scheme, port = ("http", config.service.listen.port) if config.tls.plain else ("https", config.tls.port)
    for version in (4, 6):
        if ours := here.of(version):
            urls = " ".join(url(scheme, each, port) for each in told(here, ours[0].ip))
            yield Said(Grade.FINE, f"network {here.name}", f"who asks over IPv{version} is told {urls}")
    if not here.multicast and not here.loopback:
        yield Said(Grade.NOTE, f"network {here.name}", "knows no multicast: nobody there finds the bridge by himself")


def service(config: Config) -> Said:
    """Whether the bridge is running, or could."""
    listen = config.service.listen
    if is_running(config.service_dir):
        return Said(Grade.FINE, "bridge", f"is running with {config.service_dir}")
    family = socket.AF_INET6 if ":" in listen.address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((listen.address, listen.port))
            probe.listen()
        except OSError as err:
            taken = "is another program's; `ss -ltnp` tells whose, and `listen` under [service] takes another port"
            why = taken if err.errno == errno.EADDRINUSE else err.strerror or str(err)
            return Said(Grade.WRONG, f"port {listen.port}", why)
    return Said(Grade.NOTE, "bridge", f"is not running; port {listen.port} is free")


# USB.


def scanners(config: Config) -> Iterator[Said]:
    """What stands between the bridge and each scanner on this machine's USB."""
    if not config.usb.enabled:
        return
    usb_only = config.model_copy(update={"snmp": (), "escl": (), "mdns": Mdns(escl=False), "sane": Sane(enabled=False)})
    try:
        paths = {each.key: each.path for each in LocalBus().devices()}
        found = asyncio.run(find(usb_only, SystemClock(), unserved=True))
    except DriverError as err:
        yield Said(Grade.WRONG, "USB", str(err))
        return
    plugged = [each for each in found if each.key in paths]
    for each in plugged:
        yield from scanner(each.description, paths[each.key])
    if not plugged:
        yield Said(Grade.NOTE, "USB", "no scanner is plugged in")


def scanner(name: str, path: str, sysfs: Path = SYSFS, nodes: Path = NODES, proc: Path = PROC) -> Iterator[Said]:
    """Of the one that is plugged in at `path`."""
    file = node(path, sysfs, nodes)
    if file is None or not file.exists():
        yield Said(Grade.WRONG, name, "has no device file; a container must be given /dev/bus/usb")
        return
    owner, group, mode = _owner(file)
    belongs = f"{file} belongs to {owner}:{group} ({mode})"
    if not os.access(file, os.R_OK | os.W_OK):
        yield Said(Grade.WRONG, name, f"{belongs}, and this user may not open it; {RULE}")
    elif group not in GROUPS:
        yield Said(Grade.WRONG, name, f"{belongs}, and the service may not open it; {RULE}")
    else:
        yield Said(Grade.FINE, name, belongs)
    if having := holders(file, proc):
        yield Said(Grade.NOTE, name, f"is open in {', '.join(having)}; a scan may find it busy")
    for remark in remarks(path, sysfs):
        yield Said(Grade.WRONG if remark.act else Grade.NOTE, name, remark.text)


def _owner(file: Path) -> tuple[str, str, str]:
    found = file.stat()
    try:
        owner = pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        owner = str(found.st_uid)
    try:
        group = grp.getgrgid(found.st_gid).gr_name
    except KeyError:
        group = str(found.st_gid)
    return owner, group, stat.filemode(found.st_mode)
