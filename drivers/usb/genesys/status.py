"""What the status registers of a Genesys chip say. Pure.

Source: SANE genesys, registers 41 and 40 (GL124: 101 and 100) in gl*_registers.h.
"""

from enum import IntFlag
from typing import Final

from drivers.contract.observation import Readiness


class Status(IntFlag):
    """Register 41."""

    POWERED = 0x80  # set up since it was switched on
    BUFFER_EMPTY = 0x40
    FED = 0x20
    SCANNED = 0x10
    HOME = 0x08
    LAMP = 0x04
    FRONT_END_BUSY = 0x02
    MOTOR = 0x01


class Motion(IntFlag):
    """Register 40; the upper four from the GL843 on."""

    DOCUMENT = 0x80
    FEEDER = 0x40
    COVER = 0x20
    JAM = 0x08
    MOVING = 0x02
    DIGITISING = 0x01


SENSORS: Final = {
    Motion.DOCUMENT: "document",
    Motion.FEEDER: "feeder",
    Motion.COVER: "cover",
    Motion.JAM: "jam",
}
ASLEEP_BUTTONS: Final = "no: its buttons are dead until SANE has opened it once"


def readiness(status: Status, motion: Motion) -> Readiness:
    """BUSY while the carriage moves or something is digitised: nobody else has it, so it is on its way home."""
    moving = Status.MOTOR in status or Motion.MOVING in motion or Motion.DIGITISING in motion
    return Readiness.BUSY if moving else Readiness.IDLE


def facts(status: Status, motion: Motion, *, sensors: bool) -> tuple[tuple[str, str], ...]:
    """Readings for `devices`. What a sensor line of a model means nobody has published, so it is no trouble."""
    found = [("set up", "yes" if Status.POWERED in status else ASLEEP_BUTTONS)]
    found.append(("lamp", "on" if Status.LAMP in status else "off"))
    found.append(("carriage", "home" if Status.HOME in status else "away"))
    if sensors and (on := [name for bit, name in SENSORS.items() if bit in motion]):
        found.append(("sensors", ", ".join(on)))
    return tuple(found)
