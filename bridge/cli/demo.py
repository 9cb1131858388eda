"""`demo`: the whole way in one command, on loopback, without any hardware and without root."""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import IO

from rich.console import Console

from bridge.cli import options
from bridge.errors import BridgeError

SCRIPT = "esci=adf=3"
START_TIMEOUT = 20.0


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser(
        "demo",
        help="show it all with a simulated scanner",
        description=(
            "Plug a simulated legacy scanner in over USB/IP, serve it, let a WSD client find it, subscribe and scan "
            "three pages from its feeder. Everything stays on loopback."
        ),
    )
    parser.add_argument(
        "--output",
        type=options.new_folder,
        default=Path("demo-pages"),
        metavar="DIR",
        help="where the pages go (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """The client's own exit code: 0 when the scan was Completed."""
    return asyncio.run(_demo(arguments.output))


async def _demo(output: Path) -> int:
    for each in (signal.SIGTERM, signal.SIGHUP):  # whoever ends us, what we started ends with us
        asyncio.get_running_loop().add_signal_handler(each, signal.raise_signal, signal.SIGINT)
    console = Console(highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="wsd-scan-bridge-demo-") as state, tempfile.TemporaryFile() as log:
        console.print("[bold]1[/]  A simulated Epson scanner, three sheets in its feeder, is plugged in over USB/IP.")
        started = []
        try:
            bridge = await _start(
                "bridge.cli", "run", "--config", os.devnull, "--simulate", SCRIPT,
                "--listen", "127.0.0.1:0", "--state-dir", state, "--cache-dir", state,
                stdout=asyncio.subprocess.PIPE, stderr=log,
            )  # fmt: skip
            started.append(bridge)
            url = await _ready(bridge, log)
            console.print(f"[bold]2[/]  The bridge found it and serves it as a WSD scanner at {url}")
            console.print("[bold]3[/]  A WSD client looks for scanners, subscribes and scans:")
            client = await _start(
                "hil.cli", "scan", "--probe", "--interface", "127.0.0.1",
                "--device", f"urn:uuid:{url.rpartition('/')[2]}",
                "--source", "adf", "--resolution", "150", "--output", str(output),
            )  # fmt: skip
            started.append(client)
            code = await client.wait()
        finally:
            for child in started[::-1]:
                if child.returncode is None:
                    child.terminate()
                await child.wait()
        if code == 0:
            console.print(f"[bold]4[/]  Done: the pages are in {output}/")
        return code


async def _start(
    module: str, *arguments: str, stdout: int | None = None, stderr: IO[bytes] | None = None
) -> asyncio.subprocess.Process:
    """One of our programs, deaf to Ctrl-C, which the terminal sends to each: one that just starts would show where it
    was. The demo ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", module, *arguments), stdout=stdout, stderr=stderr
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


async def _ready(bridge: asyncio.subprocess.Process, log: IO[bytes]) -> str:
    if bridge.stdout is None:
        raise RuntimeError("the pipe was asked for")
    try:
        async with asyncio.timeout(START_TIMEOUT):
            while line := (await bridge.stdout.readline()).decode():
                word, _, url = line.strip().partition(" ")
                if word == "ready":
                    return url
    except TimeoutError as err:
        raise BridgeError(f"the bridge did not start within {START_TIMEOUT:g} s") from err
    log.seek(0)
    said = log.read().decode(errors="replace").strip()
    raise BridgeError(f"the bridge did not start: {said.splitlines()[-1] if said else 'it said nothing'}")
