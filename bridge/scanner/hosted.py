"""ONE hosted scanner: what was seen goes in at one door, what must be told comes out of another.

`see` is the only place where a job changes and `look` the only one where the device does; both hand their events
to `tell` in order. There is no socket here: the operations are in bridge.service, the wire in bridge.net.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace

from bridge.errors import TransitionError
from bridge.jobs.book import Book
from bridge.jobs.job import Job, JobSeen, Kind, Why
from bridge.log import kept_short
from bridge.translate.capabilities import configuration
from bridge.translate.device import DeviceView, cleared, look, raised, told_by
from bridge.translate.fuse import Fusion
from bridge.translate.job import step
from bridge.translate.report import condition_cleared, device_condition, job_end_state, job_status, status_summary
from bridge.translate.ticket import default_ticket
from bridge.wsscan.events import (
    ElementChanges,
    EventName,
    JobEndStateEvent,
    JobStatusEvent,
    ScannerElementsChangeEvent,
    ScannerStatusConditionClearedEvent,
    ScannerStatusConditionEvent,
    ScannerStatusSummaryEvent,
)
from bridge.wsscan.names import ScanElement
from bridge.wsscan.scanner import StatusSummary
from drivers.contract.capabilities import Capabilities
from drivers.contract.clock import Clock
from drivers.contract.driver import Device
from drivers.contract.identity import Identity
from drivers.contract.observation import ButtonPress, Phase, Readiness, Snapshot

_log = logging.getLogger(__name__)

_SCANNING = frozenset({Phase.WARMING, Phase.SCANNING, Phase.STOPPED, Phase.CANCELLING, Phase.ABORTING})
_USER_MOST = 255  # WS-Scan JobOriginatingUserName

Tell = Callable[[EventName, ScanElement], None]


class HostedScanner:
    """One scanner as its WSD clients know it; it outlives the cable of the device behind it."""

    def __init__(
        self,
        identity: Identity,
        next_job_id: Callable[[], int],
        clock: Clock,
        tell: Tell,
        pressed: Callable[[ButtonPress], None] = lambda _: None,
    ) -> None:
        self.identity = identity
        self.clock = clock
        self.book = Book(next_job_id)
        self.view = DeviceView()
        self.capabilities = Capabilities()
        self.device: Device | None = None
        self._tell = tell
        self._pressed = pressed
        self.fusion = Fusion()
        self._looks: dict[str, Snapshot] = {}
        self._given_up: set[int] = set()  # jobs whose scan is over and that are not
        self._summary: StatusSummary | None = None  # the last one told
        self.jobs_changed: Callable[[], None] = lambda: None  # called when a job began, ended or has a page more
        self.conditions_changed: Callable[[], None] = lambda: None  # called before one is told, or that it is over

    def attach(self, device: Device) -> None:
        """The device is there (again), perhaps able to do other things than before."""
        other = device.capabilities != self.capabilities
        known = self.device is not None
        self.device = device
        self.identity = device.identity
        self.capabilities = device.capabilities
        self.fusion.onlookers = device.onlookers
        self.view = replace(self.view, onlookers=device.onlookers)
        if known and other:
            changes = ElementChanges(
                scanner_configuration=configuration(device.capabilities),
                default_scan_ticket=default_ticket(device.capabilities),
            )
            self._tell(EventName.SCANNER_ELEMENTS_CHANGE, ScannerElementsChangeEvent(element_changes=changes))

    @property
    def gone(self) -> bool:
        """Whether no observer reaches the device just now."""
        return bool(self.view.snapshots) and all(each.readiness is Readiness.GONE for each in self.view.snapshots)

    def abandon(self) -> None:
        """The device has been away too long, if it still is: what was started at it ends here."""
        if self.gone:
            self._end_panel_jobs()

    def _end_panel_jobs(self) -> None:
        """Nobody will see the end of a job that was started at the device."""
        for job in [job for job in self.book.active() if job.kind is Kind.PANEL]:
            self.see(job.id, JobSeen(phase=Phase.FAILED, why=Why.DEVICE))

    @property
    def scanning(self) -> bool:
        """Whether a job of ours has the device just now. One that the device failed waits for its client only."""
        return any(
            job.kind is Kind.WSD and job.phase in _SCANNING and job.id not in self._given_up
            for job in self.book.active()
        )

    def give_up(self, job_id: int) -> None:
        """The device is done with that job, which did not come to its end."""
        job = self.book.get(job_id)
        if job is not None and job.completed is None:
            self._given_up.add(job_id)

    # The two doors in.

    def see(self, job_id: int, seen: JobSeen) -> Job | None:
        """Something was seen of that job, by whomever. The job as it is now; None when nobody knows it."""
        job = self.book.get(job_id)
        if job is None:
            return None
        told_by = self.fusion.provenance(job_id)
        if len(told_by) > 1:
            job = replace(job, told_by=tuple(map(str, told_by)))
        try:
            transition = step(job, seen, self.clock.now())
        except TransitionError:
            _log.exception("device=%s job=%d: the law was broken; the job is aborted", self.identity.key, job_id)
            transition = step(job, JobSeen(phase=Phase.FAILED, why=Why.DEVICE), self.clock.now())
        self.book.put(transition.job)
        # Kept before it is told: what subscribers know must not be news to the next run.
        more_pages = job.scans_completed != transition.job.scans_completed
        if transition.told and (job.state is None or transition.ended or more_pages):
            self.jobs_changed()
        before = job
        for told in transition.told:
            _log.log(
                _weight(before, told),
                "device=%s job=%d: %s%s, %d scanned%s",
                self.identity.key,
                told.id,
                told.state,
                f" ({told.reason})" if told.reason else "",
                told.scans_completed,
                "" if told.percent is None else f", {told.percent} % of the next",
            )
            before = told
            self._tell(EventName.JOB_STATUS, JobStatusEvent(job_status=job_status(told)))
        if transition.ended:
            self._given_up.discard(job_id)
            self._tell(EventName.JOB_END_STATE, JobEndStateEvent(job_end_state=job_end_state(transition.job)))
        self._tell_summary()
        return transition.job

    def end_what_was_open(self, jobs: Iterable[Job]) -> None:
        """Jobs of an earlier run that nobody ended: their subscribers learn now that nothing more will come."""
        for job in jobs:
            self.book.put(job)
            self.see(job.id, JobSeen(phase=Phase.FAILED, why=Why.RESTART))

    def look(self, snapshot: Snapshot) -> None:
        """An observer looked at the device."""
        self._looks[snapshot.source] = replace(snapshot, presses=())
        before = self.view
        observers = 1 if self.device is None else len(self.device.observers)
        self.view = look(self.view, snapshot, self.clock.now(), observers)
        if self.view.active != before.active:
            self.conditions_changed()
        # Who watches the observers says that the device is gone, and why.
        news = self.view.explanation != before.explanation and snapshot.readiness is not Readiness.GONE
        if news and self.view.explanation:
            _log.warning("device=%s: %s", self.identity.key, kept_short(self.view.explanation))
        # First what is the matter, then how the scanner is, then what that does to its jobs.
        for condition in raised(before, self.view):
            said = ", ".join(told_by(self.view, condition.trouble))
            _log.info("device=%s: %s, says %s", self.identity.key, condition.words.condition, said)
            event = ScannerStatusConditionEvent(device_condition=device_condition(condition))
            self._tell(EventName.SCANNER_STATUS_CONDITION, event)
        for condition in cleared(before, self.view):
            over = ScannerStatusConditionClearedEvent(device_condition_cleared=condition_cleared(condition))
            self._tell(EventName.SCANNER_STATUS_CONDITION_CLEARED, over)
        self._tell_summary()
        self._see_jobs(snapshot)
        self._settle()
        for press in snapshot.presses:
            _log.info("device=%s: button %s was pressed", self.identity.key, press.button)
            self._pressed(press)

    def settle(self) -> None:
        """Time has passed: what was left open until more is known is decided, though nobody saw anything new."""
        for source in self.fusion.undecided & self._looks.keys():
            self._see_jobs(self._looks[source])
        self._settle()

    def _see_jobs(self, snapshot: Snapshot) -> None:
        now = self.clock.now()
        for sighting in self.fusion.sight(snapshot, self.book, now):
            job_id = sighting.job_id
            if job_id is None:
                job_id = self._panel_job(snapshot.source, sighting.report.native_id, sighting.report.user)
            job = self.book.get(job_id)
            if job is not None:
                self.see(job_id, self.fusion.weigh(job, snapshot.source, sighting, now))

    def _settle(self) -> None:
        for job_id, seen in self.fusion.settle(self.book, self.clock.now()):
            self.see(job_id, seen)

    def last_look(self, source: str) -> Snapshot | None:
        """What that observer showed last, whoever asked it to look; without presses, which happen once."""
        return self._looks.get(source)

    def _tell_summary(self) -> None:
        summary = status_summary(self.view, scanning=self.scanning)
        if summary != self._summary:
            self._summary = summary
            self._tell(EventName.SCANNER_STATUS_SUMMARY, ScannerStatusSummaryEvent(status_summary=summary))

    def _panel_job(self, source: str, native_id: str, user: str | None) -> int:
        """A job that somebody started at the device: it gets an id and a name, and nobody gets a token."""
        now = self.clock.now()
        # A device's own text: it must fit into XML and into the schema.
        name = "".join(char for char in user or "" if char.isprintable())[:_USER_MOST].strip() or "Device"
        job = self.book.open(Kind.PANEL, f"Scan at the device {now:%Y-%m-%d %H:%M:%S}", name, now)
        self.book.link(source, native_id, job.id)
        return job.id


def _weight(before: Job, after: Job) -> int:
    """How much it matters to the log: a part of a page more is a fact for subscribers, and one of many."""
    told = (before.state, before.reason, before.scans_completed) != (after.state, after.reason, after.scans_completed)
    return logging.INFO if told else logging.DEBUG
