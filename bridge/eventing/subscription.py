"""One subscription: who wants which events until when. Frozen, and as plain data for the state file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from bridge.soap.endpoint import EndpointReference, identifier_block


@dataclass(frozen=True, slots=True)
class Subscription:
    """`expires_at` counts on CLOCK_BOOTTIME. `chosen` None passes every event.

    `slot` and `speaks` are the service's: what keeps two subscriptions with equal NotifyTo and filter apart
    (ClientContexts), and in which namespace year the subscriber is told.
    """

    identifier: str
    notify_to: EndpointReference
    notify_address: str  # where the connection goes, decided by policy.pin()
    end_to: EndpointReference | None
    end_address: str | None
    chosen: tuple[str, ...] | None
    peer: str
    expires_at: float
    slot: str = ""
    speaks: str = ""

    @property
    def place(self) -> tuple[object, ...]:
        """Of two subscriptions with the same place the later replaces the earlier."""
        return self.notify_to, self.chosen, self.slot

    def manager(self, url: str) -> EndpointReference:
        """What its owner renews and ends it with; `url` is where we take such requests."""
        return EndpointReference(url, reference_parameters=(identifier_block(self.identifier),))

    def to_json(self, now: float) -> dict[str, Any]:
        """Plain data; with the remainder at `now`, because boot time means nothing after a reboot."""
        return {
            "identifier": self.identifier,
            "notify_to": _endpoint_to_json(self.notify_to),
            "notify_address": self.notify_address,
            "end_to": None if self.end_to is None else _endpoint_to_json(self.end_to),
            "end_address": self.end_address,
            "chosen": None if self.chosen is None else list(self.chosen),
            "peer": self.peer,
            "expires_at": self.expires_at,
            "remaining": self.expires_at - now,
            "slot": self.slot,
            "speaks": self.speaks,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], now: float, same_boot: bool) -> Self:
        """Raises ValueError, KeyError or TypeError for what to_json() cannot have written."""
        end_to = data["end_to"]
        chosen = data["chosen"]
        expires_at = float(data["expires_at"]) if same_boot else now + float(data["remaining"])
        return cls(
            identifier=_text(data["identifier"]),
            notify_to=_endpoint_from_json(data["notify_to"]),
            notify_address=_text(data["notify_address"]),
            end_to=None if end_to is None else _endpoint_from_json(end_to),
            end_address=None if data["end_address"] is None else _text(data["end_address"]),
            chosen=None if chosen is None else tuple(_text(uri) for uri in chosen),
            peer=_text(data["peer"]),
            expires_at=expires_at,
            slot=_text(data["slot"]),
            speaks=_text(data["speaks"]),
        )


def _endpoint_to_json(endpoint: EndpointReference) -> dict[str, Any]:
    return {
        "address": endpoint.address,
        "reference_properties": list(endpoint.reference_properties),
        "reference_parameters": list(endpoint.reference_parameters),
    }


def _endpoint_from_json(data: Mapping[str, Any]) -> EndpointReference:
    return EndpointReference(
        _text(data["address"]),
        tuple(_text(block) for block in data["reference_properties"]),
        tuple(_text(block) for block in data["reference_parameters"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} where text was expected")
    return value
