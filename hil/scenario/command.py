"""`wsd-scan-hil scenario`: shipped scenarios or one's own files, on simulated devices, tapes or real scanners."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from bridge.cli import options
from drivers.contract.clock import SystemClock
from hil.faults.plan import USB, Fault
from hil.report.junit import junit
from hil.report.page import page
from hil.report.table import table
from hil.scenario import enumeration, model, runs
from hil.scenario.actuators import (
    CABLE,
    OUTLET,
    Actuator,
    CannotAct,
    Commands,
    Operator,
    Switched,
    Terminal,
    usb_port,
)
from hil.scenario.model import Scenario, ScenarioError
from hil.scenario.runs import Chosen, Outcome, Run
from hil.scenario.seen import Deed
from hil.scenario.taping import tape_of
from hil.tape import file
from hil.tape.file import TapeError

DESCRIPTION = """\
Run scenarios and say what was not as it must be. NAME is a shipped one (see --list) or a .toml file; none means all
that are shipped. On simulated devices and tapes time is turned by hand: ten minutes take well under a second. Exit
code 0: all passed; 1: one failed; 3: none failed, and one was not runnable on this rig.
"""


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser(
        "scenario",
        help="run scenarios and report",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", action="store_true", help="list the shipped scenarios")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--device",
        type=_device,
        metavar="DEVICE",
        help="a real scanner: usb:VVVV:PPPP, usbip:HOST:PORT or snmp:HOST[:PORT]",
    )
    where.add_argument(
        "--tape", type=Path, metavar="TAPE", help="a tape of that scenario; a directory: NAME.tape in it"
    )
    parser.add_argument("--operator", action="store_true", help="a person at this terminal does what the rig cannot")
    parser.add_argument("--usb-port", metavar="HUB:PORT", help="the scanner's port, switched by uhubctl")
    parser.add_argument("--power-off", metavar="COMMAND", help="switches the scanner's power outlet off")
    parser.add_argument("--power-on", metavar="COMMAND", help="switches it on")
    parser.add_argument(
        "--enumerate",
        metavar="FAULT,…",
        help=f"run each again with each fault ({', '.join(sorted(USB))}) at each USB transfer; simulated only",
    )
    parser.add_argument(
        "--record", type=options.new_folder, metavar="DIR", help="keep a tape of each run as DIR/NAME.tape"
    )
    parser.add_argument("--junit", type=options.new_file, metavar="FILE", help="write a report as JUnit XML")
    parser.add_argument("--html", type=options.new_file, metavar="FILE", help="write a report as one HTML page")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run them; the exit code."""
    logging.basicConfig(level=logging.ERROR, format="%(name)s: %(message)s")
    logging.getLogger("bridge").setLevel(logging.CRITICAL)  # the bridge's own complaints are on the timeline
    try:
        names = arguments.names or list(model.shipped())
        wanted = [(Path(name).stem if name.endswith(".toml") else name, model.named(name)) for name in names]
        if arguments.list:
            for name, scenario in wanted:
                print(f"{name:<22} {scenario.title}")
            return 0
        if arguments.enumerate:
            return _enumerate(wanted, arguments.enumerate)
        actuators = _actuators(arguments)
        found: list[Run] = []
        for name, scenario in wanted:
            _under_way(f"{len(found) + 1} of {len(wanted)}: {name}")
            found.append(_one(name, scenario, arguments, actuators))
        _under_way("")
    except (ScenarioError, CannotAct, TapeError) as err:
        print(f"wsd-scan-hil: {err}", file=sys.stderr)
        return 2
    print(table(found))
    _write(found, arguments)
    outcomes = {each.outcome for each in found}
    if outcomes & {Outcome.FAILED, Outcome.BROKEN}:
        return 1
    return 3 if Outcome.NOT_RUNNABLE in outcomes else 0


def _under_way(text: str) -> None:
    """On a terminal, in a line that is written over: the table comes only at the end."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _enumerate(wanted: Sequence[tuple[str, Scenario]], words: str) -> int:
    """Exit code 1: something was wrong in one of the runs."""
    unknown = set(words.split(",")) - USB
    if unknown:
        raise ScenarioError(f"--enumerate: {', '.join(sorted(unknown))}: no fault of USB")
    faults = [Fault(word) for word in words.split(",")]
    wrong = False
    for name, scenario in wanted:
        found = list(enumeration.rows(name, scenario, faults))
        wrong = wrong or any(row.wrong for row in found)
        print(f"{name}\n{enumeration.table(found)}")
    return int(wrong)


def _one(name: str, scenario: Scenario, arguments: argparse.Namespace, actuators: Sequence[Actuator]) -> Run:
    if arguments.device is not None:
        return runs.real(name, scenario, arguments.device, actuators, did=_told)
    if arguments.tape is None:
        return runs.simulated(name, scenario)
    path: Path = arguments.tape / f"{name}.tape" if arguments.tape.is_dir() else arguments.tape
    if not path.exists() and arguments.tape.is_dir():
        return Run(name, scenario, Outcome.NOT_RUNNABLE, f"tape {path}", ("there is no such tape",))
    return runs.taped(name, scenario, file.read(path))


def _actuators(arguments: argparse.Namespace) -> tuple[Actuator, ...]:
    """Switches before people. Raises CannotAct."""
    found: list[Actuator] = []
    if arguments.usb_port:
        found.append(Switched(usb_port(arguments.usb_port), CABLE))
    if arguments.power_off or arguments.power_on:
        if not (arguments.power_off and arguments.power_on):
            raise CannotAct("--power-off and --power-on belong together")
        found.append(Switched(Commands(arguments.power_off.split(), arguments.power_on.split()), OUTLET))
    if arguments.operator:
        found.append(Operator(Terminal(SystemClock())))
    return tuple(found)


def _write(found: Sequence[Run], arguments: argparse.Namespace) -> None:
    if arguments.record is not None:
        arguments.record.mkdir(parents=True, exist_ok=True)
        for each in found:
            if each.passed:
                path = arguments.record / f"{each.name}.tape"
                tape = tape_of(each, path)
                file.write(path, tape.header, tape.records, tape.aside)
    if arguments.junit is not None:
        arguments.junit.write_text(junit(found), encoding="utf-8")
    if arguments.html is not None:
        arguments.html.write_text(page(found), encoding="utf-8")


def _told(deed: Deed) -> None:
    print(f"{deed.at:9.3f} s  {deed.who}: {deed.text}", flush=True)


def _device(text: str) -> Chosen:
    try:
        return Chosen.parse(text)
    except ValueError as err:
        raise argparse.ArgumentTypeError(str(err)) from err
