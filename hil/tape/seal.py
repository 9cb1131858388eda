"""A tape's seal: its last line, by which a change made later is found, and where one byte was changed, named.

Each line has its remainder there, in order, so that lines that were taken out, added or changed are told apart; the
seal's own check is the remainder of what stands before it. It is against mistakes, not against malice: whoever changes
a tape can seal it again (`wsd-scan-hil seal`), and the seal then says that this was done by hand. Ends of lines do not
count, so a tape that was mailed with others is still the same.
docs/decisions/0113-seals.md
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hil.tape.changed import said, shown
from hil.tape.difference import alike
from hil.tape.remainder import LINE_BREAK, SEARCHED, WIDEST, Before, before, remainder, two

_MARK: Final = b'{"seal": "'
_WHOLE: Final = re.compile(rb'\{"seal": "((?:[0-9a-f]{16} ?)+)", "by": "(recorder|hand)", "check": "[0-9a-f]{16}"\}')
_AFTER_A_LINE: Final = re.compile(rb'\{"seal": "[0-9a-f ]{16,}", "by"')
_END: Final = re.compile(rb', "check": "[0-9a-f]{16}"\}$')
_OWN: Final = 8  # bytes in a row: as many differ where only the seal was touched; between digest and check are more


class By(StrEnum):
    """Who says that a tape is as it is meant to be."""

    RECORDER = "recorder"  # the program that wrote it
    HAND = "hand"


@dataclass(frozen=True, slots=True)
class Sealed:
    """The lines of a tape, without line breaks, and its seal taken off."""

    lines: tuple[bytes, ...]
    seal: bytes  # with what stands behind it, if anything does

    @property
    def by(self) -> By:
        """Who sealed it, as far as that can be read."""
        found = _WHOLE.fullmatch(self.seal.partition(LINE_BREAK)[0])
        return By(found[2].decode()) if found else By.RECORDER

    @property
    def change(self) -> str | None:
        """`line 15: byte 3 of hex was 00, is now 08 …`, the first there is; None: all is as it was."""
        now = [remainder(each) for each in self.lines]
        if self.seal == (whole := _sealing(now, self.by)):
            return None
        number = len(self.lines) + 1
        if self.seal.startswith(whole + LINE_BREAK):
            return f"line {number + 1}: {_counted(self.seal.count(LINE_BREAK))} new, behind the seal"
        found, body = _WHOLE.fullmatch(self.seal), _END.sub(b"", self.seal)
        if found is not None and self.seal == body + _check(body):
            return _difference(self.lines, now, [int(each, 16) for each in found[1].split()])
        return f"line {number}: the seal itself was changed{self._own(now)}"

    def _own(self, now: Sequence[int]) -> str:
        """Where, when all else is as it was."""
        for by in By:
            wanted = _sealing(now, by)
            at, behind = alike(wanted, self.seal)
            was, is_now = wanted[at : len(wanted) - behind], self.seal[at : len(self.seal) - behind]
            if max(len(was), len(is_now)) <= _OWN:
                return f": byte {at + 1} of the line was {shown(was)}, is now {shown(is_now)}"
        return ""


def sealing(lines: Iterable[bytes], by: By) -> bytes:
    """The last line for these."""
    return _sealing([remainder(each) for each in lines], by)


def _sealing(remainders: Sequence[int], by: By) -> bytes:
    body = _MARK + " ".join(f"{each:016x}" for each in remainders).encode() + f'", "by": "{by}"'.encode()
    return body + _check(body)


def _check(body: bytes) -> bytes:
    return f', "check": "{remainder(body):016x}"}}'.encode()


def split(lines: Sequence[bytes]) -> Sealed | None:
    """A tape's lines and its seal, also where that is damaged; None: it has none."""
    for at in range(len(lines) - 1, 0, -1):
        if lines[at].startswith(_MARK):
            return Sealed(tuple(lines[:at]), LINE_BREAK.join(lines[at:]))
    last = lines[-1] if lines else b""
    if found := _AFTER_A_LINE.search(last):  # the line break between them was changed
        return Sealed((*lines[:-1], last[: found.start()]), last[found.start() :])
    return Sealed(tuple(lines[:-1]), last) if _END.search(last) else None


def _difference(lines: Sequence[bytes], now: Sequence[int], then: Sequence[int]) -> str:
    """Of the first line that is another, and how many more there are."""
    ahead, behind = alike(then, now)
    here, there = lines[ahead : len(lines) - behind], then[ahead : len(then) - behind]
    where = f"line {ahead + 1}: "
    if not here:
        return f"{where}{_counted(len(there))} missing before it"
    if not there:
        return f"{where}{_counted(len(here))} new here"
    found: Before | None = None
    more = ""
    if len(here) == len(there):
        found = before(here[0], there[0])
        others = sum(one != other for one, other in zip(now[ahead + 1 :], then[ahead + 1 :], strict=True))
        too = _counted(others, "after it was changed too", "after it were changed too")
        more = f"; {too}" if others else ""
    elif len(there) == 1:
        found = before(LINE_BREAK.join(here), there[0])
    elif len(here) == 1 and len(there) == 2:
        found = two(here[0], there[0], there[1])
    if found is not None:
        return f"{where}{said(found, here[0])}{more}"
    if len(here) == len(there):
        wide = f" in more than {WIDEST} bytes in a row" if len(here[0]) <= SEARCHED else ""
        return f"{where}was changed{wide}{more}"
    return f"{where}{_counted(len(here))} here in the place of {len(there)}"


def _counted(lines: int, one: str = "is", more: str = "are") -> str:
    return f"1 line {one}" if lines == 1 else f"{lines} lines {more}"
