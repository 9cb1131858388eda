"""`wsd-scan-bridge run` whose waits pass fifty times as quickly: pauses between tries, not what is waited for."""

import argparse
import asyncio
import signal

from bridge import log
from bridge.cli import options, run
from bridge.config import Config
from bridge.daemon import Daemon
from bridge.hotplug import find
from drivers.contract.clock import SystemClock

FACTOR = 50


class Hurried(SystemClock):
    """Who sleeps sleeps less."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / FACTOR)


async def serve(config: Config) -> None:
    """Until SIGTERM."""
    clock, stop = Hurried(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await Daemon(config, lambda: find(config, clock), lambda url: print(f"ready {url}", flush=True), clock).run(stop)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    run.add(parser.add_subparsers())
    config = options.load(parser.parse_args())
    log.set_up(config.log.level)
    asyncio.run(serve(config))
