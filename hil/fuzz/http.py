"""HTTP requests, whole and damaged: heads, lengths, chunks, several at once, halves.

Pure. What is sent is bytes; `whole` says whether the server may be expected to answer before its deadline.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

SOAP_XML: Final = "application/soap+xml; charset=utf-8"
_METHODS: Final = ("GET", "PUT", "DELETE", "HEAD", "OPTIONS", "CONNECT", "post", "POST\t", "", "M" * 300, "PRI", "\x00")
_TYPES: Final = (
    "text/xml", "application/xml", "", "application/soap+xml", "application/soap+xml; charset=utf-16", "*/*",
    "a" * 9000,
    'multipart/related; boundary="x"', 'application/soap+xml; charset="', "application/soap+xml;;;=", "\xff",
)  # fmt: skip
_PATHS: Final = (
    "/", "//", "/../etc/passwd", "*", "http://127.0.0.1/", "/%00", "/%zz", "/\xff", "/" + "a" * 9000, "/" + "a/" * 500,
    "?x=1", "/{uuid}", "/..%2f", "/ HTTP/1.1\r\nX: ", "",
)  # fmt: skip
_VERSIONS: Final = ("HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/1.1 ", "HTTP/9", "", "FTP/1.1", "HTTP/1.1\x00")
_LENGTHS: Final = ("0", "-1", "+5", "1e3", "0x10", "99999999999999999999", "", "5, 5", "5\r\nContent-Length: 6", "٣")
_HEADERS: Final = (
    "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding: \x0bchunked", "Transfer-Encoding : chunked", "Content-Encoding: gzip", "Content-Encoding: br",
    "Content-Encoding: deflate", "Expect: 100-continue", "Expect: nothing", "Connection: close", "Connection: upgrade",
    "Upgrade: h2c", "Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==",
    "Host: ", "Host: a\r\nHost: b", "Host: \xff", " folded: x", "X" * 9000 + ": y", "X: " + "y" * 9000, "X", ": x",
    "X\x00: y",
    "X: a\rb", "X: a\nY: b", "Cookie: " + "a=b; " * 500, "Range: bytes=0-", "Trailer: X", "SOAPAction: \"\"",
    "\r\n".join(f"X-{number}: y" for number in range(300)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """Bytes in the pieces in which they leave."""

    pieces: tuple[bytes, ...]

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)


def request(path: str, body: bytes, random: Random) -> Request:
    """A POST of this body, damaged as HTTP now and then."""
    data = plain(path, body)
    if random.random() < 0.6:
        return Request((data,))
    data = random.choice(_DAMAGES)(path, body, random)
    if random.random() < 0.3:
        data += plain(path, body) * random.choice((1, 2, 30))  # pipelined
    if random.random() < 0.2:
        data = data[: random.randint(0, len(data))]
    return Request(_cut(data, random))


def plain(path: str, body: bytes, **headers: str) -> bytes:
    """A POST as it should be."""
    said = {"Host": "127.0.0.1", "Content-Type": SOAP_XML, "Content-Length": str(len(body))} | headers
    return _head(f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items())) + body


def _head(first: str, *lines: str) -> bytes:
    return ("\r\n".join((first, *lines)) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def _first_line(path: str, body: bytes, random: Random) -> bytes:
    method = random.choice(("POST", *_METHODS))
    target = random.choice((path, path, *_PATHS))
    version = random.choice(("HTTP/1.1", *_VERSIONS))
    return (
        _head(f"{method} {target} {version}", "Host: x", f"Content-Length: {len(body)}", f"Content-Type: {SOAP_XML}")
        + body
    )


def _type(path: str, body: bytes, random: Random) -> bytes:
    return _head(
        f"POST {path} HTTP/1.1", "Host: x", f"Content-Type: {random.choice(_TYPES)}", f"Content-Length: {len(body)}"
    ) + body  # fmt: skip


def _length(path: str, body: bytes, random: Random) -> bytes:
    wrong = random.choice((*_LENGTHS, str(len(body) + 5), str(max(0, len(body) - 5)), "40000"))
    return _head(f"POST {path} HTTP/1.1", "Host: x", f"Content-Type: {SOAP_XML}", f"Content-Length: {wrong}") + body


def _more_headers(path: str, body: bytes, random: Random) -> bytes:
    lines = random.sample(_HEADERS, random.randint(1, 3))
    lengths = [f"Content-Length: {len(body)}"] if random.random() < 0.7 else []
    return _head(f"POST {path} HTTP/1.1", "Host: x", f"Content-Type: {SOAP_XML}", *lengths, *lines) + body


def _chunked(path: str, body: bytes, random: Random) -> bytes:
    head = _head(f"POST {path} HTTP/1.1", "Host: x", f"Content-Type: {SOAP_XML}", "Transfer-Encoding: chunked")
    data = bytearray(head)
    at = 0
    while at < len(body):
        piece = body[at : at + random.choice((1, 7, 100, 5000))]
        at += len(piece)
        size = f"{len(piece):x}".encode()
        if random.random() < 0.1:
            size = random.choice(
                (b"-1", b"0x5", b"ffffffffffffffffff", b"", b"g", size + b";x=" + b"y" * 20, size + b" ")
            )
        data += size + random.choice((b"\r\n", b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r")) + piece + b"\r\n"
        if len(data) > 200_000:
            break
    return bytes(data) + random.choice(
        (b"0\r\n\r\n", b"0\r\n\r\n", b"0\r\nX: y\r\n\r\n", b"0\r\n", b"", b"0;x\r\n\r\n")
    )


def _noise(_path: str, _body: bytes, random: Random) -> bytes:
    return random.randbytes(random.choice((1, 10, 1000)))


def _flipped(path: str, body: bytes, random: Random) -> bytes:
    data = bytearray(plain(path, body))
    for _ in range(random.choice((1, 2, 5))):
        data[random.randrange(min(len(data), 250))] ^= 1 << random.randrange(8)
    return bytes(data)


def _large(path: str, body: bytes, random: Random) -> bytes:
    return plain(path, body + b" " * random.choice((32_767, 32_768, 100_000)))


_DAMAGES: Final[tuple[Callable[[str, bytes, Random], bytes], ...]] = (
    _first_line, _type, _length, _more_headers, _more_headers, _chunked, _chunked, _noise, _flipped, _flipped, _large,
)  # fmt: skip


def _cut(data: bytes, random: Random) -> tuple[bytes, ...]:
    """In up to four pieces."""
    if random.random() < 0.6:
        return (data,)
    places = sorted(random.randint(0, len(data)) for _ in range(random.randint(1, 3)))
    return tuple(data[begin:end] for begin, end in zip((0, *places), (*places, len(data)), strict=True))
