"""The height in the head of a JPEG, where the scanner wrote it before it knew. Pure. Spec: ITU-T T.81 B.2.2."""

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0…SOF15 without DHT, JPG and DAC
_SCAN = 0xDA


def with_height(data: bytes, height: int) -> bytes | None:
    """The same beginning with another height in its frame header; None when that has not come yet, or never will."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF and data[at + 1] != _SCAN:
        if data[at + 1] in _FRAMES:
            return data[: at + 5] + min(height, 0xFFFF).to_bytes(2, "big") + data[at + 7 :]
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
