"""Who asks: what an operation may know of the other end of the connection."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Peer:
    """Numeric addresses; IPv6 without its scope, which stands apart."""

    address: str
    local_address: str  # the one of ours that the peer reached
    local_port: int
    scope: int = 0  # IPv6 scope id of a link-local peer
