"""What each source of one agent told in one look, and how that adds up to a snapshot.

A source that does not tell is None and has no say. The worst that any source tells is how the scanner is: a trouble
before work, work before rest. Spec of the words: drivers.contract.observation. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from drivers.contract.observation import ButtonPress, Feeder, JobReport, Readiness, Snapshot, Trouble, TroubleKind

SOURCE = "snmp"

_ORDER = (Readiness.STOPPED, Readiness.BUSY, Readiness.WARMING, Readiness.ASLEEP, Readiness.IDLE)
# Troubles that pass by themselves, or that the one who scans must judge.
_MILD = frozenset({TroubleKind.LAMP_WARMING, TroubleKind.CALIBRATING, TroubleKind.FEEDER_EMPTY})


@dataclass(frozen=True, slots=True)
class Seen:
    """One source's part of a snapshot."""

    source: str  # for people: "Printer MIB alerts"
    readiness: Readiness | None = None  # None: it does not tell
    troubles: frozenset[Trouble] = frozenset()
    feeder: Feeder = Feeder.UNKNOWN
    jobs: tuple[JobReport, ...] = ()
    presses: tuple[ButtonPress, ...] = ()
    explanation: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    counters: tuple[
        tuple[str, int], ...
    ] = ()  # what was ever scanned; no part of a snapshot, which they would unsettle


def stops(troubles: frozenset[Trouble]) -> Readiness | None:
    """STOPPED where these keep a scanner from scanning, WARMING where its lamp does for a while, else None."""
    if any(trouble.kind not in _MILD for trouble in troubles):
        return Readiness.STOPPED
    return Readiness.WARMING if any(trouble.kind is TroubleKind.LAMP_WARMING for trouble in troubles) else None


def readiness(parts: Sequence[Seen]) -> tuple[Readiness | None, str]:
    """How the scanner is, and who says so; None where nobody does."""
    for state in _ORDER:
        for part in parts:
            if part.readiness is state:
                return state, part.source
    return None, ""


def add_up(parts: Sequence[Seen]) -> Snapshot:
    """One snapshot of all sources. Where nobody tells how the scanner is, a fact says that IDLE is only assumed."""
    state, _ = readiness(parts)
    assumed = () if state is not None else (("scanner", "does not tell its state"),)
    return Snapshot(
        source=SOURCE,
        readiness=state or Readiness.IDLE,
        troubles=frozenset().union(*(part.troubles for part in parts)),
        feeder=next((part.feeder for part in parts if part.feeder is not Feeder.UNKNOWN), Feeder.UNKNOWN),
        jobs=tuple(job for part in parts for job in part.jobs),
        presses=tuple(press for part in parts for press in part.presses),
        explanation="; ".join(_once(part.explanation for part in parts)),
        facts=(*(fact for part in parts for fact in part.facts), *assumed),
    )


def _once(words: Iterable[str]) -> Iterable[str]:
    """Two sources often have the same words for one thing, but for a capital."""
    found: dict[str, str] = {}
    for said in filter(None, words):
        found.setdefault(said.casefold(), said)
    return found.values()
