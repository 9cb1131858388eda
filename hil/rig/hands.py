"""The hands of the product's clocks: where it reads time, starts threads or rolls dice by itself, the rig does it.

The event loop's time is the rig's already; this is about the rooms in which threads work, which take theirs from the
standard library. `ROOMS` is the whole list, and tests/unit/hil_scenario/test_rig_hands.py keeps it whole: what else
in `bridge` and `drivers` imports threading, time, concurrent or random is in `NOT_HERE`, itself or its package.
One hand-turned world at a time in a process, since the rooms are the process's.
"""

import importlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from random import Random
from types import SimpleNamespace
from typing import Any, Final

from hil.rig.threads import AtOnce, Condition, Event, Executor
from hil.rig.turns import Turns

SEED: Final = 2006  # of the dice


def _threads(turns: Turns) -> SimpleNamespace:
    return SimpleNamespace(Condition=partial(Condition, turns), Event=partial(Event, turns), Lock=threading.Lock)


def _executor(turns: Turns) -> Callable[..., Executor]:
    return partial(Executor, turns)


def _at_once(turns: Turns) -> type[AtOnce]:
    del turns
    return AtOnce


def _dice(turns: Turns) -> SimpleNamespace:
    del turns
    return SimpleNamespace(Random=lambda: Random(SEED))  # noqa: S311 - they spread load


ROOMS: Final[Mapping[str, Mapping[str, Callable[[Turns], Any]]]] = {
    "drivers.contract.handover": {"threading": _threads},
    "bridge.jobs.tray": {"threading": _threads},
    "bridge.scanner.acquisition": {"threading": _threads, "ThreadPoolExecutor": _executor},
    "bridge.imaging.workers": {"ThreadPoolExecutor": _at_once},
    "drivers.actor.actor": {"threading": _threads, "ThreadPoolExecutor": _executor},
    "drivers.actor.news": {"threading": _threads},
    "drivers.usb.listening": {"threading": _threads, "ThreadPoolExecutor": _executor},
    "drivers.usb.ipp_usb.http": {"ThreadPoolExecutor": _executor},
    "drivers.snmp.observer": {"random": _dice},
    "drivers.escl.scanner": {"ThreadPoolExecutor": _executor, "random": _dice},
}

NOT_HERE: Final = {
    "drivers.contract.clock": "the real clock, which is not used",
    "drivers.contract.tap": "a lock for a moment; the rig stamps what it hears itself",
    "drivers.usb.link": "no pyusb: the link is the rig's",
    "drivers.usb.exchange": "it is handed the bridge's clock",
    "drivers.usb.esci.scanner": "it is handed the bridge's clock",
    "drivers.usb.esci2.scanner": "it is handed the bridge's clock",
    "drivers.usb.pixma.mp150.scanner": "it is handed the bridge's clock",
    "drivers.usbip": "no USB/IP: the link is the rig's",
    "drivers.escl.scan": "it is handed the room's hand by drivers.escl.scanner",
    "drivers.sane": "SANE's scanners are in a process of their own, and not on this clock",
    "bridge.net.wiretap": "nobody records over the socket",
    "bridge.net.multicast": "nothing is sent by multicast",
    "bridge.net.presence": "nothing is sent by multicast",
    "bridge.discovery.responder": "nothing is sent by multicast",
    "bridge.daemon": "its dice are for multicast",
    "bridge.scan_server": "no scan server is played by hand",
    "bridge.jobs.post_scan_store": "no scan server is played by hand",
    "bridge.filters": "pages are brought to no folder by hand",
    "bridge.imaging.jpeg": "what each thread keeps for itself; nobody waits",
}

_taken = threading.Lock()


@contextmanager
def taken(turns: Turns) -> Iterator[None]:
    """The rooms are the rig's while the block lasts. Raises RuntimeError where another world has them."""
    if not _taken.acquire(blocking=False):
        raise RuntimeError("there is a hand-turned world in this process already")
    before: list[tuple[Any, str, Any]] = []
    try:
        for name, hands in ROOMS.items():
            room = importlib.import_module(name)
            for hand, make in hands.items():
                before.append((room, hand, getattr(room, hand)))
                setattr(room, hand, make(turns))
        yield
    finally:
        for room, hand, value in reversed(before):
            setattr(room, hand, value)
        _taken.release()
