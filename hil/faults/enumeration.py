"""Everything once at every transfer: a scenario runs, then again with each fault at each single transfer.

What is right is not known here: the scenario says how it ended, in its own words, and a check that the caller brings
says what is wrong with that. A scenario is handed the `Plan` of the link that it must use; it calls `arm`
when counting shall begin and `rest` when it shall end.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from hil.faults.plan import Fault, Plan, Planned

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class Row(Generic[Outcome]):
    """What happened once. `transfer` is 0 and `fault` None in the run without any."""

    transfer: int
    fault: Fault | None
    struck: bool  # the scenario came as far as that transfer
    outcome: Outcome | None  # None: it raised
    wrong: str  # empty: nothing
    seconds: float


@dataclass(frozen=True, slots=True)
class Enumeration(Generic[Outcome]):
    """Which faults, at which transfers, and what counts as wrong."""

    scenario: Callable[[Plan], Awaitable[Outcome]]
    faults: Sequence[Fault]
    plan: Plan
    check: Callable[[Outcome, Plan], str] = lambda _outcome, _plan: ""
    delay: float = 0.5  # seconds, of `Fault.DELAY`
    most: int = 100  # transfers; more is a mistake in the scenario

    async def rows(self, transfers: Iterable[int] | None = None) -> AsyncIterator[Row[Outcome]]:
        """The undisturbed run first, then each fault at each transfer (or at those given). Raises ValueError when
        there are none, or too many."""
        yield await self._once(0, None)
        count = self.plan.count
        if not 0 < count <= self.most:
            raise ValueError(f"the scenario has {count} transfers after `arm`; 1 to {self.most} can be enumerated")
        for fault in self.faults:
            for transfer in transfers if transfers is not None else range(1, count + 1):
                yield await self._once(transfer, fault)

    async def _once(self, transfer: int, fault: Fault | None) -> Row[Outcome]:
        plan = self.plan
        plan.clear()
        plan.arm()
        plan.rest()
        if fault is not None:
            plan.add(Planned(fault, transfer, transfer, seconds=self.delay if fault is Fault.DELAY else 0.0))
        began = time.monotonic()
        outcome: Outcome | None = None
        try:
            outcome = await self.scenario(plan)
            wrong = self.check(outcome, plan)
        except Exception as err:  # noqa: BLE001  # one bad row must not end the table
            wrong = f"{type(err).__name__}: {err}"
        return Row(transfer, fault, bool(plan.struck), outcome, wrong, time.monotonic() - began)


def table(rows: Iterable[Row[Outcome]]) -> str:
    """For people: one line for each row."""
    lines = [f"{'transfer':>8}  {'fault':<10} {'seconds':>7}  outcome"]
    for row in rows:
        fault = str(row.fault or "none") if row.struck or row.fault is None else f"({row.fault})"
        told = f"{row.outcome if row.outcome is not None else ''}" + (f"  WRONG: {row.wrong}" if row.wrong else "")
        lines.append(f"{row.transfer:>8}  {fault:<10} {row.seconds:>7.2f}  {told.strip()}")
    return "\n".join(lines)
