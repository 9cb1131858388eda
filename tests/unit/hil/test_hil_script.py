"""Scripts: one line or TOML, and clear errors for everything else."""

import pytest

from hil.devices.stimuli import After, At, CancelAtPanel, Cover, Jam, LoadPaper, Press, Slow, Unplug
from hil.script import ScriptError, read, stimulus


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("jam", Jam()),
        ("jam@2", At(2, 50.0, Jam())),
        ("jam 2", At(2, 50.0, Jam())),
        ("cancel@1:30%", At(1, 30.0, CancelAtPanel())),
        ("unplug@3:0", At(3, 0.0, Unplug())),
        ("press@1.5s", After(1.5, Press())),
        ("press 4", Press(4)),
        ("paper 5@2s", After(2.0, LoadPaper(5))),
        ("cover open", Cover(open=True)),
        ("  cover   close ", Cover(open=False)),
        ("slow 2.5", Slow(2.5)),
    ],
)
def test_an_event_means_this(text, meant):
    assert stimulus(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        *("", "dance", "jam@", "jam@0", "jam@1.5", "jam@1:101%", "paper", "paper 0", "paper 1.5", "paper -1", "slow 0"),
        *("press@nans", "press@-1s", "jam 2 3", "paper 99999999", "slow inf", "cover ajar", "jam@2@3"),
    ],
)
def test_what_is_no_event_is_refused_by_name(text):
    with pytest.raises(ScriptError, match="event"):
        stimulus(text)


def test_a_line_holds_settings_and_events():
    script = read("adf=3, warmup=0, jam@2, press@1s, serial=AB-1")
    assert (script.adf, script.warmup, script.serial) == (3, 0.0, "AB-1")
    assert script.stimuli == (At(2, 50.0, Jam()), After(1.0, Press()))


def test_nothing_is_the_plain_scanner():
    assert read("").adf == 0
    assert read("").stimuli == ()


def test_a_file_holds_the_same(tmp_path):
    path = tmp_path / "bad day.toml"
    path.write_text('adf = 3\nspeed = 0\nevents = ["jam@2"]\n')
    assert read(str(path)) == read("adf=3,speed=0,jam@2")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("sheets=3", "sheets: there is no such setting"),
        ("adf=many", "adf: "),
        ("adf=-1", "adf: "),
        ("adf=1,adf=2", "adf is given twice"),
        ("lastblock=sometimes", "lastblock: "),
        ("adf=3,dance", "event 'dance'"),
        ("serial=a b;c", "serial: "),
        ("speed=inf", "speed: "),
        ("nowhere.toml", "nowhere.toml: No such file"),
    ],
)
def test_an_error_names_the_key_and_the_reason(text, names):
    with pytest.raises(ScriptError) as caught:
        read(text)
    assert names in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_with_an_unknown_key_is_named(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text("adf = 3\nfeeder = 2\n")
    with pytest.raises(ScriptError, match=r"s\.toml: feeder: there is no such setting"):
        read(str(path))
    path.write_text("adf = \n")
    with pytest.raises(ScriptError, match=r"s\.toml: no TOML"):
        read(str(path))
