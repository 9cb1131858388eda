"""What a Fujitsu scanner says when a command did not simply succeed: sense data, and what each of them means. Pure.

Facts: spec dossier on device protocols (b), SANE fujitsu (`sense_handler`); the list is whole.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from drivers.contract.observation import Trouble, TroubleKind, Unit
from drivers.usb.fujitsu import wire


class Verdict(Enum):
    """What to do about it."""

    FINE = "fine"
    AGAIN = "again"  # later: it is busy, warms up, or has nothing yet
    AT_ONCE = "at once"  # it only wanted to say something first
    PAUSED = "paused"  # somebody paused it at its panel; goes on by itself
    EMPTY = "empty"  # no sheet
    TROUBLE = "trouble"  # somebody must go there
    STOPPED = "stopped"  # somebody pressed stop
    HALTED = "halted"  # a halt that a host has asked for
    REFUSED = "refused"  # it does not know this command or parameter
    BROKEN = "broken"  # this command is lost


@dataclass(frozen=True, slots=True)
class Meaning:
    """One sense in the contract's words."""

    verdict: Verdict
    words: str
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class Sense:
    """Sense data. `residual`: how many of the bytes asked for mean nothing, where `ili` says so."""

    key: int = 0
    code: int = 0
    qualifier: int = 0
    eom: bool = False
    ili: bool = False
    residual: int = 0

    @property
    def meaning(self) -> Meaning:
        """What it means; of a key and code that nobody has listed, what the key says."""
        found = _MEANINGS.get((self.key, self.code, self.qualifier)) or _KEYS.get(self.key, _BROKEN)
        if found.verdict is Verdict.FINE and (self.code, self.qualifier) != (0, 0) and self.code != 0x80:
            return _BROKEN
        return found

    @property
    def words(self) -> str:
        """For people, with the numbers where nobody has listed them."""
        listed = (self.key, self.code, self.qualifier) in _MEANINGS
        numbers = "" if listed else f" ({self.key:x}/{self.code:02x}/{self.qualifier:02x})"
        return f"{self.meaning.words}{numbers}"


GOOD: Final = Sense()


def sense(data: bytes) -> Sense:
    """The 18 bytes of REQUEST SENSE. Raises DeviceGarbled."""
    if len(data) < 14 or data[0] & 0x7E != 0x70:
        raise wire.garbled("sense data", data)
    flags = data[2]
    residual = int.from_bytes(data[3:7], "big")
    return Sense(flags & 0x0F, data[12], data[13], bool(flags & 0x40), bool(flags & 0x20), residual)


def _feeder(words: str, kind: TroubleKind = TroubleKind.ATTENTION) -> Meaning:
    return Meaning(Verdict.TROUBLE, words, Trouble(kind, Unit.FEEDER))


def _body(words: str, kind: TroubleKind = TroubleKind.ATTENTION, unit: Unit = Unit.PLATEN) -> Meaning:
    return Meaning(Verdict.TROUBLE, words, Trouble(kind, unit))


def _refused(words: str) -> Meaning:
    return Meaning(Verdict.REFUSED, f"the scanner refuses the command: {words}")


def _lost(words: str) -> Meaning:
    return Meaning(Verdict.BROKEN, f"the command was lost: {words}")


_BROKEN = Meaning(Verdict.BROKEN, "the scanner reports an unknown error")

# Of a key alone.
_KEYS: Final = {
    0x0: Meaning(Verdict.FINE, "ready"),
    0x2: Meaning(Verdict.AGAIN, "not ready"),
    0x3: _feeder("unnamed paper error"),
    0x4: _body("unnamed hardware error"),
    0x5: _refused("unnamed reason"),
    0x6: Meaning(Verdict.AT_ONCE, "attention"),
    0xB: _lost("unnamed reason"),
}

