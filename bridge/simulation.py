"""Simulated scanners for `run --simulate` and `demo`: the bench's own program, in a process of its own.

The bridge imports nothing of the bench; it attaches to what that process serves as to any other scanner.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from bridge.errors import ConfigError

START_TIMEOUT: Final = 20.0
STOP_TIMEOUT: Final = 5.0


@dataclass(frozen=True, slots=True)
class Simulated:
    """Where the simulated scanners are."""

    usbip: tuple[str, ...]  # HOST:PORT
    snmp: tuple[tuple[str, int], ...]
    escl: tuple[str, ...] = ()  # URLs


@asynccontextmanager
async def simulated(families: Sequence[str]) -> AsyncIterator[Simulated]:
    """Serve `families` (NAME or NAME=SCRIPT) until the block ends. Raises ConfigError with the bench's own words."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # what lies in the directory we were started in is not the bench
        "-m",
        "hil.cli",
        "serve",
        *families,
        "--listen",
        "127.0.0.1:0",
        "--end-with-input",  # should we be killed, it does not stay behind
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for us: the scanners are there until our jobs have ended
    )
    try:
        yield await _ready(process, len(families))
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(STOP_TIMEOUT):
                    await process.communicate()
            except TimeoutError:
                process.kill()
                await process.communicate()


async def _ready(process: asyncio.subprocess.Process, count: int) -> Simulated:
    """Wait for one `ready URL …` line for each scanner."""
    if process.stdout is None or process.stderr is None:
        raise RuntimeError("the pipes were asked for")
    usbip: list[str] = []
    snmp: list[tuple[str, int]] = []
    escl: list[str] = []
    try:
        async with asyncio.timeout(START_TIMEOUT):
            while len(usbip) + len(snmp) + len(escl) < count:
                line = (await process.stdout.readline()).decode(errors="replace")
                if not line:
                    said = (await process.stderr.read()).decode(errors="replace").strip()
                    await process.wait()
                    raise ConfigError("--simulate", "", said.splitlines()[-1] if said else "the simulation ended")
                word, _, rest = line.strip().partition(" ")
                scheme, _, place = rest.split(" ")[0].partition("://") if word == "ready" else ("", "", "")
                if scheme == "usbip":
                    usbip.append(place)
                elif scheme == "snmp":
                    host, _, port = place.rpartition(":")
                    snmp.append((host, int(port)))
                elif scheme == "http":
                    escl.append(f"http://{place}")
    except TimeoutError as err:
        raise ConfigError("--simulate", "", f"not ready within {START_TIMEOUT:g} s") from err
    return Simulated(tuple(dict.fromkeys(usbip)), tuple(snmp), tuple(escl))
