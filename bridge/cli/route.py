"""`route`: what becomes of a scanner that need not be plugged in. Before one buys it, or an evening is lost."""

import argparse
import json
import sys
from dataclasses import asdict

from bridge.cli import options
from drivers import routing

_MOST = 40  # lines; a name such as "perfection" has more


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser(
        "route",
        help="tell how a scanner would be served, plugged in or not",
        description="Tell how a scanner would be served: by the bridge's own driver, by SANE, with a firmware file, "
        "with a program to be installed, or not at all. lsusb shows the USB id.",
    )
    options.add_config(parser)
    parser.add_argument("scanner", metavar="VVVV:PPPP|NAME", nargs="+", help="USB id, or words of the model's name")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0 when something is known of that name or id, 1 when not."""
    config = options.load(arguments)
    text = " ".join(arguments.scanner)
    found = routing.asked(text, config.firmware_dir)
    if arguments.json:
        print(json.dumps([asdict(route) for route in found], indent=2, ensure_ascii=False))
    else:
        for route in found[:_MOST]:
            print(route.line)
        if len(found) > _MOST:
            print(f"… and {len(found) - _MOST} more; say more of the name.")
    if not found:
        print(f"No list of scanners has '{text}'; lsusb shows its USB id, which can be asked for too.", file=sys.stderr)
    return 0 if any(route.names or route.happy for route in found) else 1
