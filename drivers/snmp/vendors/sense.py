"""What one vendor's private objects can tell, as a Protocol.

A `Sense` may remember (which job it follows) but never reads time, and does no I/O: it is fed readings.
"""

from typing import Protocol

from drivers.snmp.reading import Reading
from drivers.snmp.seen import Seen


class Sense(Protocol):
    """One vendor's objects, followed over many readings."""

    @property
    def objects(self) -> tuple[str, ...]:
        """What each poll must read, sysUpTime aside."""

    @property
    def tables(self) -> tuple[str, ...]:
        """What is to be walked when something changed; `see` finds the last walk in its reading."""

    @property
    def asked(self) -> tuple[str, ...]:
        """What is to be asked for then too."""

    @property
    def buttons(self) -> tuple[str, ...]:
        """Names of the buttons that can be seen, once a reading has been seen."""

    @property
    def moving(self) -> bool:
        """Whether a job runs or has just ended, so that the next look should come soon."""

    def see(self, reading: Reading) -> Seen:
        """What this reading, after those before it, shows. Never raises on an agent's values."""
