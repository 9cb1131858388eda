"""Bytes as a person reads them: control characters by their ASCII names, text as text, the rest in hexadecimal."""

from itertools import groupby

_NAMES = (  # noqa: SIM905  # 32 quoted words would be no easier to read
    "NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US"
).split()
MOST = 48  # bytes that are glossed


def gloss(data: bytes) -> str:
    """`ESC @`, `FS F`, `STX 80 1A 00`; cut short when long."""
    words = [
        "".join(map(chr, group)) if is_text else " ".join(_word(byte) for byte in group)
        for is_text, group in (
            (key, list(each)) for key, each in groupby(data[:MOST], lambda byte: 0x21 <= byte < 0x7F)
        )
    ]
    return " ".join(words) + (" …" if len(data) > MOST else "")


def _word(byte: int) -> str:
    if byte < 0x20:
        return _NAMES[byte]
    return "SP" if byte == 0x20 else f"{byte:02X}"
