"""A scenario again and again by hand-turned clock, with each fault at each single USB transfer.

What the scenario expects holds for a good link only. On a bad one every run must still keep what a subscriber may rely
on, end every job with both its events, serve a second client later as if nothing had been, and leave no more in the
bridge than a good one does.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bridge.wsscan.job import FINAL_STATES
from hil.faults.plan import USB, Fault, Plan, Planned
from hil.scenario.leftovers import megabytes
from hil.scenario.model import Client, Scenario, When
from hil.scenario.runs import Outcome, Run, simulated
from hil.scenario.seen import Seen

Simulate = Callable[[str, Scenario, Plan | None], Run]

NEXT: Final = "next"
LATER: Final = 150.0  # seconds until the second client comes: after every deadline of the first one's
LIMIT: Final = 600.0
DELAY: Final = 5.0  # seconds, of a delayed transfer
MOST: Final = 2000
HARMLESS: Final = Planned(Fault.DELAY, 1, None)  # by no time at all, so that each transfer is told of
SETTLED: Final = 20  # runs, after which what is made once is made


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one fault at one transfer; `fault` None: of none."""

    transfer: int
    fault: Fault | None
    told: str
    wrong: tuple[str, ...]
    run: Run  # without what was seen and what passed: of hundreds that would be much
    megabytes: float  # resident after it


def without_expectations(scenario: Scenario) -> Scenario:
    """The same deeds, and a client more that comes later, unless the scenario has one of that name itself."""
    later = () if any(each.name == NEXT for each in scenario.client) else (Client(name=NEXT, start=When(at=LATER)),)
    empty: tuple[object, ...] = ()
    more: dict[str, object] = {
        "expect": empty,
        "never": empty,
        "job": empty,
        "got": {},
        "scanner": None,
        "limit": LIMIT,
    }
    return scenario.model_copy(update={**more, "client": (*scenario.client, *later)})


def rows(name: str, scenario: Scenario, faults: Sequence[Fault], simulate: Simulate = simulated) -> Iterator[Row]:
    """The undisturbed run first. The transfers are those from the beginning to the end of the first jobs."""
    plain = without_expectations(scenario)
    simulate(name, plain, None)  # what is made once is made
    gc.collect()
    gc.freeze()  # every run collects twice: what is there by now need not be looked at again, which halves the time
    try:
        good = simulate(name, plain, Plan(HARMLESS, allowed=USB))
        yield _row(0, None, good, plain, good)
        for fault in faults:
            for transfer in range(1, min(MOST, _transfers(good)) + 1):
                seconds = DELAY if fault is Fault.DELAY else 0.0
                bad = Plan(Planned(fault, transfer, transfer, seconds=seconds), allowed=USB)
                run = simulate(name, plain, bad)
                row = _row(transfer, fault, run, plain, good)
                yield row if bad.struck else replace(row, wrong=(*row.wrong, "the fault did not come"))
    finally:
        gc.unfreeze()


def _transfers(run: Run) -> int:
    """How many passed until the last of the first jobs had ended."""
    ends = [each.at for each in run.seen.events if each.name == "JobEndStateEvent" and each.at < LATER]
    until = max(ends, default=0.0)
    return sum(each.text.startswith("fault: ") and each.at <= until for each in run.seen.deeds)


def _row(transfer: int, fault: Fault | None, run: Run, scenario: Scenario, good: Run) -> Row:
    if run.outcome is Outcome.NOT_RUNNABLE:  # it has no USB link
        return Row(transfer, fault, ", ".join(run.complaints), (), run, megabytes())
    ends = [f"job {each.job} {each.state}" for each in run.seen.events if each.name == "JobEndStateEvent"]
    wrong = [*run.complaints, *(f"it left {each} behind" for each in run.left), *_untold(run, scenario)]
    if run.outcome in {Outcome.PASSED, Outcome.FAILED}:
        got, wanted = run.seen.got.get(NEXT), good.seen.got.get(NEXT)
        if got is None or wanted is None or len(got.pages) != 1 or got.pages != wanted.pages:
            words = (got.refused or got.trouble, f"pages of {got.pages} bytes") if got else ("nothing",)
            met = ", ".join(filter(None, words))
            wrong.append(f"the next client met {met}")
        if run.alive is not None and good.alive is not None:
            wrong += [f"in the bridge there are {each} more" for each in run.alive.more(good.alive)]
    return Row(
        transfer, fault, ", ".join(dict.fromkeys(ends)), tuple(wrong), replace(run, passed=(), seen=Seen()), megabytes()
    )


def _untold(run: Run, scenario: Scenario) -> Iterator[str]:
    """Each job must have ended for each client that hears: by its last status, and by its end."""
    finals = {str(state) for state in FINAL_STATES}
    jobs = {each.job for each in run.seen.events} | {got.job for got in run.seen.got.values()}
    for client in scenario.client:
        if not client.subscribe or client.deaf is not None or client.vanish is not None:
            continue
        mine = [each for each in run.seen.events if each.client == client.name]
        for job in sorted(job for job in jobs if job is not None):
            for name in ("JobStatusEvent", "JobEndStateEvent"):
                if not any((each.name, each.job) == (name, job) and each.state in finals for each in mine):
                    yield f"{client.name} has no {name} of the end of job {job}"


def table(found: Sequence[Row]) -> str:
    """For people: what is wrong in full, the rest counted by what came of it."""
    lines = []
    for fault in dict.fromkeys(row.fault for row in found):
        mine = [row for row in found if row.fault is fault]
        outcomes: dict[str, list[int]] = {}
        for row in mine:
            outcomes.setdefault(row.told or "no job", []).append(row.transfer)
        for told, transfers in outcomes.items():
            lines.append(f"{fault or 'none':<10} {len(transfers):>4} x {told:<44} at {_ranges(transfers)}")
    for row in found:
        lines += [f"WRONG {row.fault or 'none'} at {row.transfer}: {each}" for each in row.wrong]
    settled = found[min(len(found) - 1, SETTLED)].megabytes
    lines.append(f"memory: {settled:.0f} MB when it had settled, {found[-1].megabytes:.0f} MB after {len(found)} runs")
    return "\n".join(lines)


def _ranges(numbers: Sequence[int]) -> str:
    """`1-4, 7`."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)
