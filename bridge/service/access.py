"""Who may do what, by the address that a request comes from.

WS-Scan has no log-in that clients use, so an address is all there is; TCP keeps strangers from forging one of another
network. Everybody on the networks that this machine is on may scan, subscribe and see the jobs; of a job of somebody
else nobody may cancel it (docs/decisions/0028).
"""

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from bridge import config
from bridge.errors import Fault, FaultCode, OperationRefused
from bridge.log import kept_short
from bridge.service.peer import Peer
from bridge.soap import names
from bridge.wsscan import year
from bridge.wsscan.operations import Operation

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Near = Callable[[Peer], bool]
"""Whether a peer is this machine, or is reached without a router."""

LOCAL: Final = "local"
ANYBODY: Final = "any"


class Right(StrEnum):
    """What may be allowed; the value is the key of the configuration."""

    SCAN = "scan"
    SUBSCRIBE = "subscribe"
    JOBS = "jobs"  # see jobs of others
    CANCEL = "cancel"  # end jobs of others


# CancelJob and GetJobElements are about one job, whose creator may always; the rest is seen by all who may come in.
_NEEDED: Final[Mapping[str, Right]] = {
    Operation.CREATE_SCAN_JOB: Right.SCAN,
    Operation.RETRIEVE_IMAGE: Right.SCAN,
    Operation.VALIDATE_SCAN_TICKET: Right.SCAN,
    Operation.GET_ACTIVE_JOBS: Right.JOBS,
    Operation.GET_JOB_HISTORY: Right.JOBS,
}


class AccessDenied(OperationRefused):
    """The peer may not do that. Neither WS-Scan nor WS-Eventing has a code of its own for this."""


@dataclass(frozen=True, slots=True)
class Places:
    """A set of peers: near ones, all, those in a network."""

    local: bool = False
    anybody: bool = False
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Self:
        """`local`, `any`, addresses and networks such as 192.0.2.0/24. Raises ValueError."""
        said = tuple(texts)
        networks = tuple(ipaddress.ip_network(text) for text in said if text not in (LOCAL, ANYBODY))
        return cls(LOCAL in said, ANYBODY in said, networks)

    def hold(self, peer: Peer, near: Near) -> bool:
        """Whether the peer is one of them."""
        if self.anybody:
            return True
        address = ipaddress.ip_address(peer.address)
        return any(address in network for network in self.networks) or (self.local and near(peer))


@dataclass(frozen=True, slots=True)
class Access:
    """The rules of one bridge: who has each right, and whether names are told to a job's creator alone."""

    near: Near
    rights: Mapping[Right, Places]
    private_names: bool = False

    @classmethod
    def configured(cls, said: config.Access, is_near: Callable[[str], bool]) -> Self:
        """As the operator says. `is_near` knows the networks we are on, by an address with its scope."""
        return cls(
            lambda peer: peer.address == peer.local_address or is_near(peer.scoped_address),
            {right: Places.parse(getattr(said, right)) for right in Right},
            said.private_names,
        )

    def may(self, right: Right, peer: Peer) -> bool:
        """Whether the peer has that right."""
        return self.rights[right].hold(peer, self.near)

    def may_enter(self, peer: Peer) -> bool:
        """Whether the peer is answered at all. Who may do something may also see what the scanner is and can."""
        return any(self.may(right, peer) for right in Right)

    def require(self, right: Right, peer: Peer) -> None:
        """Raises AccessDenied."""
        if not self.may(right, peer):
            raise denied(right, peer)

    def require_for(self, action: str, peer: Peer) -> None:
        """That the peer may send such a request; of a single job its creator decides, see `require_own`. Raises
        AccessDenied."""
        split = year.split_action(action)
        if split is not None:
            right = _NEEDED.get(split[1])
            if right is not None:
                self.require(right, peer)
        elif action.startswith(f"{names.WSE}/"):
            self.require(Right.SUBSCRIBE, peer)

    def require_own(self, right: Right, creator: str | None, peer: Peer) -> None:
        """That the job is the peer's own, or that it has that right on jobs of others. Raises AccessDenied."""
        if creator != peer.address:
            self.require(right, peer)

    def may_read_names(self, creator: str | None, address: str) -> bool:
        """Whether who is at that address (IPv6 with or without its scope) is told what a job is called and whose it
        is. `creator` None: it began at the device."""
        return not self.private_names or (creator is not None and creator == address.partition("%")[0])


def denied(right: Right, peer: Peer) -> AccessDenied:
    """The refusal; whom the operator would have to name, and where, stands in it."""
    why = f"{kept_short(peer.address)} is not among those of [access] {right}"
    return AccessDenied(Fault(FaultCode.SENDER, None, "This is not allowed from where you are", why))
