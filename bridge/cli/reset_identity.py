"""`reset-identity`: clients take a scanner for another one from now on.

Windows keeps what it once read of a device under its uuid, for ever: who wants it to forget must give the device
another. The bridge must not be running, for it holds the state that is changed here.
"""

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

from bridge.alone import alone_with, is_running
from bridge.cli import options
from bridge.errors import BridgeError, ConfigError
from bridge.state import FILE, State


class NotReset(BridgeError):
    """The identity cannot be changed; one line for the operator."""


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser(
        "reset-identity",
        help="give a scanner another uuid",
        description="Give a scanner another uuid, so that clients forget what they know of it: Windows keeps name, "
        "model and driver by the uuid. Stop the service first, and remove the scanner from Windows.",
    )
    options.add_config(parser)
    parser.add_argument("--state-dir", metavar="DIR", help="of the bridge (default: the service's, as root)")
    parser.add_argument("key", metavar="KEY", help="as `devices` prints it")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0; the new uuid is printed."""
    directory = options.load(arguments).service_dir
    if is_running(directory):
        raise NotReset(f"a bridge is running with {directory}: stop it first (systemctl stop wsd-scan-bridge)")
    print(f"{arguments.key}: from the next start on it is urn:uuid:{renewed(directory, arguments.key)}")
    return 0


def renewed(directory: Path, key: str) -> str:
    """The scanner's new uuid. Raises NotReset, ConfigError."""
    try:
        owner = (directory / FILE).stat()
    except FileNotFoundError as err:
        raise NotReset(f"{directory}: no bridge has served a scanner from there") from err
    except OSError as err:
        raise ConfigError(str(directory), "state_dir", err.strerror or str(err)) from err
    with alone_with(directory):  # none may start meanwhile
        state = State(directory, datetime.now(UTC))
        try:
            if key not in state.keys:
                raise NotReset(f"no scanner '{key}' is known; there are: {', '.join(state.keys) or 'none'}")
            return str(state.forget_identity(key))
        finally:
            if os.geteuid() == 0:  # the file is a new one, and the service must be able to read it
                os.chown(directory / FILE, owner.st_uid, owner.st_gid)
