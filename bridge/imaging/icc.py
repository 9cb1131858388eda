"""The colour space of what we deliver, sRGB, as an ICC profile: primaries and curve, three kilobytes, ours.

Version 2, because PDF/A-1 knows no later one.
Spec: ICC.1:2001-04 (v2.4); IEC 61966-2-1 for the curve; primaries adapted to D50 (Bradford).
"""

import struct
from functools import cache

_D50 = (0.9642, 1.0, 0.8249)
_PRIMARIES = {
    b"rXYZ": (0.4360747, 0.2225045, 0.0139322),
    b"gXYZ": (0.3850649, 0.7168786, 0.0971045),
    b"bXYZ": (0.1430804, 0.0606169, 0.7141733),
}
_STEPS = 1024
_HEADER = 128


@cache
def srgb() -> bytes:
    """The profile."""
    curve = b"curv" + bytes(4) + struct.pack(f">I{_STEPS}H", _STEPS, *map(_linear, range(_STEPS)))
    places: dict[bytes, bytes] = {
        b"desc": _description("sRGB"),
        b"cprt": b"text" + bytes(4) + b"No copyright, use freely\0",
        b"wtpt": _xyz(_D50),
        **{tag: _xyz(value) for tag, value in _PRIMARIES.items()},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    at = _HEADER + 4 + 12 * len(places)
    table, body = struct.pack(">I", len(places)), b""
    written: dict[bytes, int] = {}
    for tag, data in places.items():
        if data not in written:
            written[data] = at + len(body)
            body += data + bytes(-len(data) % 4)
        table += struct.pack(">4sII", tag, written[data], len(data))
    return _header(at + len(body)) + table + body


def _header(size: int) -> bytes:
    head = struct.pack(">I4sI", size, bytes(4), 0x02400000) + b"mntrRGB XYZ "
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp"
    # No platform, no flags, no device, rendering perceptually.
    return (head + bytes(28) + b"".join(map(_fixed, _D50))).ljust(_HEADER, b"\0")


def _linear(step: int) -> int:
    value = step / (_STEPS - 1)
    return round(65535 * (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4))


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(value: tuple[float, float, float]) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(map(_fixed, value))


def _description(text: str) -> bytes:
    """textDescriptionType with its ASCII part alone."""
    name = text.encode("ascii") + b"\0"
    return b"desc" + bytes(4) + struct.pack(">I", len(name)) + name + bytes(8) + bytes(3) + bytes(67)
