"""`wsd-scan-bridge run` whose waits pass fifty times as quickly: pauses between tries, not what is waited for.

The threads of its pool are there from the beginning, so that only what needs a thread of its own starts one later.
"""

import argparse
import asyncio
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

from bridge import log
from bridge.cli import options, run
from bridge.config import Config
from bridge.daemon import Daemon
from bridge.hotplug import find
from drivers.contract.clock import SystemClock

FACTOR = 50
THREADS = 4


class Hurried(SystemClock):
    """Who sleeps sleeps less."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / FACTOR)


async def serve(config: Config) -> None:
    """Until SIGTERM."""
    threads, together = ThreadPoolExecutor(THREADS), threading.Barrier(THREADS)
    for _ in range(THREADS):
        threads.submit(together.wait)
    asyncio.get_running_loop().set_default_executor(threads)
    clock, stop = Hurried(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await Daemon(config, lambda: find(config, clock), lambda url: print(f"ready {url}", flush=True), clock).run(stop)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    run.add(parser.add_subparsers())
    config = options.load(parser.parse_args())
    log.set_up(config.log.level)
    asyncio.run(serve(config))
