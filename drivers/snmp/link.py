"""UDP to one SNMP agent. The only room that sees pysnmp; imported when the first SNMP device is opened, not before.

Spec: RFC 3416 (GET, GETNEXT, GETBULK), RFC 1157 (v1: a missing object fails the whole GET and is named by error-index),
RFC 1901. One engine and one socket serve all links of an event loop; each call has a hard deadline and bounded retries.
"""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

# pysnmp and the pyasn1 under it ship no types.
from pyasn1.type import univ  # type: ignore[import-untyped]
from pysnmp.error import PySnmpError  # type: ignore[import-untyped]
from pysnmp.hlapi.v3arch.asyncio import (  # type: ignore[import-untyped]
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    Udp6TransportTarget,
    UdpTransportTarget,
    bulk_cmd,
    get_cmd,
    next_cmd,
)
from pysnmp.proto import errind  # type: ignore[import-untyped]

from drivers.contract.errors import DeviceGarbled, DeviceGone, DeviceRefused, DeviceTimeout
from drivers.contract.tap import TAP
from drivers.snmp.credentials import Community, Credentials, Version
from drivers.snmp.reading import Value

BATCH = 20  # objects of one GET: about 500 octets, which every agent can take (RFC 3417 §3.2.1)
REPETITIONS = 20  # rows of one GETBULK
LONGEST = 4096  # octets of one value that we keep
SLACK = 1.0  # seconds for pysnmp, which looks for time-outs twice a second, to give up by itself

TOO_BIG, NO_SUCH_NAME, GEN_ERR, NO_ACCESS, AUTHORIZATION_ERROR = 1, 2, 5, 6, 16  # RFC 3416 §3 error-status
REFUSALS = (
    errind.UnknownCommunityName,
    errind.AuthenticationError,
    errind.AuthenticationFailure,
    errind.UnknownSecurityName,
    errind.UnknownUserName,
    errind.WrongDigest,
    errind.UnsupportedSecurityLevel,
    errind.NotInTimeWindow,
    errind.DecryptionError,
)


class _Shared:
    """The engine of one event loop, closed with its last link."""

    def __init__(self) -> None:
        self.engine = SnmpEngine()
        self.users = 0


_shared: WeakKeyDictionary[asyncio.AbstractEventLoop, _Shared] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    index: int
    binds: list[tuple[str, Any]]


