"""Every shipped scenario on the hand-turned clock: on its simulated device, on a tape of that run, and again."""

import gc
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.daemon import Daemon
from hil.faults.plan import USB, Fault, Plan, Planned
from hil.scenario import enumeration, model, runs
from hil.scenario.runs import Outcome, Run
from hil.scenario.seen import Lane
from hil.scenario.taping import tape_of

NAMES = tuple(model.shipped())
IDS = re.compile(
    rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<=127\.0\.0\.1:)\d+|(?<=ScanIdentifier>)[^<]+"
)
FAULTY = {name for name in NAMES if model.named(name).device.faults}
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def done() -> dict[str, Run]:
    """Each once, for all tests."""
    return {}


def run(done: dict[str, Run], name: str) -> Run:
    if name not in done:
        done[name] = runs.simulated(name, model.named(name))
    return done[name]


def told(found: Run) -> list[tuple[float, str, str]]:
    return [(round(each.at, 6), each.client, each.line) for each in found.seen.events]


def test_there_are_enough_of_them():
    assert len(NAMES) >= 15


@pytest.mark.parametrize("name", NAMES)
def test_it_passes_on_the_simulated_device(name: str, done: dict[str, Run]):
    found = run(done, name)
    assert (found.outcome, found.complaints) == (Outcome.PASSED, ())
    assert found.seen.events
    assert found.left == ()


@pytest.mark.parametrize("name", NAMES)
def test_it_passes_on_its_own_tape_with_the_same_events(name: str, done: dict[str, Run]):
    first = run(done, name)
    again = runs.taped(name, model.named(name), tape_of(first))
    assert (again.outcome, again.complaints, again.left) == (Outcome.PASSED, (), ())
    assert [each[1:] for each in told(again)] == [each[1:] for each in told(first)]


def test_a_job_of_ten_minutes_takes_no_time(done: dict[str, Run]):
    found = run(done, "slow-motor")
    assert 540 < found.seen.seconds < 660
    assert found.seconds < found.seen.seconds / 4


def test_a_second_run_is_the_same_to_the_byte_and_the_microsecond_apart_from_ids(done: dict[str, Run]):
    for name in ("button", "unplug-mid-page", "panel-scan-jam", "two-clients"):
        first, second = run(done, name), runs.simulated(name, model.named(name))
        for one, other in zip(first.seen.events, second.seen.events, strict=True):
            assert (one.at, IDS.sub(b"ID", one.raw)) == (other.at, IDS.sub(b"ID", other.raw))
        assert first.seen.deeds == second.seen.deeds
        usb = [[(each.at, each.text, each.size) for each in found.seen.passages] for found in (first, second)]
        assert usb[0] == usb[1]


def test_another_process_with_another_order_of_hashes_tells_the_same():
    program = (
        "import hashlib, logging, re, sys\n"
        "from hil.scenario import model, runs\n"
        "logging.disable()\n"
        f"ids = re.compile({IDS.pattern!r})\n"
        "found = runs.simulated('jam-cleared', model.named('jam-cleared'))\n"
        "print(hashlib.sha256(repr([(e.at, e.client, ids.sub(b'ID', e.raw)) for e in found.seen.events]).encode())"
        ".hexdigest())\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1


def test_a_run_that_must_fail_says_all_that_is_wrong():
    text = """
title = "Everything wrong"
[device]
script = "adf=1,warmup=0,speed=0"
[[client]]
name = "ada"
source = "adf"
[[expect]]
scans = 2
[[never]]
state = "Started"
[[job]]
state = "Canceled"
scans = 2
[scanner]
state = "Stopped"
[got.ada]
pages = 2
refused = ""
"""
    scenario = model.parse("limit = 20\n" + text.lstrip(), "wrong")
    found = runs.simulated("wrong", scenario)
    assert found.outcome is Outcome.FAILED
    said = "\n".join(found.complaints)
    for words in (
        "it was not over after 20 s",
        "ada: expectation 1 (JobStatus 2 scanned) did not come",
        "ada was told what must never be told: JobStatus job 1 Started",
        "job 1 ended JobEndState job 1 Completed",
        "job 1 ended with 1 scanned, not 2",
        "the scanner is Idle",
        "ada got 1 images, not 2",
        "ada met ClientErrorNoImagesAvailable, not none",
    ):
        assert words in said


def test_a_scenario_with_a_bad_link_is_not_runnable_where_there_is_none():
    assert FAULTY
    for name in FAULTY:
        found = runs.real(name, model.named(name), runs.Chosen.parse("usb:04b8:0110"), ())
        assert found.outcome is Outcome.NOT_RUNNABLE


def test_every_fifteenth_transfer_cut_or_garbled_ends_the_job_and_the_next_client_scans():
    text = """
title = "Small"
[device]
script = "warmup=0,speed=600"
[[client]]
name = "ada"
height = 1000
resolution = 50
[[expect]]
state = "Completed"
"""
    small = enumeration.without_expectations(model.parse(text, "small"))
    transfers = sum(each.lane is Lane.USB for each in runs.simulated("small", small).seen.passages)
    assert transfers > 50
    for fault in (Fault.CUT, Fault.GARBLE):
        for transfer in range(3, 90, 15):
            plan = Plan(Planned(fault, transfer, transfer), allowed=USB)
            found = runs.simulated("small", small, plan)
            assert [each.number for each in plan.struck] == [transfer]
            assert (found.outcome, found.complaints, found.left) == (Outcome.PASSED, (), ())
            assert len(found.seen.got[enumeration.NEXT].pages) == 1


def test_of_a_run_that_is_over_no_bridge_is_kept():
    runs.simulated("platen", model.named("platen"))
    gc.collect()
    assert not [each for each in gc.get_objects() if isinstance(each, Daemon)]
