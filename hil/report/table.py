"""Runs of scenarios in the terminal: a line for each, below it what was wrong."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from hil.scenario.runs import Outcome, Run

MARKS: Final = {
    Outcome.PASSED: "ok",
    Outcome.FAILED: "FAILED",
    Outcome.NOT_RUNNABLE: "not runnable",
    Outcome.NOT_JUDGED: "recorded",
    Outcome.BROKEN: "BROKEN",
}


def table(runs: Sequence[Run]) -> str:
    """Name, outcome, seconds on the wall and by the scenario's clock, events, and on what it ran."""
    width = max([len(run.name) for run in runs] + [8])
    lines = [f"{'scenario':<{width}}  {'outcome':<12}  {'took':>7}  {'clock':>9}  {'events':>6}  on"]
    for run in runs:
        clock = f"{run.seen.seconds:.1f} s" if run.seen.seconds else ""
        took = f"{run.seconds:.2f} s" if run.seconds else ""
        lines.append(
            f"{run.name:<{width}}  {MARKS[run.outcome]:<12}  {took:>7}  {clock:>9}  {len(run.seen.events):>6}  {run.on}"
        )
        lines += [f"{'':<{width}}  - {each}" for each in run.complaints]
    return "\n".join([*lines, "", summary(runs)])


def summary(runs: Sequence[Run]) -> str:
    """`27 passed, 1 not runnable`."""
    counts = Counter(run.outcome for run in runs)
    return ", ".join(f"{counts[each]} {each}" for each in Outcome if counts[each]) or "nothing was run"
