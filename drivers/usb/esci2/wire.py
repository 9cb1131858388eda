"""ESC/I-2 as bytes: requests, and decoders of every answer's head. Pure.

`FS X` opens a session in which the scanner is controlled, `FS Y` one in which it is only asked (one byte ACK or NAK).
In it a request has 12 bytes: four letters, `x`, seven hexadecimal digits that tell the size of a parameter block, which
follows. The answer has 64 bytes: the same, for the data that follow, and 52 bytes of tokens about whatever happened.
`FIN ` ends the session.
Facts: spec dossier on device protocols (a); SANE epsonds; utsushi; the open source of Epson Scan 2 (FS Y, the names of
all troubles, the interrupt packets).
"""

from dataclasses import dataclass

from drivers.contract.errors import DeviceGarbled
from drivers.usb.esci2 import tokens
from drivers.usb.esci2.tokens import Token

ACK, NAK = b"\x06", b"\x15"
CONTROL, INQUIRY = b"\x1cX", b"\x1cY"

INFO, CAPABILITIES, STATUS = b"INFO", b"CAPA", b"STAT"
PARAMETERS, START, IMAGE, CANCEL, FINISH = b"PARA", b"TRDT", b"IMG ", b"CAN ", b"FIN "

REQUEST_SIZE, HEAD_SIZE = 12, 64
MAX_TABLE = 64 * 1024  # of an answer that is read whole; the longest known (RESA) has 1235 bytes
MAX_CHUNK = 4 * 1024 * 1024  # of image data; SANE allows as much


@dataclass(frozen=True, slots=True)
class Fault:
    """One trouble, as the scanner names it."""

    unit: str  # "ADF ", "FB  ", "TPU "
    cause: str  # "PJ  ", "OPN ", …


@dataclass(frozen=True, slots=True)
class PageStart:
    """A page begins: pixels, and the bytes that fill up each of its rows."""

    width: int
    padding: int
    height: int


@dataclass(frozen=True, slots=True)
class Head:
    """What the 64 bytes before an answer's data tell."""

    code: bytes
    size: int
    faults: tuple[Fault, ...] = ()
    not_ready: str = ""  # "BUSY", "RSVD" (another host has it), "WUP " (warming up); empty when ready
    start: PageStart | None = None
    end: tuple[int, int] | None = None  # width and height of the page that is over
    left: int | None = None  # images still to come, of those asked for
    back: bool | None = None  # which side the data are of; None: not said
    cancel: bool = False  # somebody pressed cancel at the scanner
    parameters: str = ""  # "OK  ", "FAIL", "LOST"


def request(code: bytes, size: int = 0) -> bytes:
    """The 12 bytes of a request whose parameter block has that size."""
    return b"%sx%07X" % (code, size)


def head(data: bytes, limit: int = MAX_TABLE) -> Head:
    """Decode 64 bytes. Raises DeviceGarbled, also when more than `limit` bytes are said to follow."""
    size = _hexadecimal(data[5:12])
    if len(data) != HEAD_SIZE or data[4:5] != b"x" or size is None or not data[:4].isascii():
        raise garbled("the head of an answer", data)
    if size > limit:
        raise garbled(f"at most {limit} bytes to follow", data)
    found = tuple(tokens.read(data[REQUEST_SIZE:]))
    start = end = left = back = None
    not_ready = parameters = ""
    cancel = False
    for token in found:
        words, numbers = token.words, token.numbers
        match token.tag:
            case "nrd" if words and words[0] != "NONE":
                not_ready = words[0]
            case "pst" if len(numbers) == 3 and min(numbers) >= 0:
                start = PageStart(*numbers)
            case "pen" if len(numbers) >= 2 and min(numbers) >= 0:
                end = numbers[0], numbers[1]
            case "lft" if numbers:
                left = numbers[0]
            case "typ" if words:
                back = words[0] == "IMGB"
            case "atn" if words:
                cancel = words[0] == "CAN "
            case "par" if words:
                parameters = words[0]
    return Head(data[:4], size, faults(found, "err"), not_ready, start, end, left, back, cancel, parameters)


def faults(found: tuple[Token, ...], tag: str) -> tuple[Fault, ...]:
    """All troubles that tokens of that tag (`err` in a head, `ERR` in a status) tell."""
    return tuple(Fault(*token.words[:2]) for token in found if token.tag == tag and len(token.words) >= 2)


def garbled(expected: str, data: bytes) -> DeviceGarbled:
    """The error that shows the first bytes of a wrong answer."""
    return DeviceGarbled(f"expected {expected}, got {len(data)} bytes: {data[:16].hex(' ') or 'nothing'}")


def _hexadecimal(digits: bytes) -> int | None:
    if len(digits) != 7 or not digits.isalnum():
        return None
    try:
        return int(digits, 16)
    except ValueError:
        return None
