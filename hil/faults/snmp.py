"""An SNMP agent in front of another one, with a bad network in between. Every datagram counts, each way."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from hil.faults.plan import Fault, Plan
from hil.snmp import ber
from hil.snmp.ber import Tag

MOST_MANAGERS = 64
HELD_SECONDS = 5.0  # a datagram waits no longer for the next one to pass it

_Address = tuple[str, int]


class SnmpProxy:
    """Relays datagrams; after a `cut` it is silent until the plan is cleared and armed."""

    def __init__(self, upstream: _Address, plan: Plan, host: str = "127.0.0.1", port: int = 0) -> None:
        self.plan = plan
        self.port = port
        self.silent = False
        self._upstream, self._host = upstream, host
        self._face: asyncio.DatagramTransport | None = None
        self._managers: dict[_Address, _Manager] = {}

    @property
    def url(self) -> str:
        """Where the agent seems to be."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"snmp://{host}:{self.port}"

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._face, _ = await loop.create_datagram_endpoint(lambda: _Face(self), (self._host, self.port))
        self.port = self._face.get_extra_info("sockname")[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._face is not None:
            self._face.close()
        for manager in self._managers.values():
            manager.close()

    def asked(self, data: bytes, manager: _Address) -> None:
        """A question came."""
        known = self._managers.get(manager)
        if known is None:
            if len(self._managers) >= MOST_MANAGERS:
                return
            known = self._managers[manager] = _Manager(self, manager, self._upstream)
        known.outward.pass_on(data)

    def answered(self, data: bytes, manager: _Address) -> None:
        """An answer goes back."""
        if self._face is not None and not self._face.is_closing():
            self._face.sendto(data, manager)


class _Face(asyncio.DatagramProtocol):
    def __init__(self, proxy: SnmpProxy) -> None:
        self._proxy = proxy

    def datagram_received(self, data: bytes, addr: _Address) -> None:
        self._proxy.asked(data, addr)


class _Way:
    """One direction: spoils and sends."""

    def __init__(self, proxy: SnmpProxy, send: Callable[[bytes], None], *, inward: bool) -> None:
        self._proxy, self._send, self._inward = proxy, send, inward
        self._held: bytes | None = None
        self._release: asyncio.TimerHandle | None = None

    def pass_on(self, data: bytes) -> None:
        """One datagram came this far."""
        plan = self._proxy.plan
        planned = plan.take(data, inward=self._inward)
        fault = planned.fault if planned else None
        if self._proxy.silent and fault is not Fault.CUT:
            return
        match fault:
            case Fault.CUT:
                self._proxy.silent = True
                return
            case Fault.LOSS:
                return
            case Fault.REORDER:
                self._held = data
                self._release = asyncio.get_running_loop().call_later(HELD_SECONDS, self._let_go)
                return
            case Fault.DELAY:
                assert planned is not None
                asyncio.get_running_loop().call_later(planned.seconds, self._send, data)
                return
            case Fault.GARBLE:
                data = plan.garbled(data)
            case Fault.SHORT:
                data = data[: len(data) // 2]
            case Fault.COMMUNITY:
                data = with_wrong_community(data)
            case Fault.DUPLICATE:
                self._send(data)
        self._send(data)
        self._let_go()

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if self._release is not None:
            self._release.cancel()
            self._release = None
        if held is not None:
            self._send(held)

    def close(self) -> None:
        """Drop what is held."""
        self._held = None
        self._let_go()


class _Manager(asyncio.DatagramProtocol):
    """Who asks, with a socket of its own towards the agent."""

    def __init__(self, proxy: SnmpProxy, address: _Address, upstream: _Address) -> None:
        self.outward = _Way(proxy, self._ask, inward=False)
        self._inward = _Way(proxy, lambda data: proxy.answered(data, address), inward=True)
        self._transport: asyncio.DatagramTransport | None = None
        self._waiting: list[bytes] = []
        self._upstream = upstream
        self._opening = asyncio.ensure_future(self._open())

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, remote_addr=self._upstream)
        for data in self._waiting:
            self._transport.sendto(data)
        self._waiting.clear()

    def _ask(self, data: bytes) -> None:
        if self._transport is None:
            self._waiting.append(data)
        elif not self._transport.is_closing():
            self._transport.sendto(data)

    def datagram_received(self, data: bytes, addr: _Address) -> None:  # noqa: ARG002  # only the agent can reach this
        self._inward.pass_on(data)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there: to the manager that is silence."""

    def close(self) -> None:
        """Give the socket back."""
        self._opening.cancel()
        self.outward.close()
        self._inward.close()
        if self._transport is not None:
            self._transport.close()


def with_wrong_community(datagram: bytes) -> bytes:
    """The same question with a community of the same length that nobody has."""
    try:
        body, _ = ber.expect(datagram, Tag.SEQUENCE)
        version, rest = ber.expect(body, Tag.INTEGER)
        community, rest = ber.expect(rest, Tag.OCTETS)
    except ValueError:
        return datagram
    wrong = bytes(255 - each for each in community) or b"?"
    return ber.wrap(Tag.SEQUENCE, ber.wrap(Tag.INTEGER, version) + ber.wrap(Tag.OCTETS, wrong) + rest)
