"""`watch`: subscribe to any WSD scanner and print its events as they arrive."""

import argparse
import asyncio
import sys

from bridge import log
from bridge.watch import watch


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser(
        "watch",
        help="print a scanner's events live",
        description="Subscribe to a WSD scanner (not only one of this bridge) and print its events until interrupted.",
    )
    parser.add_argument("url", metavar="URL", help="the device's URL, as `run` prints it, or its scan service's")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Until SIGINT or SIGTERM."""
    log.set_up("warning")
    return asyncio.run(watch(arguments.url, json=arguments.json, out=sys.stdout))
