"""What a command set is to the scanner that speaks it."""

from typing import Protocol

from hil.devices.pixma.page import Block


class Commands(Protocol):
    """One scanner's; everything is answered through its works."""

    def length(self, pending: bytes) -> int:
        """Bytes of the command that these begin with; 0: it is not there whole."""

    def at(self, command: bytes, now: float) -> float:
        """When it can be heeded: now, later, or at an infinite time while a block is waited for."""

    def heed(self, command: bytes, now: float) -> None:
        """Do it, and answer."""

    def image(self, found: tuple[Block, bytes] | None) -> None:
        """Give a host that waits its block; None: there will be none."""

    def press(self, button: int) -> bytes:
        """The packet that tells of it."""

    def look(self) -> bytes:
        """The packet that says that something has changed; empty where the model has no word for it."""

    def forget(self) -> None:
        """The host went away."""
