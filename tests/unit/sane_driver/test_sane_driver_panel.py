"""Buttons and sensors that are options: what is one, and what a press is."""

import pytest

from drivers.contract.errors import DeviceGarbled
from drivers.contract.observation import Feeder, Readiness, Trouble, TroubleKind, Unit
from drivers.sane.options import Options
from drivers.sane.panel import Fingers, Panel
from drivers.sane.protocol import HARD_SELECT, INACTIVE, SOFT_DETECT, SOFT_SELECT, Type

SENSED = SOFT_DETECT | HARD_SELECT


def option(number: int, name: str, kind: Type = Type.BOOL, cap: int = SENSED) -> dict[str, object]:
    return {"number": number, "name": name, "type": kind, "unit": 0, "cap": cap, "value": None}


def panel(*options: dict[str, object]) -> Panel:
    return Panel.of(Options.read(list(options)))


def test_an_option_that_only_the_device_changes_is_a_sensor():
    found = panel(
        option(1, "scan"),
        option(2, "button-1", Type.INT),
        option(3, "page-loaded"),
        option(4, "cover-open"),
        option(5, "email", cap=SENSED | INACTIVE),
        option(6, "copy", cap=SOFT_SELECT | SOFT_DETECT),
        option(7, "scan-count", Type.INT),
        option(8, "button-update", Type.BUTTON, SOFT_SELECT),
    )
    assert found.buttons == ("scan", "button-1")
    assert (found.feeder, found.cover, found.refresh) == (3, 4, 8)
    assert found.numbers == (3, 4, 1, 2)


def test_paper_and_cover_are_told():
    found = panel(option(3, "page-loaded"), option(4, "cover-open"))
    assert found.seen([True, False]).feeder is Feeder.LOADED
    assert found.seen([False, False]).feeder is Feeder.EMPTY
    assert found.seen([None, False]).feeder is Feeder.UNKNOWN
    opened = found.seen([False, True])
    assert (opened.readiness, opened.troubles) == (
        Readiness.STOPPED,
        {Trouble(TroubleKind.COVER_OPEN, Unit.FEEDER)},
    )


def test_a_button_held_down_is_one_press():
    found, fingers = panel(option(1, "scan"), option(2, "copy")), Fingers()
    assert fingers.went_down(found, [False, False]) == ()
    assert fingers.went_down(found, [True, False]) == ("scan",)
    assert fingers.went_down(found, [True, False]) == ()
    assert fingers.went_down(found, [True, True]) == ("copy",)
    assert fingers.went_down(found, [False, False]) == ()
    assert fingers.went_down(found, [True, True]) == ("scan", "copy")


def test_a_button_that_is_down_when_the_device_is_opened_was_not_pressed_for_us():
    found, fingers = panel(option(1, "scan")), Fingers()
    assert fingers.went_down(found, [True]) == ()
    fingers.forget()
    assert fingers.went_down(found, [True]) == ()


def test_a_button_that_counts_is_pressed_when_its_value_changes():
    found, fingers = panel(option(1, "button-1", Type.INT)), Fingers()
    assert [fingers.went_down(found, [value]) for value in (0, 1, 1, 2, 0)] == [
        (),
        ("button-1",),
        (),
        ("button-1",),
        (),
    ]


@pytest.mark.parametrize("told", [None, "options", [{"number": 1}], [option(1, "x") | {"type": 77}], [[]]])
def test_options_that_make_no_sense_are_garbled(told: object):
    with pytest.raises(DeviceGarbled):
        Options.read(told)
