"""Conditions on their way to the state file: kept before they are told, and an SD card is spared those that flicker."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.eventing.ledger import Ledger
from bridge.keeping import CONDITION_IDS, Keeping
from bridge.scanner.hosted import HostedScanner
from bridge.service.subscriptions import Subscriptions
from bridge.state import FILE, State
from drivers.contract.clock import SystemClock
from drivers.contract.identity import Identity
from drivers.contract.observation import Readiness, Snapshot, Trouble, TroubleKind, Unit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = "usb-04b8-0110-1"
FINE = Snapshot("usb", Readiness.IDLE)
JAMMED = Snapshot("usb", Readiness.STOPPED, frozenset({Trouble(TroubleKind.JAM, Unit.FEEDER)}))


class Stopped(SystemClock):
    """Turned by hand."""

    seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds


def stored(place: Path) -> dict[str, Any]:
    return dict(json.loads((place / FILE).read_text("utf-8"))["scanners"][KEY])


def test_conditions_are_written_before_they_are_told_and_once_a_second_at_most(tmp_path: Path) -> None:
    clock, state = Stopped(), State(tmp_path, NOON)
    seen: list[int] = []  # conditions in the file when something was told
    scanner = HostedScanner(
        Identity(KEY, "", "", None, None), lambda: 1, clock, lambda *_: seen.append(len(stored(tmp_path)["conditions"]))
    )
    ledger = Ledger(clock)
    keeping = Keeping(state, KEY, ledger, Subscriptions(KEY, ledger, lambda *_: None, lambda _: None))
    keeping.restore_conditions(scanner)
    scanner.look(JAMMED)
    assert seen == [1, 1]
    for _ in range(5):
        scanner.look(FINE)
        scanner.look(JAMMED)
    assert [each["id"] for each in stored(tmp_path)["conditions"]] == [1], "what came within the second is not written"
    assert stored(tmp_path)["condition_ids_reserved"] == 1 + CONDITION_IDS >= scanner.view.active[0].id
    keeping.settle()
    assert [each["id"] for each in stored(tmp_path)["conditions"]] == [6]
    clock.seconds += 1
    scanner.look(FINE)
    assert stored(tmp_path)["conditions"] == []
    before = (tmp_path / FILE).stat().st_ino
    keeping.settle()
    assert (tmp_path / FILE).stat().st_ino == before, "nothing was left to be written"
