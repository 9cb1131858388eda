"""`wsd-scan-hil record TAPE`: a tape of everything that passes through the running bridge, for a bug report."""

import argparse
import asyncio
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from bridge.cli import options
from bridge.config import Config
from hil.tape import file, wire
from hil.tape.file import Tape
from hil.tape.recording import Recording
from hil.tape.records import Host
from hil.tape.redact import redacted

LAST_SECONDS = 5.0  # for what is still on its way from the bridge
SERVICE = Path("/var/lib/wsd-scan-bridge")  # the state directory of the systemd unit

DESCRIPTION = """\
Take a tape of what passes through the running bridge: USB and SNMP to its scanners, SOAP to its clients, on one clock,
with how each scanner introduced itself. Do what goes wrong, then press Ctrl-C. Names, addresses, serial numbers and
tokens are replaced, and of images only the size is kept, so the file can be attached to a bug report; look through it
before, it is text (and `wsd-scan-hil seal TAPE` after you changed something). `wsd-scan-hil replay TAPE` plays it back.
"""


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser(
        "record",
        help="take a tape from the running bridge",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tape", type=options.new_file, metavar="TAPE", help="the file to write")
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="of the bridge (default: where one is running)")
    parser.add_argument("--seconds", type=float, metavar="N", help="stop by itself after so long")
    parser.add_argument("--images", action="store_true", help="keep image data too, in TAPE.data/")
    parser.add_argument("--unredacted", action="store_true", help="keep names, addresses, serial numbers and tokens")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Record until Ctrl-C, the time is over, or the bridge ends."""
    try:
        tape, lost = asyncio.run(
            _record(_state_dir(arguments.state_dir), arguments.seconds, images=arguments.images, path=arguments.tape)
        )
        if not arguments.unredacted:
            tape = redacted(tape)
        file.write(arguments.tape, tape.header, tape.records, tape.aside if arguments.images else None)
    except wire.NoBridge as err:
        print(f"wsd-scan-hil: {err}", file=sys.stderr)
        return 1
    names = ", ".join(each.name for each in tape.header.devices) or "no device"
    print(f"{arguments.tape}: {len(tape.records)} records of {names}")
    if lost:
        print("wsd-scan-hil: the tape ends early: it could not be written as fast as data came", file=sys.stderr)
        return 1
    return 0


def _state_dir(given: Path | None) -> Path:
    if given is not None:
        return given
    usual = Config().state_dir
    return next((each for each in (usual, SERVICE) if (each / wire.SOCKET).exists()), usual)


async def _record(state_dir: Path, seconds: float | None, *, images: bool, path: Path) -> tuple[Tape, bool]:
    async with wire.opened(state_dir) as tapped:
        recording = Recording(tapped.monotonic, tapped.wall, images=images)
        recording.software["wsd-scan-bridge"] = tapped.bridge
        print(f"recording the bridge with pid {tapped.pid}; Ctrl-C ends it", file=sys.stderr, flush=True)
        listening = asyncio.ensure_future(_listen(tapped, recording))
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, stop.set)
        stopping = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait((listening, stopping), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if not listening.done():
                tapped.end()
                await asyncio.wait((listening,), timeout=LAST_SECONDS)
            if listening.done():
                listening.result()
        finally:
            for task in (listening, stopping):
                task.cancel()
            await asyncio.wait((listening, stopping))
            for each in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(each)
    recording.hosts.append(Host(name="bridge"))
    if tapped.offset is not None:
        # the recorder's clock, seen from the tape's, which is the bridge's
        offset, error = round(-tapped.offset.offset, 6), round(tapped.offset.error, 6)
        recording.hosts.append(Host(name="recorder", offset=offset, error=error))
    recording.note(time.monotonic() + (tapped.offset.offset if tapped.offset else 0.0), "the recording ended")
    return recording.tape(path), tapped.lost


async def _listen(tapped: wire.Tapped, recording: Recording) -> None:
    with suppress(asyncio.IncompleteReadError):  # the bridge ended
        async for told in tapped.told():
            try:
                recording.add(told.time, told.lane, told.device, told.facts, told.data)
            except ValueError as err:
                recording.note(told.time, f"something passed that this program cannot write: {err}")
