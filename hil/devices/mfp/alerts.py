"""The alert table of the simulated MFP: a row for each thing that is the matter, and a trace when it is over.

Spec: RFC 3805 prtAlertTable, PrtAlertCodeTC; groups and codes of the scanner from PWG 5107.3. A row that goes leaves
an alertRemovalOfBinaryChangeEntry, so the counter of all events moves then too. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass

SCANNER, SCAN_MEDIA_PATH, COVER, ALERT = 51, 52, 6, 18  # prtAlertGroup
CRITICAL, REMOVED, WARNING = 3, 4, 5  # prtAlertSeverityLevel


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that can be the matter."""

    severity: int
    group: int
    code: int
    text: str
    group_index: int = 0x101  # the first subunit of the scan function


JAM = Kind(CRITICAL, SCAN_MEDIA_PATH, 5206, "Paper jam in the document feeder")
OPEN = Kind(CRITICAL, COVER, 3, "Document feeder cover is open")
EMPTY = Kind(WARNING, SCAN_MEDIA_PATH, 5210, "Load paper into the document feeder")
WARMING = Kind(WARNING, SCANNER, 24, "Scanner lamp is warming up")
LAMP = Kind(CRITICAL, SCANNER, 5103, "Scanner lamp failure")
OFFLINE = Kind(CRITICAL, SCANNER, 22, "Scanner is offline")
GONE = Kind(REMOVED, ALERT, 1801, "")


@dataclass(frozen=True, slots=True)
class Row:
    """One alert; `index` is never given twice."""

    index: int
    kind: Kind
    at: float


@dataclass(frozen=True, slots=True)
class Alerts:
    """The table, and how many rows it ever had."""

    rows: tuple[Row, ...] = ()
    recorded: int = 0
    critical: int = 0

    def now(self, live: Mapping[Kind, bool], at: float) -> "Alerts":
        """The table when just these are the matter."""
        gone = {row.kind for row in self.rows if row.kind is not GONE and not live.get(row.kind)}
        new = [kind for kind, on in live.items() if on and kind not in {row.kind for row in self.rows}]
        if not gone and not new:
            return self
        added = [*(GONE for _ in gone), *new]
        numbered = (Row(self.recorded + place, kind, at) for place, kind in enumerate(added, 1))
        rows = [*(row for row in self.rows if row.kind not in gone), *numbered]
        traces = [row for row in rows if row.kind is GONE]
        return Alerts(
            tuple(row for row in rows if row not in traces[:-1]),
            self.recorded + len(added),
            self.critical + sum(kind.severity == CRITICAL for kind in new),
        )


NO_ALERTS = Alerts()
