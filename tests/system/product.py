"""The product as its users run it: `wsd-scan-bridge run` as a process, beside a simulated scanner that a test can poke.

async with scanner("adf=3") as rig, bridge(tmp_path, usbip=[rig]) as running:
    running.url, running.scan_url, running.pid, running.log
"""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bridge.wsscan.scanner import ScannerState
from hil import serving
from hil.client.session import Session

QUICK = "feed=0.01,speed=0,warmup=0"
START = 30.0
STOP = 15.0
PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Running:
    """A bridge that serves."""

    process: asyncio.subprocess.Process
    urls: tuple[str, ...]
    log_file: Path

    @property
    def url(self) -> str:
        """The device URL of the first scanner."""
        return self.urls[0]

    @property
    def scan_url(self) -> str:
        """The scan service of the first scanner."""
        return f"{self.url}/scan"

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> str:
        """What it said on standard error until now."""
        return self.log_file.read_text()

    def peak(self) -> float:
        """The most memory it ever had, MB (VmHWM)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024

    def proportional(self) -> float:
        """The memory that is its own, and its share of what others use too, MB (PSS)."""
        rollup = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        return int(next(line for line in rollup.splitlines() if line.startswith("Pss:")).split()[1]) / 1024


def scanner(script: str = "") -> AbstractAsyncContextManager[serving.Rig]:
    """A simulated ESC/I scanner in this process, as quick as can be where the script does not say otherwise."""
    said = {part.partition("=")[0] for part in script.split(",")}
    quick = ",".join(part for part in QUICK.split(",") if part.partition("=")[0] not in said)
    return serving.scanner("esci", f"{quick},{script}")


@asynccontextmanager
async def bridge(
    place: Path,
    *arguments: str,
    usbip: Sequence[serving.Rig] = (),
    settings: str = "",
    scanners: int = 1,
    listen: str = "127.0.0.1:0",
    multicast: bool = False,
    prefix: Sequence[str] = (),
    ends: bool = True,
    module: str = "bridge.cli",
) -> AsyncIterator[Running]:
    """Run until `scanners` are ready, then until the block ends; that it stops well is part of every test, unless
    the test itself ends it (`ends` false). `module`: what is run; see hurried.py."""
    config = place / "bridge.toml"
    places = json.dumps(sorted({f"{rig.host}:{rig.port}" for rig in usbip}))
    config.write_text(f"[usb]\nenabled = false\nusbip = {places}\n{settings}")
    log_file = place / "bridge.log"
    command = [*prefix, sys.executable, "-m", module, "run", "--config", config, "--listen", listen]
    command += ["--state-dir", place / "state", "--cache-dir", place / "cache", *arguments]
    with log_file.open("a") as log:
        process = await asyncio.create_subprocess_exec(
            *command,
            *([] if multicast else ["--no-multicast"]),
            cwd=PROJECT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    try:
        yield Running(process, await _ready(process, scanners, log_file), log_file)
        if not ends:
            return
        assert process.returncode is None, f"it ended by itself: {log_file.read_text()}"
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), STOP) == 0, log_file.read_text()
        said = log_file.read_text()
        assert "Traceback" not in said, said
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _ready(process: asyncio.subprocess.Process, count: int, log_file: Path) -> tuple[str, ...]:
    assert process.stdout is not None
    urls: list[str] = []
    async with asyncio.timeout(START):
        while len(urls) < count:
            line = (await process.stdout.readline()).decode()
            if not line:
                raise AssertionError(_before_ready(log_file))
            word, _, url = line.strip().partition(" ")
            assert word == "ready", line
            urls.append(url)
    return tuple(urls)


def _before_ready(log_file: Path) -> str:
    return f"it ended before it was ready: {log_file.read_text()}"


async def until(holds: Callable[[], bool], seconds: float) -> None:
    """Wait until it holds. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while True:
            if holds():
                return
            await asyncio.sleep(0.01)


async def until_state(client: Session, state: ScannerState, seconds: float = 20.0) -> None:
    """Wait until the bridge says so of its scanner. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while True:
            if (await client.status()).scanner_state is state:
                return
            await asyncio.sleep(0.1)
