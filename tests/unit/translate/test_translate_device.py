"""A device's snapshots as ScannerState, reasons, conditions and their history."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bridge.translate import report
from bridge.translate.device import HISTORY, Condition, DeviceView, look, reasons, remembered, state
from bridge.wsscan.operations import GetScannerElementsResponse
from bridge.wsscan.sections import ScannerElementData, ScannerElements, ScannerSection
from bridge.wsscan.year import Year, respell
from drivers.contract.observation import (
    ButtonPress,
    Feeder,
    JobReport,
    Phase,
    Readiness,
    Snapshot,
    Trouble,
    TroubleKind,
    Unit,
)
from tests.schema import schema

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(seconds=30)
JAM = Trouble(TroubleKind.JAM, Unit.FEEDER)
COVER = Trouble(TroubleKind.COVER_OPEN, Unit.PLATEN)
LAMP = Trouble(TroubleKind.LAMP_WARMING, Unit.PLATEN)


def usb(readiness: Readiness = Readiness.IDLE, *troubles: Trouble, explanation: str = "") -> Snapshot:
    return Snapshot("usb", readiness, frozenset(troubles), explanation=explanation)


def snmp(readiness: Readiness = Readiness.IDLE, *troubles: Trouble, explanation: str = "") -> Snapshot:
    return Snapshot("snmp", readiness, frozenset(troubles), explanation=explanation)


def after(*snapshots: Snapshot) -> DeviceView:
    view = DeviceView()
    for snapshot in snapshots:
        view = look(view, snapshot, NOON)
    return view


def told(view: DeviceView, *, scanning: bool = False) -> tuple[str, list[str]]:
    return str(state(view, scanning=scanning)), [str(reason) for reason in reasons(view, scanning=scanning)]


def test_a_device_nobody_looked_at_is_stopped() -> None:
    assert told(DeviceView()) == ("Stopped", ["AttentionRequired"])


def test_idle_asleep_and_busy() -> None:
    assert told(after(usb())) == ("Idle", [])
    assert told(after(usb(Readiness.ASLEEP))) == ("Idle", [])
    assert told(after(usb(Readiness.BUSY))) == ("Processing", [])
    assert told(after(usb()), scanning=True) == ("Processing", [])
    assert told(after(usb(Readiness.WARMING))) == ("Idle", ["LampWarming"])
    assert told(after(usb(Readiness.WARMING, LAMP))) == ("Idle", ["LampWarming"])


def test_a_trouble_is_raised_once_and_cleared_with_the_snapshot_that_lacks_it() -> None:
    view = look(DeviceView(), usb(Readiness.STOPPED, JAM), NOON)
    assert told(view) == ("Stopped", ["MediaJam"])
    assert [(condition.id, condition.trouble, condition.since) for condition in view.active] == [(1, JAM, NOON)]
    view = look(view, usb(Readiness.STOPPED, JAM), LATER)
    assert [(condition.id, condition.since) for condition in view.active] == [(1, NOON)]
    view = look(view, usb(), LATER)
    assert told(view) == ("Idle", [])
    assert view.active == ()
    assert [(condition.id, condition.since, condition.cleared) for condition in view.history] == [(1, NOON, LATER)]


def test_what_an_earlier_run_told_stands_until_everybody_has_looked() -> None:
    kept = [Condition(7, JAM, NOON), Condition(8, COVER, NOON)]
    assert [Condition.from_json(each.to_json()) for each in kept] == kept
    view = remembered(kept, 70)
    assert told(view) == ("Stopped", ["MediaJam", "CoverOpen"])
    view = look(view, usb(Readiness.STOPPED, COVER), LATER, observers=2)
    assert [each.id for each in view.active] == [7, 8], "the agent, which told of the jam, has not looked yet"
    view = look(view, snmp(), LATER, observers=2)
    assert ([each.id for each in view.active], [each.id for each in view.history]) == ([8], [7])
    assert told(view) == ("Stopped", ["CoverOpen"])
    view = look(view, usb(Readiness.STOPPED, JAM), LATER, observers=2)
    assert [each.id for each in view.active] == [70]


def test_a_device_that_only_an_earlier_run_saw_is_where_those_who_look_say() -> None:
    view = remembered([Condition(1, LAMP, NOON)], 2)
    assert view.is_gone
    assert not look(view, snmp(), NOON, observers=2).is_gone


def test_ids_begin_again_when_there_are_no_more() -> None:
    view = look(remembered((), 2**31 - 1), usb(Readiness.STOPPED, JAM, COVER), NOON)
    assert [each.id for each in view.active] == [1, 2]


def test_the_same_trouble_again_is_a_new_condition() -> None:
    view = after(usb(Readiness.STOPPED, JAM), usb(), usb(Readiness.STOPPED, JAM))
    assert [condition.id for condition in view.active] == [2]
    assert [condition.id for condition in view.history] == [1]


def test_a_trouble_lasts_while_any_source_shows_it() -> None:
    view = after(usb(Readiness.STOPPED, COVER), snmp(Readiness.STOPPED, COVER), usb())
    assert [condition.id for condition in view.active] == [1]
    assert told(view) == ("Stopped", ["CoverOpen"])
    view = look(view, snmp(), LATER)
    assert view.active == ()
    assert told(view) == ("Idle", [])


def test_a_device_is_gone_when_all_its_sources_are() -> None:
    gone = snmp(Readiness.GONE, explanation="no answer")
    view = after(usb(), gone)
    assert told(view) == ("Idle", [])
    assert view.explanation == ""
    view = look(view, usb(Readiness.GONE, explanation="unplugged"), NOON)
    assert told(view) == ("Stopped", ["AttentionRequired"])
    assert view.explanation == "no answer; unplugged"
    view = look(view, usb(), NOON)
    assert told(view) == ("Idle", [])
    assert view.explanation == ""


def test_an_empty_feeder_keeps_nobody_from_the_platen() -> None:
    view = after(usb(Readiness.IDLE, Trouble(TroubleKind.FEEDER_EMPTY, Unit.FEEDER)))
    assert told(view) == ("Idle", [])
    (condition,) = report.scanner_status(view, NOON, scanning=False).active_conditions.device_condition
    assert (condition.name, condition.component, condition.severity) == ("InputTrayEmpty", "ADF", "Warning")


def test_a_trouble_without_a_condition_name_is_a_reason_only() -> None:
    view = after(usb(Readiness.STOPPED, Trouble(TroubleKind.PAUSED, Unit.PLATEN)))
    assert told(view) == ("Stopped", ["Paused"])
    status = report.scanner_status(look(view, usb(), LATER), LATER, scanning=False)
    assert status.active_conditions.device_condition == ()
    assert status.condition_history is None


def test_a_loaded_feeder_is_believed_before_an_empty_one() -> None:
    loaded = Snapshot("usb", Readiness.IDLE, feeder=Feeder.LOADED)
    empty = Snapshot("snmp", Readiness.IDLE, feeder=Feeder.EMPTY)
    assert after(loaded, empty).feeder is Feeder.LOADED
    assert after(empty).feeder is Feeder.EMPTY
    assert after(usb()).feeder is Feeder.UNKNOWN


def test_what_happened_is_not_how_the_device_is() -> None:
    busy = Snapshot("usb", Readiness.IDLE, jobs=(JobReport("1", Phase.SCANNING),), presses=(ButtonPress("scan", 1),))
    assert after(busy) == after(usb())


def test_the_history_is_bounded_and_newest_first() -> None:
    view = DeviceView()
    for _ in range(HISTORY + 5):
        view = look(look(view, usb(Readiness.STOPPED, JAM), NOON), usb(), LATER)
    assert [condition.id for condition in view.history] == list(range(HISTORY + 5, 5, -1))


troubles = st.frozensets(st.builds(Trouble, kind=st.sampled_from(TroubleKind), unit=st.sampled_from(Unit)), max_size=4)
snapshots = st.builds(
    Snapshot,
    source=st.sampled_from(["usb", "snmp", "escl"]),
    readiness=st.sampled_from(Readiness),
    troubles=troubles,
    explanation=st.sampled_from(["", "why"]),
)


@given(st.lists(snapshots, max_size=25))
def test_conditions_are_exactly_the_troubles_that_are_shown_and_no_id_comes_twice(looks: list[Snapshot]) -> None:
    view, latest = DeviceView(), dict[str, Snapshot]()
    since: dict[int, Trouble] = {}
    for snapshot in looks:
        view = look(view, snapshot, NOON)
        latest[snapshot.source] = snapshot
        shown = frozenset[Trouble]().union(*(known.troubles for known in latest.values()))
        assert {condition.trouble for condition in view.active} == shown
        assert len(view.active) == len(shown)
        for condition in view.active:
            assert since.setdefault(condition.id, condition.trouble) == condition.trouble
        assert not {condition.id for condition in view.active} & {condition.id for condition in view.history}


@given(st.lists(snapshots, max_size=6), st.booleans())
def test_the_status_is_valid_in_both_years(looks: list[Snapshot], scanning: bool) -> None:
    status = report.scanner_status(after(*looks), LATER, scanning=scanning)
    section = ScannerElementData(name=ScannerSection.STATUS, valid=True, scanner_status=status)
    answer = GetScannerElementsResponse(scanner_elements=ScannerElements(element_data=(section,))).to_xml()
    for year in Year:
        schema.validate(respell(answer, year), year)