class UdpLink:
    """`drivers.snmp.reading.Link` over UDP. Open with `open_link`."""

    def __init__(self, where: str, credentials: Credentials, target: Any, patience: float) -> None:
        loop = asyncio.get_running_loop()
        shared = _shared.get(loop) or _Shared()
        _shared[loop] = shared
        shared.users += 1
        self._shared: _Shared | None = shared
        self._where = where
        self._v1 = credentials.version is Version.V1
        self._auth = _auth(credentials)
        self._target = target
        self._patience = patience
        self._turn = asyncio.Lock()  # one request on its way: small agents drop what comes in between

    async def get(self, oids: Sequence[str]) -> dict[str, Value | None]:
        found: dict[str, Value | None] = dict.fromkeys(oids)
        batches = [list(oids[start : start + BATCH]) for start in range(0, len(oids), BATCH)]
        while batches:
            batch = batches.pop()
            answer = await self._ask(get_cmd, batch)
            if answer.status == 0:
                found.update((oid, _plain(value)) for oid, value in answer.binds if oid in found)
            elif answer.status == TOO_BIG and len(batch) > 1:
                half = len(batch) // 2
                batches += [batch[:half], batch[half:]]
            elif answer.status in (NO_SUCH_NAME, GEN_ERR) and 1 <= answer.index <= len(batch):
                del batch[answer.index - 1]
                batches += [batch] if batch else []
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
        while len(found) < rows:
            answer = await (self._ask(next_cmd, [at]) if self._v1 else self._ask(bulk_cmd, [at], 0, REPETITIONS))
            if answer.status == NO_SUCH_NAME:
                break  # v1's end of the MIB
            if answer.status:
                raise self._unusual(answer)
            for oid, value in answer.binds:
                # An agent that goes back would send us round for ever: take it for its end.
                if not oid.startswith(root + ".") or _arcs(oid) <= _arcs(at) or len(found) >= rows:
                    return found
                plain = _plain(value)
                if plain is None:
                    return found  # endOfMibView; RFC 3416 §4.2.3 has the rest of the row repeat it
                found[oid] = plain
                at = oid
            if not answer.binds:
                break
        return found

    async def close(self) -> None:
        shared, self._shared = self._shared, None
        if shared is None:
            return
        shared.users -= 1
        if not shared.users:
            _shared.pop(asyncio.get_running_loop(), None)
            shared.engine.close_dispatcher()

    async def _ask(self, command: Any, oids: list[str], *numbers: int) -> _Answer:
        if self._shared is None:
            raise DeviceGone(f"{self._where}: the link was closed")
        wanted = [ObjectType(ObjectIdentity(oid)) for oid in oids]
        began = TAP.now()
        try:
            async with self._turn, asyncio.timeout(self._patience + SLACK):
                indication, status, index, binds = await command(
                    self._shared.engine, self._auth, self._target, ContextData(), *numbers, *wanted, lookupMib=False
                )
        except TimeoutError as err:
            raise DeviceTimeout(self._silent()) from err
        except (PySnmpError, OSError) as err:
            raise DeviceGone(f"{self._where}: cannot be sent to: {_last_line(err)}") from err
        asked = {"request": command.__name__.removesuffix("_cmd"), "oids": oids, "numbers": numbers}
        if indication is not None:
            TAP.tell("snmp", self._where, at=began, error=type(indication).__name__, **asked)
            raise self._failed(indication)
        answer = _Answer(int(status), int(index), [(str(name), value) for name, value in binds])
        if TAP.wants(self._where):
            told = [(oid, *_typed(value)) for oid, value in answer.binds]
            TAP.tell("snmp", self._where, at=began, status=answer.status, index=answer.index, binds=told, **asked)
        return answer

    def _failed(self, indication: Any) -> Exception:
        if isinstance(indication, errind.RequestTimedOut):
            return DeviceTimeout(self._silent())
        if isinstance(indication, REFUSALS):
            return DeviceRefused(f"{self._where}: the agent refuses our credentials: {indication}")
        return DeviceGarbled(f"{self._where}: {indication}")

    def _silent(self) -> str:
        # RFC 3584 §5.2: an agent drops what comes with an unknown community, so both look alike.
        return f"{self._where}: no answer in {self._patience:g} s: off, not reachable, or another community"

    def _unusual(self, answer: _Answer) -> Exception:
        if answer.status in (NO_ACCESS, AUTHORIZATION_ERROR):
            return DeviceRefused(f"{self._where}: the agent denies access (error-status {answer.status})")
        return DeviceGarbled(f"{self._where}: error-status {answer.status} at index {answer.index}")


async def open_link(
    host: str, port: int, credentials: Credentials, *, timeout: float = 1.0, retries: int = 2
) -> UdpLink:
    """Resolve `host` and make the link; sends nothing yet. Each request is sent `retries` + 1 times, `timeout` apart.

    Raises DeviceGone for a name that does not resolve.
    """
    where = f"snmp {host}:{port}"
    patience = timeout * (retries + 1)
    try:
        async with asyncio.timeout(patience):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as err:  # TimeoutError and gaierror are OSErrors
        raise DeviceGone(f"{where}: the name does not resolve: {err}") from err
    family, _, _, _, address = found[0]
    kind = Udp6TransportTarget if family == socket.AF_INET6 else UdpTransportTarget
    target = await kind.create((address[0], port), timeout=timeout, retries=retries)
    TAP.opened("snmp", where, version=str(credentials.version))
    return UdpLink(where, credentials, target, patience)


def _auth(credentials: Credentials) -> CommunityData:
    match credentials:
        case Community(name=name, version=version):
            return CommunityData(name, mpModel=0 if version is Version.V1 else 1)


def _typed(value: Any) -> tuple[int, int | str | None]:
    """For a tape: the BER tag, and the value as a number, dotted OID or hexadecimal."""
    tag = value.tagSet.superTags[-1]
    plain = _plain(value)
    return int(tag.tagClass | tag.tagFormat | tag.tagId), plain.hex() if isinstance(plain, bytes) else plain


def _plain(value: Any) -> Value | None:
    match value:
        case univ.Null():
            return None  # also NoSuchObject, NoSuchInstance, EndOfMibView
        case univ.ObjectIdentifier():
            return str(value)
        case univ.OctetString():  # also IpAddress and Opaque
            return bytes(value.asOctets())[:LONGEST]
        case univ.Integer():  # also all counters
            return int(value)
        case _:
            return None


def _arcs(oid: str) -> tuple[int, ...]:
    return tuple(int(arc) for arc in oid.split("."))


def _last_line(err: Exception) -> str:
    # pysnmp puts whole tracebacks into the text of its errors
    return next((line.strip(" ;") for line in reversed(str(err).splitlines()) if line.strip(" ;")), type(err).__name__)
