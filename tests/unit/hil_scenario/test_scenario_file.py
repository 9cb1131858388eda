"""What a scenario's file may say, and what is said where it may not."""

from pathlib import Path

import pytest

from hil.scenario import model
from hil.scenario.model import ScenarioError

WHOLE = """
title = "A page"
[[client]]
name = "ada"
[[stimulus]]
do = "jam"
when = { page = 1 }
[[expect]]
state = "Started"
"""


def wrong(text: str) -> str:
    with pytest.raises(ScenarioError) as err:
        model.parse(text, "here.toml")
    said = str(err.value)
    assert "\n" not in said
    return said


def test_what_is_not_said_has_its_default():
    scenario = model.parse(WHOLE, "here")
    assert scenario.device.family == "esci"
    assert scenario.client[0].source == "platen"
    assert scenario.stimulus[0].when.percent == 50


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = ", "here.toml: is not TOML: "),
        (WHOLE + "[[surprise]]\n", "here.toml: surprise: there is no such key"),
        (WHOLE.replace('name = "ada"', 'nmae = "ada"'), "here.toml: client[1].nmae: there is no such key"),
        (WHOLE.replace("page = 1", "page = 1, pgae = 2"), "here.toml: stimulus[1].when.pgae: there is no such key"),
        (WHOLE.replace("page = 1", "page = 0"), "here.toml: stimulus[1].when.page: Input should be greater than"),
        (WHOLE.replace("page = 1", "page = 1, at = 3"), "here.toml: stimulus[1].when: say one of at, page and after"),
        (WHOLE.replace("page = 1", "at = 1, percent = 5"), "here.toml: stimulus[1].when: percent belongs to page"),
        (WHOLE.replace("page = 1", "at = 1, wait = 5"), "here.toml: stimulus[1].when: wait belongs to after"),
        (WHOLE.replace('"jam"', '"burn"'), "here.toml: stimulus[1]: event 'burn': not known"),
        (WHOLE.replace('"jam"', '"jam@2"'), "here.toml: stimulus[1]: when it happens is said by `when`"),
        (WHOLE + '[device]\nscript = "adf=x"\n', "here.toml: device: script 'adf=x': adf: "),
        (WHOLE + '[device]\nscript = "/etc/x.toml"\n', "here.toml: device: a script stands here as one line"),
        (WHOLE + "[got.bob]\npages = 1\n", "here.toml: scenario: there is no client bob"),
        (WHOLE + '[[client]]\nname = "ada"\n', "here.toml: scenario: two clients have one name"),
        (WHOLE.replace('"Started"', '"Sleeping"'), "here.toml: expect[1].state"),
        ('title = "x"\n', "here.toml: scenario: nothing is expected, so it could not fail"),
        (WHOLE.replace('name = "ada"', 'name = "ada"\ndoes = "invited"'), "client[1]: who is to be invited needs a"),
        (WHOLE.replace('name = "ada"', 'name = "ada"\ndoes = "watch"\nretrieve = false'), "client[1]: who watches has"),
        (WHOLE + '"a\\nb" = 1\n', "here.toml: "),
    ],
)
def test_what_is_wrong_names_file_key_and_reason(text: str, said: str):
    assert said in wrong(text)


def test_a_file_that_is_not_there_or_too_large_is_said(tmp_path: Path):
    with pytest.raises(ScenarioError, match=r"no\.toml: No such file"):
        model.read(tmp_path / "no.toml")
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * (model.MOST_BYTES + 1))
    with pytest.raises(ScenarioError, match="larger than 256 KB"):
        model.read(large)
    with pytest.raises(ScenarioError, match="is no shipped scenario"):
        model.named("nothing")


def test_bytes_that_are_no_text_are_said(tmp_path: Path):
    path = tmp_path / "bytes.toml"
    path.write_bytes(b'title = "\xff"')
    with pytest.raises(ScenarioError, match=r"bytes\.toml"):
        model.read(path)


@pytest.mark.parametrize("name", model.shipped())
def test_every_shipped_scenario_can_be_read(name: str):
    assert model.named(name).title
