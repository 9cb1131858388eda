"""`devices`: what is plugged in, which driver serves it, what it can do, and what it needs where it is not served."""

import argparse
import asyncio
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from bridge import log
from bridge.cli import agents, options
from bridge.config import Config
from bridge.hotplug import find
from drivers import routing
from drivers.contract.capabilities import Source
from drivers.contract.clock import SystemClock
from drivers.contract.driver import Device, Finding
from drivers.contract.errors import DriverError
from drivers.contract.observation import Snapshot

_USB_KEY = re.compile(r"usb-([0-9a-f]{4})-([0-9a-f]{4})")


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser(
        "devices",
        help="list scanners",
        description="List every scanner that is there, its driver, what it can do and how it is.",
    )
    options.add_config(parser)
    parser.epilog = "What becomes of a scanner that is not plugged in: wsd-scan-bridge route NAME"
    parser.add_argument("--usbip", metavar="HOST:PORT", action="append", default=[], help="look there too")
    parser.add_argument("--json", action="store_true", help="print JSON")
    agents.add(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0, also when nothing is there: that is an answer. 1 when one agent was named and could not be asked."""
    if agents.wanted(arguments):
        agent = agents.looked_at(arguments)
        if arguments.json:
            print(json.dumps(agent, indent=2))
        else:
            agents.show(agent)
        return 0
    config = options.load(arguments)
    log.set_up("warning")
    found = asyncio.run(_look(config))
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        _print(found)
    return 0


def _print(found: list[dict[str, Any]]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    if not found:
        console.print("No scanner found. What becomes of one that lsusb shows: wsd-scan-bridge route VVVV:PPPP")
    for device in found:
        console.print(f"[bold]{escape(device['name'])}[/]", markup=True)  # the device's own words
        for word in ("state", "key", "driver"):
            console.print(f"  {word:8}{device[word] or 'none'}", markup=False)
        if device["route"] is not None and not (device["open"] and device["scans"]):
            console.print(f"  {'route':8}{device['route']['line']}", markup=False)
        for word in ("scans", "tells"):
            for place, line in enumerate(device[word]):
                console.print(f"  {word if place == 0 else '':8}{line}", markup=False)


async def _look(config: Config) -> list[dict[str, Any]]:
    found = await find(config, SystemClock(), patient=True, unserved=True)
    return [await _describe(finding, config.firmware_dir) for finding in found]


async def _describe(finding: Finding, firmware_dir: Path) -> dict[str, Any]:
    told: dict[str, Any] = {"key": finding.key, "name": finding.description, "driver": finding.driver, "open": False}
    on_usb = _USB_KEY.match(finding.key)
    route = routing.of(f"{on_usb[1]}:{on_usb[2]}", firmware_dir) if on_usb is not None else None
    told["route"] = asdict(route) if route is not None else None
    if finding.driver is None:
        return {**told, "state": "no driver of the bridge knows it", "scans": [], "tells": []}
    try:
        device = await finding.open()
    except DriverError as err:
        return {**told, "state": str(err), "scans": [], "tells": []}
    try:
        snapshots = [await observer.poll() for observer in device.observers]
    except DriverError as err:
        return {**told, **_abilities(device), "state": str(err)}
    finally:
        await device.close()
    return {
        **told,
        **_abilities(device),
        "open": True,
        "state": "; ".join(_state(snapshot) for snapshot in snapshots),
        "troubles": sorted(f"{each.kind} ({each.unit})" for snapshot in snapshots for each in snapshot.troubles),
        "feeder": [str(snapshot.feeder) for snapshot in snapshots],
        "sources": [_source(snapshot) for snapshot in snapshots],
        "facts": {name: value for snapshot in snapshots for name, value in snapshot.facts},
    }


def _source(snapshot: Snapshot) -> dict[str, Any]:
    """What one of those that look at the device says."""
    return {
        "source": snapshot.source,
        "state": str(snapshot.readiness),
        "troubles": sorted(f"{each.kind} ({each.unit})" for each in snapshot.troubles),
        "jobs": [
            {"id": job.native_id, "kind": str(job.kind), "phase": str(job.phase), "pages": job.pages}
            for job in snapshot.jobs
        ],
        "explanation": snapshot.explanation,
    }


def _state(snapshot: Snapshot) -> str:
    troubles = ", ".join(sorted(str(trouble.kind) for trouble in snapshot.troubles))
    return f"{snapshot.readiness}{f' ({troubles})' if troubles else ''}"


def _abilities(device: Device) -> dict[str, Any]:
    scans = []
    for source in Source:
        has = device.capabilities.of(source)
        if has is not None:
            width, height = has.maximum.width / 1000, has.maximum.height / 1000
            modes = ", ".join(has.modes)
            scans.append(f"{source}: {width:.1f} x {height:.1f} in, up to {has.resolutions[-1]} dpi, {modes}")
    buttons = device.capabilities.buttons
    return {
        "name": device.identity.name,
        "manufacturer": device.identity.manufacturer,
        "model": device.identity.model,
        "serial": device.identity.serial,
        "firmware": device.identity.firmware,
        "scans": scans,
        "tells": ["state and progress", *([f"buttons: {', '.join(buttons)}"] if buttons else [])],
    }
