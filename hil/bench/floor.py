"""The floor of what the bridge sends and answers: the same bytes, by the same library, and nothing else.

`python -m hil.bench.floor` is a server whose handler does nothing: it answers every POST with what it read from
standard input, whole, or with `--stream CHUNK` as a stream in chunks of that size; with `--keep DIR` it writes what it
is sent into a flushed file there, and answers nothing. It prints `ready PORT`.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from bridge.net.courier import HEADERS
from hil.bench.figures import Samples, samples

COUNT = 60
_WARM = 5  # the first ones open the connection and fill caches
_TYPE = {"Content-Type": "application/soap+xml; charset=utf-8"}


async def bare_posts(body: bytes, count: int = COUNT) -> Samples:
    """From just before the POST in another process to its last byte read here. Raises RuntimeError when that fails."""
    arrived: list[float] = []

    async def handle(request: web.BaseRequest) -> web.Response:
        await request.read()
        arrived.append(time.monotonic())
        return web.Response(status=202)

    runner = web.ServerRunner(web.Server(handle, access_log=None), handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        poster = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "hil.bench.poster",
            url,
            str(count + _WARM),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        told, _ = await poster.communicate(body)
    finally:
        await runner.cleanup()
    left = [float(line) for line in told.split()]
    if poster.returncode != 0 or len(left) != len(arrived):
        raise RuntimeError("the bare POSTs failed")
    return samples([there - here for here, there in zip(left, arrived, strict=True)][_WARM:])


async def posts_to(urls: Sequence[str], body: bytes, count: int, timeout: float) -> None:
    """So many POSTs to each, one after the other, to all of them at once. Raises aiohttp's own errors."""
    limits = aiohttp.ClientTimeout(total=timeout)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
    ) as session:

        async def to(url: str) -> None:
            for _ in range(count):
                async with session.post(url, data=body, headers=HEADERS, timeout=limits) as answer:
                    await answer.read()

        async with asyncio.TaskGroup() as tasks:
            for url in urls:
                tasks.create_task(to(url))


@asynccontextmanager
async def bare_server(answer: bytes, *, chunk: int = 0, keep: str = "") -> AsyncIterator[int]:
    """The server in a process of its own, until the block ends; its port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hil.bench.floor", "--stream", str(chunk), "--keep", keep,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(answer)
        process.stdin.write_eof()
        line = (await process.stdout.readline()).decode()
        if not line.startswith("ready "):
            raise RuntimeError("the bare server did not start")
        yield int(line.split()[1])
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _serve(answer: bytes, chunk: int, keep: str) -> None:
    async def kept(request: web.BaseRequest) -> web.Response:
        with tempfile.TemporaryFile(dir=keep, buffering=0) as file:
            async for piece in request.content.iter_any():
                file.write(piece)
            os.fsync(file.fileno())
        return web.Response(status=202)

    async def whole(request: web.BaseRequest) -> web.Response:
        await request.read()
        return web.Response(body=answer, headers=_TYPE)

    async def stream(request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        response = web.StreamResponse()
        await response.prepare(request)
        for at in range(0, len(answer), chunk):
            await response.write(answer[at : at + chunk])
        await response.write_eof()
        return response

    runner = web.ServerRunner(web.Server(kept if keep else stream if chunk else whole, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"ready {runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--stream", type=int, default=0)
    parser.add_argument("--keep", default="")
    said = parser.parse_args()
    asyncio.run(_serve(sys.stdin.buffer.read(), said.stream, said.keep))
