"""Who made it: IANA enterprise number → name and sense.

Source of the numbers: IANA private enterprise numbers; sysObjectID of the recordings. Names and objects stand in
tables.toml; only a protocol that is more than values has code.
"""

from dataclasses import dataclass
from datetime import datetime

from drivers.snmp import oids
from drivers.snmp.vendors.hp import HpSense
from drivers.snmp.vendors.sense import Sense
from drivers.snmp.vendors.table import TableSense, Vendor, vendors

HP = 11


@dataclass(frozen=True, slots=True)
class Known:
    """A maker of MFPs; without a name nobody has entered it."""

    name: str
    enterprise: int | None

    @property
    def names(self) -> dict[str, str]:
        """Objects that say model, serial and firmware, as far as the maker has them."""
        table = self._table
        if table is None:
            return {}
        return {word: table.oid(below) for word, below in table.identity.model_dump(exclude_none=True).items()}

    def senses(self, opened: datetime) -> tuple[Sense, ...]:
        """What its private objects can be followed with."""
        found: list[Sense] = [HpSense(opened)] if self.enterprise == HP else []
        return (*found, *([] if self._table is None else [TableSense(self._table)]))

    @property
    def _table(self) -> Vendor | None:
        return None if self.enterprise is None else vendors().get(self.enterprise)


def vendor(sys_object_id: str, said: str = "") -> Known:
    """Of an agent's sysObjectID; where that names nobody, of the maker's name that `said` begins with."""
    arc = sys_object_id.removeprefix(oids.ENTERPRISES + ".").partition(".")[0]
    number = int(arc) if arc.isdigit() and sys_object_id.startswith(oids.ENTERPRISES + ".") else None
    if number is not None and number in vendors():
        return Known(vendors()[number].name, number)
    for each in vendors().values():
        if any(said.lower().startswith(name.lower()) for name in (each.name, *each.also)):
            return Known(each.name, each.enterprise)
    return Known("", number)
