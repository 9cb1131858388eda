"""MTOM/XOP packaging (multipart/related): written piece by piece around a stream, and read the same way.

Spec: XOP 1.0, MTOM, RFC 2387, RFC 2046 section 5.1; DPWS 2006 R0036-R0039: every part is binary, the root comes
first. No part is ever whole in memory: the writer gives the bytes around the content, the reader hands content on.
"""

import uuid
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from dataclasses import dataclass, field
from email.message import Message as MimeHeaders
from email.parser import BytesHeaderParser
from typing import Final

from bridge.errors import WireError

_SOAP_XML: Final = "application/soap+xml"
_XOP_XML: Final = "application/xop+xml"
_MAX_HEAD: Final = 8_192  # headers of one part
_MAX_PREAMBLE: Final = 4_096
_MAX_PARTS: Final = 16
_MAX_BOUNDARY: Final = 70  # RFC 2046 section 5.1.1
_MAX_TAIL: Final = 1_024  # padding after a boundary


@dataclass(frozen=True, slots=True)
class Package:
    """One multipart/related message on its way out. Ids are without angle brackets."""

    boundary: str = field(default_factory=lambda: f"bound-{uuid.uuid4().hex}")
    root_id: str = field(default_factory=lambda: f"root-{uuid.uuid4().hex}@wsd")

    @property
    def content_type(self) -> str:
        """The value of the HTTP header Content-Type."""
        return (
            f'multipart/related; type="{_XOP_XML}"; start="<{self.root_id}>"; start-info="{_SOAP_XML}"; '
            f'boundary="{self.boundary}"'
        )

    def head(self, root_xml: bytes, content_id: str, content_type: str) -> bytes:
        """Everything up to the first byte of the content that `root_xml` includes as `content_id`."""
        root = self._part_head(f'{_XOP_XML}; charset=utf-8; type="{_SOAP_XML}"', self.root_id)
        return root + root_xml + self.next_part(content_id, content_type)

    def next_part(self, content_id: str, content_type: str) -> bytes:
        """What stands between one content and the next."""
        return b"\r\n" + self._part_head(content_type, content_id)

    def tail(self) -> bytes:
        """What follows the last byte of the last content. Left out when that content broke off."""
        return f"\r\n--{self.boundary}--\r\n".encode()

    def _part_head(self, content_type: str, content_id: str) -> bytes:
        return (
            f"--{self.boundary}\r\nContent-Type: {content_type}\r\nContent-Transfer-Encoding: binary\r\n"
            f"Content-ID: <{content_id}>\r\n\r\n"
        ).encode("ascii")


def is_multipart(content_type: str) -> bool:
    """Whether an HTTP Content-Type announces a package (and not a lone envelope, say a fault)."""
    return content_type.partition(";")[0].strip().lower() == "multipart/related"


class Part:
    """One part of a package that is being read. Its content can be read once, before the next part is asked for."""

    def __init__(self, headers: "MimeHeaders[str, str]", content: AsyncIterator[bytes]) -> None:
        self._content = content
        self.content_type = (headers.get_content_type() if "Content-Type" in headers else "").lower()
        self.content_id = (headers.get("Content-ID") or "").strip().removeprefix("<").removesuffix(">")

    def chunks(self) -> AsyncIterator[bytes]:
        """The content as it arrives. Raises WireError when the stream ends before the part does."""
        return self._content

    async def read(self, max_bytes: int) -> bytes:
        """The whole content. Raises WireError when there is more of it."""
        data = bytearray()
        async for chunk in self._content:
            data += chunk
            if len(data) > max_bytes:
                raise WireError("multipart", f"a part of more than {max_bytes} bytes")
        return bytes(data)


