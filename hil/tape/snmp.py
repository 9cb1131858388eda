"""An SNMP agent that does what its tape says.

A question that is on the tape gets the answer that comes next there for the very same question; asked more often than
then, it gets the last one again. With a `pace` above 0, and while its time is held, an answer is not given before its
time. What was not asked by then is answered from the objects as they were, as any agent would; strict means that it is
a difference.
"""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass

from hil.snmp import agent
from hil.snmp.ber import EMPTY, Oid, Typed
from hil.snmp.message import Pdu, Request, Status, parse, response
from hil.snmp.mib import Mib, oid
from hil.tape import values
from hil.tape.file import Tape, TapeError
from hil.tape.records import Snmp, SnmpIdentity

_PDUS = {"get": Pdu.GET, "next": Pdu.GET_NEXT, "bulk": Pdu.GET_BULK}
_Key = tuple[Pdu, tuple[Oid, ...], tuple[int, ...]]
_Range = tuple[Oid, Oid]  # names from the first to the last, both of it
_END: Oid = (2**32,)  # behind all names


@dataclass(frozen=True, slots=True)
class _Said:
    line: int
    t: float
    key: _Key | None  # None: a walk, whose objects are known and whose questions are not
    status: int
    index: int
    binds: tuple[tuple[Oid, Typed], ...]
    silent: bool

    @property
    def asked(self) -> tuple[_Range, ...]:
        """What the answer tells the whole of: a name of it that has no value there did not exist."""
        if self.key is None or self.status or self.silent:
            return ()
        pdu, names, _ = self.key
        if pdu is Pdu.GET:
            return tuple((name, name) for name in names)
        if len(names) > 1 or not self.binds:
            return ()
        last, value = self.binds[-1]
        return (((*names[0], 0), _END if value.tag in EMPTY else last),)


