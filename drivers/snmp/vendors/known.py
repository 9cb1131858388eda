"""Who made it: IANA enterprise number → name and sense.

Source of the numbers: IANA private enterprise numbers; sysObjectID of the recordings. Names and objects stand in
tables.toml; only a protocol that is more than values has code.
"""

from dataclasses import dataclass
from datetime import datetime

from drivers.snmp import oids
from drivers.snmp.vendors.hp import HpSense
from drivers.snmp.vendors.sense import Sense
from drivers.snmp.vendors.table import TableSense, vendors

HP = 11


@dataclass(frozen=True, slots=True)
class Known:
    """A maker of MFPs; without a name nobody has entered it."""

    name: str
    enterprise: int | None

    def senses(self, opened: datetime) -> tuple[Sense, ...]:
        """What its private objects can be followed with."""
        found: list[Sense] = [HpSense(opened)] if self.enterprise == HP else []
        table = vendors().get(self.enterprise) if self.enterprise is not None else None
        return (*found, *([] if table is None else [TableSense(table)]))


def vendor(sys_object_id: str) -> Known:
    """Of an agent's sysObjectID."""
    arc = sys_object_id.removeprefix(oids.ENTERPRISES + ".").partition(".")[0]
    if not (arc.isdigit() and sys_object_id.startswith(oids.ENTERPRISES + ".")):
        return Known("", None)
    known = vendors().get(int(arc))
    return Known("" if known is None else known.name, int(arc))
