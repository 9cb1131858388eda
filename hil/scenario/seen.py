"""What was seen while a scenario ran, as plain values: events, what was done, what passed. Nothing here decides."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bridge.event_line import facts
from bridge.net.sink import Arrived


@dataclass(frozen=True, slots=True)
class Event:
    """One event that reached a client. `at` is seconds since the scenario began."""

    at: float
    client: str
    name: str
    job: int | None = None  # the scanner's own number
    state: str | None = None
    reasons: tuple[str, ...] = ()
    scans: int | None = None
    percent: int | None = None
    what: str | None = None
    where: str | None = None
    more: tuple[tuple[str, str], ...] = ()
    raw: bytes = field(default=b"", repr=False, compare=False)

    @property
    def line(self) -> str:
        """For people."""
        words = [self.name.removesuffix("Event")]
        if self.job is not None:
            words.append(f"job {self.job}")
        words += [word for word in (self.state, *self.reasons, self.what, self.where) if word]
        if self.scans is not None:
            words.append(f"{self.scans} scanned" + (f" + {self.percent} %" if self.percent is not None else ""))
        return " ".join(words)


def event(client: str, arrived: Arrived, began: float) -> Event:
    """From what a client's sink got."""
    said: dict[str, Any] = facts(arrived)
    known = {"time", "event", "job", "state", "reasons", "scans", "percent", "what", "where", "year"}
    return Event(
        at=arrived.at - began,
        client=client,
        name=str(arrived.name),
        job=said.get("job"),
        state=said.get("state"),
        reasons=tuple(said.get("reasons", ())),
        scans=said.get("scans"),
        percent=said.get("percent"),
        what=said.get("what"),
        where=said.get("where"),
        more=tuple((key, str(value)) for key, value in said.items() if key not in known),
        raw=arrived.raw,
    )


def numbering(events: Iterable[Event]) -> dict[int, int]:
    """The scanner's job numbers as 1, 2, …, in the order in which anybody was told of them."""
    numbers: dict[int, int] = {}
    for each in events:
        if each.job is not None:
            numbers.setdefault(each.job, len(numbers) + 1)
    return numbers


class Sort(StrEnum):
    """Kinds of things that are done."""

    STIMULUS = "stimulus"
    CLIENT = "client"
    OPERATOR = "operator"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done, by the rig, a client or a person."""

    at: float
    sort: Sort
    who: str
    text: str


class Lane(StrEnum):
    """Where something passed."""

    USB = "usb"
    SNMP = "snmp"
    HTTP = "http"
    EVENT = "event"  # HTTP to a subscriber
    OWN = "own"  # HTTP of a client in this process: the service tells the same


@dataclass(frozen=True, slots=True)
class Passage:
    """One thing that passed a tap: a USB transfer, an SNMP exchange, an HTTP message."""

    at: float
    lane: Lane
    text: str  # one short line
    detail: str = ""
    size: int = 0
    inward: bool = False
    bad: bool = False  # it failed


@dataclass(frozen=True, slots=True)
class Got:
    """What became of a client."""

    pages: tuple[int, ...] = ()  # sizes of its images, in bytes
    refused: str = ""  # the last fault's subcode
    trouble: str = ""  # what else went wrong
    job: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """All of it."""

    events: tuple[Event, ...] = ()
    deeds: tuple[Deed, ...] = ()
    passages: tuple[Passage, ...] = ()
    got: dict[str, Got] = field(default_factory=dict)
    scanner: tuple[str, tuple[str, ...]] | None = None  # state and reasons at the end
    seconds: float = 0.0
    began: float = 0.0  # what the clock said at the beginning
    over: bool = True  # False: the limit came first
    failure: str | None = None  # why the device at hand did not do what it should (a tape that differs)
