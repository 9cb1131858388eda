"""ScannerStatus and the jobs in it: what is news, what is history, what has gone."""

import pytest

from drivers.contract.errors import DeviceGarbled
from drivers.contract.observation import Feeder, JobReport, Phase, Readiness, Trouble, TroubleKind, Unit
from drivers.escl.jobs import TOLD, Ledger
from drivers.escl.status import read
from tests.unit.escl.conftest import Turned, job, status

JAM = frozenset({Trouble(TroubleKind.JAM, Unit.FEEDER)})


@pytest.mark.parametrize(
    ("state", "adf", "readiness", "feeder", "kind"),
    [
        ("Idle", "", Readiness.IDLE, Feeder.UNKNOWN, None),
        ("Idle", "ScannerAdfEmpty", Readiness.IDLE, Feeder.EMPTY, None),
        ("Idle", "ScannerAdfLoaded", Readiness.IDLE, Feeder.LOADED, None),
        ("Processing", "ScannerAdfProcessing", Readiness.BUSY, Feeder.LOADED, None),
        ("Testing", "", Readiness.WARMING, Feeder.UNKNOWN, None),
        ("Idle", "ScannerAdfJam", Readiness.STOPPED, Feeder.UNKNOWN, TroubleKind.JAM),
        ("Stopped", "ScannerAdfMispick", Readiness.STOPPED, Feeder.UNKNOWN, TroubleKind.JAM),
        ("Stopped", "ScannerAdfHatchOpen", Readiness.STOPPED, Feeder.UNKNOWN, TroubleKind.COVER_OPEN),
        ("Stopped", "ScannerAdfDoorOpen", Readiness.STOPPED, Feeder.UNKNOWN, TroubleKind.COVER_OPEN),
        ("Stopped", "ScannerAdfDuplexPageTooShort", Readiness.STOPPED, Feeder.UNKNOWN, TroubleKind.ATTENTION),
        ("Stopped", "ScannerAdfDuplexPageTooLong", Readiness.STOPPED, Feeder.UNKNOWN, TroubleKind.ATTENTION),
        ("Stopped", "ScannerAdfMultipickDetected", Readiness.STOPPED, Feeder.UNKNOWN, TroubleKind.DOUBLE_FEED),
        ("Stopped", "ScannerAdfInputTrayFailed", Readiness.STOPPED, Feeder.UNKNOWN, TroubleKind.ATTENTION),
        ("Stopped", "ScannerAdfInputTrayOverloaded", Readiness.STOPPED, Feeder.LOADED, TroubleKind.ATTENTION),
        ("Stopped", "", Readiness.STOPPED, Feeder.UNKNOWN, TroubleKind.ATTENTION),
        ("Down", "ScannerAdfEmpty", Readiness.STOPPED, Feeder.EMPTY, TroubleKind.ATTENTION),
        ("Processing", "ScannerAdfJam", Readiness.BUSY, Feeder.UNKNOWN, TroubleKind.JAM),
    ],
)
def test_every_state_has_its_words(
    state: str, adf: str, readiness: Readiness, feeder: Feeder, kind: TroubleKind | None
) -> None:
    found = read(status(state, adf), "here")
    assert (found.readiness, found.feeder) == (readiness, feeder)
    assert {trouble.kind for trouble in found.troubles} == ({kind} if kind else set())
    assert bool(found.explanation) is (kind is not None)


def test_words_that_nobody_knows_are_facts() -> None:
    found = read(status("Dreaming", "ScannerAdfOnFire"), "here")
    assert found.facts == (("adf", "ScannerAdfOnFire"), ("state", "Dreaming"))
    assert (found.readiness, found.feeder, found.troubles) == (Readiness.IDLE, Feeder.UNKNOWN, frozenset())


@pytest.mark.parametrize(
    ("state", "reasons", "phase", "at_panel"),
    [
        ("Pending", (), Phase.QUEUED, False),
        ("PendingHeld", (), Phase.HELD, False),
        ("Processing", ("JobScanning",), Phase.SCANNING, False),
        ("Processing", ("JobTransferring",), Phase.SENDING, False),
        ("Processing", ("JobScanning", "JobTransferring"), Phase.SCANNING, False),
        ("Processing", ("ProcessingToStopPoint",), Phase.CANCELLING, False),
        ("ProcessingStopped", (), Phase.STOPPED, False),
        ("Completed", ("JobCompletedSuccessfully",), Phase.DONE, False),
        ("Canceled", ("JobCanceledByUser",), Phase.CANCELED, False),
        ("Canceled", ("JobCanceledAtDevice",), Phase.CANCELED, True),
        ("Canceled", ("JobCanceledByOperator",), Phase.CANCELED, True),
        ("Aborted", ("AbortedBySystem",), Phase.FAILED, False),
    ],
)
def test_every_job_state_has_its_phase(state: str, reasons: tuple[str, ...], phase: Phase, at_panel: bool) -> None:
    (found,) = read(status(jobs=job("/eSCL/ScanJobs/7", state, images=2, reasons=reasons)), "here").jobs
    assert (found.name, found.phase, found.pages, found.at_panel) == ("7", phase, 2, at_panel)


