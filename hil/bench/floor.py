"""The floor of every event: a bare POST of the same bytes, by the same library, to a handler that does nothing."""

import asyncio
import sys
import time

from aiohttp import web

from hil.bench.figures import Samples, samples

COUNT = 60
_WARM = 5  # the first ones open the connection and fill caches


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
