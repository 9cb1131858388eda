"""The table of commands, and what every exit code means.

0 done; 1 it could not be done (the reason stands on standard error); 2 wrong arguments or configuration;
130 interrupted before it could end in order.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module, metadata

from bridge.errors import BridgeError, ConfigError

COMMANDS = ("run", "devices", "route", "firmware", "watch", "fax", "check_config", "demo")  # modules beside this one


def main(arguments: Sequence[str] | None = None) -> int:
    """The program."""
    parser = argparse.ArgumentParser(
        prog="wsd-scan-bridge",
        description="Old USB scanners and SNMP-only MFPs appear as modern WSD scanners, with truthful progress.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {metadata.version('wsd-scan-bridge')}")
    subcommands = parser.add_subparsers(required=True, metavar="COMMAND")
    asked = list(sys.argv[1:] if arguments is None else arguments)
    # The service stays for months and keeps no memory for what the others need; on a small board imports take seconds.
    named = [each for each in COMMANDS if asked[:1] == [each.replace("_", "-")]]
    for command in named or COMMANDS:
        import_module(f"bridge.cli.{command}").add(subcommands)
    parsed = parser.parse_args(arguments)
    try:
        code: int = parsed.run(parsed)
    except ConfigError as err:
        print(f"wsd-scan-bridge: {err}", file=sys.stderr)
        return 2
    except BridgeError as err:
        print(f"wsd-scan-bridge: {err}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        return 130  # as shells say it
    return code
