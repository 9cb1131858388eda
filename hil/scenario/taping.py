"""A tape of a run: what passed the tap, on the scenario's own clock, with what was done as notes."""

from datetime import UTC, datetime
from pathlib import Path

from hil.rig.loop import NOON
from hil.scenario.runs import Run
from hil.tape.file import Tape
from hil.tape.recording import Recording


def tape_of(run: Run, path: Path = Path("tape"), *, images: bool = True) -> Tape:
    """Playable where the run had a device; `images` keeps long data aside."""
    first = run.passed[0][0] if run.passed else 0.0
    wall = NOON if run.on.startswith("simulated") else datetime.now(UTC)
    recording = Recording(first, wall, images=images)
    for at, passed in run.passed:
        # What stands where it began, and was told later: an SNMP exchange, a piece of an answer over HTTP.
        began = passed.time if "request" in passed.facts or "exchange" in passed.facts else at
        recording.add(began, passed.lane, passed.device, passed.facts, passed.data)
    recording.note(first, f"scenario {run.name}: {run.scenario.title}; on {run.on}")
    for deed in run.seen.deeds:
        recording.note(run.seen.began + deed.at, f"{deed.who}: {deed.text}")
    return recording.tape(path)
