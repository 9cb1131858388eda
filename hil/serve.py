"""`wsd-scan-hil serve`: simulated scanners in a process of their own, driven by scripts and by lines on stdin."""

import argparse
import asyncio
import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from bridge.cli import options, program
from bridge.stopping import asked_to_stop
from hil import script, serving
from hil.devices.mfp.serve import MfpRig
from hil.tape.file import TapeError
from hil.tape.replay import Replayed

DESCRIPTION = """\
Serve simulated scanners over USB/IP, and network MFPs over SNMP. For each one line is printed once it can be attached:
`ready usbip://HOST:PORT BUSID VID:PID` or `ready snmp://HOST:PORT NAME`. Lines on standard input are events for the
first of them, or for another after its bus id or name: `1-2 jam`, `hp-mfp-1 press`; each is answered by `ok EVENT` or
`error REASON`. With --usbredir a scanner is on a UNIX socket too, where a virtual machine plugs it in.
Ctrl-C and SIGTERM end it; the end of standard input does only with --end-with-input.
"""


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser(
        "serve",
        help="serve simulated scanners",
        description=DESCRIPTION,
        epilog=f"families: {', '.join(serving.NAMES)}\n\n{script.HELP}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "families",
        nargs="+",
        metavar="FAMILY[=SCRIPT]",
        help="which scanner, and what happens to it; tape=FILE: as recorded",
    )
    parser.add_argument("--listen", type=address, default=("127.0.0.1", 0), metavar="HOST:PORT", help="port 0: any")
    parser.add_argument(
        "--epson-net",
        type=address,
        metavar="HOST:PORT",
        help="serve the first scanner in Epson's network mode too (epson2.conf `net HOST` always uses port 1865)",
    )
    parser.add_argument(
        "--usbredir",
        type=options.new_file,
        action="append",
        default=[],
        metavar="SOCKET",
        help="serve the first scanner on this UNIX socket too, for QEMU's usb-redir; said again: the second one",
    )
    parser.add_argument(
        "--end-with-input", action="store_true", help="end when standard input does: whoever holds it has ended"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of the lines on standard output")
    parser.set_defaults(run=run)


def address(text: str) -> tuple[str, int]:
    """HOST:PORT, the host of IPv6 in brackets."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.removeprefix("[").removesuffix("]"), int(port)


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    wanted: list[tuple[str, script.Script | Path]] = []
    try:
        for each in arguments.families:
            family, _, text = each.partition("=")
            if family == serving.TAPE and not text:
                raise script.ScriptError("tape: which one? tape=FILE")
            wanted.append((family, Path(text) if family == serving.TAPE else script.read(text)))
        asyncio.run(_serve(wanted, arguments))
    except (script.ScriptError, serving.UnknownFamily, TapeError) as err:
        print(f"wsd-scan-hil: {err}", file=sys.stderr)
        return 2
    except OSError as err:
        print(f"wsd-scan-hil: cannot serve: {program.said(err)}", file=sys.stderr)
        return 1
    return 0


async def _serve(wanted: list[tuple[str, script.Script | Path]], arguments: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        stop = stack.enter_context(asked_to_stop())
        host, port = arguments.listen
        rigs = await stack.enter_async_context(serving.served(wanted, host, port))
        if arguments.epson_net is not None:
            if not isinstance(rigs[0], serving.Rig):
                raise script.ScriptError(f"--epson-net: {wanted[0][0]} has no such mode")
            await stack.enter_async_context(serving.epson_net(rigs[0], *arguments.epson_net))
        on_usb = [rig for rig in rigs if isinstance(rig, serving.Rig)]
        if len(arguments.usbredir) > len(on_usb):
            raise script.ScriptError(f"--usbredir: there are only {len(on_usb)} scanners on USB")
        for rig, path in zip(on_usb, arguments.usbredir, strict=False):
            await stack.enter_async_context(serving.usbredir(rig, path))
        console = Console([family for family, _ in wanted], rigs, as_json=arguments.format == "json")
        console.ready()
        ended = stop.set if arguments.end_with_input else _nothing
        threading.Thread(target=_read_lines, args=(loop, console, ended), daemon=True).start()
        await stop.wait()


class Console:
    """What goes out on standard output and comes in on standard input."""

    def __init__(
        self, families: Sequence[str], rigs: Sequence[serving.Rig | MfpRig | Replayed], *, as_json: bool
    ) -> None:
        self._rigs: dict[str, tuple[str, serving.Rig | MfpRig | Replayed]] = {}  # by bus id or name, with the family
        for family, rig in zip(families, rigs, strict=True):
            number = 1 + sum(other == family for other, _ in self._rigs.values())
            name = rig.busid if isinstance(rig, serving.Rig) else f"{family}-{number}"
            self._rigs[name] = family, rig
        self._first = rigs[0]
        self._json = as_json

    def ready(self) -> None:
        """All can be attached now."""
        for name, (family, rig) in self._rigs.items():
            facts = {"event": "ready", "url": rig.url, "family": family}
            if isinstance(rig, serving.Rig):
                facts |= {"busid": rig.busid, "ids": rig.ids}
                self._print(f"ready {rig.url} {rig.busid} {rig.ids}", facts)
            elif isinstance(rig, Replayed):
                for line in rig.lines:
                    self._print(f"ready {line}", facts | {"url": line.split()[0]})
            else:
                self._print(f"ready {rig.url} {name}", facts | {"name": name})

    def line(self, text: str) -> None:
        """One event, typed."""
        name, _, rest = text.partition(" ")
        rig, what = (self._rigs[name][1], rest) if name in self._rigs else (self._first, text)
        try:
            rig.stimulate(script.stimulus(what))
        except script.ScriptError as err:
            self._print(f"error {err}", {"event": "error", "reason": str(err)})
        else:
            self._print(f"ok {text}", {"event": "ok", "line": text})

    def _print(self, text: str, facts: dict[str, str]) -> None:
        try:
            print(json.dumps(facts) if self._json else text, flush=True)
        except BrokenPipeError:  # nobody listens any more; the scanner goes on
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _nothing() -> None:
    pass


def _read_lines(loop: asyncio.AbstractEventLoop, console: Console, ended: Callable[[], None]) -> None:
    """Standard input, in a thread of its own: it may be a terminal, a pipe, a file or closed."""
    with suppress(RuntimeError):  # the loop has ended
        for text in _lines():
            loop.call_soon_threadsafe(console.line, text)
        loop.call_soon_threadsafe(ended)


def _lines() -> Iterator[str]:
    """What is typed, line by line, until the end."""
    rest = b""
    while True:
        try:
            piece = os.read(0, 4096)
        except OSError:
            return
        *lines, rest = (rest + piece).split(b"\n")
        if not piece:
            lines, rest = [rest], b""
        rest = rest[:4096]
        for line in lines:
            if text := line.decode(errors="replace").strip():
                yield text
        if not piece:
            return
