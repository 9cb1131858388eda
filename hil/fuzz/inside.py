"""The service in this very process, fed without sockets: what bridge.net.web and the UDP sockets call, called the same
way and fast, so that a million messages are an errand and not a night.
"""

import asyncio
import logging
import signal
import tempfile
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from lxml import etree

from bridge.config import Jobs
from bridge.discovery.messages import DEVICE_TYPE, PROBE, SCAN_DEVICE_TYPE
from bridge.discovery.responder import MAX_DATAGRAM, Announced, Responder
from bridge.errors import OperationRefused, WireError
from bridge.eventing.ledger import Ledger, Limits
from bridge.scanner.acquisition import Acquisition
from bridge.scanner.hosted import HostedScanner
from bridge.service.access import Access, Places, Right
from bridge.service.endpoint import Endpoint, is_retrieve_image, refusal
from bridge.service.peer import Peer
from bridge.service.scan import ScanService
from bridge.service.subscriptions import Subscriptions
from bridge.soap import envelope, fault
from drivers.contract import xml
from drivers.contract.clock import SystemClock
from hil.fuzz import corpus, mutate
from hil.fuzz.paper import Paper
from hil.fuzz.verdict import Complaints, Tally, judged

DEADLINE: Final = 5.0  # seconds for one message
_HOUSEKEEPING: Final = 200  # messages after which what is open is ended, as time would
_QUOTA: Final = 64 * 1024 * 1024
_PORT: Final = 5380
_EVERYBODY: Final = Access(lambda _: True, {right: Places(anybody=True) for right in Right})
_UDP: Final = 0.6  # of the discovery messages come as datagrams
_UDP_STRAY: Final = 0.04  # of all others


class Hung(BaseException):
    """A message took longer than its deadline. Not an Exception: nothing on the way may take it for an error."""


@dataclass(slots=True)
class Service:
    """The parts of one hosted scanner, as bridge.daemon joins them, without its sockets."""

    endpoint: Endpoint
    acquisition: Acquisition
    responder: Responder
    ledger: Ledger
    told: list[int] = field(default_factory=lambda: [0])

    @property
    def scanner(self) -> HostedScanner:
        return self.endpoint.service.scanner


@asynccontextmanager
async def service() -> AsyncIterator[Service]:
    """One, until the block ends."""
    clock, told = SystemClock(), [0]
    ledger = Ledger(clock, Limits())

    def post(_subscription: str, _url: str, _address: str, _body: bytes) -> None:
        told[0] += 1

    subscriptions = Subscriptions("fuzz", ledger, post, lambda _: None)
    numbers = iter(range(1, 2**31))
    device = Paper().device
    scanner = HostedScanner(device.identity, lambda: next(numbers), clock, subscriptions.tell)
    scanner.attach(device)
    with tempfile.TemporaryDirectory(prefix="wsd-scan-fuzz-") as place:
        # A client that does not come is waited for a moment: the messages are many.
        patience = Jobs(retrieve_wait=0.2, retrieve_timeout=5.0)
        acquisition = Acquisition(scanner, patience, Path(place), _QUOTA)
        responder = Responder(1, Random(1))  # noqa: S311
        asked = ScanService(scanner, acquisition, subscriptions.invitations, "Fuzz", "here", _EVERYBODY)
        endpoint = Endpoint(uuid.uuid4(), asked, subscriptions, responder)
        responder.put(Announced(endpoint.address, (DEVICE_TYPE, SCAN_DEVICE_TYPE), lambda _: ("http://127.0.0.1/",)))
        try:
            yield Service(endpoint, acquisition, responder, ledger, told)
        finally:
            await acquisition.close()


