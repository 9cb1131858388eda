"""A USB device that does what its tape says: `hil.devices.usb.device.SimulatedUsbDevice`.

Each thing the host sends must be the next on the tape; then come the answers, as late as they came then, times `pace`
(0: at once). Tolerant of order means: polls may be asked more often (the last answer is given again) or less often
(those not asked are passed over). Anything else is a difference: it is written down in `failure`, and the device is
unplugged, so that nobody takes what follows for the truth.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from hil.devices.stimuli import Stimulus
from hil.devices.usb.descriptors import Description, Endpoint, Interface, Speed, Transfer
from hil.devices.usb.device import Refusal, Setup
from hil.tape.difference import difference
from hil.tape.exchanges import Exchange, Question, exchanges, polls
from hil.tape.file import Tape, TapeError
from hil.tape.records import UsbIdentity, UsbInterface, unhex

REPLUG = 0.5  # seconds without the cable, at the least
SLACK = 0.05  # seconds that a poll may come before its time


@dataclass(frozen=True, slots=True)
class _Due:
    at: float
    data: bytes
    error: str


class TapeUsb:
    """One device of a tape, played again and again: who attaches anew finds it at its beginning."""

    def __init__(
        self, tape: Tape, identity: UsbIdentity, *, pace: float = 0.0, strict: bool = False, held: bool = False
    ) -> None:
        """`held`: polls hear nothing of what came after the tape's 0 until `begin`. Raises TapeError when the tape says
        too little of the device."""
        self._tape = tape
        self._pace, self._strict, self._held = pace, strict, held
        self._said = exchanges(tape, identity.name)
        self._polls = _declared(identity, self._said)
        self._description = description(tape, identity)
        self._pending: dict[int, deque[_Due]] = {}
        self._last: dict[Question, Exchange] = {}
        self._partial = b""
        self._at = 0  # the exchange that comes next
        self._played = False  # anything since the host attached
        self._origin: float | None = None  # when, by our clock, the tape's time was 0
        self._plugged = True
        self._replug: float | None = None
        self.failure: str | None = None  # the first difference, naming file and line
        self.transfers = 0  # questions that were answered from the tape

    @property
    def description(self) -> Description:
        """What enumeration shows."""
        return self._description

    @property
    def plugged(self) -> bool:
        """The cable is in."""
        return self._plugged

    def begin(self, now: float) -> None:
        """Let the tape's time run that was held."""
        self._held = False
        if self._origin is not None:
            self._origin = now

    @property
    def finished(self) -> bool:
        """Everything on the tape was played, polls at its end apart."""
        return all(each.question is None or each.question in self._polls for each in self._said[self._at :])

    def update(self, now: float, stimuli: Iterable[Stimulus] = ()) -> float | None:
        """When the next answer is due. Stimuli do nothing: what happened then happens again."""
        del stimuli
        if self._replug is not None and now >= self._replug:
            self._replug, self._plugged = None, True
        for waiting in self._pending.values():
            if waiting and waiting[0].error == "gone" and waiting[0].at <= now:
                self._unplug(now)
                break
        due = [waiting[0].at for waiting in self._pending.values() if waiting and waiting[0].at > now]
        if self._replug is not None:
            due.append(self._replug)
        return min(due, default=None)

    def reset(self, now: float) -> None:
        """A host came or left: on to the next opening of the link, or back to the beginning."""
        self._pending.clear()
        self._partial = b""
        if self._played:
            ahead = (at for at in range(self._at, len(self._said)) if self._said[at].opened)
            self._at = next(ahead, 0)
            if self._at == 0:
                self._last.clear()
        self._played = False
        self._origin = None
        while self._at < len(self._said) and self._said[self._at].question is None:
            self._queue(self._said[self._at], now)
            self._at += 1

    def control(self, setup: Setup, data: bytes, now: float) -> bytes | Refusal:
        """Class and vendor requests, from the tape."""
        head = bytes([setup.request_type, setup.request])
        head += b"".join(number.to_bytes(2, "little") for number in (setup.value, setup.index, setup.length))
        question = Question(0, data, head)
        exchange = self._next(question, now)
        if exchange is None:
            if self._strict:
                self._fail(question, now)
            return Refusal.STALL
        answers = exchange.answers
        if answers and answers[0].error:
            return Refusal.STALL
        return answers[0].data if answers else b""

    def write(self, endpoint: int, data: bytes, now: float) -> Refusal | None:
        """What the host sends; it may come in other pieces than on the tape."""
        if not self._plugged:
            return Refusal.STALL
        sent, self._partial = self._partial + data, b""
        while True:
            exchange = self._next(Question(endpoint, sent), now)
            if exchange is not None:
                return self._answer(exchange, now)
            expected = self._expected(endpoint)
            if expected is not None and len(sent) < len(expected) and expected.startswith(sent):
                self._partial = sent
                return None
            if expected and sent.startswith(expected):
                exchange = self._next(Question(endpoint, expected), now)
                if exchange is not None and self._answer(exchange, now) is None:
                    sent = sent[len(expected) :]
                    continue
            self._fail(Question(endpoint, sent), now)
            return Refusal.STALL

    def read(self, endpoint: int, limit: int, now: float) -> bytes | Refusal | None:
        """The next answer, or as much of it as fits."""
        waiting = self._pending.get(endpoint)
        if not waiting or waiting[0].at > now:
            return None
        due = waiting.popleft()
        if due.error:
            return Refusal.OVERFLOW if due.error == "overflow" else Refusal.STALL
        if len(due.data) > limit:
            waiting.appendleft(_Due(due.at, due.data[limit:], ""))
        return due.data[:limit]

    def _answer(self, exchange: Exchange, now: float) -> Refusal | None:
        if exchange.refused == "gone":
            self._unplug(now)
            return Refusal.STALL
        self._queue(exchange, now)
        return Refusal.STALL if exchange.refused == "stall" else None

    def _queue(self, exchange: Exchange, now: float) -> None:
        for answer in exchange.answers:
            due = _Due(now + answer.delay * self._pace, answer.data, answer.error)
            self._pending.setdefault(answer.endpoint, deque()).append(due)

    def _next(self, question: Question, now: float) -> Exchange | None:
        """The exchange that this question is, if the order allows it; it counts as played."""
        if self.failure is not None:
            return None
        for at in range(self._at, len(self._said)):
            exchange = self._said[at]
            if exchange.question == question and not self._too_early(exchange, now):
                self._at = at + 1
                self._last[question] = exchange
                if question not in self._polls or self._origin is None:
                    self._origin = now - exchange.t * self._pace
                return self._counted(exchange)
            # What pulled the cable is not passed over: it would never come out.
            poll = exchange.question in self._polls and exchange.refused != "gone"
            passable = poll or (exchange.question is None and not exchange.answers)
            if self._strict or not passable:
                break
        if not self._strict and question in self._polls:
            known = self._last.get(question) or next((e for e in self._said if e.question == question), None)
            if known is not None:
                return self._counted(known)
        return None

    def _counted(self, exchange: Exchange) -> Exchange:
        self._played = True
        self.transfers += 1
        return exchange

    def _too_early(self, exchange: Exchange, now: float) -> bool:
        """A poll whose answer was not true yet at that time; where there is an earlier one, that is given."""
        question = exchange.question
        if self._strict or question not in self._polls or question not in self._last:
            return False
        if self._held:
            return exchange.t > 0
        return bool(self._pace) and self._origin is not None and self._origin + exchange.t * self._pace > now + SLACK

    def _expected(self, endpoint: int) -> bytes | None:
        for exchange in self._said[self._at :]:
            question = exchange.question
            if question is not None and (self._strict or question not in self._polls):
                return question.data if question.endpoint == endpoint and not question.setup else None
        return None

    def _fail(self, now_sent: Question, now: float) -> None:
        if self.failure is None:
            rest = [each for each in self._said[self._at :] if each.question is not None]
            demanded = next((each for each in rest if self._strict or each.question not in self._polls), None)
            demanded = demanded or next(iter(rest), None)
            where = f"{self._tape.path}, line "
            if demanded is None or demanded.question is None:
                last = self._said[-1].line if self._said else 1
                self.failure = f"{where}{last}: is the last of this device; now the host sends {now_sent} too"
            else:
                wanted = demanded.question
                differs = difference(wanted.setup + wanted.data, now_sent.setup + now_sent.data, "what the host sends")
                ends = f"the host sends to endpoint {now_sent.endpoint:02x}, on the tape to {wanted.endpoint:02x}"
                self.failure = f"{where}{demanded.line}: {differs or ends} (tape: {wanted}; now: {now_sent})"
        self._unplug(now, for_good=True)

    def _unplug(self, now: float, *, for_good: bool = False) -> None:
        self._plugged = False
        self._pending.clear()
        self._partial = b""
        self._replug = None
        if not for_good:
            before = self._said[self._at - 1].t if self._at else 0.0
            again = next((each.t for each in self._said[self._at :] if each.opened), before)
            self._replug = now + max(REPLUG, (again - before) * self._pace)


