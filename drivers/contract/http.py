"""HTTP to peers who are not trusted: every request has a deadline, every answer a size, nothing is followed.

The one client for events to subscribers and for devices that speak HTTP. aiohttp's errors become two of ours.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final, Self

import aiohttp

from drivers.contract.tap import TAP

MAX_ANSWER: Final = 1024 * 1024
MAX_HEADER: Final = 8190


class HttpFailed(Exception):
    """No usable answer: refused, reset, too late, too large. The text is one line."""


class HttpTimeout(HttpFailed):
    """The deadline passed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer, whatever its status."""

    status: int
    content_type: str
    body: bytes


class HttpClient:
    """Kept-alive connections to any number of peers; used as an async context manager."""

    def __init__(self, connections_per_peer: int = 2) -> None:
        self._per_peer = connections_per_peer
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        # No cookies, no proxy from the environment, no redirects: a peer says where it is, nobody else does.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, limit_per_host=self._per_peer, use_dns_cache=False),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            max_line_size=MAX_HEADER,
            max_field_size=MAX_HEADER,
            skip_auto_headers=("User-Agent", "Accept-Encoding"),
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        timeout: float,
        max_answer: int = MAX_ANSWER,
    ) -> Answer:
        """POST and read the whole answer within `timeout` seconds. Raises HttpFailed, HttpTimeout."""
        try:
            async with asyncio.timeout(timeout), self.stream(url, body, headers, timeout) as answer:
                status, content_type, chunks = answer
                data = bytearray()
                async for chunk in chunks:
                    data += chunk
                    if len(data) > max_answer:
                        raise HttpFailed(f"{url}: the answer is larger than {max_answer} bytes")
                TAP.tell("http", data=bytes(data), way="in", url=url, status=status, type=content_type)
                return Answer(status, content_type, bytes(data))
        except TimeoutError as err:
            raise HttpTimeout(f"{url}: the answer did not end within {timeout:g} s") from err

    @asynccontextmanager
    async def stream(
        self, url: str, body: bytes, headers: Mapping[str, str], timeout: float
    ) -> AsyncIterator[tuple[int, str, AsyncIterator[bytes]]]:
        """POST; status, content type and the body's chunks as they come. `timeout` seconds bound the wait for the
        head and, after it, each silence. Raises HttpFailed, HttpTimeout, also out of the iterator."""
        if self._session is None:
            raise RuntimeError("the client is not open")
        limits = aiohttp.ClientTimeout(total=None, sock_connect=timeout, sock_read=timeout)
        TAP.tell("http", data=body, way="out", url=url, type=headers.get("Content-Type", ""))
        # The socket's own limits start again with every byte, and say nothing of the wait for a free connection.
        with _translated(url):
            async with asyncio.timeout(timeout):
                response = await self._session.post(
                    url, data=body, headers=dict(headers), timeout=limits, allow_redirects=False
                )
        try:
            yield response.status, response.headers.get("Content-Type", ""), _chunks(url, response)
        finally:
            # A body read to its end has given its connection back already; any other connection is of no use.
            response.close()


async def _chunks(url: str, response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    with _translated(url):
        async for chunk in response.content.iter_any():
            yield chunk


@contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except TimeoutError as err:
        raise HttpTimeout(f"{url}: no answer in time") from err
    except (aiohttp.ClientError, OSError, ValueError) as err:
        raise HttpFailed(f"{url}: {err or type(err).__name__}") from err
