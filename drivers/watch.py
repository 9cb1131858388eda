"""The poll loop: one observer's looks as a stream of changes.

A failing device is a reading too: it is told as GONE or STOPPED, with the reason, once. A garbled or late
answer is asked for again before it is told. Nothing here knows what a snapshot means.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

from drivers.contract.clock import Clock
from drivers.contract.driver import Observer
from drivers.contract.errors import DeviceBusy, DeviceGarbled, DeviceGone, DeviceTimeout, DriverError
from drivers.contract.observation import Readiness, Snapshot

TRIES = 3  # looks that fail in a row before a time-out or a garbled answer is told
RETRY_SECONDS = 0.2
BACK_OFF = (0.5, 1.0, 2.0, 4.0)  # between looks at a device that is away; the last one repeats


async def snapshots(
    observer: Observer,
    clock: Clock,
    *,
    source: str = "usb",
    known: Callable[[str], Snapshot | None] | None = None,
    away: Callable[[float], Awaitable[object]] | None = None,
) -> AsyncIterator[Snapshot]:
    """Every snapshot that differs from the one before; those with a press always. Never ends by itself.

    `source` names the observer in snapshots that are made here because it could not look. `known`: the last snapshot
    of a source that the caller has, for a caller who also looks by himself; what differs from that is a change.
    `away`: waits so many seconds, or as long as it likes, before a device that is gone is looked for again.
    """
    seen: Snapshot | None = None
    failures = 0
    while True:
        try:
            snapshot = await observer.poll()
        except DriverError as err:
            failures += 1
            if isinstance(err, DeviceTimeout | DeviceGarbled) and failures < TRIES:
                await clock.sleep(RETRY_SECONDS)
                continue
            told = _failed(err, seen.source if seen else source)
            if told != (known(told.source) if known else seen):
                yield told
            seen = told
            told_times = failures - (TRIES if isinstance(err, DeviceTimeout | DeviceGarbled) else 1)
            pause = BACK_OFF[min(told_times, len(BACK_OFF) - 1)]
            await (away if away is not None and isinstance(err, DeviceGone) else clock.sleep)(pause)
            continue
        failures = 0
        if snapshot.presses or snapshot != (known(snapshot.source) if known else seen):
            yield snapshot
        seen = replace(snapshot, presses=())
        await observer.rest(seen)


def _failed(error: DriverError, source: str) -> Snapshot:
    match error:
        case DeviceGone():
            readiness = Readiness.GONE
        case DeviceBusy():
            readiness = Readiness.BUSY
        case _:
            readiness = Readiness.STOPPED
    return Snapshot(source, readiness, explanation=str(error))
