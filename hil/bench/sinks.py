"""`python -m hil.bench.sinks COUNT`: subscribers that take every POST and drop it, each on a port of its own.

Prints their ports in one line; ends with its standard input. As little HTTP as can be, so that what sends is measured.
"""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Sink(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._data = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        while self._transport is not None:
            head, found, rest = self._data.partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            if not found or length is None or len(rest) < int(length[1]):
                return
            self._data = rest[int(length[1]) :]
            self._transport.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")


@asynccontextmanager
async def sinks(count: int) -> AsyncIterator[tuple[int, ...]]:
    """The ports of so many, in a process of their own, until the block ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hil.bench.sinks", str(count),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield tuple(map(int, (await process.stdout.readline()).split()))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _serve(count: int) -> None:
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(Sink, "127.0.0.1", 0) for _ in range(count)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
