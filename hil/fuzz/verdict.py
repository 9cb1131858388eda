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

from bridge.soap import fault, names
from bridge.wsscan.faults import Subcode
from drivers.contract import xml

MOST_FINDINGS: Final = 20
_S: Final = f"{{{names.SOAP}}}"
_A: Final = f"{{{names.WSA}}}"


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
    if len(answer) > xml.MAX_BYTES:
        return "answer", f"an answer of {len(answer)} bytes"
    try:
        # Not by the service's own reader: what it lets in is bounded for the life of the process.
        root = xml.parse(answer)
    except xml.XmlRefused as err:
        return "answer", f"an answer that cannot be read: {err}"
    body, action = root.find(f"{_S}Body"), root.findtext(f"{_S}Header/{_A}Action")
    if root.tag != f"{_S}Envelope" or body is None or len(body) > 1 or not action:
        return "answer", "an answer that is no SOAP message with an Action"
    if not len(body) or body[0].tag != f"{_S}Fault":
        return f"answer {action.rpartition('/')[2]}", None
    said = fault.from_xml(body[0])
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
