"""One SNMP agent over UDP: GETs in batches, walks by GETBULK, within hard deadlines.

Spec: RFC 3416 (GET, GETNEXT, GETBULK), RFC 1157 (v1: a missing object fails the whole GET and is named by error-index).
pysnmp costs time and memory, so `drivers.snmp.wire`, the only room that sees it, is entered when the first SNMP device
is opened, not before.
"""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any

from drivers.contract.errors import DeviceGarbled, DeviceGone, DeviceRefused, DeviceTimeout, DriverError
from drivers.contract.tap import TAP
from drivers.snmp.credentials import Credentials, User, version_of
from drivers.snmp.reading import Value
from drivers.snmp.wire import community as by_community
from drivers.snmp.wire.asking import (
    AUTHORIZATION_ERROR,
    GEN_ERR,
    NO_ACCESS,
    NO_SUCH_NAME,
    TOO_BIG,
    Answer,
    Ask,
    Asker,
    Garbled,
    Refused,
    Silence,
    Unreachable,
)

BATCH = 20  # objects of one GET: about 500 octets, which every agent can take (RFC 3417 §3.2.1)
REPETITIONS = 20  # rows of one GETBULK
RESOLVE_SECONDS = 10.0  # resolv.conf(5): two servers are each waited for 5 s


class UdpLink:
    """`drivers.snmp.reading.Link` over UDP. Open with `open_link`."""

    def __init__(self, where: str, credentials: Credentials, asker: Asker, patience: float) -> None:
        self._where = where
        self._v1 = version_of(credentials) == "1"
        self._by_name = isinstance(credentials, User)
        self._asker: Asker | None = asker
        self._patience = patience

    async def get(self, oids: Sequence[str]) -> dict[str, Value | None]:
        found: dict[str, Value | None] = dict.fromkeys(oids)
        batches = [list(oids[start : start + BATCH]) for start in range(0, len(oids), BATCH)]
        while batches:
            batch = batches.pop()
            answer = await self._ask(Ask.GET, batch)
            if answer.status == 0:
                found.update((oid, value) for oid, _, value in answer.binds if oid in found)
            elif answer.status == TOO_BIG and len(batch) > 1:
                half = len(batch) // 2
                batches += [batch[:half], batch[half:]]
            elif answer.status in (NO_SUCH_NAME, GEN_ERR) and 0 <= answer.index <= len(batch):
                batches += _without(batch, answer.index)
            else:
                raise self._unusual(answer)
        return found

    async def walk(self, root: str, *, rows: int = 500, seconds: float = 10.0, after: str = "") -> dict[str, Value]:
        try:
            async with asyncio.timeout(seconds):
                return await self._walk(root, rows, after or root)
        except TimeoutError as err:
            raise DeviceTimeout(f"{self._where}: walking {root} took more than {seconds:g} s") from err

    async def _walk(self, root: str, rows: int, at: str) -> dict[str, Value]:
        found: dict[str, Value] = {}
        repetitions = min(REPETITIONS, max(rows, 1))
        while len(found) < rows:
            answer = await (self._ask(Ask.NEXT, [at]) if self._v1 else self._ask(Ask.BULK, [at], (0, repetitions)))
            if answer.status in (NO_SUCH_NAME, GEN_ERR):
                break  # v1's end of the MIB; and some say genErr of a table they lack
            if answer.status == TOO_BIG and repetitions > 1:
                repetitions //= 2
                continue
            if answer.status:
                raise self._unusual(answer)
            for oid, _, value in answer.binds:
                # An agent that goes back would send us round for ever: take it for its end.
                if not oid.startswith(root + ".") or _arcs(oid) <= _arcs(at) or len(found) >= rows:
                    return found
                if value is None:
                    return found  # endOfMibView; RFC 3416 §4.2.3 has the rest of the row repeat it
                found[oid] = value
                at = oid
            if not answer.binds:
                break
        return found

    async def close(self) -> None:
        asker, self._asker = self._asker, None
        if asker is not None:
            await asker.close()

    async def _ask(self, kind: Ask, oids: list[str], numbers: tuple[int, ...] = ()) -> Answer:
        if self._asker is None:
            raise DeviceGone(f"{self._where}: the link was closed")
        began = TAP.now()
        asked: dict[str, Any] = {"request": str(kind), "oids": oids, "numbers": numbers}
        try:
            answer = await self._asker.ask(kind, oids, (numbers[0], numbers[1]) if numbers else (0, 0))
        except (Silence, Unreachable, Refused, Garbled) as err:
            TAP.tell("snmp", self._where, at=began, error=_TOLD[type(err)], **asked)
            raise self._failed(err) from err
        if TAP.wants(self._where):
            told = [(oid, tag, value.hex() if isinstance(value, bytes) else value) for oid, tag, value in answer.binds]
            TAP.tell("snmp", self._where, at=began, status=answer.status, index=answer.index, binds=told, **asked)
        return answer

    def _failed(self, err: Exception) -> DriverError:
        match err:
            case Unreachable():
                return DeviceGone(f"{self._where}: cannot be sent to: {err}")
            case Refused():
                return DeviceRefused(f"{self._where}: the agent refuses our credentials: {err}")
            case Garbled():
                return DeviceGarbled(f"{self._where}: {err}")
        # RFC 3584 §5.2: an agent drops what comes with an unknown community, so both look alike.
        else_is = "not reachable" if self._by_name else "not reachable, or another community"
        why = f" ({err})" if str(err) else ""
        return DeviceTimeout(f"{self._where}: no answer in {self._patience:g} s{why}: off, {else_is}")

    def _unusual(self, answer: Answer) -> DriverError:
        if answer.status in (NO_ACCESS, AUTHORIZATION_ERROR):
            return DeviceRefused(f"{self._where}: the agent denies access (error-status {answer.status})")
        return DeviceGarbled(f"{self._where}: error-status {answer.status} at index {answer.index}")


