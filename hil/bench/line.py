"""One connection to an HTTP server, on which the same request is said again and again: as little client as can be."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Line:
    """One connection and the request that is said on it again and again."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    request: bytes

    @classmethod
    @asynccontextmanager
    async def open(cls, port: int, path: str, body: bytes) -> AsyncIterator["Line"]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/soap+xml\r\n"
        try:
            yield cls(reader, writer, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        finally:
            writer.close()

    async def ask(self) -> tuple[float, bytes]:
        """Seconds to the answer's last byte, and its body. Raises RuntimeError for anything but 200."""
        began = time.monotonic()
        self.writer.write(self.request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").lower().split("\r\n")
        length = next(int(line.partition(":")[2]) for line in lines if line.startswith("content-length:"))
        body = await self.reader.readexactly(length)
        took = time.monotonic() - began
        if not lines[0].startswith("http/1.1 200"):
            raise RuntimeError(f"it was answered {lines[0]}")
        return took, body
