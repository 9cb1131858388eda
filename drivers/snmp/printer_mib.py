"""The alert table of the Printer MIB, and which of its rows are about scanning.

Spec: RFC 3805 prtAlertTable; groups and codes for scanning and fax from PWG 5107.3 (MFD Alerts). A printer's jam is no
trouble of the scanner. An alert is about scanning when its group or code says so; else when a subunit that printers
have too (cover, media path …) says so itself, by the index range that the PWG recommends or in its description.
"""

import re
from dataclasses import dataclass
from enum import IntEnum

from drivers.contract.observation import Trouble, TroubleKind, Unit
from drivers.snmp import oids
from drivers.snmp.reading import Value, printable


class Severity(IntEnum):
    """PrtAlertSeverityLevelTC."""

    OTHER = 1
    CRITICAL = 3
    WARNING_UNARY = 4
    WARNING_BINARY = 5


class Group(IntEnum):
    """PrtAlertGroupTC, what every kind of printer may have."""

    OTHER = 1
    DEVICE = 4
    GENERAL_PRINTER = 5
    COVER = 6
    INPUT = 8
    OUTPUT = 9
    MEDIA_PATH = 13
    FINISHER = 30


class Code(IntEnum):
    """PrtAlertCodeTC, what any subunit may have."""

    COVER_OPEN = 3
    COVER_CLOSED = 4
    INTERLOCK_OPEN = 5
    JAM = 8
    SUBUNIT_EMPTY = 13
    SUBUNIT_TURNED_OFF = 21
    SUBUNIT_OFFLINE = 22
    POWER_SAVER = 23
    WARMING_UP = 24
    RECOVERABLE_FAILURE = 29
    UNRECOVERABLE_FAILURE = 30
    DOOR_OPEN = 501
    POWER_UP = 503


DEVICE_GROUPS = frozenset({Group.DEVICE, Group.GENERAL_PRINTER})

# PWG 5107.3: scanDevice, scanner, scanMediaPath.
SCAN_GROUPS = {50: Unit.PLATEN, 51: Unit.PLATEN, 52: Unit.FEEDER}
FAX_GROUPS = frozenset({60, 61})  # faxDevice, faxModem
# Codes that are about one thing whatever the group: scannerLight…, scannerSensor…, scanMediaPath…, faxModem….
SCANNER_CODES, SCAN_PATH_CODES, FAX_CODES = range(5100, 5200), range(5200, 5300), range(6100, 6200)

SHARED_GROUPS = frozenset({Group.OTHER, Group.COVER, Group.INPUT, Group.OUTPUT, Group.MEDIA_PATH})
SCAN_INDEXES = range(0x100, 0x200)  # prtAlertGroupIndex of subunits of the scan function
_FEEDER = re.compile(r"\b(r?adf|dadf|d?spf|document feeder)\b", re.IGNORECASE)
_SCANNER = re.compile(r"\bscan(ner)?\b", re.IGNORECASE)

KINDS: dict[int, TroubleKind] = {
    Code.COVER_OPEN: TroubleKind.COVER_OPEN,
    Code.INTERLOCK_OPEN: TroubleKind.INTERLOCK_OPEN,
    Code.JAM: TroubleKind.JAM,
    Code.SUBUNIT_TURNED_OFF: TroubleKind.ATTENTION,
    Code.SUBUNIT_OFFLINE: TroubleKind.ATTENTION,  # however severe
    Code.WARMING_UP: TroubleKind.LAMP_WARMING,
    Code.DOOR_OPEN: TroubleKind.COVER_OPEN,
    5102: TroubleKind.LAMP_FAILED,  # scannerLightLifeOver
    5103: TroubleKind.LAMP_FAILED,  # scannerLightFailure
    5104: TroubleKind.LAMP_FAILED,  # scannerLightMissing
    5113: TroubleKind.ATTENTION,  # scannerSensorFailure
    5114: TroubleKind.ATTENTION,  # scannerSensorMissing
    5205: TroubleKind.ATTENTION,  # scanMediaPathFailure
    5206: TroubleKind.JAM,  # scanMediaPathJam
    5210: TroubleKind.FEEDER_EMPTY,  # scanMediaPathInputRequest
    5211: TroubleKind.ATTENTION,  # scanMediaPathInputFeedError
    5212: TroubleKind.JAM,  # scanMediaPathInputJam
    5221: TroubleKind.ATTENTION,  # scanMediaPathOutputFeedError
    5222: TroubleKind.JAM,  # scanMediaPathOutputJam
    5223: TroubleKind.ATTENTION,  # scanMediaPathOutputFull
    5233: TroubleKind.ATTENTION,  # scanMediaPathPickRollerFailure
    5234: TroubleKind.ATTENTION,  # scanMediaPathPickRollerMissing
}

_COLUMNS = {2: "severity", 4: "group", 5: "group_index", 7: "code", 8: "description"}


@dataclass(frozen=True, slots=True)
class Alert:
    """One row; -1 and empty where the agent left a column out."""

    index: int
    severity: int
    group: int
    code: int
    description: str
    group_index: int = -1

    @property
    def unit(self) -> Unit | None:
        """The part of the scanner it is about; None where it is about something else."""
        if self.group in SCAN_GROUPS:
            return SCAN_GROUPS[self.group]
        if self.code in SCAN_PATH_CODES:
            return Unit.FEEDER
        if self.code in SCANNER_CODES:
            return Unit.PLATEN
        if self.group not in SHARED_GROUPS:
            return None
        if _FEEDER.search(self.description) or self.group_index in SCAN_INDEXES:
            return Unit.FEEDER
        return Unit.MEDIA_PATH if _SCANNER.search(self.description) else None

    @property
    def trouble(self) -> Trouble | None:
        """What it keeps from scanning; an unknown one about scanning asks for attention when it is critical."""
        kind = KINDS.get(self.code, TroubleKind.ATTENTION if self.severity == Severity.CRITICAL else None)
        return None if self.unit is None or kind is None else Trouble(kind, self.unit)

    @property
    def fax(self) -> bool:
        """Whether it is about the fax."""
        return self.group in FAX_GROUPS or self.code in FAX_CODES


def alerts(walked: dict[str, Value]) -> tuple[Alert, ...]:
    """The table from a walk of prtAlertEntry, by prtAlertIndex."""
    found: dict[tuple[str, int], dict[str, int | str]] = {}
    for oid, value in walked.items():
        column, _, instance = oid.removeprefix(oids.PRT_ALERT_ENTRY + ".").partition(".")
        device, _, index = instance.partition(".")
        name = _COLUMNS.get(int(column)) if column.isdigit() else None
        if name is None or not index.isdigit():
            continue
        row = found.setdefault((device, int(index)), {})
        if name == "description" and isinstance(value, bytes):
            row[name] = printable(value)
        elif name != "description" and isinstance(value, int):
            row[name] = value
    return tuple(_alert(index, row) for (_, index), row in sorted(found.items()))


def _alert(index: int, row: dict[str, int | str]) -> Alert:
    severity, group, code, where = (int(row.get(name, -1)) for name in ("severity", "group", "code", "group_index"))
    return Alert(index, severity, group, code, str(row.get("description", "")), where)


def troubles(table: tuple[Alert, ...]) -> frozenset[Trouble]:
    """What the alerts about scanning keep from scanning."""
    return frozenset(alert.trouble for alert in table if alert.trouble is not None)


def asleep(table: tuple[Alert, ...]) -> bool:
    """Whether the whole device saves power."""
    return any(alert.code == Code.POWER_SAVER and alert.group in DEVICE_GROUPS for alert in table)
