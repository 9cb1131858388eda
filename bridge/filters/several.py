"""The same pages to several places: one that is down keeps them from no other.

Each place is tried, and where pages arrived is noted, so that a try again asks the others only. What is left in the
end is the filter's failure where no place took the pages, and a warning where some did: a person who is told that all
was in vain scans again, and has everything twice elsewhere (docs/decisions/0110-one-place-down.md).
"""

from collections.abc import Mapping
from functools import partial
from typing import Final

from bridge.dsm.job import FilterStateReason
from bridge.filters.apart import apart
from bridge.filters.filter import Filter, FilterFailed, Work
from bridge.filters.notes import Notes

_DONE: Final = "done"


class Several:
    """One filter for each place, by the place's name in the notes."""

    def __init__(self, dialect: str, filters: Mapping[str, Filter]) -> None:
        self.dialect, self._filters = dialect, filters

    async def process(self, work: Work) -> tuple[FilterStateReason, ...]:
        """Raises FilterFailed, or what broke one of them, after every place was tried."""
        notes = await apart(lambda: Notes(work.notes, f"several {' '.join(self._filters)}"))
        said: list[FilterStateReason] = []
        failures: list[FilterFailed] = []
        broken: Exception | None = None
        for place, each in self._filters.items():
            if notes.get(place) == _DONE:
                continue
            try:
                said += await each.process(work)
            except FilterFailed as err:
                failures.append(err)
            except Exception as err:  # noqa: BLE001 - a bug, or no memory for this place
                broken = broken or err
            else:
                await apart(partial(notes.put, place, _DONE))
        if broken is not None:
            raise broken
        if failures:
            reasons = dict.fromkeys(reason for err in failures for reason in err.reasons)
            raise FilterFailed(
                failures[0].reason,
                "; ".join(map(str, failures)),
                passing=any(err.passing for err in failures),
                also=tuple(reasons),
                partly=len(failures) < len(self._filters),
            )
        return tuple(dict.fromkeys(said))