class TapeAgent(asyncio.DatagramProtocol):
    """One agent of a tape; `start` opens its socket."""

    def __init__(
        self,
        tape: Tape,
        identity: SnmpIdentity,
        monotonic: Callable[[], float],
        *,
        community: str = "public",
        pace: float = 0.0,
        strict: bool = False,
        held: bool = False,
    ) -> None:
        """`held`: the tape's time stands at 0 until `begin`. Raises TapeError for a value not of its type's shape."""
        self._tape, self._community = tape, community.encode()
        self._monotonic, self._pace, self._strict, self._held = monotonic, pace, strict, held
        self._said = _read(tape, identity.name)
        self._first = _objects(self._said)
        self._objects: dict[Oid, Typed] = {}
        self._asked: set[_Range] = set()
        self._at = 0
        self._learnt = 0
        self._last: dict[_Key, _Said] = {}
        self._origin: float | None = None
        self._unheard = b""  # the question that is not answered
        self._transport: asyncio.DatagramTransport | None = None
        self._learn(len([each for each in self._said if each.t < 0]))
        self.failure: str | None = None
        self.requests = 0

    def begin(self) -> None:
        """Let the tape's time run that was held."""
        self._held = False

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> tuple[str, int]:
        """Listen; the address with the real port."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, (host, port))
        address = self._transport.get_extra_info("sockname")
        return address[0], address[1]

    def close(self) -> None:
        """Give the socket back."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.requests += 1
        reply = self.answer(data)
        if reply is not None and self._transport is not None:
            self._transport.sendto(reply, addr)

    def answer(self, datagram: bytes) -> bytes | None:
        """What goes back; None for silence."""
        try:
            request = parse(datagram)
        except ValueError:
            return None
        if request.community != self._community:
            return None
        if datagram == self._unheard:
            return None  # the same question, sent again because it was not answered
        said = self._next(_key(request))
        self._unheard = datagram if said is not None and said.silent else b""
        if said is None:
            if self._strict:
                self.failure = self.failure or self._difference(request)
                return None
            return agent.answer(datagram, Mib(self._now()), self._community)
        if said.silent:
            return None
        status = Status(said.status) if said.status in list(Status) else Status.GEN_ERR
        return response(request, list(said.binds), status, said.index)

    def _next(self, key: _Key) -> _Said | None:
        reached = self._reached()
        for at in range(self._at, len(self._said)):
            said = self._said[at]
            if said.key == key:
                if said.t > reached:
                    break
                self._at = at + 1
                self._learn(self._at)
                return said
            if self._strict and said.key is not None:
                break
        return None if self._strict else self._last.get(key)

    def _reached(self) -> float:
        """To which second of the tape answers may be given."""
        if self._held:
            return 0.0
        if self._pace == 0:
            return math.inf
        now = self._monotonic()
        if self._origin is None:
            self._origin = now
        return (now - self._origin) / self._pace

    def _learn(self, until: int) -> None:
        """Objects as they were at that place of the tape."""
        for said in self._said[self._learnt : until]:
            for low, high in said.asked:
                gone = [low] if low == high else [each for each in self._objects if low <= each <= high]
                for name in gone:
                    self._objects.pop(name, None)
            self._asked.update(said.asked)
            if said.key is not None:
                self._last[said.key] = said  # also where another question was asked sooner and this passed over
            self._objects.update(_known(said))
        self._learnt = max(self._learnt, until)

    def _now(self) -> dict[Oid, Typed]:
        """The objects at this place of the tape. What nobody had asked for yet was there already, as it was later."""
        walked = [each for each in self._asked if each[0] != each[1]]
        later = {
            name: value
            for name, value in self._first.items()
            if (name, name) not in self._asked and not any(low <= name <= high for low, high in walked)
        }
        return {**later, **self._objects}

    def _difference(self, request: Request) -> str:
        asked = f"{request.pdu.name} {' '.join(_dotted(each) for each in request.names[:3])}"
        asked += " …" if len(request.names) > 3 else ""
        rest = [each for each in self._said[self._at :] if each.key is not None]
        if not rest or rest[0].key is None:
            return f"{self._tape.path}: the tape has no more questions; now {asked} is asked"
        pdu, names, _ = rest[0].key
        where = f"{self._tape.path}, line {rest[0].line}"
        for number, (before, now) in enumerate(zip(names, request.names, strict=False), start=1):
            if before != now:
                return f"{where}: object {number} of the question differs: tape {_dotted(before)}, now {_dotted(now)}"
        return f"{where}: the question differs: tape {pdu.name} of {len(names)} objects, now {asked}"


def _read(tape: Tape, device: str) -> tuple[_Said, ...]:
    found = []
    for number, record in tape.numbered(device):
        if isinstance(record, Snmp):
            try:
                binds = tuple((oid(name), values.typed(kind, value)) for name, kind, value in record.binds)
                key = _recorded_key(record)
            except ValueError as err:
                raise TapeError(f"{tape.path}, line {number}: {err}") from err
            found.append(_Said(number, record.t, key, record.status, record.index, binds, record.error is not None))
    return tuple(found)


def _recorded_key(record: Snmp) -> _Key | None:
    if record.request == "walk":
        return None
    names = tuple(oid(each) for each in record.oids)
    return _PDUS[record.request], names, tuple(record.numbers) if record.request == "bulk" else ()


def _key(request: Request) -> _Key:
    numbers = (request.first, request.second) if request.pdu is Pdu.GET_BULK else ()
    return request.pdu, request.names, numbers


def _known(said: _Said) -> dict[Oid, Typed]:
    return {name: value for name, value in said.binds if value.tag not in EMPTY}


def _objects(said: tuple[_Said, ...]) -> dict[Oid, Typed]:
    """Every object with the first value it had."""
    found: dict[Oid, Typed] = {}
    for each in said:
        for name, value in _known(each).items():
            found.setdefault(name, value)
    return found


def _dotted(name: Oid) -> str:
    return ".".join(map(str, name))
