"""The handshake by hand from the MIB text: 1 idle, 2 start, 3 active, 4 aborted, 5 done, 6 newpage."""

from collections.abc import Iterable

import pytest

from drivers.contract.observation import Feeder, JobReport, Phase, Unit
from drivers.snmp.vendors.hp_upload import LINGER, Look, Track, Upload, follow, jobs

IDLE, START, ACTIVE, ABORTED, DONE, NEWPAGE = (Upload(n) for n in (1, 2, 3, 4, 5, 6))


def told(looks: Iterable[Look]) -> list[tuple[Phase, int | None]]:
    """Phase and pages after each look that changed them; one job only."""
    track, seen = Track("t"), []
    for look in looks:
        track = follow(track, look)
        for job in jobs(track):
            assert job.native_id == "t-1"
            if not seen or seen[-1] != (job.phase, job.pages):
                seen.append((job.phase, job.pages))
    return seen


def states(*values: Upload) -> list[Look]:
    return [Look(value) for value in values]


def test_a_panel_scan_of_two_pages_is_one_job() -> None:
    assert told(states(IDLE, START, ACTIVE, NEWPAGE, START, ACTIVE, DONE, IDLE)) == [
        (Phase.WARMING, 0),
        (Phase.SCANNING, 0),
        (Phase.SCANNING, 1),
        (Phase.DONE, 2),
    ]


def test_a_newpage_between_two_looks_is_known_by_the_start_after_it() -> None:
    assert told(states(IDLE, ACTIVE, START, ACTIVE, DONE)) == [
        (Phase.SCANNING, 0),
        (Phase.SCANNING, 1),
        (Phase.DONE, 2),
    ]


def test_a_job_that_passed_whole_between_two_looks_has_at_least_a_page() -> None:
    assert told(states(IDLE, DONE, IDLE)) == [(Phase.DONE, 1)]


def test_a_final_state_from_before_we_looked_is_no_job() -> None:
    assert told(states(DONE, DONE, IDLE)) == []
    assert told(states(ABORTED, IDLE)) == []


def test_the_same_final_state_seen_again_is_no_second_job() -> None:
    looks = states(IDLE, ACTIVE, *[DONE] * 20)
    assert told(looks) == [(Phase.SCANNING, 0), (Phase.DONE, 1)]


def test_pages_of_a_job_that_ran_before_we_looked_are_not_known() -> None:
    assert told(states(ACTIVE, NEWPAGE, START, ACTIVE, DONE)) == [(Phase.SCANNING, None), (Phase.DONE, None)]


def test_counters_correct_missed_pages_and_take_off_the_page_under_way() -> None:
    looks = [
        Look(IDLE, adf=100, flatbed=7),
        Look(ACTIVE, adf=100, flatbed=7),
        Look(ACTIVE, adf=102, flatbed=7),  # newpage and start passed unseen, page 2 or 3 is under way
        Look(DONE, adf=103, flatbed=7),
    ]
    assert told(looks) == [(Phase.SCANNING, 0), (Phase.SCANNING, 1), (Phase.DONE, 3)]


def test_counters_never_take_pages_away() -> None:
    looks = [Look(IDLE, adf=5), Look(ACTIVE, adf=5), Look(NEWPAGE, adf=5), Look(ACTIVE, adf=0), Look(DONE, adf=0)]
    assert told(looks)[-1] == (Phase.DONE, 2)


def test_a_counter_that_leaps_is_not_believed() -> None:
    assert told([Look(IDLE, adf=5), Look(ACTIVE, adf=10_884_743), Look(DONE, adf=10_884_743)])[-1] == (Phase.DONE, 1)


@pytest.mark.parametrize(
    ("error", "phase", "at_panel"),
    [
        (207, Phase.FAILED, False),
        (208, Phase.CANCELED, False),
        (209, Phase.CANCELED, False),
        (210, Phase.CANCELED, True),
        (211, Phase.FAILED, False),
        (213, Phase.FAILED, False),
        (0, Phase.FAILED, False),
        (None, Phase.FAILED, False),
    ],
)
def test_aborted_ends_as_its_error_says(error: int | None, phase: Phase, at_panel: bool) -> None:
    track = Track("t")
    for look in (Look(IDLE), Look(START), Look(ABORTED, error=error)):
        track = follow(track, look)
    assert jobs(track) == (JobReport("t-1", phase, 0, at_panel=at_panel),)


