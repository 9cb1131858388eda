"""`wsd-scan-hil`: the table of the bench's commands."""

import sys
from collections.abc import Sequence
from typing import Final

from bridge.cli import program

COMMANDS: Final = {
    "serve": "hil.serve",
    "scan": "hil.client.command",
    "windows": "hil.client.windows",
    "bench": "hil.bench.command",
    "record": "hil.tape.record",
    "fault": "hil.faults.command",
    "fuzz": "hil.fuzz.command",
    "scenario": "hil.scenario.command",
    "report": "hil.report.command",
    "replay": "hil.tape.commands:add_replay",
    "compare": "hil.tape.commands:add_compare",
    "verify": "hil.tape.commands:add_verify",
    "seal": "hil.tape.commands:add_seal",
    "import": "hil.tape.commands:add_import",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """The program."""
    return program.run("wsd-scan-hil", "The bench of the WSD scan bridge.", COMMANDS, arguments)


if __name__ == "__main__":
    sys.exit(main())
