"""Who asks: what an operation may know of the other end of the connection."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Peer:
    """Numeric addresses; IPv6 without its scope, which stands apart."""

    address: str
    local_address: str  # the one of ours that the peer reached
    local_port: int
    scope: str = ""  # the interface through which an IPv6 link-local peer is reached
    subject: str = ""  # of the certificate that it showed over TLS and that was asked for

    @property
    def scoped_address(self) -> str:
        """How the peer is reached: a link-local address means nothing without its interface."""
        return f"{self.address}%{self.scope}" if self.scope else self.address

    @property
    def scoped_local_address(self) -> str:
        """Ours, with the interface where it is known."""
        return f"{self.local_address}%{self.scope}" if self.scope else self.local_address

    @property
    def user(self) -> str:
        """Who it is, as far as anybody can tell: what its certificate says, else where it is."""
        return self.subject or self.address
