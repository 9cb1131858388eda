"""Looking at a simulated MFP, time turned by hand: what a bridge would be told."""

import itertools
from random import Random

import pytest

from drivers.contract.errors import DeviceGone, DeviceTimeout
from drivers.contract.observation import Feeder, Phase, Readiness, Trouble, TroubleKind, Unit
from drivers.snmp.device import key, open_on
from hil.devices.mfp.model import Mfp
from hil.devices.mfp.objects import mib
from hil.devices.stimuli import At, CancelAtPanel, Clear, Jam, LoadPaper, Plug, Press, Unplug
from hil.script import read
from hil.snmp.ber import Tag, Typed
from hil.snmp.mib import Mib, oid, overlay

SCRIPT = "warmup=1,speed=3508,feed=0.25"  # a page lasts a second
JAM = Trouble(TroubleKind.JAM, Unit.FEEDER)


@pytest.fixture
def model(clock):
    return Mfp(read(SCRIPT), clock.seconds)


@pytest.fixture
def link(link_to, model, clock):
    return link_to(lambda: mib(model, clock.seconds))


@pytest.fixture
async def observer(link, clock):
    device = await open_on(link, key("mfp"), clock)
    device.observers[0]._dice = Random(1)
    return device.observers[0]


async def watch(observer, seconds, clock):
    """Snapshots of `seconds`, each different from the one before."""
    seen, end = [], clock.seconds + seconds
    while clock.seconds < end:
        snapshot = await observer.poll()
        if not seen or snapshot != seen[-1]:
            seen.append(snapshot)
        await observer.rest(snapshot)
    return seen


def steps(snapshots):
    """Phase and pages of the only job, without repeats."""
    told = [(job.phase, job.pages) for snapshot in snapshots for job in snapshot.jobs]
    return [step for step, _ in itertools.groupby(told)]


async def test_the_opened_device_can_be_seen_and_not_asked_to_scan(link, clock) -> None:
    device = await open_on(link, key("mfp", 1161), clock)
    assert device.identity.key == "snmp-mfp:1161"
    assert device.identity.name == "HP LaserJet MFP Simulated"
    assert device.identity.serial == "SIM0000001"
    assert device.identity.firmware == "20240102"
    assert device.driver == "snmp"
    assert device.acquirer is None
    assert device.capabilities.feeder is None
    assert device.capabilities.buttons == ("scan",)


def test_the_key_of_an_ipv6_agent_has_brackets() -> None:
    assert key("fe80::1", 161) == "snmp-[fe80::1]:161"


async def test_a_panel_scan_of_three_sheets(observer, model, clock) -> None:
    model.update(clock.seconds, [LoadPaper(3), Press()])
    seen = await watch(observer, 12, clock)
    assert steps(seen) == [
        (Phase.WARMING, 0),
        (Phase.SCANNING, 0),
        (Phase.SCANNING, 1),
        (Phase.SCANNING, 2),
        (Phase.DONE, 3),
    ]
    assert {job.source for snapshot in seen for job in snapshot.jobs} == {Unit.FEEDER}
    assert [press.serial for snapshot in seen for press in snapshot.presses] == [1]
    assert seen[0].readiness is Readiness.BUSY
    assert (seen[-1].readiness, seen[-1].jobs, seen[-1].feeder) == (Readiness.IDLE, (), Feeder.EMPTY)


async def test_a_scan_from_the_glass(observer, model, clock) -> None:
    model.update(clock.seconds, [Press()])
    seen = await watch(observer, 6, clock)
    assert steps(seen)[-1] == (Phase.DONE, 1)
    assert {job.source for snapshot in seen for job in snapshot.jobs} == {Unit.PLATEN}


async def test_a_jam_at_page_two_fails_the_job_and_stops_the_scanner_until_cleared(observer, model, clock) -> None:
    model.update(clock.seconds, [LoadPaper(3), At(2, 50, Jam()), Press()])
    seen = await watch(observer, 12, clock)
    assert steps(seen)[-2:] == [(Phase.SCANNING, 1), (Phase.FAILED, 1)]
    assert (seen[-1].readiness, seen[-1].troubles) == (Readiness.STOPPED, frozenset({JAM}))
    assert seen[-1].explanation == "paper jam in the document feeder"
    model.update(clock.seconds, [Clear()])
    after = await observer.poll()
    assert (after.readiness, after.troubles, after.explanation) == (Readiness.IDLE, frozenset(), "")