async def read_parts(content_type: str, stream: AsyncIterable[bytes]) -> AsyncGenerator[Part, None]:
    """The parts of a multipart/related message, in their order. Raises WireError.

    What a caller leaves unread of a part is skipped when it asks for the next one.
    """
    reader = _Reader(_boundary(content_type), stream)
    await reader.skip_preamble()
    for _ in range(_MAX_PARTS):
        if await reader.at_end():
            return
        headers = await reader.headers()
        content = reader.content()
        yield Part(headers, content)
        async for _rest in content:
            pass
    if not await reader.at_end():
        raise WireError("multipart", f"more than {_MAX_PARTS} parts")


class _Reader:
    """A window on the stream, never wider than one chunk and a boundary."""

    def __init__(self, boundary: bytes, stream: AsyncIterable[bytes]) -> None:
        self._delimiter = b"\r\n--" + boundary
        self._stream = aiter(stream)
        self._window = bytearray(b"\r\n")  # so that a boundary at the very start looks like any other

    async def _more(self) -> None:
        chunk = await anext(self._stream, None)
        if chunk is None:
            raise WireError("multipart", "the stream ended before the closing boundary")
        self._window += chunk

    async def skip_preamble(self) -> None:
        while (at := self._window.find(self._delimiter)) < 0:
            if len(self._window) > _MAX_PREAMBLE:
                raise WireError("multipart", "does not begin with its boundary")
            await self._more()
        del self._window[: at + len(self._delimiter)]

    async def at_end(self) -> bool:
        """Called right behind a delimiter: whether it was the closing one; else the line's rest is eaten."""
        while len(self._window) < 2:
            await self._more()
        if self._window.startswith(b"--"):
            return True
        while (at := self._window.find(b"\r\n")) < 0:
            if len(self._window) > _MAX_TAIL:
                raise WireError("multipart", "a boundary line does not end")
            await self._more()
        if self._window[:at].strip(b" \t"):
            raise WireError("multipart", "a boundary line goes on with text")
        del self._window[:at]  # the line end stays: it may be the first half of the blank line
        return False

    async def headers(self) -> "MimeHeaders[str, str]":
        while (at := self._window.find(b"\r\n\r\n")) < 0:
            if len(self._window) > _MAX_HEAD:
                raise WireError("multipart", f"headers of a part longer than {_MAX_HEAD} bytes")
            await self._more()
        if at > _MAX_HEAD:
            raise WireError("multipart", f"headers of a part longer than {_MAX_HEAD} bytes")
        head = bytes(self._window[2 : at + 2])
        # Of the blank line its second half stays: an empty part ends in the very delimiter it begins.
        del self._window[: at + 2]
        return BytesHeaderParser().parsebytes(head)

    async def content(self) -> AsyncIterator[bytes]:
        """What was read last is held until it is known that no delimiter begins in it: so images are not copied."""
        reach = len(self._delimiter) - 1
        held, start = bytes(self._window), 2  # the blank line's second half
        while (at := held.find(self._delimiter)) < 0:
            chunk = await anext(self._stream, None)
            if chunk is None:
                raise WireError("multipart", "the stream ended before the closing boundary")
            if len(chunk) < reach or self._delimiter in held[-reach:] + chunk[:reach]:
                safe = len(held) - reach  # a delimiter may begin behind it
                if safe > start:
                    yield held[start:safe]
                    held, start = held[safe:], 0
                held += chunk
            else:
                if len(held) > start:
                    yield held[start:] if start else held
                held, start = chunk, 0
        if at > start:
            yield held[start:at]
        self._window[:] = held[at + len(self._delimiter) :]


def _boundary(content_type: str) -> bytes:
    headers = MimeHeaders()
    headers["Content-Type"] = content_type.replace("\r", " ").replace("\n", " ")
    boundary = headers.get_param("boundary")
    if not is_multipart(content_type) or not isinstance(boundary, str) or not 0 < len(boundary) <= _MAX_BOUNDARY:
        raise WireError("Content-Type", "is not multipart/related with a boundary")
    return boundary.encode("ascii", "replace")
