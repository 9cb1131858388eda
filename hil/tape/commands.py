"""`wsd-scan-hil replay`, `compare`, `verify`, `seal` and `import`: what can be done with a tape once there is one."""

import argparse
import asyncio
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from drivers.contract.errors import DriverError
from hil.serve import address
from hil.tape import file, replay, soap
from hil.tape.file import TapeError
from hil.tape.imports import FORMATS, imported
from hil.tape.redact import redacted
from hil.tape.verify import verify

REPLAY = """\
Serve the devices of a tape as they were: USB scanners over USB/IP, network scanners as SNMP agents and eSCL services.
For each one line `ready URL …` is printed; `wsd-scan-bridge run` and `devices` take them as any other. Ends with
SIGTERM or SIGINT; exit code 1 when what was asked differed from the tape, which is said as it happens.
"""
VERIFY = """\
Ask a real or simulated USB device everything that the tape's host asked, and compare what it answers. Ends at the first
byte that differs. Mind: the device is made to do what is on the tape.
"""
SEAL = """\
Let a tape be as it stands there now. A tape ends with its seal, and one that was changed after it was sealed is not
read. Who changes one by intent, because something private is in it or to try what another answer would do, seals it
again, and whoever reads it is told that it was sealed by hand. Do so before you pass it on: what was taken out, if it
was short, can be reckoned from the old seal.
"""


def add_replay(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser(
        "replay",
        help="serve the devices of a tape",
        description=REPLAY,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tape", type=Path, metavar="TAPE")
    parser.add_argument("--listen", type=address, default=("127.0.0.1", 0), metavar="HOST:PORT", help="port 0: any")
    parser.add_argument(
        "--pace", type=_pace, default=1.0, metavar="X", help="1 as it was (default), 0 at once, 2 slower"
    )
    parser.add_argument("--strict", action="store_true", help="polls too must come exactly as on the tape")
    parser.add_argument(
        "--hold", action="store_true", help="its time stands until Enter is pressed: first start who is to see it all"
    )
    parser.add_argument("--community", default="public", help="of its SNMP agents (%(default)s)")
    parser.set_defaults(run=_guarded(_replay))


def add_compare(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser(
        "compare",
        help="compare what clients were told on two tapes",
        description="Lay the SOAP messages of two tapes side by side, ids and times apart. Exit code 1: they differ.",
    )
    parser.add_argument("tape", type=Path, metavar="TAPE")
    parser.add_argument("now", type=Path, metavar="OTHER")
    parser.set_defaults(run=_guarded(_compare))


def add_verify(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser("verify", help="compare a device with its tape", description=VERIFY)
    parser.add_argument("tape", type=Path, metavar="TAPE")
    parser.add_argument("device", metavar="usbip://HOST:PORT|local", help="where the device is")
    parser.set_defaults(run=_guarded(_verify))


def add_seal(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser(
        "seal",
        help="seal a tape that was changed by intent",
        description=SEAL,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tape", type=Path, metavar="TAPE")
    parser.set_defaults(run=_guarded(_seal))


def add_import(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser(
        "import",
        help="make a tape of another program's recording",
        description=f"Make a tape of a recording: {', '.join(FORMATS)}. The format is found out.",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("tape", type=Path, metavar="TAPE")
    parser.add_argument("--device", metavar="VVVV:PPPP|BUS.DEVICE", help="of a USB capture: which device")
    parser.add_argument("--redacted", action="store_true", help="take names, addresses and serial numbers out")
    parser.set_defaults(run=_guarded(_import))


def _guarded(work: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    def run(arguments: argparse.Namespace) -> int:
        try:
            return work(arguments)
        except TapeError as err:
            print(f"wsd-scan-hil: {err}", file=sys.stderr)
            return 2
        except (DriverError, OSError) as err:
            print(f"wsd-scan-hil: {err}", file=sys.stderr)
            return 1

    return run


def _pace(text: str) -> float:
    try:
        pace = float(text)
    except ValueError:
        pace = -1.0
    if not 0 <= pace <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1000")
    return pace


def _replay(arguments: argparse.Namespace) -> int:
    return asyncio.run(_serve(arguments))


async def _serve(arguments: argparse.Namespace) -> int:
    tape = file.read(arguments.tape)
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    host, port = arguments.listen
    said: str | None = None
    async with replay.served(
        *(tape, host, port),
        pace=arguments.pace,
        strict=arguments.strict,
        held=arguments.hold,
        community=arguments.community,
    ) as rig:
        if arguments.hold:
            threading.Thread(target=_begin_with_input, args=(asyncio.get_running_loop(), rig), daemon=True).start()
        for line in rig.lines:
            print(f"ready {line}", flush=True)
        while not stop.is_set():
            if rig.failure is not None and said is None:
                said = rig.failure
                print(f"wsd-scan-hil: {said}", file=sys.stderr, flush=True)
            try:
                async with asyncio.timeout(0.2):
                    await stop.wait()
            except TimeoutError:
                continue
        failure = rig.failure
    if failure is not None and said is None:
        print(f"wsd-scan-hil: {failure}", file=sys.stderr, flush=True)
    return 1 if failure is not None else 0


def _begin_with_input(loop: asyncio.AbstractEventLoop, rig: replay.Replayed) -> None:
    sys.stdin.readline()
    with suppress(RuntimeError):  # it has ended
        loop.call_soon_threadsafe(rig.begin)


def _compare(arguments: argparse.Namespace) -> int:
    found = soap.differences(file.read(arguments.tape), file.read(arguments.now))
    for each in found:
        print(each)
    return 1 if found else 0


def _verify(arguments: argparse.Namespace) -> int:
    found = verify(file.read(arguments.tape), arguments.device)
    print(found or f"{arguments.device} answers as on {arguments.tape}")
    return 1 if found else 0


def _seal(arguments: argparse.Namespace) -> int:
    change = file.seal_by_hand(arguments.tape)
    print(f"{arguments.tape}: " + ("is as it was sealed" if change is None else f"is sealed by hand now; {change}"))
    return 0


def _import(arguments: argparse.Namespace) -> int:
    tape = imported(arguments.file, arguments.device)
    if arguments.redacted:
        tape = redacted(tape)
    file.write(arguments.tape, tape.header, tape.records, None if arguments.redacted else tape.aside)
    names = ", ".join(each.name for each in tape.header.devices)
    print(f"{arguments.tape}: {len(tape.records)} records of {names}")
    return 0
