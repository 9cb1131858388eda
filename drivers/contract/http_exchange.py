"""A request and its answer over HTTP, whatever carries them: the words, with no client behind them.

`Http` is what a device driver talks through, so that TCP and USB carry the same requests. What comes back is bounded
by deadlines and sizes.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

MAX_ANSWER: Final = 1024 * 1024


class HttpFailed(Exception):
    """No usable answer: refused, reset, too late, too large. The text is one line."""


class HttpTimeout(HttpFailed):
    """The deadline passed."""


class HttpUntrusted(HttpFailed):
    """Somebody answers who cannot show the certificate that he must have."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `target`: a path where one device is asked, a URL where anybody can be (RFC 9112 section 3.2)."""

    method: str
    target: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer, whatever its status."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case


@dataclass(frozen=True, slots=True)
class Incoming:
    """An answer whose body is still on its way; the iterator raises HttpFailed, HttpTimeout."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    chunks: AsyncIterator[bytes]

    async def whole(self, what: str, max_answer: int = MAX_ANSWER) -> Answer:
        """All of it; `what` is for messages. Raises HttpFailed, HttpTimeout."""
        data = bytearray()
        async for chunk in self.chunks:
            data += chunk
            if len(data) > max_answer:
                raise HttpFailed(f"{what}: the answer is larger than {max_answer} bytes")
        return Answer(self.status, self.headers.get("content-type", ""), bytes(data), self.headers)


class Http(Protocol):
    """One device that answers HTTP, whatever carries it."""

    def exchange(self, request: Request, *, wait: float, pause: float) -> AbstractAsyncContextManager[Incoming]:
        """One request. `wait` seconds bound the time until the answer's head, `pause` each silence after it.
        Leaving the block early ends the answer. Raises HttpFailed, HttpTimeout."""

    async def close(self) -> None:
        """Let go of it; may be called twice."""


@runtime_checkable
class Shared(Protocol):
    """An `Http` that somebody else may have between two requests."""

    def held(self) -> AbstractAsyncContextManager[None]:
        """Nobody else gets it within the block, from the first request there on."""


async def ask(http: Http, request: Request, *, timeout: float, max_answer: int = MAX_ANSWER) -> Answer:
    """One request with its whole answer, within `timeout` seconds. Raises HttpFailed, HttpTimeout."""
    try:
        async with asyncio.timeout(timeout), http.exchange(request, wait=timeout, pause=timeout) as incoming:
            return await incoming.whole(request.target, max_answer)
    except TimeoutError as err:
        raise HttpTimeout(f"{request.target}: the answer did not end within {timeout:g} s") from err