# What tapes call them.
_TOLD = {
    Silence: "RequestTimedOut",
    Unreachable: "Unreachable",
    Refused: "AuthorizationError",
    Garbled: "ParseError",
}


async def open_link(
    host: str, port: int, credentials: Credentials, *, timeout: float = 1.0, retries: int = 2
) -> UdpLink:
    """Resolve `host` and make the link; sends nothing yet. Each request is sent `retries` + 1 times, `timeout` apart.

    Raises DeviceGone for a name that does not resolve, or where there is no way to it.
    """
    where = f"snmp {host}:{port}"
    patience = timeout * (retries + 1)
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except TimeoutError as err:
        raise DeviceGone(f"{where}: the name does not resolve within {RESOLVE_SECONDS:g} s") from err
    except (OSError, UnicodeError) as err:
        raise DeviceGone(f"{where}: the name does not resolve: {err}") from err
    family, _, _, _, address = found[0]
    there = str(address[0]), port
    asker: Asker
    try:
        if isinstance(credentials, User):
            from drivers.snmp.wire import user as by_name  # noqa: PLC0415 pysnmp's engine, for whom it serves

            asker = await by_name.connect(
                there, credentials, ipv6=family == socket.AF_INET6, timeout=timeout, retries=retries
            )
        else:
            asker = await by_community.connect(there, credentials, timeout=timeout, retries=retries)
    except (OSError, Unreachable) as err:
        raise DeviceGone(f"{where}: cannot be sent to: {err}") from err
    TAP.opened("snmp", where, version=version_of(credentials))
    return UdpLink(where, credentials, asker, patience)


def _without(batch: list[str], index: int) -> list[list[str]]:
    """What is still to be asked when the agent stumbled over one object; 0: it does not say over which."""
    if index:
        rest = batch[: index - 1] + batch[index:]
        return [rest] if rest else []
    half = len(batch) // 2
    return [batch[:half], batch[half:]] if half else []


def _arcs(oid: str) -> tuple[int, ...]:
    return tuple(int(arc) for arc in oid.split("."))
