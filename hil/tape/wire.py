"""The running bridge's tap, from the other end of its socket (bridge/net/wiretap.py is the bridge's end)."""

import asyncio
import json
import os
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

SOCKET: Final = "tap"
LONGEST: Final = 64 * 1024 * 1024
CONNECT_SECONDS: Final = 5.0
ASKED: Final = 9  # times that the bridge is asked for the time; the quickest answer is the truest


class NoBridge(Exception):
    """No bridge lets us listen; the text is one line."""


@dataclass(frozen=True, slots=True)
class Told:
    """One thing the tap told."""

    time: float
    lane: str
    device: str
    facts: dict[str, Any]
    data: bytes


@dataclass(frozen=True, slots=True)
class Offset:
    """How far the bridge's monotonic clock is from ours (theirs minus ours), and how wrong that can be. Seconds."""

    offset: float
    error: float


class Tapped:
    """A connection; made by `opened`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hello: dict[str, Any]) -> None:
        self._reader, self._writer = reader, writer
        self.monotonic, self.wall = float(hello["monotonic"]), datetime.fromisoformat(hello["wall"])
        self.bridge, self.pid = str(hello.get("bridge", "")), hello.get("pid")
        self.lost = False  # the bridge left us because we were too slow
        self.offset: Offset | None = None
        self._asked: deque[float] = deque()  # when; answers come in order
        self._ending = False

    async def told(self) -> AsyncIterator[Told]:
        """Everything from how the devices introduced themselves to the bridge's end. The clocks are compared on the
        way. Raises NoBridge where it speaks otherwise."""
        questions = ASKED
        self._ask()
        while line := await self._line():
            if line.get("clock"):
                self._compare(float(line["monotonic"]))
                questions -= 1
                if self._ending and not self._asked:
                    return
                if questions > 0 and not self._ending:
                    self._ask()
            elif line.get("lost"):
                self.lost = True
            else:
                yield await self._record(line)

    async def _record(self, line: dict[str, Any]) -> Told:
        size = int(line.pop("size", 0))
        if not 0 <= size <= LONGEST:
            raise NoBridge(f"the bridge tells {size} bytes at once")
        data = await self._reader.readexactly(size)
        return Told(float(line.pop("time")), str(line.pop("lane")), str(line.pop("device")), line, data)

    def end(self) -> None:
        """Tell what has passed until now, and no more."""
        self._ending = True
        self._ask()

    def _ask(self) -> None:
        self._asked.append(time.monotonic())
        with suppress(ConnectionError):
            self._writer.write(b"clock\n")

    def _compare(self, theirs: float) -> None:
        """The truth lies between asking and being answered; half of that time is how wrong its middle can be."""
        if not self._asked:
            raise NoBridge("the bridge says the time without being asked")
        asked, now = self._asked.popleft(), time.monotonic()
        found = Offset(theirs - (asked + now) / 2, (now - asked) / 2)
        if self.offset is None or found.error < self.offset.error:
            self.offset = found

    async def _line(self) -> dict[str, Any] | None:
        try:
            text = await self._reader.readline()
        except (ConnectionError, ValueError):
            return None
        if not text.endswith(b"\n"):
            return None
        try:
            line = json.loads(text)
        except ValueError as err:
            raise NoBridge("what the bridge tells is not understood") from err
        if not isinstance(line, dict):
            raise NoBridge("what the bridge tells is not understood")
        return line


@asynccontextmanager
async def opened(state_dir: Path) -> AsyncIterator[Tapped]:
    """Listen to the bridge with that state directory. Raises NoBridge."""
    place = state_dir / SOCKET
    try:
        # Through the directory's descriptor, because a socket's path has 108 characters at most.
        directory = os.open(state_dir, os.O_PATH | os.O_DIRECTORY)
    except OSError as err:
        raise NoBridge(f"{place}: no bridge is running there ({err.strerror})") from err
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_unix_connection(
                f"/proc/self/fd/{directory}/{SOCKET}", limit=16 * 1024 * 1024
            )
    except TimeoutError as err:
        raise NoBridge(f"{place}: the bridge does not answer") from err
    except PermissionError as err:
        raise NoBridge(f"{place}: only the bridge's own user and root may listen") from err
    except OSError as err:
        raise NoBridge(f"{place}: no bridge is running there ({err.strerror})") from err
    finally:
        os.close(directory)
    try:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                hello = json.loads(await reader.readline())
            tapped = Tapped(reader, writer, hello)
        except (TimeoutError, ValueError, KeyError, TypeError, ConnectionError) as err:
            raise NoBridge(f"{place}: no bridge answers there") from err
        yield tapped
    finally:
        writer.close()
