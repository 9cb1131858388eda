"""`demo`: the whole way in one command, on loopback, without any hardware and without root."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from typing import IO

from rich.console import Console

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
        type=Path,
        default=Path("demo-pages"),
        metavar="DIR",
        help="where the pages go (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """The client's own exit code: 0 when the scan was Completed."""
    return asyncio.run(_demo(arguments.output))


async def _demo(output: Path) -> int:
    console = Console(highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="wsd-scan-bridge-demo-") as state, tempfile.TemporaryFile() as log:
        console.print("[bold]1[/]  A simulated Epson scanner, three sheets in its feeder, is plugged in over USB/IP.")
        bridge = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "bridge.cli", "run", "--simulate", SCRIPT,
            "--listen", "127.0.0.1:0", "--state-dir", state, "--cache-dir", state,
            stdout=asyncio.subprocess.PIPE, stderr=log,
        )  # fmt: skip
        try:
            url = await _ready(bridge, log)
            console.print(f"[bold]2[/]  The bridge found it and serves it as a WSD scanner at {url}")
            console.print("[bold]3[/]  A WSD client looks for scanners, subscribes and scans:")
            client = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "hil.cli", "scan", "--probe", "--interface", "127.0.0.1",
                "--device", f"urn:uuid:{url.rpartition('/')[2]}",
                "--source", "adf", "--resolution", "150", "--output", str(output),
            )  # fmt: skip
            code = await client.wait()
        finally:
            if bridge.returncode is None:
                bridge.terminate()
            await bridge.wait()
        if code == 0:
            console.print(f"[bold]4[/]  Done: the pages are in {output}/")
        return code


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
