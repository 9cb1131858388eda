"""One job, look by look: the events of the founding document, and late, odd and repeated looks."""

from datetime import UTC, datetime, timedelta

from bridge.jobs.job import Job, JobSeen, Kind, Why
from bridge.translate.job import step
from drivers.contract.observation import Phase

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Told:
    """A job and all that was told of it, as `State/Reason/scans`."""

    def __init__(self) -> None:
        self.job = Job(253, Kind.WSD, "Scan", "somebody", NOON)
        self.now = NOON

    def see(self, seen: JobSeen, seconds: float = 5) -> list[str]:
        self.now += timedelta(seconds=seconds)
        transition = step(self.job, seen, self.now)
        self.job = transition.job
        return [
            f"{job.state}/{job.reason or '-'}/{job.scans_completed}"
            + ("" if job.percent is None else f"/{job.percent}%")
            for job in transition.told
        ]


def test_three_pages_from_a_feeder() -> None:
    told = Told()
    assert told.see(JobSeen(Phase.SCANNING)) == ["Started/-/0", "Processing/JobScanning/0"]
    assert told.see(JobSeen(sending=True)) == ["Processing/JobScanningAndTransfering/0"]
    assert told.see(JobSeen(pages=1)) == ["Processing/JobScanningAndTransfering/1"]
    assert told.see(JobSeen(pages=2)) == ["Processing/JobScanningAndTransfering/2"]
    assert told.see(JobSeen(Phase.SENDING, pages=3)) == ["Processing/JobTransfering/3"]
    assert told.see(JobSeen(sending=False)) == []
    assert told.see(JobSeen(Phase.DONE)) == ["Completed/JobCompletedSuccessfully/3"]
    assert told.see(JobSeen(Phase.SCANNING, pages=4)) == []


def test_a_page_more_is_one_event() -> None:
    told = Told()
    told.see(JobSeen(Phase.SCANNING))
    assert told.see(JobSeen(Phase.SCANNING, pages=1, percent=0)) == ["Processing/JobScanning/1/0%"]
    assert told.see(JobSeen(Phase.SCANNING, pages=1, percent=0)) == []
    assert told.see(JobSeen(Phase.SCANNING, pages=0)) == []


def test_a_poll_that_slept_through_a_job_still_passes_every_state() -> None:
    assert Told().see(JobSeen(Phase.DONE, pages=4)) == [
        "Started/-/0",
        "Processing/JobTransfering/4",
        "Completed/JobCompletedSuccessfully/4",
    ]


def test_percent_is_told_by_steps_of_five_and_once_a_second() -> None:
    told = Told()
    told.see(JobSeen(Phase.SCANNING))
    assert told.see(JobSeen(percent=4)) == []
    assert told.see(JobSeen(percent=5)) == ["Processing/JobScanning/0/5%"]
    assert told.see(JobSeen(percent=30), seconds=0.5) == []
    assert told.see(JobSeen(percent=31), seconds=0.5) == ["Processing/JobScanning/0/31%"]
    assert told.see(JobSeen(percent=20)) == []
    assert told.see(JobSeen(percent=35)) == []
    assert told.see(JobSeen(percent=36)) == ["Processing/JobScanning/0/36%"]


def test_a_clock_set_back_does_not_silence_percent() -> None:
    told = Told()
    told.see(JobSeen(Phase.SCANNING))
    assert told.see(JobSeen(percent=10)) == ["Processing/JobScanning/0/10%"]
    assert told.see(JobSeen(percent=20), seconds=-3600) == ["Processing/JobScanning/0/20%"]


def test_percent_begins_again_with_each_page() -> None:
    told = Told()
    told.see(JobSeen(Phase.SCANNING))
    told.see(JobSeen(percent=100))
    assert told.see(JobSeen(pages=1)) == ["Processing/JobScanning/1"]
    assert told.see(JobSeen(percent=10)) == ["Processing/JobScanning/1/10%"]


def test_a_stop_and_its_end_are_told_by_their_reason() -> None:
    told = Told()
    told.see(JobSeen(Phase.SCANNING))
    assert told.see(JobSeen(Phase.STOPPED)) == ["Processing/ScannerStopped/0"]
    assert told.see(JobSeen(Phase.QUEUED)) == ["Pending/-/0"]
    assert told.see(JobSeen(Phase.STOPPED)) == ["Pending/ScannerStopped/0"]
    assert told.see(JobSeen(Phase.SCANNING)) == ["Started/-/0", "Processing/JobScanning/0"]


def test_a_device_that_still_scans_does_not_take_a_cancel_back() -> None:
    told = Told()
    told.see(JobSeen(Phase.SCANNING))
    assert told.see(JobSeen(Phase.CANCELLING, why=Why.CLIENT)) == ["Terminating/-/0"]
    assert told.see(JobSeen(Phase.SCANNING, percent=60)) == []
    assert told.see(JobSeen(Phase.DONE, pages=1)) == ["Canceled/-/1"]


def test_the_first_cause_of_an_end_is_the_one_that_is_told() -> None:
    told = Told()
    told.see(JobSeen(Phase.SCANNING))
    assert told.see(JobSeen(Phase.ABORTING, why=Why.TIMEOUT)) == ["Terminating/JobTimedOut/0"]
    assert told.see(JobSeen(Phase.FAILED, why=Why.TRANSFER)) == ["Aborted/JobTimedOut/0"]


def test_a_cancel_at_the_panel_says_so() -> None:
    told = Told()
    told.see(JobSeen(Phase.SCANNING))
    assert told.see(JobSeen(Phase.CANCELED, why=Why.PANEL)) == ["Canceled/JobCanceledAtDevice/0"]


def test_what_is_seen_of_a_job_before_its_first_phase_tells_nothing() -> None:
    told = Told()
    assert told.see(JobSeen(pages=2, percent=50, sending=True)) == []
    assert told.job.state is None
