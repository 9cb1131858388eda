"""Which commands each ESC/I command level understands.

Facts: SANE epson2's table of levels. A level nobody has listed is treated as B3, the lowest that a USB
scanner reports.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Level:
    """One command level; each field names the command letter it stands for."""

    name: str
    identity_2: bool = False  # ESC i
    reset: bool = True  # ESC @
    colour: bool = True  # ESC C
    depth: bool = True  # ESC D
    gamma: bool = True  # ESC Z
    halftone: bool = True  # ESC B
    speed: bool = False  # ESC g
    block_lines: bool = False  # ESC d: several lines in one block
    extended_status: bool = False  # ESC f
    option: bool = False  # ESC e
    eject: bool = False  # FF
    feed: bool = False  # 0x19
    button: bool = False  # ESC !
    film: bool = False  # ESC N: positive or negative
    focus: bool = False  # ESC p and ESC q
    threshold: bool = False  # ESC t
    pixel_sequence: bool = False  # colour mode 0x13: red, green, blue of one pixel together


def _b(name: str, **more: bool) -> Level:
    return Level(name, extended_status=True, option=True, **more)


def _b7(name: str, **more: bool) -> Level:
    return _b(
        name,
        speed=True,
        block_lines=True,
        pixel_sequence=True,
        eject=True,
        button=True,
        threshold=True,
        film=True,
        **more,
    )


def _d(name: str, **more: bool) -> Level:
    return Level(
        name,
        identity_2=True,
        halftone=False,
        speed=True,
        block_lines=True,
        extended_status=True,
        button=True,
        threshold=True,
        pixel_sequence=True,
        **more,
    )


_LEVELS = {
    level.name: level
    for level in (
        Level("A1", reset=False, colour=False, depth=False, gamma=False, halftone=False),
        Level("A2", colour=False),
        Level("B1", reset=False, gamma=False),
        Level("B2"),
        _b("B3"),
        _b("B4", speed=True, block_lines=True),
        _b("B5", speed=True, block_lines=True, pixel_sequence=True),
        _b("B6", speed=True, block_lines=True, pixel_sequence=True),
        _b7("B7"),
        _b7("B8", feed=True, focus=True),
        Level("F5", halftone=False, speed=True, block_lines=True, option=True, eject=True, film=True),
        _d("D1"),
        _d("D2", option=True, film=True),
        _d("D7", option=True, eject=True, film=True),
        _d("D8", option=True, eject=True, film=True),
    )
}


def of(name: str) -> Level:
    """The level a scanner reports."""
    return _LEVELS.get(name, _LEVELS["B3"])