_MEDIUM: Final = {
    0x01: _feeder("paper jam in the document feeder", TroubleKind.JAM),
    0x02: _feeder("the document feeder's cover is open", TroubleKind.COVER_OPEN),
    0x03: Meaning(Verdict.EMPTY, "the document feeder is empty"),
    0x04: _feeder("unusual paper in the document feeder"),
    0x07: _feeder("two sheets at once in the document feeder", TroubleKind.DOUBLE_FEED),
    0x08: _feeder("the document feeder is not set up right"),
    0x09: _feeder("a carrier sheet is not used right"),
    0x0C: _feeder("a card blocks the document feeder"),
    0x10: _body("the endorser has no ink cartridge", unit=Unit.MEDIA_PATH),
    0x13: Meaning(Verdict.AGAIN, "no data yet"),
    0x14: _body("the endorser fails", unit=Unit.MEDIA_PATH),
    0x20: Meaning(Verdict.STOPPED, "stopped at the scanner"),
    0x22: Meaning(Verdict.HALTED, "the scan was halted"),
    0x30: Meaning(Verdict.EMPTY, "the document feeder has not enough sheets"),
    0x31: _body("scanning is disabled at the scanner"),
    0x32: Meaning(Verdict.PAUSED, "paused at the scanner", Trouble(TroubleKind.PAUSED, Unit.FEEDER)),
    0x33: _body("the scanner's wireless network fails"),
}

_HARDWARE: Final = {
    0x01: _body("fuse of the flatbed's motor"),
    0x02: _body("fuse of the heater"),
    0x03: _body("fuse of the lamp", TroubleKind.LAMP_FAILED),
    0x04: _body("fuse of the feeder's motor", unit=Unit.FEEDER),
    0x05: _body("mechanical error"),
    0x06: _body("optical error", TroubleKind.LAMP_FAILED),
    0x07: _body("fan error"),
    0x08: _body("error of the image processing option"),
    0x10: _body("endorser error", unit=Unit.MEDIA_PATH),
    0x11: _body("fuse of the endorser", unit=Unit.MEDIA_PATH),
    0x80: _body("the interface board does not answer"),
    0x81: _body("interface board error 1"),
    0x82: _body("interface board error 2"),
}

_MEANINGS: Final[dict[tuple[int, int, int], Meaning]] = {
    (0x0, 0x00, 0x00): _KEYS[0x0],
    (0x2, 0x00, 0x00): _KEYS[0x2],
    **{(0x3, 0x80, qualifier): meaning for qualifier, meaning in _MEDIUM.items()},
    **{(0x4, 0x80, qualifier): meaning for qualifier, meaning in _HARDWARE.items()},
    (0x4, 0x44, 0x00): _body("error of the settings memory"),
    (0x5, 0x00, 0x00): _lost("the paper's edge came too soon"),
    (0x5, 0x1A, 0x00): _refused("length of the parameters"),
    (0x5, 0x20, 0x00): _refused("unknown command"),
    (0x5, 0x24, 0x00): _refused("field of the command"),
    (0x5, 0x25, 0x00): _refused("logical unit"),
    (0x5, 0x26, 0x00): _refused("field of the parameters"),
    (0x5, 0x2C, 0x00): _refused("out of sequence"),
    (0x5, 0x2C, 0x02): _refused("combination of windows"),
    (0x6, 0x00, 0x00): Meaning(Verdict.AT_ONCE, "the scanner was switched on or reset"),
    (0x6, 0x80, 0x01): Meaning(Verdict.AT_ONCE, "the scanner wakes up"),
    (0xB, 0x43, 0x00): _lost("message error"),
    (0xB, 0x45, 0x00): _lost("selection failed"),
    (0xB, 0x47, 0x00): _lost("parity error"),
    (0xB, 0x48, 0x00): _lost("initiator error"),
    (0xB, 0x4E, 0x00): _lost("commands overlapped"),
    (0xB, 0x80, 0x01): _lost("image transfer error"),
    (0xB, 0x80, 0x03): _lost("the image is too large to be coded"),
}