class Inside:
    """Sends messages, one after the other, and judges what comes back."""

    def __init__(self, served: Service, seeds: Sequence[etree._Element], seed: int, tally: Tally) -> None:
        self._served, self._seeds, self._seed, self._tally = served, seeds, seed, tally
        self._jobs: deque[tuple[int, str]] = deque(maxlen=8)
        self._leases: deque[str] = deque(maxlen=8)
        self._complaints = Complaints()

    async def run(self, first: int, count: int, seconds: float) -> int:
        """Messages `first`, `first` + 1, … until `count` are sent or the time is over; how many there were."""
        log = logging.getLogger("bridge")
        log.addHandler(self._complaints)
        log.propagate, before = False, log.propagate
        handler = signal.signal(signal.SIGALRM, _ring)
        ends = time.monotonic() + seconds
        sent = 0
        try:
            for number in range(first, first + count):
                if time.monotonic() > ends or self._tally.full:
                    break
                await self._one(number)
                sent += 1
                if sent % _HOUSEKEEPING == 0:
                    await self._tidy(number)
        finally:
            signal.signal(signal.SIGALRM, handler)
            log.removeHandler(self._complaints)
            log.propagate = before
        return sent

    async def _one(self, number: int) -> None:
        random = Random(f"{self._seed}:{number}")  # noqa: S311
        data = self._alive(mutate.message(self._seeds, random), random)
        began = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, 2 * DEADLINE)  # for what never comes back to the event loop
        try:
            if random.random() < (_UDP if b"/discovery/" in data else _UDP_STRAY):
                self._datagram(number, data, f"127.0.{random.randrange(256)}.{random.randrange(1, 255)}")
            else:
                async with asyncio.timeout(DEADLINE):
                    await self._request(number, data, random)
        except (Hung, TimeoutError):
            self._tally.find(number, f"no answer after {DEADLINE:g} s", data)
        except Exception as err:  # noqa: BLE001 - whatever it is, it should not have come so far
            self._tally.find(number, f"{type(err).__name__}: {err}", data)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        self._tally.took(number, time.monotonic() - began)
        for complaint in self._complaints.take():
            self._tally.find(number, complaint, data)

    def _datagram(self, number: int, data: bytes, source: str) -> None:
        replies = self._served.responder.answer(data, source, "127.0.0.1")
        if not replies:
            self._tally.count("UDP silence")
        for reply in replies:
            self._judge(number, reply.data, data, "UDP ")
            if len(reply.data) > MAX_DATAGRAM:
                self._tally.find(number, f"a datagram of {len(reply.data)} bytes", data)

    async def _request(self, number: int, data: bytes, random: Random) -> None:
        """As bridge.net.web does it."""
        message: envelope.Message | None = None
        peer = Peer(f"127.0.0.{random.randint(2, 40)}", "127.0.0.1", _PORT)
        try:
            message = envelope.read_request(data)
            if message.addressing.action == PROBE and random.random() < 0.5:
                answer = self._directed(message)
            elif is_retrieve_image(message):
                return await self._image(message, peer)
            else:
                answer = await self._served.endpoint.answer(
                    message, peer, f"http://127.0.0.1:{_PORT}", frozenset({_PORT})
                )
                self._remember(answer)
        except OperationRefused as err:
            action = message.addressing.action if message is not None else ""
            answer = refusal(err, action, message.addressing.message_id if message is not None else None)
        if answer is None:
            self._tally.count("HTTP 202")
        else:
            self._judge(number, answer, data, "")
        return None

    def _directed(self, message: envelope.Message) -> bytes | None:
        try:
            return self._served.responder.directed(message, "127.0.0.1")
        except WireError as err:
            raise OperationRefused(fault.malformed(str(err))) from err

    async def _image(self, message: envelope.Message, peer: Peer) -> None:
        async with self._served.endpoint.retrieve(message, peer) as image:
            async for _ in image.outgoing.chunks():
                pass
        self._tally.count("image")

    def _judge(self, number: int, answer: bytes, sent: bytes, prefix: str) -> None:
        outcome, why = judged(answer)
        self._tally.count(prefix + outcome)
        if why is not None:
            self._tally.find(number, why, sent)

    # What only the running service knows.

    def _alive(self, data: bytes, random: Random) -> bytes:
        """The message with an open job and a running lease in it."""
        if self._jobs and (str(corpus.JOB).encode() in data or corpus.TOKEN.encode() in data):
            job, token = random.choice(self._jobs)
            data = data.replace(str(corpus.JOB).encode(), str(job).encode()).replace(
                corpus.TOKEN.encode(), token.encode()
            )
        if self._leases:
            data = data.replace(corpus.LEASE.encode(), random.choice(self._leases).encode())
        return data.replace(corpus.ADDRESS.encode(), self._served.endpoint.address.encode()).replace(
            corpus.NOTIFY.encode(), b"http://subscriber:9/live"
        )

    def _remember(self, answer: bytes | None) -> None:
        if answer is None or (b"CreateScanJobResponse" not in answer and b"SubscribeResponse" not in answer):
            return
        body = xml.parse(answer)[-1][0]
        job, token = body.findtext("{*}JobId"), body.findtext("{*}JobToken")
        if job is not None and token is not None:
            self._jobs.append((int(job), token))
        lease = next(
            (each.text for each in body.iter("{http://schemas.xmlsoap.org/ws/2004/08/eventing}Identifier")), None
        )
        if lease is not None:
            self._leases.append(lease)

    async def _tidy(self, number: int) -> None:
        """End what is open, as patience and leases would in an hour, and see that nothing is left."""
        served = self._served
        for job in tuple(served.scanner.book.active()):
            try:
                served.acquisition.cancel(job.id)
            except OperationRefused:
                continue  # it ended meanwhile
        for _ in range(200):
            if not any(served.scanner.book.active()):
                break
            await asyncio.sleep(0.01)
        else:
            self._tally.find(number, "a job that was canceled 2 s ago is still open", b"")
        if len(served.ledger) > Limits().total:
            self._tally.find(number, f"{len(served.ledger)} subscriptions", b"")
        # Some stay, so that there is somebody to tell.
        for entry in served.ledger.everyone()[4:]:
            served.ledger.unsubscribe(entry.identifier)
            served.endpoint.subscriptions.invitations.withdraw(entry.identifier)
        self._leases.clear()
        self._leases.extend(entry.identifier for entry in served.ledger.everyone())


def _ring(_signal: int, _frame: object) -> None:
    raise Hung
