"""One run of HP's scan-upload handshake as one job: idle → start → active → newpage → … → done → idle.

Spec: HP-LASERJET-COMMON-MIB scan-upload. The handshake is per page and between the device and whichever host fetches
the images: the host sets start and idle, the device sets active, newpage (this page is complete), done (so is this one,
and there is no further page) and aborted. We only look, so states shorter than our pace are missed. Therefore:
pages are those whose end was seen or must have been (active → start), and the page counters correct them upward only;
a page still moving may already be counted by the device, so until it ends one is taken off.
Pure: `follow` is a function of what was known and one look.
"""

from dataclasses import dataclass, replace
from enum import IntEnum

from drivers.contract.observation import Feeder, JobReport, Phase, Trouble, TroubleKind, Unit

LINGER = 3  # looks in which a job that ended is still reported
ABSURD = 10_000  # pages no job has: the counter was reset or is not one


class Upload(IntEnum):
    """scan-upload."""

    IDLE = 1
    START = 2
    ACTIVE = 3
    ABORTED = 4
    DONE = 5
    NEWPAGE = 6


RUNNING = frozenset({Upload.START, Upload.ACTIVE, Upload.NEWPAGE})


@dataclass(frozen=True, slots=True)
class Ending:
    """What one value of scan-upload-error means for the job."""

    phase: Phase
    words: str
    at_panel: bool = False
    troubles: frozenset[Trouble] = frozenset()


JAM = frozenset({Trouble(TroubleKind.JAM, Unit.FEEDER)})
OPEN = frozenset({Trouble(TroubleKind.COVER_OPEN, Unit.FEEDER)})
NO_PAPER = frozenset({Trouble(TroubleKind.FEEDER_EMPTY, Unit.FEEDER)})

