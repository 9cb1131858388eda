"""What an ESC/I-2 scanner shows, in the contract's words. Pure."""

from dataclasses import dataclass

from drivers.contract.observation import ButtonPress, Feeder, Readiness, Snapshot, Trouble, TroubleKind, Unit
from drivers.usb.esci2 import wire
from drivers.usb.esci2.tokens import Token
from drivers.usb.esci2.wire import Fault, Head

SOURCE = "usb"
EVENT = 0x03  # bits of #PB that tell which button; the others tell settings of the panel

EMPTY = "PE  "
_KINDS = {
    "OPN ": (TroubleKind.COVER_OPEN, "cover open"),
    "PJ  ": (TroubleKind.JAM, "paper jam"),
    "PRMW": (TroubleKind.JAM, "paper is to be removed"),
    "DFED": (TroubleKind.DOUBLE_FEED, "two sheets at once"),
    "LTF ": (TroubleKind.LAMP_FAILED, "lamp does not get bright"),
    "LOCK": (TroubleKind.INTERLOCK_OPEN, "carriage locked"),
    "DTCL": (TroubleKind.INTERLOCK_OPEN, "tray closed"),
    "SEP ": (TroubleKind.INTERLOCK_OPEN, "separation lever in the wrong place"),
    "POSE": (TroubleKind.INTERLOCK_OPEN, "scanner in the wrong position"),
    "AUT ": (TroubleKind.ATTENTION, "scanner wants a password"),
    "AUTH": (TroubleKind.ATTENTION, "scanner wants a password"),
    "PERM": (TroubleKind.ATTENTION, "scanner does not permit it"),
    "BTLO": (TroubleKind.ATTENTION, "battery low"),
    "PPRT": (TroubleKind.ATTENTION, "stopped to protect the paper"),
    "PSKW": (TroubleKind.ATTENTION, "sheet askew"),
    "STK ": (TroubleKind.ATTENTION, "stacker failed"),
    "LIFT": (TroubleKind.ATTENTION, "lift failed"),
    "CSS ": (TroubleKind.ATTENTION, "sensor of carrier sheets failed"),
    "ETS ": (TroubleKind.ATTENTION, "sensor ET failed"),
    "GAP ": (TroubleKind.ATTENTION, "sensor GAP failed"),
    "PES ": (TroubleKind.ATTENTION, "paper sensor failed"),
    "ERR ": (TroubleKind.ATTENTION, "unnamed error"),
}
_UNITS = {
    "ADF ": (Unit.FEEDER, "in the document feeder"),
    "FB  ": (Unit.PLATEN, "at the glass"),
    "TPU ": (Unit.FILM, "in the film unit"),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """What one answer told about the scanner."""

    faults: tuple[Fault, ...] = ()
    not_ready: str = ""
    event: int = 0  # which button is told of; 0: none

    @property
    def warming(self) -> bool:
        return self.not_ready in {"WUP ", "WUD "}  # Epson Scan 2 spells it the first way, utsushi the second

    @property
    def empty(self) -> bool:
        """The feeder has no sheet."""
        return any(fault == Fault("ADF ", EMPTY) for fault in self.faults)


def condition(head: Head, tokens: tuple[Token, ...] = ()) -> Condition:
    """Of an answer's head, and of the tokens that STAT tells."""
    found = head.faults + wire.faults(tokens, "ERR")
    events = [token.numbers[0] & EVENT for token in tokens if token.tag == "PB " and token.numbers]
    return Condition(tuple(dict.fromkeys(found)), head.not_ready, events[0] if events else 0)


def troubles(seen: Condition) -> frozenset[Trouble]:
    """Everything that a person must clear, and the warming lamp. An empty feeder is none."""
    found = {
        Trouble(_KINDS.get(fault.cause, _KINDS["ERR "])[0], _UNITS.get(fault.unit, _UNITS["FB  "])[0])
        for fault in seen.faults
        if fault.cause != EMPTY
    }
    if seen.warming:
        found.add(Trouble(TroubleKind.LAMP_WARMING, Unit.PLATEN))
    return frozenset(found)


def stopping(found: frozenset[Trouble]) -> frozenset[Trouble]:
    """Those that do not pass by themselves."""
    return frozenset(trouble for trouble in found if trouble.kind is not TroubleKind.LAMP_WARMING)


def explain(seen: Condition) -> str:
    """One line for people; empty when nothing is wrong."""
    said = []
    for fault in seen.faults:
        if fault.cause != EMPTY:
            word = _KINDS[fault.cause][1] if fault.cause in _KINDS else f"error {fault.cause.strip()}"
            place = _UNITS[fault.unit][1] if fault.unit in _UNITS else f"in {fault.unit.strip()}"
            said.append(f"{word} {place}")
    return ", ".join(dict.fromkeys(said))


def idle(seen: Condition, *, feeder: bool, presses: tuple[ButtonPress, ...] = ()) -> Snapshot:
    """A look while no scan of ours runs; `feeder`: the scanner has one."""
    found = troubles(seen)
    if stopping(found):
        readiness = Readiness.STOPPED
    elif seen.warming:
        readiness = Readiness.WARMING
    elif seen.not_ready:
        readiness = Readiness.BUSY
    else:
        readiness = Readiness.IDLE
    sensed = (Feeder.EMPTY if seen.empty else Feeder.LOADED) if feeder else Feeder.UNKNOWN
    return Snapshot(SOURCE, readiness, found, sensed, presses=presses, explanation=explain(seen))
