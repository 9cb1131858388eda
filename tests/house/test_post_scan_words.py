"""Every state and reason of a post-scan job and of its filters is told by a real cause in some test, named here.

A word that is added has no test yet, and a test that is gone or says the word no more is noticed. What is told is held
against the schema in each of them (tests/schema/dsm.py).
"""

import ast
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path

import pytest

from bridge.dsm.job import REASONS, FilterState, FilterStateReason, JobStateReason
from bridge.wsscan.job import JobState

ROOT = Path(__file__).parents[2]
JOBS = "tests/wire/test_http_post_scan.py"
FILTERS = "tests/system/test_dsm_filters.py"
SHARE = f"{FILTERS}::test_what_a_share_refuses_is_told_in_the_events_of_the_job"
LIBRARY = f"{FILTERS}::test_what_a_document_library_refuses_is_told_in_the_events_of_the_job"
MAIL = f"{FILTERS}::test_what_a_mail_server_refuses_is_told_in_the_events_of_the_job"
WELL = f"{JOBS}::test_a_job_is_filed_and_told_from_its_creation_to_its_end"
FAILS = f"{JOBS}::test_a_filter_that_fails_ends_the_job"
GOES_ON = f"{JOBS}::test_with_continue_on_error_the_next_filter_works_all_the_same"
CANCEL = f"{JOBS}::test_cancel_is_for_the_creator_and_ends_the_job_at_once"

TOLD: list[tuple[StrEnum, str]] = [
    (JobState.CREATING, WELL),
    (JobState.PENDING, WELL),
    (JobState.STARTED, WELL),
    (JobState.PROCESSING, WELL),
    (JobState.COMPLETED, WELL),
    (JobState.ABORTED, FAILS),
    (JobState.TERMINATING, CANCEL),
    (JobState.CANCELED, CANCEL),
    (JobStateReason.NONE, WELL),
    (JobStateReason.TIMED_OUT, f"{JOBS}::test_ten_minutes_without_an_end_are_too_long"),
    (JobStateReason.NO_VALID_INSTRUCTIONS, f"{JOBS}::test_what_no_process_offers_is_not_done"),
    (JobStateReason.CREATE_FAILED, f"{JOBS}::test_a_job_that_cannot_be_kept_is_not_begun"),
    (JobStateReason.SEND_IMAGE_FAILED, f"{JOBS}::test_an_image_too_large_ends_the_job"),
    (JobStateReason.CANCELED, CANCEL),
    (JobStateReason.PROCESSING_FAILED, FAILS),
    (JobStateReason.COMPLETED_SUCCESSFULLY, WELL),
    (JobStateReason.COMPLETED_WITH_ERRORS, GOES_ON),
    (JobStateReason.COMPLETED_WITH_WARNINGS, LIBRARY),
    (FilterState.PENDING, WELL),
    (FilterState.PROCESSING, WELL),
    (FilterState.CANCELED, CANCEL),
    (FilterState.COMPLETED_SUCCESSFULLY, WELL),
    (FilterState.COMPLETED_WITH_ERRORS, FAILS),
    (FilterState.COMPLETED_WITH_WARNINGS, LIBRARY),
    (FilterStateReason.INVALID_ARGS, SHARE),
    (FilterStateReason.OUT_OF_DISK_SPACE, f"{FILTERS}::test_a_scan_server_whose_own_disk_is_full_says_so"),
    (FilterStateReason.SERVER_OUT_OF_MEMORY, f"{FILTERS}::test_a_scan_server_without_memory_says_so"),
    (FilterStateReason.UNKNOWN_ERROR, LIBRARY),
    (FilterStateReason.FILE_SHARE_ACCESS_DENIED, SHARE),
    (FilterStateReason.FILE_SHARE_OUT_OF_DISK_SPACE, SHARE),
    (FilterStateReason.SHARE_POINT_ACCESS_DENIED, LIBRARY),
    (FilterStateReason.SHARE_POINT_OUT_OF_DISK_SPACE, LIBRARY),
    (FilterStateReason.INVALID_SMTP_SERVER, MAIL),
    (FilterStateReason.UNABLE_TO_SEND_EMAIL, MAIL),
]
NEVER = (JobState.PENDING_HELD,)  # "cannot be initiated through Web services", the page of JobState says
WORDS = (*REASONS, *JobStateReason, *FilterState, *FilterStateReason)  # some are spelt alike


def test_every_word_has_a_test_and_no_other_has() -> None:
    named = [word for word, _ in TOLD]
    assert sorted(map(repr, (*named, *NEVER))) == sorted(map(repr, WORDS))


@pytest.mark.parametrize(("word", "test"), TOLD, ids=[repr(word) for word, _ in TOLD])
def test_the_test_says_the_word(word: StrEnum, test: str) -> None:
    path, _, name = test.partition("::")
    assert name in sources(path), f"{test} is gone"
    assert str(word) in sources(path)[name]


@cache
def sources(path: str) -> dict[str, str]:
    """What the tests of a file expect: the strings in what they assert, compare or await, and no others."""
    return {
        node.name: "\n".join(_strings(node))
        for node in ast.parse((ROOT / path).read_text("utf-8")).body
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef) and node.name.startswith("test_")
    }


def _strings(test: ast.AST) -> Iterator[str]:
    expecting = (each for each in ast.walk(test) if isinstance(each, ast.Assert | ast.Await | ast.Compare))
    inside = (each for expectation in expecting for each in ast.walk(expectation))
    return (each.value for each in inside if isinstance(each, ast.Constant) and isinstance(each.value, str))