NO_DOCUMENT = 211
ERRORS = {
    207: Ending(Phase.FAILED, "paper jam in the document feeder", troubles=JAM),
    208: Ending(Phase.CANCELED, "the host closed the scan channel"),
    209: Ending(Phase.CANCELED, "stopped by the host"),
    210: Ending(Phase.CANCELED, "canceled at the device", at_panel=True),
    NO_DOCUMENT: Ending(Phase.FAILED, "no document in the feeder", troubles=NO_PAPER),
    213: Ending(Phase.FAILED, "a cover of the scanner is open", troubles=OPEN),
    214: Ending(Phase.FAILED, "a document lies in the feeder"),
    216: Ending(Phase.FAILED, "the scanner was busy"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """What one reading says about scanning; None where the device has no such object."""

    state: Upload | None
    error: int | None = None
    adf: int | None = None  # pages so far, over the device's life
    flatbed: int | None = None
    feeder: Feeder = Feeder.UNKNOWN
    troubled: bool = False  # jam, cover or the like is on right now
    restarted: bool = False  # the device was switched on since the look before


@dataclass(frozen=True, slots=True)
class Run:
    """One job. `base` is the last look before it, from which the counters count."""

    native_id: str
    base: Look
    joined: bool  # it ran before we looked for the first time, so its pages are not known
    phase: Phase = Phase.WARMING
    pages: int = 0
    source: Unit | None = None
    at_panel: bool = False
    error: int | None = None
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Track:
    """What is known of one device's uploads."""

    prefix: str  # makes native ids unique over restarts of ours
    count: int = 0
    last: Look | None = None
    run: Run | None = None
    ended: tuple[tuple[Run, int], ...] = ()  # with the looks they are still reported in

    @property
    def failed(self) -> tuple[Run, ...]:
        """Runs still reported that a fault ended; none once the next has begun."""
        return tuple(run for run, _ in self.ended if run.phase is Phase.FAILED and self.run is None)


def jobs(track: Track) -> tuple[JobReport, ...]:
    """Ended jobs first, in the order they ended."""
    runs = [run for run, _ in track.ended] + ([] if track.run is None else [track.run])
    return tuple(
        JobReport(run.native_id, run.phase, None if run.joined else run.pages, source=run.source, at_panel=run.at_panel)
        for run in runs
    )


def follow(track: Track, look: Look) -> Track:
    """The track after one more look."""
    track = replace(track, ended=tuple((run, left - 1) for run, left in track.ended if left > 1))
    if look.state is None:
        return track
    if look.restarted:
        track = _restarted(track)
    before = track.last
    track = replace(track, last=look)
    if track.run is not None and before is not None and before.state is not None:
        return _end_if_over(track, _advance(track.run, before.state, look))
    if not _begins(before, look):
        return track
    run = Run(
        f"{track.prefix}-{track.count + 1}",
        base=before or look,
        joined=before is None and look.state is not Upload.START,
    )
    return _end_if_over(replace(track, count=track.count + 1), _advance(run, Upload.IDLE, look))


def _restarted(track: Track) -> Track:
    if track.run is None:
        return replace(track, last=None)
    lost = replace(track.run, phase=Phase.FAILED, error=None, explanation="the device was restarted")
    return replace(track, run=None, last=None, ended=(*track.ended, (lost, LINGER)))


def _begins(before: Look | None, look: Look) -> bool:
    """A run is on, or a whole one passed between two looks: its final state is new."""
    if look.state in RUNNING:
        return True
    return look.state is not Upload.IDLE and before is not None and before.state is not look.state


def _end_if_over(track: Track, run: Run) -> Track:
    if run.phase in (Phase.DONE, Phase.CANCELED, Phase.FAILED):
        return replace(track, run=None, ended=(*track.ended, (run, LINGER)))
    return replace(track, run=run)


def _advance(run: Run, before: Upload, look: Look) -> Run:
    moved = _moved(run.base, look)
    run = replace(run, source=_source(run, look))
    match look.state:
        case Upload.START:
            pages = max(run.pages + (before is Upload.ACTIVE), moved - 1)
            return replace(run, pages=pages, phase=_halted(look) or (Phase.SCANNING if pages else Phase.WARMING))
        case Upload.ACTIVE:
            return replace(run, pages=max(run.pages, moved - 1), phase=_halted(look) or Phase.SCANNING)
        case Upload.NEWPAGE:
            pages = max(run.pages + (before is not Upload.NEWPAGE), moved)
            return replace(run, pages=pages, phase=_halted(look) or Phase.SCANNING)
        case Upload.DONE:
            pages = max(run.pages + (before is Upload.ACTIVE), 1, moved)
            return replace(run, pages=pages, phase=Phase.DONE)
        case Upload.ABORTED:
            return _aborted(replace(run, pages=max(run.pages, moved - 1)), look)
        case _:
            return _gone_idle(run, before, look, moved)


def _halted(look: Look) -> Phase | None:
    return Phase.STOPPED if look.troubled else None


def _aborted(run: Run, look: Look) -> Run:
    if look.error == NO_DOCUMENT and run.pages:
        return replace(run, phase=Phase.DONE)  # the host asked for one page more than there were
    code = "" if look.error is None else f", error {look.error}"
    ending = ERRORS.get(look.error or 0, Ending(Phase.FAILED, f"the device aborted the scan{code}"))
    return replace(run, phase=ending.phase, at_panel=ending.at_panel, error=look.error, explanation=ending.words)


def _gone_idle(run: Run, before: Upload, look: Look, moved: int) -> Run:
    """The end went by between two looks; a fresh error code tells how, else it was a good end."""
    if look.error in ERRORS and look.error != run.base.error:
        return _aborted(replace(run, pages=max(run.pages, moved - 1)), look)
    if before is Upload.START and not run.pages and not moved:
        return replace(run, phase=Phase.CANCELED, explanation="withdrawn before it began")
    if before is Upload.ACTIVE and _cut_short(run, look, moved):
        return replace(run, phase=Phase.CANCELED, explanation="ended by the host within a page")
    return replace(run, phase=Phase.DONE, pages=max(run.pages + (before is Upload.ACTIVE), moved))


def _cut_short(run: Run, look: Look, moved: int) -> bool:
    """Active → idle is the host's cancel or a done that we missed: a counter tells, else a missing error."""
    counts = _counts(run.base.adf, look.adf) or _counts(run.base.flatbed, look.flatbed)
    return counts and moved <= run.pages and (run.pages > 0 or look.error is None)


def _moved(base: Look, look: Look) -> int:
    return _delta(base.adf, look.adf) + _delta(base.flatbed, look.flatbed)


def _counts(before: int | None, after: int | None) -> bool:
    return before is not None and after is not None


def _delta(before: int | None, after: int | None) -> int:
    step = after - before if before is not None and after is not None else 0
    return step if 0 < step < ABSURD else 0


def _source(run: Run, look: Look) -> Unit | None:
    """HP's devices take the feeder when paper lies in it, else the glass; what was counted knows better.

    A feeder that is empty once the pages move may have been loaded since the last look: that tells nothing.
    """
    if _delta(run.base.adf, look.adf):
        return Unit.FEEDER
    if _delta(run.base.flatbed, look.flatbed):
        return Unit.PLATEN
    if run.source is None and Feeder.LOADED in (run.base.feeder, look.feeder):
        return Unit.FEEDER
    if run.source is None and look.state is Upload.START and look.feeder is Feeder.EMPTY:
        return Unit.PLATEN
    return run.source
