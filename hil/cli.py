"""`wsd-scan-hil`: the bench's commands, one row each.

A command is a module with `add(subcommands)`, which adds its parser and sets `run`, a function of the parsed arguments
that returns the exit code: 0 done, 1 it did not work, 2 wrong arguments.
"""

import argparse
import sys
from collections.abc import Callable, Sequence

from hil import serve
from hil.bench import command as bench
from hil.client import command as scan
from hil.client import windows
from hil.faults import command as fault
from hil.fuzz import command as fuzz
from hil.report import command as report
from hil.scenario import command as scenario
from hil.tape import commands as tape
from hil.tape import record

COMMANDS: tuple[Callable[["argparse._SubParsersAction[argparse.ArgumentParser]"], None], ...] = (
    serve.add,
    scan.add,
    windows.add,
    bench.add,
    record.add,
    fault.add,
    fuzz.add,
    scenario.add,
    report.add,
    tape.add_replay,
    tape.add_compare,
    tape.add_verify,
    tape.add_import,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The program."""
    parser = argparse.ArgumentParser(prog="wsd-scan-hil", description="The bench of the WSD scan bridge.")
    subcommands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in COMMANDS:
        add(subcommands)
    parsed = parser.parse_args(arguments)
    code: int = parsed.run(parsed)
    return code


if __name__ == "__main__":
    sys.exit(main())
