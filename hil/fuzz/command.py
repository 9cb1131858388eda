"""`wsd-scan-hil fuzz`: damaged messages, by the million, to the service and to the sockets of a running bridge."""

import argparse
import asyncio
import os
import sys
import time
from pathlib import Path

from bridge.cli import options
from bridge.errors import ConfigError
from hil.bench.served import NotServed, Served, served
from hil.fuzz import corpus, inside, outside
from hil.fuzz.memory import Growth, resident
from hil.fuzz.paper import CAPABILITIES
from hil.fuzz.verdict import Tally
from hil.serving import scanner

DESCRIPTION = """\
Send damaged messages and see that the bridge neither breaks nor hangs, grows or answers what it must not. Without
--outside they go straight into the service in this process (a thousand a second); with it, over TCP and UDP to a
bridge started for the purpose with a simulated scanner, on loopback. The same --seed and --start send the same
messages again. The exit code is 1 when there are findings.
"""
_ROUND = 2_000  # messages between two looks at the memory
_OURS = 5  # parts of our own messages for one of recorded ones
_GROWTH = 25.0  # MB from the middle of a run to its end; what fragments and caches may still need


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser(
        "fuzz", help="abuse the bridge", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=options.positive, default=20_000, metavar="N", help="messages (%(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=float("inf"), metavar="S", help="end after that time at the latest"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of all chance (%(default)s)")
    parser.add_argument(
        "--start", type=int, default=0, metavar="N", help="the number of the first message (%(default)s)"
    )
    parser.add_argument("--outside", action="store_true", help="over sockets, to a bridge of its own")
    parser.add_argument("--udp", action="store_true", help="with --outside: discovery too, on port 3702 of loopback")
    parser.add_argument(
        "--messages", type=Path, metavar="DIR", help="recorded messages to begin with ($WSD_REALDATA, where set)"
    )
    parser.add_argument(
        "--keep", type=options.new_folder, metavar="DIR", help="write the messages of the findings there"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Fuzz; the exit code."""
    tally, growth = Tally(), Growth()
    began = time.monotonic()
    work = _outside if arguments.outside else _inside
    try:
        sent = asyncio.run(work(arguments, tally, growth))
    except NotServed as err:
        print(f"wsd-scan-hil: {err}", file=sys.stderr)
        return 1
    seconds = time.monotonic() - began
    if growth.grown > _GROWTH:
        tally.find(-1, f"memory grew by {growth.grown:.0f} MB in the second half", b"")
    _show(tally, growth, sent, seconds)
    if arguments.keep is not None:
        tally.keep(arguments.keep)
    return 1 if tally.findings else 0


async def _inside(arguments: argparse.Namespace, tally: Tally, growth: Growth) -> int:
    async with inside.service() as service:
        target = inside.Inside(service, _seeds(arguments), arguments.seed, tally)
        return await _rounds(arguments, target, growth, tally, os.getpid())


async def _outside(arguments: argparse.Namespace, tally: Tally, growth: Growth) -> int:
    async with scanner("esci", "adf=3,feed=0.01,speed=0,warmup=0") as rig:
        config = f'[usb]\nenabled = false\nusbip = ["{rig.host}:{rig.port}"]\n'
        async with served(config, multicast=arguments.udp) as bridge:
            target = outside.Outside(bridge.url, _seeds(arguments), arguments.seed, tally, udp=arguments.udp)
            sent = await _rounds(arguments, target, growth, tally, bridge.pid)
            await _is_well(bridge, arguments.start + sent, tally)
            return sent


async def _rounds(
    arguments: argparse.Namespace, target: inside.Inside | outside.Outside, growth: Growth, tally: Tally, pid: int
) -> int:
    """In rounds, with a look at the memory after each."""
    ends = time.monotonic() + arguments.seconds
    sent = 0
    while sent < arguments.count and not tally.full and (left := ends - time.monotonic()) > 0:
        sent += await target.run(arguments.start + sent, min(_ROUND, arguments.count - sent), left)
        growth.take(sent, resident(pid))
    return sent


async def _is_well(bridge: Served, number: int, tally: Tally) -> None:
    why = await outside.well(bridge.url)
    if why is not None:
        tally.find(number, f"after all that, {why}", b"")
    log = bridge.log()
    if "Traceback" in log:
        at = log.index("Traceback")
        tally.find(number, log[max(0, at - 300) : at + 3_000], b"")


def _seeds(arguments: argparse.Namespace) -> list[corpus.Seed]:
    directory = arguments.messages
    if directory is None and "WSD_REALDATA" in os.environ:
        directory = Path(os.environ["WSD_REALDATA"])
    recorded = [] if directory is None else corpus.recorded(directory)
    if arguments.messages is not None and not recorded:
        raise ConfigError("command line", "--messages", f"{directory}: there is no recorded message")
    return corpus.ours(CAPABILITIES) * _OURS + recorded


def _show(tally: Tally, growth: Growth, sent: int, seconds: float) -> None:
    for outcome, count in tally.outcomes.most_common():
        print(f"{count:9}  {outcome}")
    slope = "too short to tell" if growth.slope is None else f"{growth.slope:+.1f} MB per 100,000 messages"
    last = growth.samples[-1][1] if growth.samples else 0.0
    print(f"{sent} messages in {seconds:.0f} s, {sent / max(seconds, 0.001):.0f} a second")
    print(f"slowest {1000 * tally.slowest:.0f} ms (message {tally.slowest_number})")
    print(f"memory {last:.0f} MB at the end, {growth.grown:+.1f} MB since the middle, {slope}")
    for finding in tally.findings:
        print(f"FINDING message {finding.number}: {finding.why}")
    print(f"{len(tally.findings)} findings")