def test_no_document_after_a_page_is_a_good_end() -> None:
    looks = [*states(IDLE, ACTIVE, NEWPAGE, START), Look(ABORTED, error=211)]
    assert told(looks)[-1] == (Phase.DONE, 1)


def test_active_to_idle_with_a_fresh_error_is_that_error() -> None:
    looks = [Look(IDLE, error=0), Look(ACTIVE, error=0), Look(IDLE, error=209)]
    assert told(looks)[-1] == (Phase.CANCELED, 0)


def test_active_to_idle_with_an_error_of_an_earlier_job_is_a_done_that_was_missed() -> None:
    looks = [Look(IDLE, error=207), Look(ACTIVE, error=207), Look(IDLE, error=207)]
    assert told(looks)[-1] == (Phase.DONE, 1)


def test_active_to_idle_without_an_error_object_and_without_a_counted_page_is_the_hosts_cancel() -> None:
    assert told([Look(IDLE, adf=9), Look(ACTIVE, adf=9), Look(IDLE, adf=9)])[-1] == (Phase.CANCELED, 0)
    assert told([Look(IDLE, adf=9), Look(ACTIVE, adf=9), Look(IDLE, adf=10)])[-1] == (Phase.DONE, 1)


def test_newpage_to_idle_is_the_host_content_with_what_it_has() -> None:
    assert told(states(IDLE, ACTIVE, NEWPAGE, IDLE))[-1] == (Phase.DONE, 1)


def test_start_to_idle_is_a_job_withdrawn() -> None:
    assert told(states(IDLE, START, IDLE))[-1] == (Phase.CANCELED, 0)


def test_a_trouble_while_it_runs_stops_the_job() -> None:
    looks = [Look(IDLE), Look(ACTIVE), Look(ACTIVE, troubled=True), Look(ACTIVE), Look(DONE)]
    assert told(looks) == [(Phase.SCANNING, 0), (Phase.STOPPED, 0), (Phase.SCANNING, 0), (Phase.DONE, 1)]


def test_a_device_that_restarted_has_lost_its_job() -> None:
    assert told([Look(IDLE), Look(ACTIVE), Look(IDLE, restarted=True)])[-1] == (Phase.FAILED, 0)


def test_an_ended_job_is_reported_for_some_looks_and_then_goes() -> None:
    track = Track("t")
    for look in states(IDLE, ACTIVE, DONE):
        track = follow(track, look)
    reported = []
    for _ in range(LINGER + 1):
        reported.append(len(jobs(track)))
        track = follow(track, Look(IDLE))
    assert reported == [1, 1, 1, 0]


def test_each_run_has_an_id_of_its_own() -> None:
    track = Track("t")
    ids = []
    for look in states(IDLE, ACTIVE, DONE, START, ACTIVE, ABORTED, IDLE):
        track = follow(track, look)
        ids += [job.native_id for job in jobs(track)]
    assert sorted(set(ids)) == ["t-1", "t-2"]


def sources(*looks: Look) -> list[Unit | None]:
    track, seen = Track("t"), []
    for look in looks:
        track = follow(track, look)
        seen += [job.source for job in jobs(track)]
    return seen


def test_the_source_is_the_loaded_feeder_until_the_glass_counts() -> None:
    loaded = Feeder.LOADED
    looks = [Look(state, flatbed=3 + (state is DONE), feeder=loaded) for state in (IDLE, ACTIVE, DONE)]
    assert sources(*looks) == [Unit.FEEDER, Unit.PLATEN]


def test_an_empty_feeder_at_the_start_is_the_glass_and_later_tells_nothing() -> None:
    empty = Feeder.EMPTY
    assert sources(Look(IDLE, feeder=empty), Look(START, feeder=empty), Look(ACTIVE, feeder=empty)) == [
        Unit.PLATEN,
        Unit.PLATEN,
    ]
    assert sources(Look(IDLE, feeder=empty), Look(ACTIVE, feeder=empty), Look(DONE, adf=1)) == [None, None]
    assert sources(Look(IDLE, adf=4, feeder=empty), Look(ACTIVE, adf=4, feeder=empty), Look(DONE, adf=5)) == [
        None,
        Unit.FEEDER,
    ]


def test_a_device_without_the_object_has_no_jobs() -> None:
    assert told([Look(None, adf=1), Look(None, adf=2)]) == []
