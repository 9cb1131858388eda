"""How a client finds scanners: Probe and Resolve by multicast on one interface, 127.0.0.1 included.

Directed Probe and Get are `bridge.net.finding`'s: they are the same for everybody.
Spec: WS-Discovery April 2005 sections 5 and 6; bridge.soap.names for the group.
"""

from random import Random

from bridge.discovery import messages
from bridge.discovery.messages import ProbeMatches, Resolve, ResolveMatches, Target
from bridge.errors import OperationRefused, WireError
from bridge.net import multicast
from bridge.net.finding import probe
from bridge.soap import addressing, envelope, names
from bridge.soap.addressing import Addressing
from drivers.contract.clock import Clock

MATCH_TIMEOUT = 3.0  # seconds: WSDAPI's devices answer within 2.5


async def probe_all(
    interface: str,
    clock: Clock,
    *,
    types: tuple[str, ...] = (messages.SCAN_DEVICE_TYPE,),
    timeout: float = MATCH_TIMEOUT,
    first: bool = False,
    device: str | None = None,
) -> tuple[Target, ...]:
    """All who answer a multicast Probe in time, or the first alone; with `device` only the one of that endpoint
    address. Raises ConfigError for an unusable interface."""
    question = probe(types)
    asked = envelope.read(question).addressing.message_id
    found: dict[str, Target] = {}

    def heard(data: bytes, _sender: str) -> bool:
        for target in matches(data, asked):
            if device is None or target.address == device:
                found.setdefault(target.address, target)
        return first and bool(found)

    await multicast.ask(interface, question, timeout, clock=clock, random=Random(), heard=heard)  # noqa: S311 - spreads copies
    return tuple(found.values())


async def resolve(interface: str, address: str, clock: Clock, timeout: float = MATCH_TIMEOUT) -> Target | None:
    """Where the device with that endpoint address is; None when it does not answer. Raises ConfigError."""
    headers = Addressing(messages.RESOLVE, names.DISCOVERY_TO, addressing.new_message_id())
    found: list[Target] = []

    def heard(data: bytes, _sender: str) -> bool:
        found.extend(target for target in matches(data, headers.message_id) if target.address == address)
        return bool(found)

    question = envelope.write(headers, Resolve(address))
    await multicast.ask(interface, question, timeout, clock=clock, random=Random(), heard=heard)  # noqa: S311
    return found[0] if found else None


def matches(data: bytes, asked: str | None) -> tuple[Target, ...]:
    """The matches in a datagram that answers us; anything may arrive at an open port."""
    try:
        message = envelope.read(data, max_bytes=65_535)
        if message.addressing.relates_to != asked or message.body is None:
            return ()
        match message.addressing.action:
            case messages.PROBE_MATCHES:
                return ProbeMatches.from_xml(message.body).targets
            case messages.RESOLVE_MATCHES:
                target = ResolveMatches.from_xml(message.body).target
                return () if target is None else (target,)
    except (OperationRefused, WireError):
        pass
    return ()
