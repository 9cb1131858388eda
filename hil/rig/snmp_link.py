"""An SNMP link straight to a simulated agent, without a socket: `drivers.snmp.reading.Link` for a hand-turned clock.

v2c; asks as drivers.snmp.link asks (batches of 20, GETBULK with 20 rows), so that a tape of the one answers the other.
What passes is told to the tap. Spec: RFC 3416.
"""

import asyncio
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, Final

from drivers.contract.clock import Clock
from drivers.contract.errors import DeviceGarbled, DeviceGone, DeviceTimeout
from drivers.contract.tap import TAP, Tap
from drivers.snmp.reading import Value
from hil.snmp import ber
from hil.snmp.ber import EMPTY, Oid, Tag, Typed
from hil.snmp.message import Pdu, Version
from hil.snmp.mib import oid

BATCH: Final = 20  # as drivers.snmp.link
REPETITIONS: Final = 20
PATIENCE: Final = 3.0  # seconds: three tries of one second each

Answer = Callable[[bytes], bytes | None]  # what an agent makes of a datagram; None: it stays silent


class AgentLink:
    """One agent in this process."""

    def __init__(self, where: str, answer: Answer, clock: Clock, *, community: str = "public", tap: Tap = TAP) -> None:
        self._where, self._answer, self._clock, self._tap = where, answer, clock, tap
        self._community = community.encode()
        self._ids = count(1)
        self._open = True
        self._turn = asyncio.Lock()
        tap.opened("snmp", where, version="2c")

    async def get(self, oids: Sequence[str]) -> dict[str, Value | None]:
        found: dict[str, Value | None] = dict.fromkeys(oids)
        for start in range(0, len(oids), BATCH):
            answer = await self._ask(Pdu.GET, "get", list(oids[start : start + BATCH]))
            found.update((name, _plain(value)) for name, value in answer if name in found)
        return found

    async def walk(self, root: str, *, rows: int = 500, seconds: float = 10.0, after: str = "") -> dict[str, Value]:
        found: dict[str, Value] = {}
        at = after or root
        async with asyncio.timeout(seconds):
            while len(found) < rows:
                for name, value in await self._ask(Pdu.GET_BULK, "bulk", [at], (0, min(REPETITIONS, max(rows, 1)))):
                    plain = _plain(value)
                    if not name.startswith(root + ".") or oid(name) <= oid(at) or plain is None or len(found) >= rows:
                        return found
                    found[name] = plain
                    at = name
        return found

    async def close(self) -> None:
        self._open = False

    async def _ask(
        self, pdu: Pdu, request: str, oids: list[str], numbers: tuple[int, ...] = ()
    ) -> list[tuple[str, Typed]]:
        if not self._open:
            raise DeviceGone(f"{self._where}: the link was closed")
        began = self._clock.monotonic()
        asked: dict[str, Any] = {"request": request, "oids": oids, "numbers": numbers}
        async with self._turn:
            reply = self._answer(_request(self._community, pdu, next(self._ids), oids, numbers or (0, 0)))
            if reply is None:
                await self._clock.sleep(PATIENCE)
                self._tap.tell("snmp", self._where, at=began, error="RequestTimedOut", **asked)
                raise DeviceTimeout(
                    f"{self._where}: no answer in {PATIENCE:g} s: off, not reachable, or another community"
                )
        status, index, binds = _response(reply)
        told = [(name, int(value.tag), _told(value)) for name, value in binds]
        self._tap.tell("snmp", self._where, at=began, status=status, index=index, binds=told, **asked)
        if status:
            raise DeviceGarbled(f"{self._where}: error-status {status} at index {index}")
        return binds


def _request(community: bytes, pdu: Pdu, number: int, oids: list[str], numbers: tuple[int, ...]) -> bytes:
    names = b"".join(
        ber.wrap(Tag.SEQUENCE, ber.wrap(Tag.OID, ber.encode_oid(oid(each))) + ber.encode(Typed(Tag.NULL)))
        for each in oids
    )
    head = b"".join(ber.encode(Typed(Tag.INTEGER, each)) for each in (number, *numbers))
    return ber.wrap(
        Tag.SEQUENCE,
        ber.encode(Typed(Tag.INTEGER, Version.V2C))
        + ber.wrap(Tag.OCTETS, community)
        + ber.wrap(pdu, head + ber.wrap(Tag.SEQUENCE, names)),
    )


def _response(datagram: bytes) -> tuple[int, int, list[tuple[str, Typed]]]:
    """error-status, error-index, and what was found. The simulated agent's answers are well-formed."""
    body, _ = ber.expect(datagram, Tag.SEQUENCE)
    _, body = ber.expect(body, Tag.INTEGER)
    _, body = ber.expect(body, Tag.OCTETS)
    body, _ = ber.expect(body, Pdu.RESPONSE)
    numbers = []
    for _ in range(3):
        content, body = ber.expect(body, Tag.INTEGER)
        numbers.append(ber.decode_integer(content))
    binds, _ = ber.expect(body, Tag.SEQUENCE)
    found = []
    while binds:
        bind, binds = ber.expect(binds, Tag.SEQUENCE)
        name, bind = ber.expect(bind, Tag.OID)
        tag, content, _ = ber.unwrap(bind)
        found.append((_dotted(ber.decode_oid(name)), _value(Tag(tag), content)))
    return numbers[1], numbers[2], found


def _value(tag: Tag, content: bytes) -> Typed:
    if tag in EMPTY:
        return Typed(tag)
    if tag is Tag.OID:
        return Typed(tag, ber.decode_oid(content))
    if tag is Tag.INTEGER:
        return Typed(tag, ber.decode_integer(content))
    if tag in ber.NUMBERS:
        return Typed(tag, int.from_bytes(content, "big"))
    return Typed(tag, content)


def _plain(value: Typed) -> Value | None:
    content = value.value
    return _dotted(content) if isinstance(content, tuple) else content


def _told(value: Typed) -> int | str | None:
    plain = _plain(value)
    return plain.hex() if isinstance(plain, bytes) else plain


def _dotted(name: Oid) -> str:
    return ".".join(map(str, name))
