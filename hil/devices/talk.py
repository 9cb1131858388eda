"""What lies between a simulated scanner and its host: bytes that are not understood yet, messages that are not read.

For scanners that take bytes and answer in messages (`hil.devices.usb.messages`). Both sides are bounded by what a
scanner does with them: it answers what it has understood, and a host out of its senses is not listened to.
"""

from collections import deque
from typing import Final

MOST_HEARD: Final = 64 * 1024  # what a host may send ahead; the rest is dropped


class Talk:
    """One host's."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self._said: deque[memoryview] = deque()

    def hear(self, data: bytes) -> None:
        """The host's bytes, in pieces of any size."""
        self.heard += data[: MOST_HEARD - len(self.heard)]

    def understood(self, size: int) -> bytes:
        """The first so many of them, which are done with."""
        data = bytes(self.heard[:size])
        del self.heard[:size]
        return data

    def say(self, *messages: bytes) -> None:
        """Messages for the host, one after the other; an empty one is none."""
        self._said += (memoryview(each) for each in messages if each)

    @property
    def answer(self) -> int:
        """Bytes left of the message that can be read now; 0: none."""
        return len(self._said[0]) if self._said else 0

    def take(self, limit: int) -> bytes:
        """Up to `limit` bytes of that message."""
        head = self._said.popleft()
        if limit < len(head):
            self._said.appendleft(head[limit:])
        return bytes(head[:limit])

    def unsay(self) -> None:
        """What was not read is lost."""
        self._said.clear()

    def forget(self) -> None:
        """So is all else."""
        self.heard.clear()
        self.unsay()
