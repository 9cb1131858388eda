"""What a device of the USB printer class answers: who it is, and how its printer is. Pure.

Spec: USB Device Class Definition for Printing Devices 1.1, §4.2.1 GET_DEVICE_ID and §4.2.2 GET_PORT_STATUS;
IEEE 1284-2000 §7.6. Of the scanner neither says a word.
"""

from enum import IntFlag
from typing import Final, Literal

MOST: Final = 1023  # bytes of a device id, as usblp asks for
ORDERS: Final[tuple[Literal["big", "little"], ...]] = ("big", "little")
_PREFIX = 2


class Port(IntFlag):
    """The byte of GET_PORT_STATUS."""

    PAPER_EMPTY = 0x20
    SELECTED = 0x10
    NO_ERROR = 0x08


def device_id(answer: bytes) -> str:
    """The text of a device id. Its length comes first, big-endian and counting itself; devices are known that send it
    little-endian, that leave themselves out, or that send nonsense. What is plausible is believed, else all is text."""
    size = len(answer)
    big, little = (int.from_bytes(answer[:_PREFIX], order) for order in ORDERS)
    whole = {size, size - _PREFIX}  # as long as the transfer
    cut = size == MOST and big > MOST  # longer than we asked for
    end = size
    if big not in whole and little not in whole and not cut:
        end = next((each for each in (big, little) if _PREFIX < each < size), size)
    text = answer[_PREFIX:end].split(b"\0", 1)[0].decode("ascii", "replace")
    return "".join(each if each.isprintable() else " " for each in text).strip()


def printer(status: int) -> str:
    """How the printer is, in words."""
    port = Port(status & 0x38)
    wrong = [
        word
        for word, so in (
            ("error", Port.NO_ERROR not in port),
            ("out of paper", Port.PAPER_EMPTY in port),
            ("off line", Port.SELECTED not in port),
        )
        if so
    ]
    return ", ".join(wrong) or "ready"
