"""What our devices say to the network: which answers a message gets, and how long each waits.

Pure but for its own memory (devices, message numbers, ids already answered): no socket, no clock; chance is injected.
Spec: WS-Discovery April 2005 sections 4 to 6; DPWS 2006 section 3 for the directed Probe; decisions 17 and 19.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from bridge.discovery import matching, messages
from bridge.discovery.messages import AppSequence, Bye, Hello, Probe, ProbeMatches, Resolve, ResolveMatches, Target
from bridge.errors import Fault, FaultCode, OperationRefused, WireError
from bridge.soap import addressing, envelope, names
from bridge.soap.addressing import Addressing
from bridge.soap.envelope import Message, Writable

log: Final = logging.getLogger(__name__)

APP_MAX_DELAY: Final = 0.5  # seconds; inside the window of every client (DPWS would allow 5)
MAX_DATAGRAM: Final = 1_452  # what an Ethernet frame carries behind the IPv6 and UDP headers (DPWS R0029)
_REMEMBERED: Final = 2_048


@dataclass(frozen=True, slots=True)
class Announced:
    """One device that is told of. `xaddrs` gives its URLs for the network on which `local` is our address.

    `hosts`: the types of its services, which are no device's types and never told (DPWS R1001). Clients ask for them
    all the same, in one Probe with the device's own (wsd-scan-receiver), and are answered.
    """

    address: str
    types: tuple[str, ...]
    xaddrs: Callable[[str], tuple[str, ...]]
    scopes: tuple[str, ...] = ()
    metadata_version: int = 1
    hosts: tuple[str, ...] = ()

    def target(self, local: str) -> Target:
        return Target(self.address, self.types, self.scopes, self.xaddrs(local), self.metadata_version)


@dataclass(frozen=True, slots=True)
class Reply:
    """One datagram that is owed to the sender, after `delay` seconds."""

    data: bytes
    delay: float


Answer = Callable[[bytes, str, str], tuple[Reply, ...]]
"""(datagram, its sender's address, our address there) to what is owed. IPv6 link-local ones name their interface."""


class Responder:
    """The discovery voice of all our devices. `instance_id` is strictly greater at each start (decision 17)."""

    def __init__(self, instance_id: int, random: Random) -> None:
        self._instance_id, self._random = instance_id, random
        self._number = 0
        self._devices: dict[str, Announced] = {}
        self._answered: OrderedDict[tuple[str, str], None] = OrderedDict()

    @property
    def devices(self) -> tuple[Announced, ...]:
        return tuple(self._devices.values())

    def put(self, device: Announced) -> None:
        """Tell of this device from now on; one of the same address is replaced. A Hello is the caller's to send."""
        self._devices[device.address] = device

    def drop(self, address: str) -> None:
        self._devices.pop(address, None)

    def hello(self, address: str, local: str) -> bytes:
        """A Hello for the network on which `local` is our address; repeat it unchanged. KeyError if never put."""
        target = self._devices[address].target(local)
        return self._write(Addressing(messages.HELLO, names.DISCOVERY_TO, addressing.new_message_id()), Hello(target))

    def bye(self, address: str) -> bytes:
        return self._write(Addressing(messages.BYE, names.DISCOVERY_TO, addressing.new_message_id()), Bye(address))

    def answer(self, data: bytes, source: str, local: str) -> tuple[Reply, ...]:
        """What a datagram from the address `source`, come in where `local` is our address, is answered with.

        Never raises: on UDP what is not understood gets silence.
        """
        try:
            message = envelope.read(data, max_bytes=65_535)
            return self._answer(message, source, local)
        except (OperationRefused, WireError) as err:
            log.debug("discovery message from %s not understood: %s", source, err)
            return ()

    def directed(self, message: Message, local: str, only: str | None = None) -> bytes | None:
        """The answer to a Probe that came over HTTP; None is 202 with an empty body (R1022).

        `only`: the one device at whose own address it came. Raises OperationRefused, WireError.
        """
        probe = _probe(message)
        if probe.match_by is not None and probe.match_by not in matching.RULES:
            raise OperationRefused(_rule_not_supported())
        found = tuple(d.target(local) for d in self.devices if only in (None, d.address) and _asked_for(probe, d))
        if not found:
            return None
        return self._write(message.addressing.answer(messages.PROBE_MATCHES), ProbeMatches(found))

    def _answer(self, message: Message, source: str, local: str) -> tuple[Reply, ...]:
        headers = message.addressing
        if headers.action not in (messages.PROBE, messages.RESOLVE) or headers.message_id is None:
            return ()
        if headers.reply_to is not None and not headers.reply_to.anonymous:  # an amplifier's dream; section 7
            return ()
        key = (source, headers.message_id)
        if key in self._answered:  # UDP senders repeat themselves
            return ()
        owed: list[Reply] = []
        if headers.action == messages.PROBE:
            probe = _probe(message)
            for device in self.devices:
                if _asked_for(probe, device):
                    data = self._fitting(headers, device.target(local), probe_match=True)
                    owed.append(Reply(data, self._random.uniform(0, APP_MAX_DELAY)))
        else:
            wanted = self._devices.get(_resolve(message).address)
            if wanted is not None:
                owed.append(Reply(self._fitting(headers, wanted.target(local), probe_match=False), 0.0))
        if owed:
            self._answered[key] = None
            if len(self._answered) > _REMEMBERED:
                self._answered.popitem(last=False)
        return tuple(owed)

    def _fitting(self, request: Addressing, target: Target, probe_match: bool) -> bytes:
        """The match in one datagram: of too many URLs the first stays, it is the one that must be reachable."""
        action = messages.PROBE_MATCHES if probe_match else messages.RESOLVE_MATCHES
        data = b""
        for count in range(len(target.xaddrs), 0, -1) or (0,):
            xaddrs = target.xaddrs[:count]
            cut = Target(target.address, target.types, target.scopes, xaddrs, target.metadata_version)
            body: Writable = ProbeMatches((cut,)) if probe_match else ResolveMatches(cut)
            data = self._write(request.answer(action), body)
            if len(data) <= MAX_DATAGRAM:
                return data
        raise WireError("", f"the match of {target.address} takes {len(data)} bytes: configure fewer or shorter scopes")

    def _write(self, headers: Addressing, body: Writable) -> bytes:
        self._number += 1
        return envelope.write(headers, body, blocks=(AppSequence(self._instance_id, self._number),))


def _asked_for(probe: Probe, device: Announced) -> bool:
    return matching.matches(probe.types, probe.scopes, probe.match_by, device.types + device.hosts, device.scopes)


def _probe(message: Message) -> Probe:
    if message.body is None or message.body.tag != f"{{{names.WSD}}}Probe":
        raise WireError("Probe", "is missing")
    return Probe.from_xml(message.body)


def _resolve(message: Message) -> Resolve:
    if message.body is None or message.body.tag != f"{{{names.WSD}}}Resolve":
        raise WireError("Resolve", "is missing")
    return Resolve.from_xml(message.body)


def _rule_not_supported() -> Fault:
    return Fault(
        FaultCode.SENDER,
        f"{{{names.WSD}}}MatchingRuleNotSupported",
        "The matching rule is not supported",
        action=names.DISCOVERY_FAULT_ACTION,
        detail_items=((f"{{{names.WSD}}}SupportedMatchingRules", " ".join(matching.RULES)),),
    )
