"""What a timeline draws, worked out from what was seen: bands of a state, bins of traffic, marks in rows. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bridge.wsscan.job import FINAL_STATES
from hil.scenario.seen import Event, Passage

BINS: Final = 400  # of the whole width: about three pixels each on a wide screen
ROWS: Final = 7  # of marks that would lie on each other
APART: Final = 0.55  # percent of the width that a mark takes
FINALS: Final = frozenset(str(state) for state in FINAL_STATES)


@dataclass(frozen=True, slots=True)
class Band:
    """A state from one moment to another."""

    start: float
    end: float
    kind: str  # for the colour: a state, or ScannerStopped
    label: str
    short: str  # where there is little room
    event: int  # number of the event that began it


@dataclass(frozen=True, slots=True)
class Bin:
    """Traffic in a short while."""

    start: float
    end: float
    inward: int  # bytes to the host, or things where nothing is counted in bytes
    outward: int
    count: int
    bad: int
    texts: tuple[str, ...]  # the first few


@dataclass(frozen=True, slots=True)
class Placed:
    """A mark in one of the rows."""

    at: float
    row: int
    number: int


def jobs(events: Sequence[Event], seconds: float) -> dict[int, list[Band]]:
    """The bands of each job, by the scanner's number, as the subscriber saw them who was told most."""
    found: dict[int, list[Band]] = {}
    for job in dict.fromkeys(each.job for each in events if each.job is not None):
        told: dict[str, list[tuple[int, Event]]] = {}
        for number, each in enumerate(events):
            if each.job == job and each.name == "JobStatusEvent":
                told.setdefault(each.client, []).append((number, each))
        if told:
            found[job] = list(_bands(max(told.values(), key=len), seconds))
    return found


def scanner(events: Sequence[Event], seconds: float) -> list[Band]:
    """The scanner's state as it was told."""
    told: dict[str, list[tuple[int, Event]]] = {}
    for number, each in enumerate(events):
        if each.name == "ScannerStatusSummaryEvent":
            told.setdefault(each.client, []).append((number, each))
    return list(_bands(max(told.values(), key=len), seconds)) if told else []


def _bands(told: Sequence[tuple[int, Event]], seconds: float) -> Iterable[Band]:
    started: tuple[int, Event] | None = None
    for number, event in told:
        if started is not None and _same(started[1], event):
            continue
        if started is not None:
            yield _band(*started, event.at)
        started = number, event
    if started is not None:
        final = started[1].state in FINALS and started[1].job is not None
        yield _band(*started, started[1].at if final else seconds)


def _same(one: Event, other: Event) -> bool:
    told = [(_kind(each), each.scans, each.reasons if each.job is None else ()) for each in (one, other)]
    return told[0] == told[1]


def _band(number: int, event: Event, end: float) -> Band:
    kind = _kind(event)
    label = kind if event.job is None else f"{kind} {event.scans}" if event.scans else kind
    if event.job is None and event.reasons:
        label = f"{kind}: {', '.join(event.reasons)}"
    return Band(event.at, end, kind, label, str(event.scans or ""), number)


def _kind(event: Event) -> str:
    """What gives a band its colour."""
    return "ScannerStopped" if "ScannerStopped" in event.reasons else event.state or ""


def bins(passages: Sequence[Passage], seconds: float) -> list[Bin]:
    """Those in which something passed."""
    width = max(seconds, 1e-9) / BINS
    found: dict[int, list[Passage]] = {}
    for each in passages:
        if each.at >= 0:
            found.setdefault(min(BINS - 1, int(each.at / width)), []).append(each)
    return [_bin(number * width, (number + 1) * width, inside) for number, inside in sorted(found.items())]


def _bin(start: float, end: float, inside: Sequence[Passage]) -> Bin:
    return Bin(
        start,
        end,
        sum(each.size for each in inside if each.inward),
        sum(each.size for each in inside if not each.inward),
        len(inside),
        sum(each.bad for each in inside),
        tuple(dict.fromkeys(each.text for each in inside if each.bad or each.size < 256))[:6],
    )


def rows(moments: Sequence[float], seconds: float) -> list[Placed]:
    """Marks that would lie on each other go into rows, the first that has room; more than fit share the last."""
    free = [-1.0] * ROWS
    placed = []
    for number, at in enumerate(moments):
        x = 100 * at / max(seconds, 1e-9)
        row = next((row for row in range(ROWS) if free[row] <= x), ROWS - 1)
        free[row] = x + APART
        placed.append(Placed(at, row, number))
    return placed


def ticks(seconds: float) -> list[float]:
    """Round moments for an axis, six to twelve of them."""
    if seconds <= 0:
        return [0.0]
    step = next((s for s in _steps() if seconds / s <= 12), seconds)
    return [step * number for number in range(int(seconds / step + 1e-9) + 1)]


def _steps() -> Iterable[float]:
    for power in range(-3, 6):
        for digit in (1, 2, 5):
            yield digit * 10.0**power
