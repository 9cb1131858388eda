"""Names, covers, console and lights of the Printer MIB: what a person standing before the device would see.

Spec: RFC 3805 prtGeneralTable, prtCoverTable, prtConsoleDisplayBufferTable, prtConsoleLightTable. The MIB knows no
scanner: a cover belongs to it when its description says so, and an open lid over the glass keeps nothing from scanning.
"""

import re
from collections.abc import Mapping

from drivers.contract.observation import Trouble, TroubleKind, Unit
from drivers.snmp.reading import Reading, Value, printable, text

GENERAL_NAME = "1.3.6.1.2.1.43.5.1.1.16"  # .hrDeviceIndex
COVER_DESCRIPTION = "1.3.6.1.2.1.43.6.1.1.2"  # .hrDeviceIndex.prtCoverIndex
COVER_STATUS = "1.3.6.1.2.1.43.6.1.1.3"
CONSOLE_TEXT = "1.3.6.1.2.1.43.16.5.1.2"  # .hrDeviceIndex.line
LIGHT_ON = "1.3.6.1.2.1.43.17.6.1.2"  # milliseconds
LIGHT_OFF = "1.3.6.1.2.1.43.17.6.1.3"
LIGHT_DESCRIPTION = "1.3.6.1.2.1.43.17.6.1.5"
TABLES = (COVER_DESCRIPTION, COVER_STATUS, CONSOLE_TEXT, LIGHT_ON, LIGHT_OFF, LIGHT_DESCRIPTION)

_COVERS = {3: "open", 4: "closed", 5: "interlock open", 6: "interlock closed"}
_OPEN = {3: TroubleKind.COVER_OPEN, 5: TroubleKind.INTERLOCK_OPEN}
_FEEDER_COVER = re.compile(r"\b(r?adf|dadf|d?spf|document feeder|feeder cover|scan path)\b", re.IGNORECASE)
LONGEST = 160  # characters of a console's text


def troubles(walked: Mapping[str, Value]) -> frozenset[Trouble]:
    """Open covers of the document feeder."""
    return frozenset(
        Trouble(_OPEN[status], Unit.FEEDER)
        for description, status in _covers(walked)
        if status in _OPEN and _FEEDER_COVER.search(description)
    )


def facts(reading: Reading, walked: Mapping[str, Value], index: int) -> tuple[tuple[str, str], ...]:
    """What there is to be seen, as name and value."""
    covers = ", ".join(f"{description or '?'} {_COVERS[status]}" for description, status in _covers(walked))
    lines = [printable(value) for _, value in _rows(walked, CONSOLE_TEXT) if isinstance(value, bytes)]
    lights = [_light(walked, row) for row, _ in _rows(walked, LIGHT_DESCRIPTION)]
    found = {
        "name": text(reading, f"{GENERAL_NAME}.{index}"),
        "covers": covers,
        "console": " / ".join(line for line in lines if line),
        "lights": ", ".join(light for light in lights if light),
    }
    return tuple((name, value[:LONGEST]) for name, value in found.items() if value)


def _covers(walked: Mapping[str, Value]) -> list[tuple[str, int]]:
    found = []
    for row, status in _rows(walked, COVER_STATUS):
        description = walked.get(f"{COVER_DESCRIPTION}.{row}")
        if isinstance(status, int) and status in _COVERS:
            found.append((printable(description) if isinstance(description, bytes) else "", status))
    return found


def _light(walked: Mapping[str, Value], row: str) -> str:
    """`Attention blinks`; RFC 3805: on and off both 0 is off, off 0 is on, both set is blinking."""
    description = walked.get(f"{LIGHT_DESCRIPTION}.{row}")
    on, off = walked.get(f"{LIGHT_ON}.{row}"), walked.get(f"{LIGHT_OFF}.{row}")
    if not (isinstance(description, bytes) and isinstance(on, int) and isinstance(off, int)):
        return ""
    state = "off" if not on else "on" if not off else "blinks"
    return f"{printable(description)} {state}"


def _rows(walked: Mapping[str, Value], column: str) -> list[tuple[str, Value]]:
    return [(oid.removeprefix(column + "."), value) for oid, value in walked.items() if oid.startswith(column + ".")]
