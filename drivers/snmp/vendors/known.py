"""Who made it: IANA enterprise number → name and sense. The only file that knows all vendors of SNMP agents.

Source of the numbers: IANA private enterprise numbers; sysObjectID of the recordings.
"""

from dataclasses import dataclass
from datetime import datetime

from drivers.snmp import oids
from drivers.snmp.vendors.hp import HpSense
from drivers.snmp.vendors.sense import Nothing, Open, Sense


def _nothing(opened: datetime) -> Sense:  # noqa: ARG001 one signature for all
    return Nothing()


@dataclass(frozen=True, slots=True)
class Vendor:
    """A maker of MFPs."""

    name: str
    sense: Open = _nothing


VENDORS = {
    11: Vendor("HP", HpSense),
    236: Vendor("Samsung"),
    253: Vendor("Xerox"),
    367: Vendor("Ricoh"),
    641: Vendor("Lexmark"),
    674: Vendor("Dell"),
    1248: Vendor("Epson"),
    1347: Vendor("Kyocera"),
    1602: Vendor("Canon"),
    2385: Vendor("Sharp"),
    2435: Vendor("Brother"),
    18334: Vendor("Konica Minolta"),
}


def vendor(sys_object_id: str) -> Vendor:
    """Of an agent's sysObjectID; a nameless vendor where nobody has entered it."""
    arc = sys_object_id.removeprefix(oids.ENTERPRISES + ".").partition(".")[0]
    known = VENDORS.get(int(arc)) if arc.isdigit() and sys_object_id.startswith(oids.ENTERPRISES + ".") else None
    return known or Vendor("")