async def test_the_stop_key_is_a_cancel_at_the_panel(observer, model, clock) -> None:
    model.update(clock.seconds, [LoadPaper(3), At(2, 50, CancelAtPanel()), Press()])
    seen = await watch(observer, 12, clock)
    last = [job for snapshot in seen for job in snapshot.jobs][-1]
    assert (last.phase, last.pages, last.at_panel) == (Phase.CANCELED, 1, True)


async def test_pages_missed_by_slow_looking_are_found_in_the_counters(observer, model, clock) -> None:
    model.update(clock.seconds, [LoadPaper(5), Press()])
    await observer.poll()
    clock.turn(5.0)  # pages 1 to 3 are over, page 4 is under way
    (job,) = (await observer.poll()).jobs
    assert (job.phase, job.pages) in [(Phase.SCANNING, 2), (Phase.SCANNING, 3)]
    clock.turn(60.0)
    (job,) = (await observer.poll()).jobs
    assert (job.phase, job.pages) == (Phase.DONE, 5)


async def test_a_silent_agent_is_a_timeout_then_gone_and_then_back(observer, model, clock) -> None:
    model.update(clock.seconds, [Unplug()])
    for _ in range(2):
        with pytest.raises(DeviceTimeout):
            await observer.poll()
    paces = []
    for _ in range(6):
        with pytest.raises(DeviceGone):
            await observer.poll()
        paces.append(observer.pace())
    assert paces == [2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    model.update(clock.seconds, [Plug()])
    assert (await observer.poll()).readiness is Readiness.IDLE
    assert observer.pace() == 2.0


async def test_a_job_that_ended_while_the_cable_was_out_is_told_when_it_is_back(observer, model, clock) -> None:
    await observer.poll()
    model.update(clock.seconds, [LoadPaper(2), Press()])
    clock.turn(1.5)
    assert [job.pages for job in (await observer.poll()).jobs] == [0]
    model.update(clock.seconds, [Unplug()])
    with pytest.raises(DeviceTimeout):
        await observer.poll()
    clock.turn(60.0)
    model.update(clock.seconds, [Plug()])
    (job,) = (await observer.poll()).jobs
    assert (job.phase, job.pages) == (Phase.DONE, 2)


async def test_it_looks_seldom_while_idle_and_often_while_a_job_runs(observer, model, clock) -> None:
    idle = await observer.poll()
    await observer.rest(idle)
    assert 1.8 <= clock.slept[-1] <= 2.2
    model.update(clock.seconds, [Press()])
    busy = await observer.poll()
    await observer.rest(busy)
    assert 0.25 <= clock.slept[-1] <= 0.5


async def test_an_idle_look_is_one_get_and_alerts_are_walked_on_change_only(observer, link) -> None:
    await observer.poll()
    link.asked.clear()
    link.walked.clear()
    for _ in range(5):
        await observer.poll()
    assert (len(link.asked), link.walked) == (5, [])


async def test_an_alert_about_the_scanner_stops_it_and_one_about_the_printer_does_not(link_to, model, clock) -> None:
    alert = "1.3.6.1.2.1.43.18.1.1"
    rows = {"1.3.6.1.2.1.43.5.1.1.19.1": Typed(Tag.COUNTER32, 0)}  # prtAlertAllEvents
    link = link_to(
        lambda: overlay(mib(model, clock.seconds) or Mib({}), [(oid(name), typed) for name, typed in rows.items()])
    )
    device = await open_on(link, "k", clock)
    watcher = device.observers[0]
    assert (await watcher.poll()).readiness is Readiness.IDLE
    for group, readiness in ((13, Readiness.IDLE), (52, Readiness.STOPPED)):
        rows["1.3.6.1.2.1.43.5.1.1.19.1"] = Typed(Tag.COUNTER32, group)
        rows[f"{alert}.2.1.7"] = Typed(Tag.INTEGER, 3)
        rows[f"{alert}.4.1.7"] = Typed(Tag.INTEGER, group)
        rows[f"{alert}.7.1.7"] = Typed(Tag.INTEGER, 8)
        rows[f"{alert}.8.1.7"] = Typed(Tag.OCTETS, b"Jam in feeder")
        snapshot = await watcher.poll()
        assert snapshot.readiness is readiness
    assert snapshot.explanation == "Jam in feeder"


async def test_an_alert_that_goes_without_being_counted_is_gone_within_seconds(link_to, model, clock) -> None:
    alert = "1.3.6.1.2.1.43.18.1.1"
    rows = {
        "1.3.6.1.2.1.43.5.1.1.19.1": Typed(Tag.COUNTER32, 9),
        **{f"{alert}.{column}.1.7": Typed(Tag.INTEGER, value) for column, value in ((2, 3), (4, 52), (7, 8))},
    }
    link = link_to(
        lambda: overlay(mib(model, clock.seconds) or Mib({}), [(oid(name), typed) for name, typed in rows.items()])
    )
    watcher = (await open_on(link, "k", clock)).observers[0]
    snapshot = await watcher.poll()
    assert snapshot.troubles == {JAM}
    for name in [name for name in rows if name.startswith(alert)]:
        del rows[name]
    gone = clock.seconds
    while snapshot.troubles:
        await watcher.rest(snapshot)
        snapshot = await watcher.poll()
    assert clock.seconds - gone < 8


async def test_a_scanner_whose_row_is_down_is_stopped(link_to, clock) -> None:
    objects = {
        oid("1.3.6.1.2.1.1.2.0"): Typed(Tag.OID, oid("1.3.6.1.4.1.1248.1.1.2.1.6")),
        oid("1.3.6.1.2.1.25.3.2.1.2.1"): Typed(Tag.OID, oid("1.3.6.1.2.1.25.3.1.1")),
        oid("1.3.6.1.2.1.25.3.2.1.3.1"): Typed(Tag.OCTETS, b"DS-860"),
        oid("1.3.6.1.2.1.25.3.2.1.5.1"): Typed(Tag.INTEGER, 5),
    }
    device = await open_on(link_to(lambda: Mib(objects)), "k", clock)
    snapshot = await device.observers[0].poll()
    assert device.identity.name == "Epson DS-860"
    assert snapshot.readiness is Readiness.STOPPED
    assert snapshot.troubles == {Trouble(TroubleKind.ATTENTION, Unit.MEDIA_PATH)}
    assert snapshot.explanation == "the device reports that its scanner is down"


@pytest.mark.parametrize("pages", [1, 2, 5])
async def test_pages_never_fall_and_never_run_ahead_wherever_the_looks_fall(observer, model, clock, pages) -> None:
    for offset in range(8):
        clock.turn(offset / 5.3)
        await observer.poll()
        before = model.state.adf_pages
        model.update(clock.seconds, [LoadPaper(pages), Press()])
        told = [0]
        end = clock.seconds + 4 + pages * 2
        while clock.seconds < end:
            snapshot = await observer.poll()
            for job in snapshot.jobs:
                assert told[-1] <= job.pages <= model.state.adf_pages - before
                told.append(job.pages)
            await observer.rest(snapshot)
        assert told[-1] == pages
        assert not snapshot.jobs


UPTIME = "1.3.6.1.2.1.1.3.0"


async def test_an_idle_look_asks_for_nothing_that_always_moves_and_brings_the_same_snapshot(observer, link) -> None:
    first = await observer.poll()
    assert UPTIME in link.asked[-2] + link.asked[-1]
    link.asked.clear()
    assert await observer.poll() is first
    assert [UPTIME in asked for asked in link.asked] == [False]


async def test_everything_is_read_again_within_a_minute_at_a_time_of_its_own(observer, link, clock) -> None:
    snapshot = await observer.poll()
    whole = []
    while len(whole) < 3:
        link.walked.clear()
        await observer.rest(snapshot)
        snapshot = await observer.poll()
        if "1.3.6.1.2.1.43.18.1.1" in link.walked:  # prtAlertEntry; the job tables have a time of their own
            whole.append(clock.seconds)
    assert whole[0] <= 1000 + 62
    assert all(52 <= later - before <= 68 for before, later in itertools.pairwise(whole))


JM = "1.3.6.1.4.1.2699.1.1.1"


async def test_a_scan_in_the_job_tables_makes_a_device_without_any_other_source_busy(link_to, clock) -> None:
    objects = {
        "1.3.6.1.2.1.1.3.0": Typed(Tag.TIME_TICKS, 5000),
        f"{JM}.1.1.1.2.1": Typed(Tag.INTEGER, 0),
        f"{JM}.1.1.1.3.1": Typed(Tag.INTEGER, 0),
        f"{JM}.1.1.1.4.1": Typed(Tag.INTEGER, 0),
    }
    link = link_to(lambda: Mib({oid(name): typed for name, typed in objects.items()}))
    device = await open_on(link, "k", clock)
    watcher = device.observers[0]
    assert (await watcher.poll()).readiness is Readiness.IDLE
    assert watcher.pace() == 2.0
    objects |= {
        f"{JM}.1.1.1.2.1": Typed(Tag.INTEGER, 1),
        f"{JM}.1.1.1.3.1": Typed(Tag.INTEGER, 3),
        f"{JM}.1.1.1.4.1": Typed(Tag.INTEGER, 3),
        f"{JM}.3.1.1.2.1.3": Typed(Tag.INTEGER, 5),
        f"{JM}.3.1.1.8.1.3": Typed(Tag.INTEGER, 1),
        f"{JM}.4.1.1.3.1.3.24.1": Typed(Tag.INTEGER, 8),
    }
    snapshot = await watcher.poll()
    assert (snapshot.readiness, [(job.phase, job.pages) for job in snapshot.jobs]) == (
        Readiness.BUSY,
        [(Phase.SCANNING, 1)],
    )
    assert watcher.pace() == 0.3
    # the agent is switched off and on: indexes begin anew, nothing is in its tables
    for name in [name for name in objects if name.startswith((f"{JM}.3", f"{JM}.4"))]:
        del objects[name]
    objects |= {f"{JM}.1.1.1.{column}.1": Typed(Tag.INTEGER, 0) for column in (2, 3, 4)}
    objects["1.3.6.1.2.1.1.3.0"] = Typed(Tag.TIME_TICKS, 10)
    (job,) = (await watcher.poll()).jobs
    assert (job.phase, job.reasons) == (Phase.FAILED, ("deviceRestarted",))


JOB_STATE = f"{JM}.3.1.1.2.1"


async def test_a_press_is_told_by_the_first_answer_that_shows_it_and_its_details_with_the_next(
    observer, link, model, clock
) -> None:
    await observer.poll()
    model.update(clock.seconds, [LoadPaper(1), Press()])
    link.asked.clear()
    link.walked.clear()
    told = await observer.poll()
    assert (len(link.asked), link.walked) == (1, [])
    assert [(job.phase, job.pages) for job in told.jobs] == [(Phase.WARMING, 0)]
    assert (told.readiness, len(told.presses)) == (Readiness.BUSY, 1)
    assert observer.pace() == 0.3
    after = await observer.poll()
    assert (after.jobs, after.presses, JOB_STATE in link.walked) == (told.jobs, (), True)


async def test_a_press_that_begins_no_job_is_told_once_and_looked_into(link_to, model, clock) -> None:
    rows = {"1.3.6.1.4.1.11.2.3.9.4.2.1.2.2.2.7.0": Typed(Tag.INTEGER, 1)}
    link = link_to(
        lambda: overlay(mib(model, clock.seconds) or Mib({}), [(oid(n), typed) for n, typed in rows.items()])
    )
    watcher = (await open_on(link, "k", clock)).observers[0]
    await watcher.poll()
    rows["1.3.6.1.4.1.11.2.3.9.4.2.1.2.2.2.7.0"] = Typed(Tag.INTEGER, 2)
    told = await watcher.poll()
    assert ([press.button for press in told.presses], told.jobs) == (["scan"], ())
    link.asked.clear()
    after = await watcher.poll()
    assert (after.presses, after.jobs) == ((), ())
    assert UPTIME in link.asked[0]  # all that belongs to it
    assert watcher.pace() == 2.0


async def test_that_nothing_stands_behind_the_last_job_is_asked_without_reading_all_again(
    observer, link, clock
) -> None:
    first = await observer.poll()
    link.asked.clear()
    link.walked.clear()
    looks = 0
    while link.walked.count(JOB_STATE) < 3:
        clock.turn(2.0)
        assert await observer.poll() is first
        looks += 1
    assert looks == 9  # 15 s of persistence, asked for three times in that, looked at every 2 s
    assert len(link.asked) == looks
    assert not any(UPTIME in asked for asked in link.asked)


async def test_a_scan_that_passed_between_two_looks_is_found_by_that_question(link_to, clock) -> None:
    objects = {
        "1.3.6.1.2.1.1.3.0": Typed(Tag.TIME_TICKS, 5000),
        **{f"{JM}.1.1.1.{column}.1": Typed(Tag.INTEGER, 0) for column in (2, 3, 4)},
    }
    link = link_to(lambda: Mib({oid(name): typed for name, typed in objects.items()}))
    watcher = (await open_on(link, "k", clock)).observers[0]
    await watcher.poll()
    for index in (1, 2, 3):
        objects |= {
            f"{JM}.3.1.1.2.1.{index}": Typed(Tag.INTEGER, 9),
            f"{JM}.3.1.1.8.1.{index}": Typed(Tag.INTEGER, index),
            f"{JM}.4.1.1.3.1.{index}.24.1": Typed(Tag.INTEGER, 8),
        }
    told = []
    for _ in range(3):
        clock.turn(2.0)
        told = [(job.phase, job.pages) for job in (await watcher.poll()).jobs] or told
    assert told == [(Phase.DONE, 1), (Phase.DONE, 2), (Phase.DONE, 3)]


async def test_a_scan_that_the_job_tables_alone_show_is_told_before_everything_else_is_read(link_to, clock) -> None:
    objects = {
        "1.3.6.1.2.1.1.3.0": Typed(Tag.TIME_TICKS, 5000),
        **{f"{JM}.1.1.1.{column}.1": Typed(Tag.INTEGER, 0) for column in (2, 3, 4)},
    }
    link = link_to(lambda: Mib({oid(name): typed for name, typed in objects.items()}))
    watcher = (await open_on(link, "k", clock)).observers[0]
    await watcher.poll()
    link.asked.clear()
    link.walked.clear()
    objects |= {
        **{f"{JM}.1.1.1.{column}.1": Typed(Tag.INTEGER, 1) for column in (2, 3, 4)},
        f"{JM}.3.1.1.2.1.1": Typed(Tag.INTEGER, 5),
        f"{JM}.4.1.1.3.1.1.24.1": Typed(Tag.INTEGER, 8),
    }
    (job,) = (await watcher.poll()).jobs
    assert (job.phase, watcher.pace()) == (Phase.SCANNING, 0.3)
    assert (len(link.asked), link.walked) == (2, [JOB_STATE])
    assert (await watcher.poll()).jobs == (job,)
    assert UPTIME in link.asked[2]


async def test_a_job_that_does_not_say_yet_what_it_is_is_asked_until_it_does(link_to, clock) -> None:
    objects = {
        "1.3.6.1.2.1.1.3.0": Typed(Tag.TIME_TICKS, 5000),
        **{f"{JM}.1.1.1.{column}.1": Typed(Tag.INTEGER, 1) for column in (2, 3, 4)},
        f"{JM}.3.1.1.2.1.1": Typed(Tag.INTEGER, 5),
    }
    link = link_to(lambda: Mib({oid(name): typed for name, typed in objects.items()}))
    watcher = (await open_on(link, "k", clock)).observers[0]
    assert (await watcher.poll()).jobs == ()
    objects[f"{JM}.4.1.1.3.1.1.24.1"] = Typed(Tag.INTEGER, 8)
    told = ()
    for _ in range(3):
        clock.turn(2.0)
        told = told or (await watcher.poll()).jobs
    assert [job.phase for job in told] == [Phase.SCANNING]


async def test_looks_are_not_in_step_with_those_of_others(observer, clock) -> None:
    snapshot, waits = await observer.poll(), []
    for _ in range(20):
        before = clock.seconds
        await observer.rest(snapshot)
        waits.append(clock.seconds - before)
    assert len(set(waits)) == 20
    assert all(1.8 <= wait <= 2.2 for wait in waits)
