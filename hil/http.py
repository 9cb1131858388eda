"""HTTP/1.1 as a simulated device speaks it: bytes of requests in, bytes of answers out, whatever carries them.

Spec: RFC 9110, RFC 9112. Pure: no socket, no clock; an answer that grows with time is asked for it with `now`.
One connection, requests answered in their order.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Protocol

MOST_HEAD: Final = 16 * 1024
MOST_BODY: Final = 64 * 1024
MOST_WAITING: Final = 16  # requests behind the one being answered


class BadRequest(Exception):
    """No HTTP, or more of it than is taken."""


class Broken(Exception):
    """The answer cannot be brought to its end: the connection dies."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names in lower case."""

    method: str
    path: str  # without the query
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Reply(Protocol):
    """An answer on its way."""

    def take(self, limit: int, now: float) -> bytes | None:
        """The next bytes, head and framing included; None: nothing yet; b"": it is over. Raises Broken."""


class Whole:
    """An answer that is there at once."""

    def __init__(
        self, status: HTTPStatus, body: bytes = b"", content_type: str = "text/xml", **headers: str | int
    ) -> None:
        lines: dict[str, str | int] = {"Content-Length": len(body)}
        if body:
            lines["Content-Type"] = content_type
        lines |= {name.replace("_", "-"): value for name, value in headers.items()}
        self._rest = head(status, lines) + body

    def take(self, limit: int, now: float) -> bytes:
        """All that is left."""
        del now
        data, self._rest = self._rest[:limit], self._rest[limit:]
        return data


def head(status: HTTPStatus, headers: Mapping[str, str | int]) -> bytes:
    """The head of an answer."""
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def chunk(data: bytes) -> bytes:
    """One chunk; of no bytes: the last one."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


class Conversation:
    """One connection."""

    def __init__(self, serve: Callable[[Request, float], Reply]) -> None:
        self._serve = serve
        self._received = bytearray()
        self._waiting: deque[Request] = deque()
        self._reply: Reply | None = None
        self._last = False  # the peer wants no more after this answer
        self.over = False

    def feed(self, data: bytes) -> None:
        """Bytes from the peer. Raises BadRequest."""
        self._received += data
        while (request := self._request()) is not None:
            self._waiting.append(request)
            if len(self._waiting) > MOST_WAITING:
                raise BadRequest("too many requests")

    def take(self, limit: int, now: float) -> bytes | None:
        """Bytes for the peer, never more than one answer's; None: nothing yet. Raises Broken."""
        while True:
            if self._reply is None:
                if not self._waiting:
                    return None
                request = self._waiting.popleft()
                self._last = request.headers.get("connection", "").lower() == "close"
                self._reply = self._serve(request, now)
            data = self._reply.take(limit, now)
            if data != b"":
                return data
            self._reply = None
            self.over = self.over or self._last

    def cut(self) -> bytes:
        """The answer that broke ends here, too short, where nothing else can end it: its last chunk."""
        self._reply = None
        return chunk(b"")

    @property
    def busy(self) -> bool:
        """Whether an answer is owed."""
        return self._reply is not None or bool(self._waiting)

    def _request(self) -> Request | None:
        end = self._received.find(b"\r\n\r\n")
        if end < 0 or end > MOST_HEAD:
            if len(self._received) > MOST_HEAD:
                raise BadRequest("a head without an end")
            return None
        first, *lines = bytes(self._received[:end]).decode("latin-1").split("\r\n")
        words = first.split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            raise BadRequest(f"no request: {first[:60]!r}")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MOST_BODY or "transfer-encoding" in headers:
            raise BadRequest("a body of unknown or too great a length")
        total = end + 4 + int(length)
        if len(self._received) < total:
            return None
        body = bytes(self._received[end + 4 : total])
        del self._received[:total]
        target = words[1]
        if "://" in target:  # absolute form
            target = "/" + target.split("://", 1)[1].partition("/")[2]
        path, _, query = target.partition("?")
        return Request(words[0], path, query, headers, body)
