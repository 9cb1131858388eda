"""`wsd-scan-hil fault`: a bad cable in front of a USB/IP server or an SNMP agent, by script and live."""

import argparse
import asyncio
import os
import sys
import threading
from contextlib import AsyncExitStack

from bridge.cli import program
from bridge.stopping import asked_to_stop
from hil.faults import plan as plans
from hil.faults.plan import FaultError, Plan
from hil.faults.snmp import SnmpProxy
from hil.faults.usbip import UsbIpProxy
from hil.serve import address

DESCRIPTION = """\
Relay a USB/IP server or an SNMP agent, and let transfers go wrong on the way. One line `ready URL` is printed: point
the bridge there. Lines on standard input are faults too; each is answered by `ok`, a number, or `error REASON`, and
each fault that comes is told as `struck N FAULT in|out BYTES`.
"""
WATCH = 0.05  # seconds between looks at what struck


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser(
        "fault",
        help="let transfers go wrong on their way",
        description=DESCRIPTION,
        epilog=plans.HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("upstream", type=_place, metavar="usbip://HOST:PORT|snmp://HOST:PORT", help="what is relayed")
    parser.add_argument("faults", nargs="*", metavar="FAULT", help="as below: cut@17")
    parser.add_argument("--listen", type=address, default=("127.0.0.1", 0), metavar="HOST:PORT", help="port 0: any")
    parser.add_argument("--seed", type=int, default=0, help="of chances and of which bit is garbled (%(default)s)")
    parser.set_defaults(run=run)


def _place(text: str) -> tuple[str, str, int]:
    scheme, _, rest = text.partition("://")
    if scheme not in {"usbip", "snmp"}:
        raise argparse.ArgumentTypeError(f"{text!r} is neither usbip://HOST:PORT nor snmp://HOST:PORT")
    return scheme, *address(rest)


def run(arguments: argparse.Namespace) -> int:
    """Relay until a signal."""
    scheme, host, port = arguments.upstream
    plan = Plan(allowed=plans.USB if scheme == "usbip" else plans.SNMP, seed=arguments.seed)
    try:
        for each in arguments.faults:
            plan.add(plans.read(each))
    except FaultError as err:
        print(f"wsd-scan-hil: {err}", file=sys.stderr)
        return 2
    proxy = (UsbIpProxy if scheme == "usbip" else SnmpProxy)((host, port), plan, *arguments.listen)
    try:
        asyncio.run(_serve(proxy, plan))
    except OSError as err:
        print(f"wsd-scan-hil: cannot serve: {program.said(err)}", file=sys.stderr)
        return 1
    return 0


async def _serve(proxy: UsbIpProxy | SnmpProxy, plan: Plan) -> None:
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        stop = stack.enter_context(asked_to_stop())
        await stack.enter_async_context(proxy)
        print(f"ready {proxy.url}", flush=True)
        threading.Thread(target=_read_lines, args=(loop, proxy, plan), daemon=True).start()
        told = 0
        while not stop.is_set():
            told = min(told, len(plan.struck))  # `arm` begins anew
            for each in plan.struck[told:]:
                way = "in" if each.inward else "out"
                print(f"struck {each.number} {each.fault} {way} {each.data[:16].hex(' ')}", flush=True)
            told = len(plan.struck)
            try:
                async with asyncio.timeout(WATCH):
                    await stop.wait()
            except TimeoutError:
                continue


def _say(proxy: UsbIpProxy | SnmpProxy, plan: Plan, line: str) -> None:
    try:
        print(plan.say(line), flush=True)
    except FaultError as err:
        print(f"error {err}", flush=True)
    if line.strip() == "clear" and isinstance(proxy, SnmpProxy):
        proxy.silent = False


def _read_lines(loop: asyncio.AbstractEventLoop, proxy: UsbIpProxy | SnmpProxy, plan: Plan) -> None:
    """Standard input, in a thread of its own: it may be a terminal, a pipe or closed."""
    rest = b""
    while piece := os.read(0, 4096):
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.strip():
                loop.call_soon_threadsafe(_say, proxy, plan, line.decode(errors="replace"))