def _declared(identity: UsbIdentity, said: tuple[Exchange, ...]) -> frozenset[Question]:
    if identity.polls is None:
        return polls(said)
    wanted = {unhex(each) for each in identity.polls}
    return frozenset(e.question for e in said if e.question is not None and e.question.data in wanted)


def description(tape: Tape, identity: UsbIdentity) -> Description:
    """Its descriptors; where the tape has none, one interface with the endpoints that were used."""
    vendor, product = (int(each, 16) for each in identity.ids.split(":"))
    interfaces = tuple(_interface(each) for each in identity.interfaces)
    if not any(each.endpoints for each in interfaces):
        used = sorted({each.endpoint for e in exchanges(tape, identity.name) for each in e.answers if each.endpoint})
        asked = (e.question.endpoint for e in exchanges(tape, identity.name) if e.question and not e.question.setup)
        ends = tuple(Endpoint(address, Transfer.BULK, 512) for address in sorted({*used, *asked}))
        if not ends:
            raise TapeError(f"{tape.path}: nothing passed over {identity.name}")
        interfaces = (Interface(0, 0xFF, 0xFF, 0xFF, ends),)
    speed = Speed(identity.speed) if identity.speed in {1, 2, 3} else Speed.HIGH
    return Description(
        vendor, product, identity.release, identity.manufacturer, identity.product, identity.serial, interfaces, speed
    )


def _interface(said: UsbInterface) -> Interface:
    ends = tuple(
        Endpoint(each.address, Transfer(each.attributes & 3), each.packet, each.interval)
        for each in said.endpoints
        if each.attributes & 3 in {Transfer.BULK, Transfer.INTERRUPT}
    )
    return Interface(said.number, said.interface_class, said.subclass, said.protocol, ends)
