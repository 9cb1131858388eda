"""What an ESC/I scanner shows, in the contract's words. Pure."""

from drivers.contract.observation import ButtonPress, Feeder, Readiness, Snapshot, Trouble, TroubleKind, Unit
from drivers.usb.esci.wire import Condition, Part

SOURCE = "usb"

_WORDS = {
    TroubleKind.JAM: "paper jam",
    TroubleKind.COVER_OPEN: "cover open",
    TroubleKind.DOUBLE_FEED: "two sheets at once",
    TroubleKind.ATTENTION: "unnamed error",
}
_PLACES = {
    Unit.FEEDER: "in the document feeder",
    Unit.FILM: "in the film unit",
    Unit.PLATEN: "in the scanner",
    Unit.MEDIA_PATH: "in the scanner",
}


def troubles(condition: Condition) -> frozenset[Trouble]:
    """Everything that a person must clear, and the warming lamp."""
    found = set()
    for part, cover, path in (
        (condition.feeder, Unit.FEEDER, Unit.FEEDER),
        (condition.body, Unit.PLATEN, Unit.MEDIA_PATH),
        (condition.film, Unit.FILM, Unit.FILM),
    ):
        if not part.installed or (path is Unit.FILM and not part.enabled):
            continue
        if part.jam:
            found.add(Trouble(TroubleKind.JAM, path))
        if part.open:
            found.add(Trouble(TroubleKind.COVER_OPEN, cover))
        if part.double_feed:
            found.add(Trouble(TroubleKind.DOUBLE_FEED, path))
        elif part.unnamed:
            found.add(Trouble(TroubleKind.ATTENTION, cover))
    if condition.warming:
        through = condition.film.installed and condition.film.enabled  # whose lamp shines then
        found.add(Trouble(TroubleKind.LAMP_WARMING, Unit.FILM if through else Unit.PLATEN))
    elif condition.fatal and not found:
        found.add(Trouble(TroubleKind.ATTENTION, Unit.PLATEN))
    return frozenset(found)


def stopping(found: frozenset[Trouble]) -> frozenset[Trouble]:
    """Those that do not pass by themselves."""
    return frozenset(trouble for trouble in found if trouble.kind is not TroubleKind.LAMP_WARMING)


def explain(found: frozenset[Trouble]) -> str:
    """One line for people; empty when nothing is wrong."""
    return ", ".join(f"{_WORDS[trouble.kind]} {_PLACES[trouble.unit]}" for trouble in sorted(stopping(found)))


def feeder(part: Part) -> Feeder:
    if not part.installed:
        return Feeder.UNKNOWN
    return Feeder.EMPTY if part.empty else Feeder.LOADED


def idle(condition: Condition, presses: tuple[ButtonPress, ...] = ()) -> Snapshot:
    """A look while no scan of ours runs."""
    found = troubles(condition)
    if stopping(found):
        readiness = Readiness.STOPPED
    elif condition.warming:
        readiness = Readiness.WARMING
    elif condition.in_use:
        readiness = Readiness.BUSY
    else:
        readiness = Readiness.IDLE
    return Snapshot(SOURCE, readiness, found, feeder(condition.feeder), presses=presses, explanation=explain(found))
