"""`wsd-scan-hil scan`: find a WSD scanner, subscribe, scan, show every event as it arrives, save the pages."""

import argparse
import asyncio
import sys
from pathlib import Path

from bridge.cli import options
from bridge.errors import ConfigError
from bridge.stopping import asked_to_stop
from bridge.wsscan.values import ColorEntry, FilmScanMode, Format, InputSource
from bridge.wsscan.year import DEFAULT, Year
from drivers.contract.clock import SystemClock
from hil.client.run import Outcome, Plan, scan
from hil.client.screen import Screen
from hil.client.ticket import Unable, Wish

SOURCES = {
    "platen": InputSource.PLATEN,
    "adf": InputSource.ADF,
    "adf-duplex": InputSource.ADF_DUPLEX,
    "film": InputSource.FILM,
}
FILMS = {
    "slide": FilmScanMode.COLOR_SLIDE_FILM,
    "negative": FilmScanMode.COLOR_NEGATIVE_FILM,
    "bw-negative": FilmScanMode.BLACK_AND_WHITE_NEGATIVE_FILM,
}
COLORS = {"rgb24": ColorEntry.RGB_24, "gray": ColorEntry.GRAYSCALE_8, "bw": ColorEntry.BLACK_AND_WHITE_1}

DESCRIPTION = """\
Be a WSD client: find a scanner by Probe, subscribe to its events, scan, and print each event as it arrives over HTTP.
Exit codes: 0 the job ended Completed; 1 the scanner cannot be reached or made no sense; 2 wrong arguments;
3 the job ended Aborted or Canceled, or was refused.
"""


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser(
        "scan",
        help="scan from a WSD scanner as a client",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--url", help="http://HOST:PORT (directed Probe), a device's address, or its scan service's")
    where.add_argument("--probe", action="store_true", help="multicast Probe; this is the default")
    parser.add_argument("--device", metavar="URN", help="of all that answer --probe, the one with this address")
    parser.add_argument("--interface", default="127.0.0.1", help="name or address for --probe (%(default)s)")
    parser.add_argument("--source", choices=tuple(SOURCES), default="adf")
    parser.add_argument(
        "--film", choices=tuple(FILMS), default=None, help="what --source film is (the scanner's default)"
    )
    parser.add_argument("--pages", type=_pages, default=None, metavar="N", help="at most N images (adf: all there are)")
    parser.add_argument("--resolution", type=options.positive, default=150, metavar="PPI")
    parser.add_argument("--color", choices=tuple(COLORS), default="rgb24")
    parser.add_argument("--format", choices=tuple(map(str, Format)), default=str(Format.JFIF))
    parser.add_argument(
        "--output", type=options.new_folder, default=Path(), metavar="DIR", help="where pages are saved (here)"
    )
    parser.add_argument("--year", choices=tuple(map(str, Year)), default=str(DEFAULT), help="of WS-Scan's namespace")
    parser.add_argument("--one-each", action="store_true", help="one subscription for each event, as Windows does")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Scan; the exit code."""
    source = SOURCES[arguments.source]
    images = arguments.pages if arguments.pages is not None else int(source is InputSource.PLATEN)
    plan = Plan(
        wish=Wish(
            source,
            arguments.format,
            COLORS[arguments.color],
            arguments.resolution,
            images,
            film=FILMS.get(arguments.film),
        ),
        url=arguments.url,
        interface=arguments.interface,
        output=arguments.output,
        year=Year(arguments.year),
        one_each=arguments.one_each,
        device=arguments.device,
    )
    plan.output.mkdir(parents=True, exist_ok=True)
    try:
        return asyncio.run(_run(plan, as_json=arguments.json))
    except Unable as err:
        raise ConfigError("command line", "", str(err)) from err
    except OSError as err:  # what fills a disk does not say which
        raise OSError(err.errno, err.strerror, err.filename or str(plan.output)) from err


async def _run(plan: Plan, *, as_json: bool) -> int:
    with Screen(sys.stdout, as_json=as_json) as screen, asked_to_stop() as stop:
        outcome = await scan(plan, screen, SystemClock(), stop)
    return 0 if outcome is Outcome.COMPLETED else 3


def _pages(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of pages")
    return int(text)
