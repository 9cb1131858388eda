"""The bridge as a process of its own, serving what a benchmark plugged in."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO

START_TIMEOUT = 20.0
STOP_TIMEOUT = 10.0


class NotServed(RuntimeError):
    """The bridge did not get so far; the text is the last it said."""


@dataclass(frozen=True, slots=True)
class Served:
    """A bridge that runs; `url` is that of its first scanner."""

    url: str
    pid: int
    _log: IO[bytes]

    def peak(self) -> float:
        """The most memory it ever had, MB (VmHWM)."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024

    def log(self) -> str:
        """What it said until now."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")


@asynccontextmanager
async def served(
    config: str, *, multicast: bool = False, env: Mapping[str, str] = MappingProxyType({})
) -> AsyncIterator[Served]:
    """Run it with this configuration (TOML) on loopback, without multicast if not asked for; `env` is set besides what
    is. Raises NotServed."""
    with tempfile.TemporaryDirectory(prefix="wsd-scan-bench-") as place, tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bridge.cli", "run", "--config", _written(place, config), "--listen", "127.0.0.1:0",
            "--state-dir", place, "--cache-dir", place, *([] if multicast else ["--no-multicast"]),
            stdout=asyncio.subprocess.PIPE, stderr=log, start_new_session=True, env={**os.environ, **env},
        )  # fmt: skip
        try:
            url = await _ready(process)
            if url is None:
                raise NotServed(f"the bridge serves nothing: {_last_line(log)}")
            yield Served(url, process.pid, log)
        finally:
            await _stop(process)


def _written(place: str, config: str) -> str:
    path = Path(place, "config.toml")
    path.write_text(config)
    return str(path)


async def _ready(process: asyncio.subprocess.Process) -> str | None:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_TIMEOUT):
            while line := (await process.stdout.readline()).decode():
                word, _, url = line.strip().partition(" ")
                if word == "ready":
                    return url
            await process.wait()  # it has ended, or is about to
    except TimeoutError:
        pass
    return None


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    said = log.read().decode(errors="replace").strip().splitlines()
    return said[-1] if said else "it said nothing"


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_TIMEOUT):
            await process.wait()
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)  # its session is its own
        await process.wait()
