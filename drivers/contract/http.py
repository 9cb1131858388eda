"""HTTP to peers who are not trusted: every request has a deadline, every answer a size, nothing is followed.

The one client for events to subscribers and for devices that speak HTTP. aiohttp's errors become two of ours. Its
words (drivers.contract.http_exchange) are handed on, because who uses it needs them.
"""

import asyncio
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Final, Self

from drivers.contract.http_exchange import (
    MAX_ANSWER,
    Answer,
    HttpFailed,
    HttpTimeout,
    HttpUntrusted,
    Incoming,
    Request,
)
from drivers.contract.spare import sparing
from drivers.contract.tap import TAP

with sparing():
    import aiohttp

__all__ = ["Answer", "HttpClient", "HttpFailed", "HttpPeer", "HttpTimeout", "HttpUntrusted", "Incoming", "Request"]

MAX_HEADER: Final = 8190


class HttpClient:
    """Kept-alive connections to any number of peers; used as an async context manager.

    `certificate`: over HTTPS, the SHA-256 in hex that the peer's own certificate must have; "" accepts any; None asks
    for one that the system trusts. `context` says instead whom to trust, and what to show.
    """

    def __init__(
        self, connections_per_peer: int = 2, certificate: str | None = None, context: ssl.SSLContext | None = None
    ) -> None:
        self._per_peer = connections_per_peer
        self._said: ssl.SSLContext | aiohttp.Fingerprint | bool | None = context
        if certificate is not None:
            self._said = aiohttp.Fingerprint(bytes.fromhex(certificate)) if certificate else False
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

    def _trusted(self, url: str) -> ssl.SSLContext | aiohttp.Fingerprint | bool:
        if self._said is not None:
            return self._said
        return _whom_the_system_trusts() if url[:6].lower() == "https:" else True

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
                whole = await Incoming(status, {"content-type": content_type}, chunks).whole(url, max_answer)
                TAP.tell("http", data=whole.body, way="in", url=url, status=status, type=content_type)
                return whole
        except TimeoutError as err:
            raise HttpTimeout(f"{url}: the answer did not end within {timeout:g} s") from err

    async def upload(
        self, url: str, chunks: AsyncIterable[bytes], headers: Mapping[str, str], send: float, wait: float
    ) -> Answer:
        """POST of a body that is made while it leaves; `headers` say its length. `send` seconds bound the whole,
        `wait` the silence once the body has left. Raises HttpFailed, HttpTimeout, and what `chunks` raises."""
        if self._session is None:
            raise RuntimeError("the client is not open")
        limits = aiohttp.ClientTimeout(total=send, sock_read=wait)
        with _translated(url):
            async with self._session.post(
                url, data=chunks, headers=dict(headers), timeout=limits, allow_redirects=False, ssl=self._trusted(url)
            ) as response:
                names = {name.lower(): value for name, value in response.headers.items()}
                return await Incoming(response.status, names, _chunks(url, response, wait)).whole(url)

    async def deliver(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        timeout: float,
        max_answer: int = MAX_ANSWER,
    ) -> int:
        """POST of whose answer nothing but the status matters, at the least cost, for every event goes to everybody:
        one deadline for all of it, and no copy of the answer. Raises HttpFailed, HttpTimeout."""
        if self._session is None:
            raise RuntimeError("the client is not open")
        heard = TAP.wants()
        if heard:
            TAP.tell("http", data=body, way="out", url=url, type=headers.get("Content-Type", ""))
        try:
            async with self._session.post(
                url, data=body, headers=headers, timeout=_within(timeout), allow_redirects=False, ssl=self._trusted(url)
            ) as response:
                left = max_answer
                while not response.content.at_eof():
                    left -= len(await response.content.readany())
                    if left < 0:
                        response.close()
                        raise HttpFailed(f"{url}: the answer is larger than {max_answer} bytes")
        except (aiohttp.ClientError, OSError, ValueError) as err:  # TimeoutError is an OSError
            raise _failure(url, err) from err
        if heard:
            TAP.tell("http", way="in", url=url, status=response.status, type=response.headers.get("Content-Type", ""))
        return response.status

    @asynccontextmanager
    async def stream(
        self, url: str, body: bytes, headers: Mapping[str, str], timeout: float
    ) -> AsyncIterator[tuple[int, str, AsyncIterator[bytes]]]:
        """POST; status, content type and the body's chunks as they come. `timeout` seconds bound the wait for the
        head and, after it, each silence. Raises HttpFailed, HttpTimeout, also out of the iterator."""
        TAP.tell("http", data=body, way="out", url=url, type=headers.get("Content-Type", ""))
        async with self.exchange(Request("POST", url, body, headers), wait=timeout, pause=timeout) as incoming:
            yield incoming.status, incoming.headers.get("content-type", ""), incoming.chunks

    @asynccontextmanager
    async def exchange(self, request: Request, *, wait: float, pause: float) -> AsyncIterator[Incoming]:
        """As `Http.exchange`, to any peer."""
        url = request.target
        if self._session is None:
            raise RuntimeError("the client is not open")
        limits = aiohttp.ClientTimeout(total=None, sock_connect=wait, sock_read=max(wait, pause))
        # The socket's own limits start again with every byte, and say nothing of the wait for a free connection.
        with _translated(url):
            async with asyncio.timeout(wait):
                response = await self._session.request(
                    request.method,
                    url,
                    data=request.body or None,
                    headers=dict(request.headers),
                    timeout=limits,
                    allow_redirects=False,
                    ssl=self._trusted(url),
                )
        try:
            names = {name.lower(): value for name, value in response.headers.items()}
            yield Incoming(response.status, names, _chunks(url, response, pause))
        finally:
            # A body read to its end has given its connection back already; any other connection is of no use.
            response.close()


