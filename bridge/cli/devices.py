"""`devices`: what is plugged in, which driver serves it, what it can do."""

import argparse
import asyncio
import json
from typing import Any

from rich.console import Console
from rich.table import Table

from bridge import log
from bridge.cli import options
from bridge.config import Config
from bridge.hotplug import find
from drivers.contract.capabilities import Capabilities, Source
from drivers.contract.clock import SystemClock
from drivers.contract.driver import Device, Finding
from drivers.contract.errors import DriverError
from drivers.contract.observation import Snapshot


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser(
        "devices",
        help="list scanners",
        description="List every scanner that is there, its driver, what it can do and how it is.",
    )
    options.add_config(parser)
    parser.add_argument("--usbip", metavar="HOST:PORT", action="append", default=[], help="look there too")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0, also when nothing is there: that is an answer."""
    config = options.load(arguments)
    log.set_up("warning")
    places = (*config.usb.usbip, *arguments.usbip)
    usb = type(config.usb)(enabled=config.usb.enabled, usbip=places)
    found = asyncio.run(_look(config.model_copy(update={"usb": usb})))
    if arguments.json:
        print(json.dumps(found, indent=2))
        return 0
    console = Console()
    if not found:
        console.print("No scanner found.")
        return 0
    table = Table(box=None, pad_edge=False)
    for heading in ("Key", "Scanner", "Driver", "State", "Can do"):
        table.add_column(heading, overflow="fold")
    for device in found:
        table.add_row(
            device["key"], device["name"], device["driver"] or "none", device["state"], "; ".join(device["can"])
        )
    console.print(table)
    return 0


async def _look(config: Config) -> list[dict[str, Any]]:
    clock = SystemClock()
    return [await _describe(finding) for finding in await find(config, clock)]


async def _describe(finding: Finding) -> dict[str, Any]:
    told: dict[str, Any] = {"key": finding.key, "name": finding.description, "driver": finding.driver}
    if finding.driver is None:
        return {**told, "state": "no driver", "can": []}
    try:
        device = await finding.open()
    except DriverError as err:
        return {**told, "state": str(err), "can": []}
    try:
        snapshots = [await observer.poll() for observer in device.observers]
    except DriverError as err:
        return {**told, "name": device.identity.name, "state": str(err), "can": _abilities(device)}
    finally:
        await device.close()
    return {
        **told,
        "name": device.identity.name,
        "manufacturer": device.identity.manufacturer,
        "model": device.identity.model,
        "serial": device.identity.serial,
        "state": "; ".join(_state(snapshot) for snapshot in snapshots),
        "troubles": sorted(f"{each.kind} ({each.unit})" for snapshot in snapshots for each in snapshot.troubles),
        "facts": {name: value for snapshot in snapshots for name, value in snapshot.facts},
        "can": _abilities(device),
    }


def _state(snapshot: Snapshot) -> str:
    troubles = ", ".join(sorted(str(trouble.kind) for trouble in snapshot.troubles))
    return f"{snapshot.readiness}{f' ({troubles})' if troubles else ''}"


def _abilities(device: Device) -> list[str]:
    capabilities: Capabilities = device.capabilities
    can = ["tells progress"]
    if device.acquirer is None:
        can.append("cannot scan for the network")
    for source in Source:
        has = capabilities.of(source)
        if has is not None:
            width, height = has.maximum.width / 1000, has.maximum.height / 1000
            can.append(f"{source} up to {has.resolutions[-1]} dpi, {width:.1f} x {height:.1f} in")
    if capabilities.buttons:
        can.append(f"buttons: {', '.join(capabilities.buttons)}")
    return can
