"""`wsd-scan-hil bench`: how fast events leave and pages are coded, each as a multiple of a floor of the same run."""

import argparse
import asyncio
import json
import sys
from pathlib import Path

from rich.console import Console

from bridge.cli import options
from drivers.contract.clock import SystemClock
from hil.bench import (
    compare,
    discovery,
    encoding,
    fanout,
    floor,
    idle,
    images,
    pages,
    panel,
    polling,
    post_scan,
    questions,
    sane,
    table,
)
from hil.bench.figures import Figure, machine
from hil.client.timeline import TooLate

DESCRIPTION = """\
Measure, in some minutes, each time as a multiple of a floor of the same run: from what a simulated device shows to
the event's POST at a subscriber, and an event to a hundred of them (bare POSTs of the same bytes); questions to the
scanner, idle, scanning and unplugged, and finding it (a bare handler that answers the same bytes); a coded page
through RetrieveImage, and to a scan server (bare streams); JPEG coding of A4 colour pages (scanimage); looking at 10
to 200 network MFPs over SNMP, and walking a table (snmpbulkwalk). The wait for the next poll of a
device is no part of the time; it is shown beside it. --compare shows two records that --json wrote.
Only when named: `sane`, a page from SANE's test backend through the whole bridge, beside scanimage and, with --beside,
AirSane; `idle`, wake-ups, CPU and memory while nobody scans, which takes a minute and a half.
"""
_PARTS = ("events", "fan-out", "questions", "discovery", "images", "post-scan", "encoding", "polling")
_NAMED = ("sane", "idle")  # they need what is not everywhere, or long
_QUESTIONS = 2_000  # in each state of the scanner: twenty are slower than p99
_PROBES = 500
_WIDTH = 140  # of the table in a file
_BARE = "floor is a bare POST of the same bytes"


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser(
        "bench", help="measure", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=(*_PARTS, *_NAMED), help="one part of it")
    parser.add_argument(
        "--runs", type=_count, default=8, metavar="N", help="panel scans; pages are twice as many (%(default)s)"
    )
    parser.add_argument(
        "--scanimage", metavar="PATH", help="the program to compare with ($SCANIMAGE, else the one on PATH)"
    )
    parser.add_argument(
        "--snmpbulkwalk", metavar="PATH", help="the program to compare with ($SNMPBULKWALK, else the one on PATH)"
    )
    parser.add_argument(
        "--beside", type=_rival, metavar="airsane=PATH", help="the program of AirSane that `sane` is compared with"
    )
    parser.add_argument("--json", type=options.new_file, metavar="FILE", help="write all samples there")
    parser.add_argument("--compare", type=Path, nargs=2, metavar=("BEFORE", "AFTER"), help="measure nothing")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure; the exit code."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    about = machine()
    figures: list[Figure] = []
    try:
        if arguments.compare is not None:
            compare.show(console, *map(compare.Record.read, arguments.compare))
            return 0
        for part in _PARTS if arguments.only is None else (arguments.only,):
            with console.status(part):
                figures += _measured(part, arguments)
        table.show(console, figures, about)
        if arguments.json is not None:
            arguments.json.write_text(json.dumps(table.record(figures, about), indent=1) + "\n")
    except (RuntimeError, TooLate, ValueError) as err:
        print(f"wsd-scan-hil: {err}", file=sys.stderr)
        return 1
    return 0


def _measured(part: str, arguments: argparse.Namespace) -> list[Figure]:
    clock = SystemClock()
    match part:
        case "events":
            return asyncio.run(_events(arguments.runs))
        case "fan-out":
            return [asyncio.run(fanout.figure(arguments.runs, clock))]
        case "questions":
            return asyncio.run(questions.figures(_QUESTIONS, clock))
        case "discovery":
            return asyncio.run(discovery.figures(_PROBES))
        case "images":
            return [asyncio.run(images.figure(arguments.runs, clock))]
        case "post-scan":
            return [asyncio.run(post_scan.figure(arguments.runs))]
        case "polling":
            return asyncio.run(polling.figures(clock, arguments.snmpbulkwalk))
        case "idle":
            return asyncio.run(idle.figures())
        case "sane":
            return asyncio.run(sane.figures(arguments.runs, clock, arguments.scanimage, arguments.beside))
        case _:
            return encoding.figures((300, 600), 5, arguments.scanimage)


async def _events(runs: int) -> list[Figure]:
    clock = SystemClock()
    ended, page_body = await pages.page_ends(2 * runs, clock)
    pressed, waited, panel_body = await panel.panel_scans(runs, clock)
    return [
        Figure("page's last byte to its event, USB/IP", ended, await floor.bare_posts(page_body), _BARE),
        Figure(
            "panel scan to its event, SNMP",
            pressed,
            await floor.bare_posts(panel_body),
            _BARE,
            wait=waited,
            note="poll wait is not in the time",
        ),
    ]


def _rival(text: str) -> Path:
    name, equals, path = text.partition("=")
    if name != "airsane" or not equals or not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"{text!r} is not airsane=PATH of its program")
    return Path(path).resolve()


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not 1 to 100")
    return int(text)
