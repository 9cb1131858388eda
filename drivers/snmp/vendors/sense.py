"""What one vendor's private objects can tell, as a Protocol and a value.

A `Sense` may remember (which job it follows) but never reads time, and does no I/O: it is fed readings.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from drivers.contract.observation import ButtonPress, Feeder, JobReport, Readiness, Trouble
from drivers.snmp.reading import Reading


@dataclass(frozen=True, slots=True)
class Seen:
    """The vendor's part of a snapshot."""

    readiness: Readiness = Readiness.IDLE
    troubles: frozenset[Trouble] = frozenset()
    feeder: Feeder = Feeder.UNKNOWN
    jobs: tuple[JobReport, ...] = ()
    presses: tuple[ButtonPress, ...] = ()
    explanation: str = ""
    facts: tuple[tuple[str, str], ...] = ()


class Sense(Protocol):
    """One vendor's objects, followed over many readings."""

    @property
    def objects(self) -> tuple[str, ...]:
        """What each poll must read, sysUpTime aside."""

    @property
    def buttons(self) -> tuple[str, ...]:
        """Names of the buttons that can be seen, once a reading has been seen."""

    @property
    def moving(self) -> bool:
        """Whether a job runs or has just ended, so that the next look should come soon."""

    def see(self, reading: Reading) -> Seen:
        """What this reading, after those before it, shows. Never raises on an agent's values."""


# A sense for one opened device; the time of opening makes its native job ids unique over restarts.
Open = Callable[[datetime], Sense]


class Nothing:
    """The sense of a vendor whose private objects nobody has described to us."""

    objects: tuple[str, ...] = ()
    buttons: tuple[str, ...] = ()
    moving = False

    def see(self, reading: Reading) -> Seen:  # noqa: ARG002 a Sense is given each reading
        return Seen()
