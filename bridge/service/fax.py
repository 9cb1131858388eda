"""IFaxServer::ListenToServerEvents: who listens to which fax events, and what each is told, in order.

Listeners in this process are called; those elsewhere read a `Stream`, which begins with a snapshot or where it was
left, if that is still remembered. Every notification has a number; numbers of another run are of no use, so an id
names the run too. A listener that is slow or fails harms nobody: each keeps its own place in one bounded memory.
"""

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from bridge.errors import BridgeError
from bridge.fax.faxcomex import AccessRights, ServerEvents
from bridge.fax.notify import Callback, IFaxServerNotify, Notification, mask, refused
from bridge.translate.fax_queue import FaxQueue, job_id, look
from bridge.translate.fax_report import fax
from drivers.contract.fax import Direction, FaxSnapshot
from drivers.contract.observation import Snapshot

_log = logging.getLogger(__name__)

REMEMBERED: Final = 4096  # notifications that can be caught up with
MAX_STREAMS: Final = 48  # fewer than one address has seats (bridge.net.seats): others can still be answered
BATCH: Final = 200  # events taken at once
SNAPSHOT: Final = "Snapshot"
_QUEUES: Final = {Direction.INCOMING: ServerEvents.IN_QUEUE, Direction.OUTGOING: ServerEvents.OUT_QUEUE}


class FaxRefused(BridgeError):
    """What was asked for may not be listened to; the text says which part."""


class FaxFull(BridgeError):
    """There are as many streams as there may be."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a stream: its id, its name, plain data."""

    id: str
    name: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Listener:
    notify: IFaxServerNotify
    wanted: ServerEvents


class Stream:
    """The place of one listener elsewhere in what is told. It begins with a snapshot, or where he was if that is still
    remembered; one who is too slow for the memory gets a snapshot that says so."""

    def __init__(self, service: "FaxService", asked: ServerEvents, after: str | None) -> None:
        self._service, self._asked = service, asked
        self._place = service.place(after)
        self._new = after is None
        self.news = asyncio.Event()  # set: there may be something to take
        self.news.set()

    def take(self) -> list[Told]:
        """What there is for him now, at most BATCH; in order, each once."""
        self.news.clear()
        if self._place is None or self._service.forgot(self._place):
            complete, self._new = self._new, False
            self._place, snapshot = self._service.snapshot(self._asked, complete=complete)
            self.news.set()
            return [snapshot]
        told: list[Told] = []
        for number, notification in self._service.since(self._place):
            if len(told) >= BATCH:
                self.news.set()
                break
            self._place = number
            if notification.event & self._asked:
                told.append(Told(self._service.id(number), notification.callback, notification.to_json()))
        return told

    @property
    def ended(self) -> bool:
        """Nothing will come any more."""
        return self._service.closed and not self.news.is_set()

    def close(self) -> None:
        """He is gone."""
        self._service.leave(self)


