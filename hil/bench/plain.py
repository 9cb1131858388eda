"""A plain HTTP client that costs next to nothing: one request on a connection of its own, read to its end.

What is measured with it is the server. Spec: RFC 9112 (the connection ends with the answer).
"""

import socket
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_TIMEOUT: Final = 60.0
_PIECE: Final = 256 * 1024
_KEPT: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """What came, as it came: a chunked body is not put together."""

    status: int
    first: float  # s from the request to the first byte of the body
    last: float  # s from the request to the end
    size: int  # bytes of the body
    head: str
    start: bytes  # of the body
    end: bytes


def ask(url: str, data: bytes | None = None, content_type: str = "") -> Reply:
    """GET, or POST `data`. Raises OSError, and ValueError for what is no answer."""
    there = urlsplit(url)
    port = there.port or 80
    lines = [f"{'GET' if data is None else 'POST'} {there.path} HTTP/1.1", f"Host: {there.hostname}:{port}"]
    lines += ["Connection: close"] if data is None else ["Connection: close", f"Content-Type: {content_type}"]
    lines += [] if data is None else [f"Content-Length: {len(data)}"]
    began = time.monotonic()
    with socket.create_connection((there.hostname or "", port), _TIMEOUT) as link:
        link.sendall("\r\n".join([*lines, "", ""]).encode() + (data or b""))
        kept, end, first, size = bytearray(), b"", 0.0, 0
        room = memoryview(bytearray(_PIECE))
        while got := link.recv_into(room):
            size += got
            if len(kept) < _KEPT:
                kept += room[:got]
            end = (end + bytes(room[max(0, got - 64) : got]))[-64:]
            if not first and 0 <= kept.find(b"\r\n\r\n") < len(kept) - 4:
                first = time.monotonic()
        last = time.monotonic()
    head, blank, start = bytes(kept).partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    if not blank or len(words) < 2 or not words[1].isdigit():
        raise ValueError(f"{url}: no HTTP answer")
    reply = Reply(int(words[1]), first - began, last - began, size - len(head) - 4, head.decode("latin-1"), start, end)
    if reply.status >= 400:
        raise ValueError(f"{url}: HTTP {reply.status}")
    return reply
