"""v3 through pysnmp's engine: it keeps what USM must remember of each agent (engine id, boots, time).

Spec: RFC 3412, RFC 3414. One engine for all agents that are asked as the same user, because pysnmp knows a user by his
name alone; it is closed with the last of them.
"""

import asyncio
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from pysnmp.error import PySnmpError  # type: ignore[import-untyped]
from pysnmp.hlapi.v3arch.asyncio import (  # type: ignore[import-untyped]
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    Udp6TransportTarget,
    UdpTransportTarget,
    UsmUserData,
    bulk_cmd,
    get_cmd,
    next_cmd,
    usmAesBlumenthalCfb192Protocol,
    usmAesBlumenthalCfb256Protocol,
    usmAesCfb128Protocol,
    usmHMAC128SHA224AuthProtocol,
    usmHMAC192SHA256AuthProtocol,
    usmHMAC256SHA384AuthProtocol,
    usmHMAC384SHA512AuthProtocol,
    usmHMACSHAAuthProtocol,
    usmNoAuthProtocol,
    usmNoPrivProtocol,
)
from pysnmp.proto import errind  # type: ignore[import-untyped]
from pysnmp.proto.secmod.rfc3826.priv import aes  # type: ignore[import-untyped]

from drivers.snmp.credentials import Auth, Privacy, User
from drivers.snmp.wire import values
from drivers.snmp.wire.asking import Answer, Ask, Garbled, Refused, Silence, Unreachable

SLACK = 1.0  # seconds for pysnmp, which looks for time-outs twice a second, to give up by itself

_AUTH = {
    Auth.SHA: usmHMACSHAAuthProtocol,
    Auth.SHA224: usmHMAC128SHA224AuthProtocol,
    Auth.SHA256: usmHMAC192SHA256AuthProtocol,
    Auth.SHA384: usmHMAC256SHA384AuthProtocol,
    Auth.SHA512: usmHMAC384SHA512AuthProtocol,
}
_PRIVACY = {
    Privacy.AES: usmAesCfb128Protocol,
    Privacy.AES192: usmAesBlumenthalCfb192Protocol,
    Privacy.AES256: usmAesBlumenthalCfb256Protocol,
}
_COMMANDS = {Ask.GET: get_cmd, Ask.NEXT: next_cmd, Ask.BULK: bulk_cmd}
_REFUSALS = (
    errind.AuthenticationError,
    errind.AuthenticationFailure,
    errind.UnknownSecurityName,
    errind.UnknownUserName,
    errind.WrongDigest,
    errind.UnsupportedSecurityLevel,
    errind.UnsupportedAuthProtocol,
    errind.UnsupportedPrivProtocol,
    errind.DecryptionError,
)


class _Engine:
    """An engine and how many agents are asked through it."""

    def __init__(self) -> None:
        self.engine = SnmpEngine()
        self.users = 0


_engines: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[User, _Engine]] = WeakKeyDictionary()


class UserAsker:
    """`wire.asking.Asker`; made by `connect`."""

    def __init__(self, user: User, target: Any, patience: float) -> None:
        engines = _engines.setdefault(asyncio.get_running_loop(), {})
        engine = engines[user] = engines.get(user) or _Engine()
        engine.users += 1
        self._engine: _Engine | None = engine
        self._user = user
        self._data = UsmUserData(
            user.name,
            authKey=user.auth_password,
            authProtocol=usmNoAuthProtocol if user.auth_password is None else _AUTH[user.auth],
            privKey=user.privacy_password,
            privProtocol=usmNoPrivProtocol if user.privacy_password is None else _PRIVACY[user.privacy],
        )
        self._context = ContextData(contextName=user.context.encode())
        self._target, self._patience = target, patience
        self._turn = asyncio.Lock()

    async def ask(self, kind: Ask, oids: Sequence[str], numbers: tuple[int, int] = (0, 0)) -> Answer:
        more = numbers if kind is Ask.BULK else ()
        wanted = [ObjectType(ObjectIdentity(oid)) for oid in oids]
        try:
            async with self._turn, asyncio.timeout(self._patience + SLACK):
                if self._engine is None:
                    raise Unreachable("the link was closed")
                failed, status, index, binds = await _COMMANDS[kind](
                    self._engine.engine, self._data, self._target, self._context, *more, *wanted, lookupMib=False
                )
        except TimeoutError as err:
            raise Silence from err
        except (PySnmpError, OSError) as err:
            raise Unreachable(_last_line(err)) from err
        match failed:
            case None:
                told = tuple((str(name), values.tag(value), values.plain(value)) for name, value in binds)
                return Answer(int(status), int(index), told)
            case errind.RequestTimedOut():
                raise Silence
            case _ if isinstance(failed, _REFUSALS):
                raise Refused(str(failed))
            case _:
                raise Garbled(str(failed))

    async def close(self) -> None:
        engine, self._engine = self._engine, None
        if engine is None:
            return
        engine.users -= 1
        if not engine.users:
            _engines.get(asyncio.get_running_loop(), {}).pop(self._user, None)
            engine.engine.close_dispatcher()


async def connect(address: tuple[str, int], user: User, *, ipv6: bool, timeout: float, retries: int) -> UserAsker:
    """Raises Unreachable where encryption is wanted and the package `cryptography` is not there."""
    if user.privacy_password is not None and aes.PysnmpCryptoError:
        raise Unreachable("SNMPv3 with encryption needs the Python package cryptography; install it")
    kind = Udp6TransportTarget if ipv6 else UdpTransportTarget
    target = await kind.create(address, timeout=timeout, retries=retries)
    return UserAsker(user, target, timeout * (retries + 1))


def _last_line(err: Exception) -> str:
    # pysnmp puts whole tracebacks into the text of its errors
    return next((line.strip(" ;") for line in reversed(str(err).splitlines()) if line.strip(" ;")), type(err).__name__)
