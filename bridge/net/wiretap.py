"""The tap, on a Unix socket in the state directory: how `wsd-scan-hil record` takes a tape from the running bridge.

Only who runs the bridge, and root, may connect. A line of JSON for each thing that passed, with its bytes behind it
(`size` of them); first a line that says whose clock this is. `clock` sent back is answered with the time, so that a
recorder can measure how far its own clock is away. A recorder that does not keep up is left, never waited for.
"""

import asyncio
import json
import logging
import os
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import Final

from drivers.contract.clock import Clock
from drivers.contract.tap import TAP, Passed, Tap

_log = logging.getLogger(__name__)

SOCKET: Final = "tap"
MOST_WAITING: Final = 64 * 1024 * 1024  # bytes on their way to one recorder
MOST_RECORDERS: Final = 4
_RECORD: Final = 512  # bytes that a record takes beside its data, about
_SEVERAL: Final = 64  # records written before the recorder must take them


@asynccontextmanager
async def opened(directory: Path, clock: Clock, tap: Tap = TAP) -> AsyncIterator[None]:
    """Let recorders connect until the block ends. Where that cannot be, it is logged and the bridge goes on."""
    recorders: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(recorders) >= MOST_RECORDERS:
            writer.close()
            return
        task = asyncio.ensure_future(_Recorder(reader, writer, clock, tap).run())
        recorders.add(task)
        task.add_done_callback(recorders.discard)

    try:
        # The path of a socket has 108 characters at most; one through the directory's descriptor is short.
        place = os.open(directory, os.O_PATH | os.O_DIRECTORY)
    except OSError as err:
        _log.warning("no tape can be taken: %s", err)
        yield
        return
    try:
        path = f"/proc/self/fd/{place}/{SOCKET}"
        with suppress(FileNotFoundError):
            (directory / SOCKET).unlink()  # of a bridge that was killed
        try:
            server = await _served(connected, path)
        except OSError as err:
            _log.warning("no tape can be taken: %s: %s", directory / SOCKET, err)
            yield
            return
        try:
            yield
        finally:
            server.close()
            for task in tuple(recorders):
                task.cancel()
            await asyncio.gather(*recorders, return_exceptions=True)
            with suppress(OSError):
                (directory / SOCKET).unlink()
    finally:
        os.close(place)


async def _served(
    connected: Callable[[asyncio.StreamReader, asyncio.StreamWriter], None], path: str
) -> asyncio.AbstractServer:
    before = os.umask(0o177)
    try:
        return await asyncio.start_unix_server(connected, path)
    finally:
        os.umask(before)


class _Recorder:
    """One who listens."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, clock: Clock, tap: Tap) -> None:
        self._reader, self._writer = reader, writer
        self._clock, self._tap = clock, tap
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._waiting: deque[Passed] = deque()
        self._lock = threading.Lock()
        self._size = 0  # of what waits
        self._lost = False

    async def run(self) -> None:
        questions = asyncio.ensure_future(self._answer())
        try:
            hello = {"tap": 1, "bridge": metadata.version("wsd-scan-bridge"), "pid": os.getpid(), **self._time()}
            self._line(hello)
            for passed in self._tap.listen(self._heard):
                self._write(passed)
            while not self._lost and not questions.done():
                await self._news.wait()
                self._news.clear()
                await self._write_waiting()
            if self._lost:
                self._line({"lost": True})
                await self._writer.drain()
        except (ConnectionError, OSError):
            pass  # it has enough
        finally:
            self._tap.unlisten(self._heard)
            questions.cancel()
            await asyncio.gather(questions, return_exceptions=True)
            self._writer.close()

    def _heard(self, passed: Passed) -> None:
        """From any thread."""
        with self._lock:
            if self._size > MOST_WAITING:
                self._lost = True
            else:
                self._size += len(passed.data) + _RECORD
                self._waiting.append(passed)
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._news.set)

    async def _write_waiting(self) -> None:
        while self._waiting:
            for _ in range(min(len(self._waiting), _SEVERAL)):
                with self._lock:
                    passed = self._waiting.popleft()
                    self._size -= len(passed.data) + _RECORD
                self._write(passed)
            await self._writer.drain()

    def _write(self, passed: Passed) -> None:
        told = {"time": passed.time, "lane": passed.lane, "device": passed.device, **passed.facts}
        self._line({**told, "size": len(passed.data)})
        self._writer.write(passed.data)

    def _line(self, told: dict[str, object]) -> None:
        self._writer.write(json.dumps(told).encode() + b"\n")

    def _time(self) -> dict[str, object]:
        return {"monotonic": self._tap.now(), "wall": self._clock.now().isoformat()}

    async def _answer(self) -> None:
        """Say the time to who asks; returns when the recorder leaves."""
        try:
            while await self._reader.readline():
                await self._write_waiting()  # what passed before the question comes before its answer
                self._line({"clock": True, **self._time()})
                await self._writer.drain()
        except (ConnectionError, ValueError):
            pass
        finally:
            self._news.set()
