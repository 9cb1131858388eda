"""The alert table of the Printer MIB, and which of its rows are about scanning.

Spec: RFC 3805 prtAlertTable; scan groups from PWG 5107.3 (MFD Alerts). A printer's jam is no trouble of the scanner,
so alerts of other groups give no Trouble.
"""

from dataclasses import dataclass

from drivers.contract.observation import Trouble, TroubleKind, Unit
from drivers.snmp import oids
from drivers.snmp.reading import Value, printable

SEVERITY_CRITICAL = 3

# PWG 5107.3: scanDevice, scanner, scanMediaPath.
SCAN_GROUPS = {50: Unit.PLATEN, 51: Unit.PLATEN, 52: Unit.FEEDER}

KINDS = {
    3: TroubleKind.COVER_OPEN,
    5: TroubleKind.INTERLOCK_OPEN,
    8: TroubleKind.JAM,
    24: TroubleKind.LAMP_WARMING,  # warmingUp
    501: TroubleKind.COVER_OPEN,  # doorOpen
}

_COLUMNS = {2: "severity", 4: "group", 7: "code", 8: "description"}


@dataclass(frozen=True, slots=True)
class Alert:
    """One row; -1 and empty where the agent left a column out."""

    index: int
    severity: int
    group: int
    code: int
    description: str


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
    severity, group, code = (int(row.get(name, -1)) for name in ("severity", "group", "code"))
    return Alert(index, severity, group, code, str(row.get("description", "")))


def troubles(table: tuple[Alert, ...]) -> frozenset[Trouble]:
    """What the alerts about scanning keep from scanning; an unknown critical one asks for attention."""
    found = set()
    for alert in table:
        unit = SCAN_GROUPS.get(alert.group)
        kind = KINDS.get(alert.code, TroubleKind.ATTENTION if alert.severity == SEVERITY_CRITICAL else None)
        if unit is not None and kind is not None:
            found.add(Trouble(kind, unit))
    return frozenset(found)
