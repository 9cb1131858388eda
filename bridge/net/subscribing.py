"""A subscription that is ours: asked for, prolonged, looked after and given back.

Spec: WS-Eventing 2004/08 section 3; filter dialect of DPWS 2006 (R3008).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from lxml import etree

from bridge.errors import WireError
from bridge.eventing import messages
from bridge.eventing.filter import ACTION_DIALECT
from bridge.eventing.messages import Filter, Lease, Renew, Subscribe, SubscribeResponse
from bridge.net.asking import Refused, ask, ask_quietly
from bridge.soap import addressing, envelope
from bridge.soap.endpoint import EndpointReference
from bridge.soap.envelope import Message, Writable
from drivers.contract.clock import Clock
from drivers.contract.http import HttpClient

_TIMEOUT: Final = 10.0


@dataclass(frozen=True, slots=True)
class Held:
    """What was granted. `until` counts on the clock's boottime: the lease runs on while this machine sleeps."""

    manager: EndpointReference
    length: timedelta
    until: float
    extensions: tuple[etree._Element, ...] = ()


async def subscribe(
    client: HttpClient,
    service: str,
    notify_to: EndpointReference,
    actions: tuple[str, ...],
    *,
    expires: timedelta,
    clock: Clock,
    extensions: tuple[etree._Element, ...] = (),
    besides: tuple[str, ...] = (),
) -> Held:
    """Have these events sent to `notify_to`, and word of the end; and those `besides` where the device does not refuse
    them. Raises NoAnswer, Refused, WireError."""
    if besides:
        try:
            asked = (*actions, *besides)
            return await subscribe(
                client, service, notify_to, asked, expires=expires, clock=clock, extensions=extensions
            )
        except Refused:
            pass  # for another reason perhaps, which it will say again
    wanted = Subscribe(
        notify_to=notify_to,
        end_to=notify_to,
        expires=expires,
        filter=Filter(ACTION_DIALECT, " ".join(actions)),
        extensions=extensions,
    )
    headers = addressing.request(messages.SUBSCRIBE, service)
    answer = await ask(client, service, envelope.write(headers, wanted), _TIMEOUT)
    if answer.body is None:
        raise WireError("SubscribeResponse", "is missing")
    granted = SubscribeResponse.from_xml(answer.body)
    length = _length(granted.expires, expires, clock)
    return Held(granted.manager, length, clock.boottime() + length.total_seconds(), granted.extensions)


async def renew(client: HttpClient, held: Held, expires: timedelta, clock: Clock) -> Held:
    """Prolong it. Raises NoAnswer, Refused (it is gone), WireError."""
    length = _lease(await _ask_manager(client, held, messages.RENEW, Renew(expires)), expires, clock)
    return replace(held, length=length, until=clock.boottime() + length.total_seconds())


async def status(client: HttpClient, held: Held, clock: Clock) -> timedelta:
    """What is left of it as the device says. Raises NoAnswer, Refused (it is gone, or nobody tells), WireError."""
    answer = await _ask_manager(client, held, messages.GET_STATUS, messages.empty("GetStatus"))
    return _lease(answer, timedelta(seconds=held.until - clock.boottime()), clock)


async def unsubscribe(client: HttpClient, held: Held) -> None:
    """Give it back. Raises NoAnswer, Refused, WireError."""
    await ask_quietly(
        client, held.manager.address, _to_manager(held, messages.UNSUBSCRIBE, messages.empty("Unsubscribe"))
    )


def _to_manager(held: Held, action: str, body: Writable | etree._Element) -> bytes:
    headers = addressing.request(action, held.manager.address)
    return envelope.write(headers, body, blocks=held.manager.header_blocks())


async def _ask_manager(client: HttpClient, held: Held, action: str, body: Writable | etree._Element) -> Message:
    return await ask(client, held.manager.address, _to_manager(held, action, body), _TIMEOUT)


def _lease(answer: Message, asked: timedelta, clock: Clock) -> timedelta:
    if answer.body is None:
        raise WireError("RenewResponse", "is missing")
    return _length(Lease.from_xml(answer.body).expires, asked, clock)


def _length(granted: timedelta | datetime | None, asked: timedelta, clock: Clock) -> timedelta:
    """A point in time is the device's idea of it; without an answer what was asked is taken for granted."""
    if granted is None:
        return asked
    return granted - clock.now() if isinstance(granted, datetime) else granted
