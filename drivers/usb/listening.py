"""The reader of an interrupt endpoint, on a thread of its own as long as its link is open.

A read waits long, so that a device that says nothing costs nothing; closing the link ends it (drivers.usb.link).
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, NoReturn

from drivers.actor.work import Interject
from drivers.contract.clock import Clock
from drivers.contract.errors import DeviceGarbled, DeviceGone, DeviceRefused, DeviceTimeout, DriverError
from drivers.usb.family import Listener
from drivers.usb.link import LISTEN, Link

PACKET: Final = 64  # bytes: no interrupt endpoint of a scanner is larger
PAUSE: Final = (0.1, 1.0, 10.0)  # s after a read that failed, and after the next; the last one repeats
END_SECONDS: Final = 0.5
STALE_PACKETS: Final = 16  # at most, that were meant for whoever had the scanner before
STALE_SECONDS: Final = 0.05


def forget(link: Link) -> bool:
    """Whether there is an interrupt endpoint. What it says just now is thrown away: a button that was pressed before
    anybody listened was not pressed for us. Raises DeviceGone; one that stalls is left to the reader, which waits."""
    try:
        for _ in range(STALE_PACKETS):
            if not link.interrupt(PACKET, STALE_SECONDS):
                break
    except DeviceRefused:
        return False
    except (DeviceGarbled, DeviceTimeout):
        pass
    return True


class Listening:
    """One reader. Between `stop` and `wait` the link is to be closed."""

    def __init__(self, link: Link, family: Listener, clock: Clock, interject: Interject) -> None:
        self._link, self._heed, self._clock, self._interject = link, family.heed, clock, interject
        self._stopped = threading.Event()
        self._ended = threading.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="listen")
        self._thread.submit(self._read)
        self._thread.shutdown(wait=False)

    @property
    def alive(self) -> bool:
        """Whether there is an endpoint, and it is read."""
        return not self._ended.is_set()

    def stop(self) -> None:
        """What is read from now on is nothing."""
        self._stopped.set()

    def wait(self) -> None:
        """Until the thread is over, but not for long."""
        self._ended.wait(END_SECONDS)

    def _read(self) -> None:
        failures = 0
        try:
            while not self._stopped.is_set():
                try:
                    packet = self._link.interrupt(PACKET, LISTEN)
                    failures = 0
                except (DeviceGone, DeviceRefused) as err:
                    if not self._stopped.is_set():
                        self._interject(partial(_tell, err))
                    return
                except DriverError:
                    self._stopped.wait(PAUSE[min(failures, len(PAUSE) - 1)])
                    failures += 1
                    continue
                if packet:
                    self._interject(partial(self._heed, packet, self._clock.monotonic()))
        finally:
            self._ended.set()


def _tell(error: DriverError) -> NoReturn:
    raise error
