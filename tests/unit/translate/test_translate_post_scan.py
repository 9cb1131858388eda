"""A post-scan job from its creation to its end, by hand from sections 3 to 5 of the DSM dossier."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bridge.dsm.job import FilterState, FilterStateReason, JobStateReason
from bridge.dsm.names import EMAIL, FILE_SHARE
from bridge.translate.post_scan import FilterRun, PostScanJob, PostScanSeen, end_state, status, step
from drivers.contract.observation import Phase

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
NEW = PostScanJob("token", "process", "To the office", "eva", NOON, (FilterRun(FILE_SHARE), FilterRun(EMAIL)))


def filters(share: FilterState, mail: FilterState, *reasons: FilterStateReason) -> tuple[FilterRun, ...]:
    return FilterRun(FILE_SHARE, share, reasons), FilterRun(EMAIL, mail)


def followed(*seens: PostScanSeen) -> list[PostScanJob]:
    job, told = NEW, []
    for seen in seens:
        transition = step(job, seen, LATER)
        job = transition.job
        told += transition.told
    return told


WORKING = (
    PostScanSeen(Phase.ARRIVING),
    PostScanSeen(images=1),
    PostScanSeen(images=2),
    PostScanSeen(Phase.QUEUED),
    PostScanSeen(Phase.SCANNING, filters=filters(FilterState.PROCESSING, FilterState.PENDING)),
)


def test_a_job_that_succeeds_is_told_at_each_state_and_each_filter() -> None:
    done = FilterState.COMPLETED_SUCCESSFULLY
    told = followed(
        *WORKING,
        PostScanSeen(filters=filters(done, FilterState.PENDING)),
        PostScanSeen(filters=filters(done, FilterState.PROCESSING)),
        PostScanSeen(Phase.DONE, filters=filters(done, done)),
    )
    assert [(str(each.state), each.images, *(str(run.state) for run in each.filters)) for each in told] == [
        ("Creating", 0, "Pending", "Pending"),
        ("Pending", 2, "Pending", "Pending"),
        ("Started", 2, "Processing", "Pending"),
        ("Processing", 2, "Processing", "Pending"),
        ("Processing", 2, "CompletedSuccessfully", "Pending"),
        ("Processing", 2, "CompletedSuccessfully", "Processing"),
        ("Completed", 2, "CompletedSuccessfully", "CompletedSuccessfully"),
    ]
    assert told[-1].reason is JobStateReason.COMPLETED_SUCCESSFULLY
    assert told[-1].completed == LATER
    assert {each.reason for each in told[:-1]} == {JobStateReason.NONE}


def test_a_filter_that_failed_in_a_job_that_goes_on_makes_it_complete_with_errors() -> None:
    failed, done = FilterState.COMPLETED_WITH_ERRORS, FilterState.COMPLETED_SUCCESSFULLY
    told = followed(*WORKING, PostScanSeen(Phase.DONE, filters=filters(failed, done)))
    assert (str(told[-1].state), str(told[-1].reason)) == ("Completed", "PostScanJobCompletedWithErrors")


def test_a_filter_that_failed_in_a_job_that_stops_cancels_the_others() -> None:
    denied = FilterStateReason.FILE_SHARE_ACCESS_DENIED
    told = followed(
        *WORKING,
        PostScanSeen(Phase.FAILED, filters=filters(FilterState.COMPLETED_WITH_ERRORS, FilterState.PENDING, denied)),
    )
    assert (str(told[-1].state), str(told[-1].reason)) == ("Aborted", "PostScanJobProcessingFailed")
    assert [str(each.state) for each in told[-1].filters] == ["CompletedWithErrors", "Canceled"]
    assert told[-1].filters[0].reasons == (denied,)


@pytest.mark.parametrize(
    "reason",
    [
        JobStateReason.TIMED_OUT,
        JobStateReason.NO_VALID_INSTRUCTIONS,
        JobStateReason.CREATE_FAILED,
        JobStateReason.SEND_IMAGE_FAILED,
        JobStateReason.PROCESSING_FAILED,
    ],
)
def test_a_job_is_aborted_for_the_reason_given(reason: JobStateReason) -> None:
    told = followed(PostScanSeen(Phase.ARRIVING), PostScanSeen(Phase.FAILED, reason=reason))
    assert (str(told[-1].state), told[-1].reason) == ("Aborted", reason)


def test_a_canceled_job_takes_its_filters_with_it() -> None:
    told = followed(*WORKING, PostScanSeen(Phase.CANCELED))
    assert (str(told[-1].state), str(told[-1].reason)) == ("Canceled", "PostScanJobCanceled")
    assert [str(each.state) for each in told[-1].filters] == ["Canceled", "Canceled"]


def test_a_reason_that_does_not_go_with_the_state_is_not_told() -> None:
    told = followed(*WORKING, PostScanSeen(Phase.CANCELED, reason=JobStateReason.TIMED_OUT))
    assert told[-1].reason is JobStateReason.CANCELED


def test_nothing_follows_the_end() -> None:
    job = followed(*WORKING, PostScanSeen(Phase.CANCELED))[-1]
    again = step(job, PostScanSeen(Phase.DONE, images=9), LATER)
    assert (again.told, again.ended, again.job) == ((), False, job)


def test_a_filter_does_not_begin_again_and_images_do_not_become_fewer() -> None:
    done = FilterState.COMPLETED_SUCCESSFULLY
    told = followed(
        *WORKING,
        PostScanSeen(filters=filters(done, FilterState.PENDING)),
        PostScanSeen(images=1, filters=filters(FilterState.PROCESSING, FilterState.PROCESSING)),
    )
    assert [str(each.state) for each in told[-1].filters] == ["CompletedSuccessfully", "Processing"]
    assert told[-1].images == 2


def test_all_current_values_are_in_each_status() -> None:
    said = status(replace(NEW, state=followed(*WORKING)[-1].state, images=2))
    assert [child.tag.rpartition("}")[2] for child in said.to_xml()] == [
        "JobToken",
        "JobState",
        "JobStateReasons",
        "FilterStatuses",
        "ImagesReceived",
        "JobCreatedTime",
    ]


def test_the_end_is_told_whole() -> None:
    said = end_state(followed(*WORKING, PostScanSeen(Phase.CANCELED))[-1])
    assert [child.tag.rpartition("}")[2] for child in said.to_xml()] == [
        "JobToken",
        "PSP_Identifier",
        "PSP_DisplayName",
        "JobOriginatingUserName",
        "JobCompletedState",
        "JobCompletedStateReasons",
        "FilterCompletedStatuses",
        "ImagesReceived",
        "JobCompletedTime",
    ]
