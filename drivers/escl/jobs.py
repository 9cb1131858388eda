"""Which jobs on the device are news, and under which name they are reported. Pure but for what it remembers.

What had ended before the first look is history and never told. A job that is gone from the list without having been
seen to end has ended: well, unless the scanner is in trouble (docs/decisions/0064-escl-jobs.md). A name that is used
again after its job ended is another job: devices count from 1 after each start.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from drivers.contract.observation import JobReport, Phase
from drivers.escl.status import Job, Status

TOLD: Final = 30.0  # seconds for which the end of a job is reported: several looks
MOST: Final = 200  # jobs remembered, most of them only to know that they are old


@dataclass(slots=True)
class _Known:
    """One job of the device's list."""

    report: JobReport | None  # None: never reported, because it is ours or was over before we looked
    over: bool
    ended: float = 0.0


class Ledger:
    """The jobs of one device, by the device's own names."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._known: dict[str, _Known] = {}
        self._again: dict[str, int] = {}  # how often a name was used again
        self._looked = False

    def ours(self, name: str) -> None:
        """The job of that name is one that we started: who scans tells of it, the list does not."""
        self._remember(name, _Known(None, over=False))

    def see(self, status: Status) -> tuple[JobReport, ...]:
        """The reports that follow from one look."""
        now = self._monotonic()
        listed = {job.name: job for job in status.jobs}
        for name, job in listed.items():
            self._see(name, job, now)
        for name, known in self._known.items():
            if name not in listed and not known.over:
                known.over, known.ended = True, now
                if known.report is not None:
                    phase = Phase.FAILED if status.troubles else Phase.DONE
                    known.report = replace(known.report, phase=phase)
        self._looked = True
        return tuple(
            known.report
            for known in self._known.values()
            if known.report is not None and (not known.over or now - known.ended <= TOLD)
        )

    def _see(self, name: str, job: Job, now: float) -> None:
        known = self._known.get(name)
        if known is not None and known.over and not job.over:
            self._again[name] = self._again.get(name, 0) + 1
            known = None
        if known is None:
            history = job.over and not self._looked
            report = None if history else JobReport(self._name(name, job), job.phase)
            known = _Known(report, over=False)
            self._remember(name, known)
        if known.over:
            return
        if known.report is not None:
            known.report = replace(
                known.report, phase=job.phase, pages=job.pages, at_panel=job.phase is Phase.CANCELED and job.at_panel
            )
        if job.over:
            known.over, known.ended = True, now

    def _name(self, name: str, job: Job) -> str:
        native = f"{name} {job.uuid}" if job.uuid and job.uuid != name else name
        times = self._again.get(name, 0)
        return f"{native} #{times + 1}" if times else native

    def _remember(self, name: str, known: _Known) -> None:
        self._known.pop(name, None)
        self._known[name] = known
        for old in [each for each, what in self._known.items() if what.over][: max(0, len(self._known) - MOST)]:
            del self._known[old]
            self._again.pop(old, None)
