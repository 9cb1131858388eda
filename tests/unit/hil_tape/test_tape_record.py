"""What is recorded of a bridge whose clock is not the recorder's."""

from pathlib import Path

import pytest

from bridge.net import wiretap
from drivers.contract.clock import SystemClock
from drivers.contract.tap import Tap
from hil.tape import record
from hil.tape.records import Note, Open

AWAY = 10_000.0  # seconds; far more than any of this takes
NEAR = 100.0


class Elsewhere(Tap):
    """On a machine that was started at another time."""

    def __init__(self, away: float) -> None:
        super().__init__()
        self._away = away

    def now(self) -> float:
        return super().now() + self._away


@pytest.mark.parametrize("away", [AWAY, -AWAY])
async def test_all_times_of_a_tape_are_on_the_bridges_clock(tmp_path: Path, away: float) -> None:
    tap = Elsewhere(away)
    tap.opened("snmp", "mfp")
    async with wiretap.opened(tmp_path, SystemClock(), tap):
        tape, lost = await record._record(tmp_path, 0.0, images=False, path=tmp_path / "a.tape")
    assert not lost
    opened, ended = tape.records  # what the bridge saw, and what the recorder says
    assert isinstance(opened, Open)
    assert isinstance(ended, Note)
    assert -NEAR < opened.t <= 0
    assert -NEAR < ended.t < NEAR
    bridge, recorder = tape.header.hosts
    assert (bridge.name, bridge.offset) == ("bridge", 0)
    assert recorder.name == "recorder"
    assert abs(recorder.offset + away) < NEAR  # theirs minus ours