class HttpPeer:
    """`Http` over TCP or TLS: one place, at most three connections at a time, for a page, a look and a cancel."""

    def __init__(self, origin: str, certificate: str | None = None) -> None:
        """`origin`: scheme, host and port. `certificate`: see HttpClient."""
        self._origin = origin
        self._client = HttpClient(3, certificate)
        self._open = False

    @asynccontextmanager
    async def exchange(self, request: Request, *, wait: float, pause: float) -> AsyncIterator[Incoming]:
        """As `Http`."""
        if not self._open:
            self._open = True
            await self._client.__aenter__()
        there = replace(request, target=self._origin + request.target)
        async with self._client.exchange(there, wait=wait, pause=pause) as incoming:
            yield incoming

    async def close(self) -> None:
        if self._open:
            self._open = False
            await self._client.__aexit__()


async def _chunks(url: str, response: aiohttp.ClientResponse, pause: float) -> AsyncIterator[bytes]:
    with _translated(url):
        while True:
            async with asyncio.timeout(pause):
                chunk = await response.content.readany()
            if not chunk:
                return
            yield chunk


_within = lru_cache(maxsize=8)(lambda seconds: aiohttp.ClientTimeout(total=seconds))


@lru_cache(maxsize=1)
def _whom_the_system_trusts() -> ssl.SSLContext:
    """aiohttp's own context knows nobody (drivers.contract.spare)."""
    return ssl.create_default_context()


@contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except (aiohttp.ClientError, OSError, ValueError) as err:  # TimeoutError is an OSError
        raise _failure(url, err) from err


def _failure(url: str, err: Exception) -> HttpFailed:
    if isinstance(err, TimeoutError):
        return HttpTimeout(f"{url}: no answer in time")
    if isinstance(err, aiohttp.ServerFingerprintMismatch | aiohttp.ClientConnectorCertificateError):
        why = f": {err}" if isinstance(err, aiohttp.ClientConnectorCertificateError) else ""
        return HttpUntrusted(f"{url}: its certificate is not the one it must have{why}")
    return HttpFailed(f"{url}: {err or type(err).__name__}")
