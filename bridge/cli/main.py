"""The table of the operator's commands."""

from collections.abc import Sequence
from typing import Final

from bridge.cli import program

COMMANDS: Final = (
    "run",
    "devices",
    "route",
    "firmware",
    "watch",
    "fax",
    "doctor",
    "check-config",
    "reset-identity",
    "demo",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The program."""
    return program.run(
        "wsd-scan-bridge",
        "Old USB scanners and SNMP-only MFPs appear as modern WSD scanners, with truthful progress.",
        {each: f"bridge.cli.{each.replace('-', '_')}" for each in COMMANDS},
        arguments,
    )
