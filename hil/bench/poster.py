"""`python -m hil.bench.poster URL COUNT`: POST what is read from standard input, bare, and tell when each one left.

A process of its own, because the bridge is one too. Prints one monotonic time per line, taken just before the POST.
"""

import asyncio
import sys
import time

from bridge.net.courier import HEADERS
from drivers.contract.http import HttpClient

PAUSE = 0.05  # seconds; events do not come in a burst either


async def post(url: str, body: bytes, count: int) -> list[float]:
    """When each POST was begun. Raises HttpFailed."""
    left: list[float] = []
    async with HttpClient() as client:
        for _ in range(count):
            await asyncio.sleep(PAUSE)
            left.append(time.monotonic())
            await client.post(url, body, HEADERS, timeout=10.0)
    return left


if __name__ == "__main__":
    for moment in asyncio.run(post(sys.argv[1], sys.stdin.buffer.read(), int(sys.argv[2]))):
        print(moment)
