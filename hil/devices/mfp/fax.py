"""The fax calls of an MFP: pure values, and what becomes of them with time.

One line: who comes while it is taken waits. `model` has the time and the numbers, which scans and faxes share.
"""

from dataclasses import dataclass, replace

from hil.devices.mfp.jobs import REMEMBERED, JobState

SETUP = 4.0  # seconds from the ring, or from dialling, to the first page
PAGE = 6.0  # seconds of a page on the line


@dataclass(frozen=True, slots=True)
class Fax:
    """One call. `due`: when its next page is through; None while it waits for the line."""

    number: int
    incoming: bool
    wanted: int  # pages it has; of an incoming one nobody at this end knows before it is over
    began: float
    state: JobState = JobState.PENDING
    sent: int = 0
    due: float | None = None
    connected: float | None = None
    ended: float | None = None

    @property
    def over(self) -> bool:
        """It will not change any more."""
        return self.ended is not None

    def on(self, now: float) -> "Fax":
        """One step further: connected, or a page more; the last page ends it."""
        if self.state is JobState.PENDING:
            return replace(self, state=JobState.PROCESSING, connected=now, due=now + PAGE)
        sent = replace(self, sent=self.sent + 1, due=now + PAGE)
        return sent.end(JobState.COMPLETED, now) if sent.sent >= sent.wanted else sent

    def end(self, state: JobState, now: float) -> "Fax":
        """It is over."""
        return replace(self, state=state, due=None, ended=now)


def next_due(faxes: tuple[Fax, ...]) -> float | None:
    """When something happens on the line."""
    return min((fax.due for fax in faxes if fax.due is not None), default=None)


def moved(faxes: tuple[Fax, ...], now: float) -> tuple[Fax, ...]:
    """What was due at `now` has happened."""
    return _next_call(tuple(fax.on(now) if fax.due is not None and fax.due <= now else fax for fax in faxes), now)


def called(faxes: tuple[Fax, ...], fax: Fax, now: float) -> tuple[Fax, ...]:
    """One call more; the oldest that are over are forgotten."""
    return _next_call((*faxes, fax), now)


def hung_up(faxes: tuple[Fax, ...], now: float) -> tuple[Fax, ...]:
    """The line breaks down: who is on it fails, the next one is called."""
    broken = tuple(fax.end(JobState.ABORTED, now) if fax.due is not None else fax for fax in faxes)
    return _next_call(broken, now)


def _next_call(faxes: tuple[Fax, ...], now: float) -> tuple[Fax, ...]:
    kept = [fax for fax in faxes if not fax.over] + [fax for fax in faxes if fax.over][-REMEMBERED:]
    kept.sort(key=lambda fax: fax.number)
    waiting = next((fax for fax in kept if not fax.over), None)
    if waiting is not None and all(fax.due is None for fax in kept):
        kept[kept.index(waiting)] = replace(waiting, due=now + SETUP)
    return tuple(kept)