def test_a_job_without_a_name_or_a_known_state_is_left_out() -> None:
    assert read(status(jobs=job("", "Processing") + job("/x/1", "Meditating")), "here").jobs == ()


def test_a_job_list_has_an_end() -> None:
    jobs = "".join(job(f"/eSCL/ScanJobs/{number}", "Completed") for number in range(500))
    assert len(read(status(jobs=jobs), "here").jobs) == 64


@pytest.mark.parametrize("data", [b"", b"<html/>", b"<!DOCTYPE a><ScannerStatus/>"])
def test_what_is_no_status_is_garbled(data: bytes) -> None:
    with pytest.raises(DeviceGarbled):
        read(data, "here")


class Looks:
    """A ledger and the documents it is shown."""

    def __init__(self, clock: Turned) -> None:
        self.ledger = Ledger(clock.monotonic)

    def see(self, *jobs: str, adf: str = "") -> list[tuple[str, Phase, int | None]]:
        reports: tuple[JobReport, ...] = self.ledger.see(read(status(adf=adf, jobs="".join(jobs)), "here"))
        return [(each.native_id, each.phase, each.pages) for each in reports]


def test_what_was_over_before_the_first_look_is_history(clock: Turned) -> None:
    looks = Looks(clock)
    old = job("/eSCL/ScanJobs/1", "Completed", images=2)
    assert looks.see(old) == []
    assert looks.see(old, job("/eSCL/ScanJobs/2", "Processing", images=0)) == [("2", Phase.SCANNING, 0)]


def test_a_job_that_ran_between_two_looks_is_not_missed(clock: Turned) -> None:
    looks = Looks(clock)
    assert looks.see() == []
    assert looks.see(job("/eSCL/ScanJobs/2", "Completed", images=1)) == [("2", Phase.DONE, 1)]


def test_an_end_is_told_for_a_while(clock: Turned) -> None:
    looks = Looks(clock)
    looks.see()
    done = job("/eSCL/ScanJobs/2", "Completed", images=1)
    assert looks.see(done) == looks.see(done)
    clock.seconds += TOLD + 1
    assert looks.see(done) == []


def test_a_job_that_has_gone_from_the_list_has_ended(clock: Turned) -> None:
    looks = Looks(clock)
    looks.see(job("/eSCL/ScanJobs/2", "Processing", images=1))
    assert looks.see() == [("2", Phase.DONE, 1)]


def test_one_that_has_gone_while_paper_is_jammed_has_failed(clock: Turned) -> None:
    looks = Looks(clock)
    looks.see(job("/eSCL/ScanJobs/2", "Processing", images=1))
    assert looks.see(adf="ScannerAdfJam") == [("2", Phase.FAILED, 1)]


def test_our_own_job_is_never_told_from_the_list(clock: Turned) -> None:
    looks = Looks(clock)
    looks.see()
    looks.ledger.ours("9")
    assert looks.see(job("http://elsewhere/eSCL/ScanJobs/9", "Processing", images=1)) == []
    assert looks.see(job("/eSCL/ScanJobs/9", "Completed", images=1)) == []
    assert looks.see() == []


def test_a_number_that_is_used_again_is_another_job(clock: Turned) -> None:
    looks = Looks(clock)
    looks.see()
    looks.see(job("/eSCL/ScanJobs/1", "Completed", images=1))
    assert ("1 #2", Phase.SCANNING, 0) in looks.see(job("/eSCL/ScanJobs/1", "Processing", images=0))


def test_a_uuid_is_part_of_the_name(clock: Turned) -> None:
    looks = Looks(clock)
    looks.see()
    assert looks.see(job("/eSCL/ScanJobs/1", "Processing", uuid="1876-0001"))[0][0] == "1 1876-0001"


def test_what_is_remembered_has_a_bound(clock: Turned) -> None:
    looks = Looks(clock)
    looks.see()
    for number in range(1000):
        looks.see(job(f"/eSCL/ScanJobs/{number}", "Completed"))
    assert len(looks.ledger._known) <= 201
