"""What became of every message, and what of it is a finding: something that the bridge must never do.

Rule: a message gets an answer, a fault that names its sender's mistake, or silence. A traceback in the log, a
ServerErrorInternalError, an answer that cannot be read or is larger than DPWS allows, and a wait beyond the deadline
are findings, each with the number of its message and the message itself.
"""

import logging
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bridge.errors import OperationRefused
from bridge.soap import envelope, fault, names
from bridge.wsscan.faults import Subcode
from drivers.contract.xml import MAX_BYTES

MOST_FINDINGS: Final = 20
_FAULT: Final = f"{{{names.SOAP}}}Fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """`number` and the seed bring the very message back."""

    number: int
    why: str
    sent: bytes


@dataclass(slots=True)
class Tally:
    """The outcomes counted by name, the findings, the longest wait."""

    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    slowest: float = 0.0
    slowest_number: int = -1

    def count(self, outcome: str) -> None:
        self.outcomes[outcome] += 1

    def took(self, number: int, seconds: float) -> None:
        if seconds > self.slowest:
            self.slowest, self.slowest_number = seconds, number

    def find(self, number: int, why: str, sent: bytes) -> None:
        self.outcomes["FINDING"] += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(number, why, sent))

    @property
    def full(self) -> bool:
        """There is enough to mend."""
        return len(self.findings) >= MOST_FINDINGS

    def keep(self, directory: Path) -> None:
        """Write the messages of the findings there, one file each."""
        directory.mkdir(parents=True, exist_ok=True)
        for finding in self.findings:
            (directory / f"{finding.number}.bin").write_bytes(finding.sent)
            (directory / f"{finding.number}.txt").write_text(f"{finding.why}\n")


def judged(answer: bytes) -> tuple[str, str | None]:
    """The outcome of a SOAP answer, and why it is a finding; None where it is none."""
    if len(answer) > MAX_BYTES:
        return "answer", f"an answer of {len(answer)} bytes"
    try:
        message = envelope.read(answer)
    except OperationRefused as err:
        return "answer", f"an answer that cannot be read: {err}"
    if message.body is None or message.body.tag != _FAULT:
        return f"answer {message.addressing.action.rpartition('/')[2]}", None
    said = fault.from_xml(message.body)
    name = (said.subcode or said.code.value).rpartition("}")[2]
    if name == Subcode.INTERNAL_ERROR:
        return f"fault {name}", f"{name}: {said.reason} {said.detail or ''}"
    return f"fault {name}", None


class Complaints(logging.Handler):
    """Hears tracebacks and errors of the bridge's own log: each is a finding of the message under way."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if (record.exc_info and record.exc_info[0] is not None) or record.levelno >= logging.ERROR:
            self._heard.append(self.format(record))

    def take(self) -> list[str]:
        """What was heard since the last time."""
        heard, self._heard = self._heard, []
        return heard
