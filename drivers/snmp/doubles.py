"""One scan that two sources of one agent tell is one job: a vendor's own objects, and the Job Monitoring MIB.

An agent's scanner does one scan at a time, so scans told at once by different sources are the same, and one that is
over when it is first told is the one that another source has just told. Who told first goes on telling, because a job
must not change its name; where both begin in one look the vendor's objects do, which tell more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from drivers.contract.observation import JobKind, JobReport, Phase
from drivers.snmp.seen import Seen

_OVER = frozenset({Phase.DONE, Phase.CANCELED, Phase.FAILED})


class Doubles:
    """Remembers who tells which scan."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}  # source by native id
        self._left_out: set[str] = set()

    def without(self, parts: Sequence[Seen]) -> tuple[Seen, ...]:
        """The same parts, each scan told once. Faxes are left alone."""
        there = {job.native_id: job for part in parts for job in part.jobs}
        self._told = {name: source for name, source in self._told.items() if name in there}
        self._left_out &= there.keys()
        for part in parts:
            for job in part.jobs:
                known = job.native_id in self._told or job.native_id in self._left_out
                if job.kind is JobKind.SCAN and not known:
                    self._meet(job, part.source, there)
        return tuple(
            replace(part, jobs=tuple(job for job in part.jobs if job.native_id not in self._left_out)) for part in parts
        )

    def _meet(self, job: JobReport, source: str, there: Mapping[str, JobReport]) -> None:
        others = [there[name] for name, other in self._told.items() if other != source]
        if any(job.phase in _OVER or other.phase not in _OVER for other in others):
            self._left_out.add(job.native_id)
        else:
            self._told[job.native_id] = source
