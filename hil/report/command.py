"""`wsd-scan-hil report`: tapes drawn as timelines on one HTML page."""

import argparse
import sys
from pathlib import Path

from bridge.cli import options
from hil.report.page import page
from hil.report.taped import run_of
from hil.tape import file
from hil.tape.file import TapeError


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser(
        "report",
        help="draw tapes as timelines",
        description="Draw what is on tapes as one HTML page that needs nothing else: USB, SNMP, jobs, events and SOAP.",
    )
    parser.add_argument("tapes", nargs="+", type=Path, metavar="TAPE")
    parser.add_argument("--html", type=options.new_file, required=True, metavar="FILE", help="the page to write")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Draw them; the exit code."""
    try:
        found = [run_of(file.read(path)) for path in arguments.tapes]
        arguments.html.write_text(page(found), encoding="utf-8")
    except (TapeError, OSError) as err:
        print(f"wsd-scan-hil: {err}", file=sys.stderr)
        return 2
    print(f"{arguments.html}: {len(found)} timelines")
    return 0
