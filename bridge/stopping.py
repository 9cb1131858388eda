"""How a program that runs until it is told to stop hears that."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def asked_to_stop() -> Iterator[asyncio.Event]:
    """An event that Ctrl-C, SIGTERM and a terminal that is closed set; not the last one where nohup was said."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    numbers = (signal.SIGINT, signal.SIGTERM) if ignored else (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for each in numbers:
        loop.add_signal_handler(each, stop.set)
    try:
        yield stop
    finally:
        for each in numbers:
            loop.remove_signal_handler(each)
