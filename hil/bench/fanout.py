"""One event to a hundred subscribers: the whole way from the event source to their sockets, against the bare client.

Ours: ledger, filter, one envelope for each subscriber, its queue, the POST. The floor: aiohttp's client by itself posts
the same number of ready bytes to the same subscribers, within the same deadline, each served in order, a hundred at
once, as ours are. Both are measured in turns, who begins changes at every turn, and each is held against its neighbour:
what else the machine does meets both.
"""

import time
from datetime import UTC, datetime

from bridge.eventing.ledger import Ledger, Limits, Wish
from bridge.net.courier import TIMEOUT, Courier
from bridge.service.subscriptions import Subscriptions
from bridge.soap.endpoint import EndpointReference, identifier_block
from bridge.wsscan.events import EventName, JobStatusEvent
from bridge.wsscan.job import JobState, JobStatus, ScansCompleted
from bridge.wsscan.year import DEFAULT
from drivers.contract.clock import Clock
from drivers.contract.http import HttpClient
from hil.bench import floor
from hil.bench.figures import Figure, samples
from hil.bench.sinks import sinks

SUBSCRIBERS = 100
_EVENTS = 20  # in one burst; each subscriber's queue holds a thousand
_PAIRS = 4  # of bursts, ours and bare, for each run that was asked for
_GRACE = 60.0


async def figure(runs: int, clock: Clock) -> Figure:
    """Seconds for one event to reach them all, ours and bare, in turns."""
    ours: list[float] = []
    bare: list[float] = []
    async with sinks(SUBSCRIBERS) as ports:
        urls = [f"http://127.0.0.1:{port}/events" for port in ports]
        body = await _ours(urls, clock, 1)
        for number in range(_PAIRS * runs):
            for way in ("ours", "bare") if number % 2 else ("bare", "ours"):
                began = time.monotonic()
                if way == "ours":
                    await _ours(urls, clock, _EVENTS)
                else:
                    await floor.posts_to(urls, body, _EVENTS, TIMEOUT)
                (ours if way == "ours" else bare).append((time.monotonic() - began) / _EVENTS)
    note = f"{SUBSCRIBERS / samples(ours).median:.0f} POSTs a second"
    return Figure(
        f"one event to {SUBSCRIBERS} subscribers",
        samples(ours),
        samples(bare),
        "floor is aiohttp's client posting the same bytes",
        note=note,
        paired=True,
    )


async def _ours(urls: list[str], clock: Clock, events: int) -> bytes:
    """One such event's bytes. Raises RuntimeError when a subscriber was given up."""
    lost: list[str] = []
    sent: list[bytes] = []
    async with HttpClient(Limits().per_peer) as client:
        courier = Courier(client, clock, lambda _, why: lost.append(why))
        ledger = Ledger(clock, Limits(per_peer=len(urls), total=len(urls)))
        for number, url in enumerate(urls):
            reference = EndpointReference(url, reference_parameters=(identifier_block(f"urn:uuid:{number}"),))
            ledger.subscribe(Wish(reference, "127.0.0.1", "127.0.0.1", None, speaks=DEFAULT))

        def post(subscription: str, url: str, address: str, body: bytes) -> None:
            sent[:] = [body]
            courier.post(subscription, url, address, body)

        subscriptions = Subscriptions("bench", ledger, post, courier.forget)
        for number in range(events):
            subscriptions.tell(EventName.JOB_STATUS, _event(number))
        await courier.close(_GRACE)
    if lost:
        raise RuntimeError(f"a subscriber was given up: {lost[0]}")
    return sent[0]


def _event(number: int) -> JobStatusEvent:
    return JobStatusEvent(
        job_status=JobStatus(
            job_id=1,
            job_state=JobState.PROCESSING,
            scans_completed=ScansCompleted(count=number),
            job_created_time=datetime(2024, 5, 6, tzinfo=UTC),
        )
    )
