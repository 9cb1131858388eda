"""What a Fujitsu scanner shows, in the contract's words. Pure.

The sensors tell covers, paper, sleep and double feeds, but no jam: that is told once, as the answer to a command, so
whoever heard of it remembers it (`remembered`) until the cover was opened or a sheet was loaded.
"""

from drivers.contract.observation import ButtonPress, Feeder, Readiness, Snapshot, Trouble, TroubleKind, Unit
from drivers.usb.fujitsu.hardware import Hardware

SOURCE = "usb"

_WORDS = {
    TroubleKind.JAM: "paper jam",
    TroubleKind.COVER_OPEN: "cover open",
    TroubleKind.DOUBLE_FEED: "two sheets at once",
    TroubleKind.LAMP_FAILED: "lamp or optics failed",
    TroubleKind.PAUSED: "paused",
    TroubleKind.ATTENTION: "error",
}
_PLACES = {
    Unit.FEEDER: "in the document feeder",
    Unit.PLATEN: "in the scanner",
    Unit.MEDIA_PATH: "at the endorser",
}


def troubles(seen: Hardware) -> frozenset[Trouble]:
    """Everything the sensors show that a person must clear. An open flatbed is none: books are scanned so."""
    found = set()
    if seen.feeder_open:
        found.add(Trouble(TroubleKind.COVER_OPEN, Unit.FEEDER))
    if seen.endorser_open:
        found.add(Trouble(TroubleKind.COVER_OPEN, Unit.MEDIA_PATH))
    if seen.double_feed:
        found.add(Trouble(TroubleKind.DOUBLE_FEED, Unit.FEEDER))
    return frozenset(found)


def explain(found: frozenset[Trouble]) -> str:
    """One line for people; empty when nothing is wrong."""
    return ", ".join(f"{_WORDS[trouble.kind]} {_PLACES[trouble.unit]}" for trouble in sorted(found))


def facts(seen: Hardware) -> tuple[tuple[str, str], ...]:
    """What else it tells."""
    found = [("function", str(seen.function))]
    if seen.error:
        found.append(("error code", f"{seen.error:#04x}"))
    if seen.consumables:
        found.append(("worn", ", ".join(seen.consumables)))
    return (*found, *seen.more)


def idle(
    seen: Hardware,
    remembered: frozenset[Trouble] = frozenset(),
    presses: tuple[ButtonPress, ...] = (),
    *,
    feeder: bool = True,
) -> Snapshot:
    """A look while no scan of ours runs. `feeder`: it has one."""
    found = troubles(seen) | remembered
    calm = Readiness.ASLEEP if seen.asleep else Readiness.IDLE
    paper = Feeder.LOADED if seen.paper else Feeder.EMPTY
    return Snapshot(
        SOURCE,
        Readiness.STOPPED if found else calm,
        found,
        paper if feeder else Feeder.UNKNOWN,
        presses=presses,
        explanation=explain(found),
        facts=facts(seen),
    )
