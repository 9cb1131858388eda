"""GET HARDWARE STATUS: sensors, switches and counters in one answer. Pure.

Facts: spec dossier on device protocols (b), SANE fujitsu (`fujitsu-scsi.h`).
"""

from dataclasses import dataclass

from drivers.usb.fujitsu import wire

LEAST = 8  # bytes; everything used here lies in them

SCAN, SEND, SCAN_LONG = "scan", "send", "scan-long"
BUTTONS = (SCAN, SEND, SCAN_LONG)


@dataclass(frozen=True, slots=True)
class Hardware:
    """One reading. `switches`: those that are down, or were pressed since the last reading."""

    paper: bool = True  # in the hopper
    feeder_open: bool = False
    endorser_open: bool = False
    flatbed_open: bool = False
    asleep: bool = False
    double_feed: bool = False
    switches: frozenset[str] = frozenset()
    function: int = 0  # of the dial
    error: int = 0  # the number shown at the panel
    consumables: tuple[str, ...] = ()  # that are worn or used up
    more: tuple[tuple[str, str], ...] = ()  # what only a longer answer tells


_CONSUMABLES = (
    (0x80, "pick roller"),
    (0x40, "pad assembly"),
    (0x20, "brake roller"),
    (0x10, "separator roller"),
)


def _more(data: bytes) -> tuple[tuple[str, str], ...]:
    """Of the switch for its wireless network and of its battery, where it has one."""
    if len(data) < wire.HARDWARE_LONG:
        return ()
    wireless, battery, power = data[0x10 : wire.HARDWARE_LONG]
    found = [("wireless switch", "on" if wireless & 0x80 else "off")]
    if battery & 0xC0:
        found.append(("battery", f"{power}, charging" if battery & 0x40 else str(power)))
    return tuple(found)


def hardware(data: bytes) -> Hardware:
    """From the answer's 12 bytes, as many as an old one tells, or more. Raises DeviceGarbled."""
    if len(data) < LEAST:
        raise wire.garbled("a hardware status", data)
    covers, panel, worn, feeding = data[3:7]
    # A long press shows at the short switch too: it is one press.
    scan = SCAN_LONG if panel & 0x20 else SCAN if panel & 0x01 else None
    switches = {name for name in (scan, SEND if panel & 0x04 else None) if name is not None}
    used = [name for bit, name in _CONSUMABLES if worn & bit]
    return Hardware(
        paper=not covers & 0x80,
        feeder_open=bool(covers & 0x20),
        endorser_open=bool(covers & 0x10),
        flatbed_open=bool(covers & 0x08),
        asleep=bool(panel & 0x80),
        double_feed=bool(feeding & 0x01),
        switches=frozenset(switches),
        function=worn & 0x0F,
        error=data[7],
        consumables=(*used, "ink") if feeding & 0x80 else tuple(used),
        more=_more(data),
    )
