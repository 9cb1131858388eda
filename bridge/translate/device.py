"""What a device shows as a whole, in WS-Scan's words: ScannerState, its reasons, conditions and their history.

Pure. Several observers of one device are added up: the last snapshot of each source counts. Nothing latches: a
trouble that no source shows any more is cleared with the very snapshot that lacks it.
Spec: WS-Scan ScannerStatus, ActiveConditions, ConditionHistory.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Self

from bridge.wsscan.scanner import (
    Component,
    ConditionName,
    ScannerState,
    ScannerStateReason,
    Severity,
)
from drivers.contract.observation import Feeder, Readiness, Snapshot, Trouble, TroubleKind, Unit

HISTORY: Final = 20
MOST_ID: Final = 2**31 - 1
# In the place of the observers that have not looked yet since the bridge was started.
EARLIER: Final = "an earlier run"

COMPONENTS: Final = MappingProxyType(
    {
        Unit.PLATEN: Component.PLATEN,
        Unit.FEEDER: Component.ADF,
        Unit.FILM: Component.FILM,
        Unit.MEDIA_PATH: Component.MEDIA_PATH,
    }
)


@dataclass(frozen=True, slots=True)
class _Words:
    """One kind of trouble as a condition and as a reason of ScannerState; None where there is no word."""

    condition: ConditionName | None
    severity: Severity
    reason: ScannerStateReason | None


WORDS: Final = MappingProxyType(
    {
        TroubleKind.COVER_OPEN: _Words(ConditionName.COVER_OPEN, Severity.CRITICAL, ScannerStateReason.COVER_OPEN),
        TroubleKind.INTERLOCK_OPEN: _Words(
            ConditionName.INTERLOCK_OPEN, Severity.CRITICAL, ScannerStateReason.INTERLOCK_OPEN
        ),
        TroubleKind.JAM: _Words(ConditionName.MEDIA_JAM, Severity.CRITICAL, ScannerStateReason.MEDIA_JAM),
        TroubleKind.DOUBLE_FEED: _Words(
            ConditionName.MULTIPLE_FEED_ERROR, Severity.CRITICAL, ScannerStateReason.MULTIPLE_FEED_ERROR
        ),
        # As a state reason InputTrayEmpty stands in one document only, and it would keep clients from the platen.
        TroubleKind.FEEDER_EMPTY: _Words(ConditionName.INPUT_TRAY_EMPTY, Severity.WARNING, None),
        TroubleKind.LAMP_WARMING: _Words(
            ConditionName.LAMP_WARMING, Severity.INFORMATIONAL, ScannerStateReason.LAMP_WARMING
        ),
        TroubleKind.LAMP_FAILED: _Words(ConditionName.LAMP_ERROR, Severity.CRITICAL, ScannerStateReason.LAMP_ERROR),
        TroubleKind.CALIBRATING: _Words(
            ConditionName.CALIBRATING, Severity.INFORMATIONAL, ScannerStateReason.CALIBRATING
        ),
        TroubleKind.STORAGE_FULL: _Words(
            ConditionName.INTERNAL_STORAGE_FULL, Severity.CRITICAL, ScannerStateReason.INTERNAL_STORAGE_FULL
        ),
        TroubleKind.PAUSED: _Words(None, Severity.WARNING, ScannerStateReason.PAUSED),
        TroubleKind.ATTENTION: _Words(None, Severity.WARNING, ScannerStateReason.ATTENTION_REQUIRED),
    }
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One trouble from the moment it was seen; `cleared` when it was no longer."""

    id: int
    trouble: Trouble
    since: datetime
    cleared: datetime | None = None

    @property
    def words(self) -> _Words:
        """What WS-Scan calls it."""
        return WORDS[self.trouble.kind]

    def to_json(self) -> dict[str, Any]:
        """Plain data for the state file, of one that is not cleared."""
        kind, unit = self.trouble.kind, self.trouble.unit
        return {"id": self.id, "kind": str(kind), "unit": str(unit), "since": self.since.isoformat()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises ValueError, KeyError or TypeError for what to_json() cannot have written."""
        if type(data["id"]) is not int:
            raise TypeError("a stored condition has an id that is no number")
        trouble = Trouble(TroubleKind(data["kind"]), Unit(data["unit"]))
        return cls(data["id"], trouble, datetime.fromisoformat(data["since"]))


@dataclass(frozen=True, slots=True)
class DeviceView:
    """One device as all its observers show it."""

    snapshots: tuple[Snapshot, ...] = ()  # the last of each source
    active: tuple[Condition, ...] = ()
    history: tuple[Condition, ...] = ()  # newest first
    next_condition: int = 1
    onlookers: frozenset[str] = frozenset()  # sources that look on beside the one that brings the pages

    @property
    def is_gone(self) -> bool:
        """Whether nobody reaches the device, or what brings its pages: SNMP may answer though the cable is out."""
        looked = [each for each in self.snapshots if each.source != EARLIER]
        closest = [each for each in looked if each.source not in self.onlookers]
        return all(each.readiness is Readiness.GONE for each in closest or looked)

    @property
    def feeder(self) -> Feeder:
        """What the paper sensors say, a loaded one first."""
        seen = {snapshot.feeder for snapshot in self.snapshots}
        return next((word for word in (Feeder.LOADED, Feeder.EMPTY) if word in seen), Feeder.UNKNOWN)

    @property
    def explanation(self) -> str:
        """Why the device is stopped or gone, for people. A source that is gone explains nothing while the device is
        there."""
        alive = [each for each in self.snapshots if self.is_gone or each.readiness is not Readiness.GONE]
        told = (snapshot.explanation for snapshot in alive or self.snapshots)
        return "; ".join(dict.fromkeys(text for text in told if text))


def remembered(conditions: Iterable[Condition], next_condition: int) -> DeviceView:
    """A device of which an earlier run told these conditions: they stand until everybody has looked."""
    active = tuple(conditions)
    earlier = Snapshot(EARLIER, Readiness.GONE, frozenset(condition.trouble for condition in active))
    return DeviceView((earlier,) if active else (), active, next_condition=next_condition)


def look(view: DeviceView, snapshot: Snapshot, now: datetime, observers: int = 1) -> DeviceView:
    """The view after one more snapshot: conditions raised and cleared by difference. `observers`: how many there are;
    what an earlier run told stands until so many have looked."""
    others = tuple(known for known in view.snapshots if known.source != snapshot.source)
    if len({known.source for known in others} - {EARLIER}) + 1 >= observers:
        others = tuple(known for known in others if known.source != EARLIER)
    # What happened (jobs, presses) is not part of how the device is.
    snapshots = (*others, replace(snapshot, jobs=(), presses=()))
    troubles = frozenset[Trouble]().union(*(known.troubles for known in snapshots))
    kept = tuple(condition for condition in view.active if condition.trouble in troubles)
    cleared = tuple(replace(condition, cleared=now) for condition in view.active if condition.trouble not in troubles)
    new = sorted(troubles - {condition.trouble for condition in kept})
    first = view.next_condition if view.next_condition + len(new) <= MOST_ID else 1
    raised = tuple(Condition(first + place, trouble, now) for place, trouble in enumerate(new))
    return DeviceView(
        snapshots=snapshots,
        active=kept + raised,
        history=(cleared + view.history)[:HISTORY],
        next_condition=first + len(raised),
        onlookers=view.onlookers,
    )


def raised(before: DeviceView, after: DeviceView) -> tuple[Condition, ...]:
    """The conditions that one look raised, as far as WS-Scan has a name for them."""
    known = {condition.id for condition in before.active}
    return tuple(each for each in after.active if each.id not in known and each.words.condition is not None)


def cleared(before: DeviceView, after: DeviceView) -> tuple[Condition, ...]:
    """The conditions that one look cleared, as far as WS-Scan has a name for them."""
    was = {condition.id for condition in before.active}
    return tuple(each for each in after.history if each.id in was and each.words.condition is not None)


def told_by(view: DeviceView, trouble: Trouble) -> tuple[str, ...]:
    """The sources that show it."""
    return tuple(snapshot.source for snapshot in view.snapshots if trouble in snapshot.troubles)


def state(view: DeviceView, *, scanning: bool) -> ScannerState:
    """Idle, Processing or Stopped. `scanning`: a job of ours has the device just now."""
    readiness = {snapshot.readiness for snapshot in view.snapshots}
    # One source that still answers keeps a device present: SNMP may sleep behind a living USB cable.
    if view.is_gone or Readiness.STOPPED in readiness:
        return ScannerState.STOPPED
    if scanning or Readiness.BUSY in readiness:
        return ScannerState.PROCESSING
    return ScannerState.IDLE


def reasons(view: DeviceView, *, scanning: bool) -> tuple[ScannerStateReason, ...]:
    """Why it is in that state; a device that is not there asks for attention."""
    found = [word for condition in view.active if (word := condition.words.reason) is not None]
    if state(view, scanning=scanning) is ScannerState.STOPPED and not found:
        found = [ScannerStateReason.ATTENTION_REQUIRED]
    warming = any(snapshot.readiness is Readiness.WARMING for snapshot in view.snapshots)
    if warming and ScannerStateReason.LAMP_WARMING not in found:
        found.append(ScannerStateReason.LAMP_WARMING)
    return tuple(dict.fromkeys(found))