class FaxService:
    """All fax systems that are followed, and all who listen."""

    def __init__(self, run: int, device_id: Callable[[str, str], int], remembered: int = REMEMBERED) -> None:
        """`run` is another one at each start; `device_id` numbers the lines: (source, line) → always the same id;
        `remembered` notifications can be caught up with."""
        self._run = run
        self._device_id = device_id
        self._queues: dict[str, FaxQueue] = {}
        self._stale: set[str] = set()  # sources that could not be looked at the last time
        self._told: deque[tuple[int, Notification]] = deque(maxlen=remembered)
        self._numbers = itertools.count(1)
        self._last = 0
        self._listeners: dict[int, _Listener] = {}
        self._next_listener = itertools.count(1)
        self._streams: set[Stream] = set()
        self._closed = False

    # What is seen.

    def see(self, snapshot: FaxSnapshot) -> None:
        """One look at one fax system."""
        source = snapshot.source
        self._stale.discard(source)
        looked = look(self._queues.get(source, FaxQueue()), snapshot, lambda line: self._device_id(source, line))
        self._queues[source] = looked.queue
        self._tell(looked.told)

    def see_mfp(self, source: str, snapshot: Snapshot) -> None:
        """One look at a device that scans and faxes. One without any fax jobs, ever, is no fax system."""
        jobs = tuple(found for job in snapshot.jobs if (found := fax(job)) is not None)
        if jobs or source in self._queues:
            self.see(FaxSnapshot(source, jobs))

    def lose(self, source: str) -> None:
        """It cannot be looked at: its jobs stay as they were last seen, and are called stale."""
        self._stale.add(source)

    def close(self) -> None:
        """The last event is OnServerShutDown; the streams end after it."""
        if not self._closed:
            self._closed = True
            self._tell((Notification(Callback.SERVER_SHUT_DOWN),))

    # Who listens.

    def listen(self, listener: IFaxServerNotify, wanted: int, rights: AccessRights) -> Callable[[], None]:
        """ListenToServerEvents for somebody in this process; returns what ends it. A mask of 0 tells nothing.

        Raises FaxRefused for a mask that means nothing or may not be asked for.
        """
        asked = self._asked(wanted, rights)
        number = next(self._next_listener)
        if asked:
            self._listeners[number] = _Listener(listener, asked)

        def end() -> None:
            self._listeners.pop(number, None)

        return end

    def stream(self, wanted: int, rights: AccessRights, after: str | None = None) -> "Stream":
        """For somebody elsewhere. `after` is the id of the last event that came through to him; None: he is new.

        Raises FaxRefused, FaxFull. To be closed.
        """
        asked = self._asked(wanted, rights)
        if len(self._streams) >= MAX_STREAMS:
            raise FaxFull(f"{MAX_STREAMS} listeners are connected")
        stream = Stream(self, asked, after)
        self._streams.add(stream)
        return stream

    def jobs(self) -> list[dict[str, Any]]:
        """Every job there is, as a snapshot has it; `stale`: its source does not answer just now."""
        return [
            {
                "job_id": job_id(source, key),
                "direction": str(key[0]),
                "stale": source in self._stale,
                "job_status": status.to_json(),
            }
            for source, queue in self._queues.items()
            for key, status in queue.jobs.items()
        ]

    # Inside.

    def _asked(self, wanted: int, rights: AccessRights) -> ServerEvents:
        try:
            asked = mask(wanted)
        except ValueError as err:
            raise FaxRefused(str(err)) from err
        if denied := refused(asked, rights):
            names = ", ".join(str(bit.name) for bit in denied)
            raise FaxRefused(f"these rights do not let you listen to {names}")
        return asked

    def _tell(self, notifications: tuple[Notification, ...]) -> None:
        for notification in notifications:
            self._last = next(self._numbers)
            self._told.append((self._last, notification))
            for number, listener in tuple(self._listeners.items()):
                if not notification.event & listener.wanted:
                    continue
                try:
                    notification.tell(listener.notify)
                except Exception:  # noqa: BLE001 - a listener's bug is its own
                    _log.exception("a fax listener failed in %s and is told nothing more", notification.callback)
                    self._listeners.pop(number, None)
        if notifications:
            for stream in self._streams:
                stream.news.set()

    # For `Stream`.

    @property
    def closed(self) -> bool:
        return self._closed

    def leave(self, stream: Stream) -> None:
        self._streams.discard(stream)

    def place(self, after: str | None) -> int | None:
        """The number in an id of this run that is still remembered; else None."""
        run, _, number = (after or "").partition("-")
        if run != str(self._run) or not number.isdecimal() or len(number) > 18:
            return None
        place = int(number)
        return place if place <= self._last and not self.forgot(place) else None

    def forgot(self, place: int) -> bool:
        """Whether something after `place` is remembered no longer."""
        return bool(self._told) and place + 1 < self._told[0][0]

    def since(self, place: int) -> Iterator[tuple[int, Notification]]:
        oldest = self._told[0][0] if self._told else 0
        return itertools.islice(self._told, max(place + 1 - oldest, 0), None)

    def id(self, number: int) -> str:
        return f"{self._run}-{number}"

    def snapshot(self, asked: ServerEvents, *, complete: bool) -> tuple[int, Told]:
        """How things stand; not `complete`: something may have been told between the last event and this."""
        wanted = {str(direction) for direction, bit in _QUEUES.items() if bit & asked}
        data = {"complete": complete, "jobs": [each for each in self.jobs() if each["direction"] in wanted]}
        return self._last, Told(self.id(self._last), SNAPSHOT, data)
