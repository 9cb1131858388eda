"""What is a change is what the caller does not know yet, whoever looked last."""

import asyncio
from contextlib import suppress

from drivers.contract.clock import SystemClock
from drivers.contract.errors import DeviceGone
from drivers.contract.observation import Readiness, Snapshot
from drivers.watch import snapshots

IDLE = Snapshot("usb", Readiness.IDLE)


class Eye:
    """Shows what it is told to, at once and again and again."""

    def __init__(self) -> None:
        self.shown: Snapshot | None = IDLE

    async def poll(self) -> Snapshot:
        if self.shown is None:
            raise DeviceGone("unplugged")
        return self.shown

    async def rest(self, seen: Snapshot) -> None:
        await asyncio.sleep(0.001)


async def test_what_somebody_else_was_shown_meanwhile_is_told_again_when_it_is_over() -> None:
    eye = Eye()
    known: dict[str, Snapshot] = {}
    told: list[Readiness] = []

    async def watch() -> None:
        async for snapshot in snapshots(eye, SystemClock(), known=known.get):
            known[snapshot.source] = snapshot
            told.append(snapshot.readiness)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.05)
    assert told == [Readiness.IDLE]
    # Somebody else took the news that it is gone; to the watch it was idle before and after.
    known["usb"] = Snapshot("usb", Readiness.GONE, explanation="unplugged")
    await asyncio.sleep(0.05)
    assert told == [Readiness.IDLE, Readiness.IDLE]
    eye.shown = None
    await asyncio.sleep(0.05)
    assert told[-1] is Readiness.GONE
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
