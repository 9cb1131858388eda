"""What a check-up tells: one plain line a step, what holds and what is missing."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TextIO

_STEP: Final = 34


class Verdict(StrEnum):
    OK = "ok"
    MISSING = "MISSING"  # the other side must do something about it
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Line:
    verdict: Verdict
    step: str
    detail: str


class Report:
    """Lines as they come; `out` is a terminal or a file."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.lines: list[Line] = []

    def ok(self, step: str, detail: str = "") -> None:
        self._say(Verdict.OK, step, detail)

    def missing(self, step: str, detail: str) -> None:
        self._say(Verdict.MISSING, step, detail)

    def skipped(self, step: str, detail: str) -> None:
        self._say(Verdict.SKIPPED, step, detail)

    def check(self, holds: object, step: str, detail: str, missing: str) -> None:
        """`detail` where it holds, else what is `missing`."""
        if holds:
            self.ok(step, detail)
        else:
            self.missing(step, missing)

    @property
    def complete(self) -> bool:
        """Whether nothing was missing."""
        return all(line.verdict is not Verdict.MISSING for line in self.lines)

    def of(self, verdict: Verdict) -> list[Line]:
        return [line for line in self.lines if line.verdict is verdict]

    def _say(self, verdict: Verdict, step: str, detail: str) -> None:
        clean = "".join(char if char.isprintable() else "?" for char in detail)
        self.lines.append(Line(verdict, step, clean))
        print(f"{verdict:<8} {step:<{_STEP}} {clean}".rstrip(), file=self._out, flush=True)
