"""The HTTP client against servers that are slow, greedy, elsewhere or not there. All on 127.0.0.1."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from drivers.contract.http import HttpClient, HttpFailed, HttpPeer, HttpTimeout, Request
from drivers.contract.http_exchange import ask

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/x"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw(talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[str]:
    """A server that speaks as `talk` wants, once for each connection."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x"
    finally:
        server.close()


async def post(url: str, timeout: float = 2, max_answer: int = 1000) -> tuple[int, str, bytes]:
    async with HttpClient() as client:
        answer = await client.post(url, b"body", {"Content-Type": "text/plain"}, timeout, max_answer)
    return answer.status, answer.content_type, answer.body


async def test_an_answer_is_handed_on_whatever_its_status() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        assert await request.read() == b"body"
        assert "Cookie" not in request.headers
        return web.Response(status=500, body=b"fault", content_type="application/soap+xml")

    async with serving(handler) as url:
        assert await post(url) == (500, "application/soap+xml", b"fault")


async def asking(url: str) -> int:
    async with HttpClient() as client:
        return (await client.post(url, b"body", {}, 2)).status


async def delivering(url: str) -> int:
    """As events are."""
    async with HttpClient() as client:
        return await client.deliver(url, b"body", {}, 2)


async def uploading(url: str) -> int:
    """As images are, to a scan server."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b"body"

    async with HttpClient() as client:
        return (await client.upload(url, chunks(), {"Content-Length": "4"}, 2, 2)).status


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("send", [asking, delivering, uploading])
async def test_a_redirect_is_not_followed(send: Callable[[str], Awaitable[int]], code: int) -> None:
    """Else whoever subscribes could make us ask third parties, or this machine itself."""
    asked: list[str] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        await request.read()
        return web.Response(status=code, headers={"Location": "/elsewhere"})

    async with serving(handler) as url:
        assert await send(url) == code
    assert asked == ["/x"]


@pytest.mark.parametrize("chunked", [True, False])
async def test_an_answer_that_is_too_large_is_not_read(chunked: bool) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if chunked:
            response.enable_chunked_encoding()
        else:
            response.content_length = 10**9
        await response.prepare(request)
        for _ in range(100_000):
            await response.write(bytes(1000))
        return response

    async with serving(handler) as url:
        with pytest.raises(HttpFailed, match="larger than 1000 bytes"):
            await post(url)


async def test_an_answer_of_exactly_the_limit_is_read() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(body=bytes(1000))

    async with serving(handler) as url:
        assert len((await post(url))[2]) == 1000


async def test_no_answer_in_time() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    async with serving(handler) as url:
        with pytest.raises(HttpTimeout):
            await post(url, timeout=0.1)


async def test_a_head_that_drips_is_too_late() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(200):
            writer.write(f"X-{number}: 1\r\n".encode())
            await writer.drain()
            await asyncio.sleep(0.05)

    async with raw(talk) as url:
        begun = time.monotonic()
        with pytest.raises(HttpTimeout):
            await post(url, timeout=0.3)
        assert time.monotonic() - begun < 3


async def test_a_body_that_drips_is_too_late() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
        for _ in range(200):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with raw(talk) as url:
        begun = time.monotonic()
        with pytest.raises(HttpTimeout):
            await post(url, timeout=0.3)
        assert time.monotonic() - begun < 3


async def test_a_wait_for_a_free_connection_counts() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    async with serving(handler) as url, HttpClient(connections_per_peer=1) as client:
        first = asyncio.create_task(client.post(url, b"", {}, 20))
        await asyncio.sleep(0.05)
        with pytest.raises(HttpTimeout):
            await client.post(url, b"", {}, 0.2)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nhalf",
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["hung up", "cut short", "no HTTP", "a long header", "a bad chunk"],
)
async def test_an_answer_that_is_none_is_a_failure_in_one_line(answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    async with raw(talk) as url:
        with pytest.raises(HttpFailed) as caught:
            await post(url)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 1000


async def test_nobody_listens_there() -> None:
    async with raw(lambda reader, writer: asyncio.sleep(0)) as url:
        pass
    with pytest.raises(HttpFailed):
        await post(url)


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://127.0.0.1/", "http://", "http://127.0.0.1:99999/"])
async def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(HttpFailed):
        await post(url)


async def test_a_header_cannot_be_broken_out_of() -> None:
    async with HttpClient() as client:
        with pytest.raises(HttpFailed):
            await client.post("http://127.0.0.1:9/", b"", {"X": "a\r\nY: b"}, 1)


async def test_a_stream_lasts_longer_than_its_time_limit_as_long_as_it_is_not_silent() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(12):
            await response.write(b"12345")
            await asyncio.sleep(0.1)
        return response

    async with serving(handler) as url, HttpClient() as client, client.stream(url, b"", {}, 1.0) as (status, _, chunks):
        assert status == 200
        assert b"".join([chunk async for chunk in chunks]) == b"12345" * 12


async def test_a_silence_in_a_stream_is_too_late() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"12345")
        await asyncio.sleep(30)
        return response

    async with serving(handler) as url, HttpClient() as client, client.stream(url, b"", {}, 0.2) as (_, _, chunks):
        assert await anext(chunks) == b"12345"
        with pytest.raises(HttpTimeout):
            await anext(chunks)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_a_peer_is_asked_by_any_method_and_its_headers_are_told(method: str) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(status=201, headers={"Location": f"/{request.method}"})

    async with serving(handler) as url:
        peer = HttpPeer(url.removesuffix("/x"))
        answer = await ask(peer, Request(method, "/x"), timeout=2)
        await peer.close()
        await peer.close()
    assert (answer.status, answer.headers["location"]) == (201, f"/{method}")


async def test_an_answer_may_be_left_in_the_middle() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(bytes(100))
        await asyncio.sleep(30)
        return response

    async with serving(handler) as url:
        peer = HttpPeer(url.removesuffix("/x"))
        async with peer.exchange(Request("GET", "/x"), wait=2, pause=2) as incoming:
            assert len(await anext(incoming.chunks)) == 100
        await peer.close()


async def test_silence_within_an_answer_has_an_end() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(bytes(100))
        await asyncio.sleep(30)
        return response

    async with serving(handler) as url:
        peer = HttpPeer(url.removesuffix("/x"))
        async with peer.exchange(Request("GET", "/x"), wait=5, pause=0.1) as incoming:
            await anext(incoming.chunks)
            with pytest.raises(HttpTimeout):
                await anext(incoming.chunks)
        await peer.close()
