"""Who does a stimulus, and what is said where nobody can."""

import os
import sys
from pathlib import Path

import pytest

from hil.devices.stimuli import At, Clear, Jam, Plug, Unplug
from hil.devices.stimuli import Stimulus as Happens
from hil.scenario import actuators
from hil.scenario.actuators import CABLE, OUTLET, CannotAct, Commands, OnTape, Operator, Simulated, Switched, usb_port
from hil.scenario.model import Stimulus, When
from hil.scenario.runs import Chosen


class Body:
    """A device that keeps what happens to it."""

    failure = None

    def __init__(self) -> None:
        self.happened: list[Happens] = []

    async def find(self):
        return []

    def notice(self, listener):
        pass

    def stimulate(self, *stimuli: Happens) -> None:
        self.happened += stimuli


class Person:
    """Confirms, or says why not."""

    def __init__(self, answer: str = "") -> None:
        self.asked: list[str] = []
        self._answer = answer

    async def ask(self, text: str) -> None:
        self.asked.append(text)
        if self._answer:
            raise CannotAct(f"the operator says: {self._answer}")


class Relay:
    def __init__(self) -> None:
        self.positions: list[bool] = []

    async def set(self, on: bool) -> None:
        self.positions.append(on)


def happening(do: str, **when: object) -> Stimulus:
    return Stimulus(do=do, when=When.model_validate(when or {"at": 0}))


async def test_the_model_finds_the_middle_of_a_page_itself():
    body = Body()
    model = Simulated(body)
    assert model.arm(happening("jam", page=2, percent=40))
    assert not model.arm(happening("jam", at=3))
    await model.act(happening("power off"))
    await model.act(happening("power on"))
    assert body.happened == [At(2, 40, Jam()), Unplug(), Clear(), Plug()]


async def test_the_first_that_can_does_it():
    relay, person = Relay(), Person()
    rig = (Switched(relay, CABLE), Operator(person))
    assert await actuators.do(happening("unplug"), rig) == "unplug: switched off"
    assert await actuators.do(happening("plug"), rig) == "plug: switched on"
    await actuators.do(happening("cover open"), rig)
    assert relay.positions == [False, True]
    assert person.asked == ["Open the feeder's cover now."]


async def test_a_person_who_says_no_is_heard():
    with pytest.raises(CannotAct, match="the operator says: it is locked"):
        await actuators.do(happening("cover open"), (Operator(Person("it is locked")),))


@pytest.mark.parametrize(
    ("do", "sentence"),
    [
        ("paper 3", "Put 3 sheets into the feeder"),
        ("original 2", "Lay original 2 on the glass"),
        ("press 4", "Press scan button 4"),
        ("power off", "Switch the scanner off"),
        ("slow 3", None),
        ("inuse on", None),
    ],
)
def test_what_a_person_is_asked(do: str, sentence: str | None):
    assert Operator.sentence(happening(do)) == sentence


def test_a_sentence_of_the_scenarios_own_wins():
    stimulus = Stimulus(do="slow 3", ask="Hold the carriage back with your hand")
    assert Operator(Person()).can(stimulus)


def test_what_nothing_can_do_is_named():
    stimuli = (happening("unplug"), happening("jam"), happening("slow 2"), happening("jam"))
    assert actuators.lacking(stimuli, (Switched(Relay(), CABLE),)) == (
        "nothing here can do: jam, slow 2 (--operator asks a person)"
    )
    assert actuators.lacking(stimuli, (OnTape(),)) is None
    assert actuators.lacking((), ()) is None


async def test_commands_are_run_and_their_failure_is_said():
    ok, bad = (sys.executable, "-c", "pass"), (sys.executable, "-c", "import sys; print('no relay'); sys.exit(3)")
    await Commands(ok, ok).set(True)
    with pytest.raises(CannotAct, match="exit code 3: no relay"):
        await Commands(bad, ok).set(False)
    with pytest.raises(CannotAct, match="/no/such: No such file"):
        await Commands(("/no/such",), ok).set(False)


def test_a_usb_port_that_cannot_be_switched_is_said(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(CannotAct, match="is not HUB:PORT"):
        usb_port("2")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CannotAct, match="uhubctl is not installed"):
        usb_port("1-1:2")


async def test_uhubctl_switches_that_port_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "uhubctl").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/said\n')
    (tmp_path / "uhubctl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    port = usb_port("1-1.4:2")
    await port.set(False)
    await port.set(True)
    assert (tmp_path / "said").read_text() == "-l 1-1.4 -p 2 -a off\n-l 1-1.4 -p 2 -a on\n"


def test_the_outlet_has_the_words_of_power():
    assert OUTLET == ("power off", "power on")


@pytest.mark.parametrize("text", ["usb:04b8", "usb:xx:yy", "snmp:", "serial:1", ""])
def test_a_device_that_cannot_be_meant_is_refused(text: str):
    with pytest.raises(ValueError, match="is not usb:VVVV:PPPP"):
        Chosen.parse(text)


def test_devices_are_named_as_the_bridge_finds_them():
    assert Chosen.parse("usb:04B8:12b").ids == "usb-04b8-012b"
    assert Chosen.parse("snmp:mfp.example").settings["snmp"] == [{"host": "mfp.example"}]
    assert Chosen.parse("snmp:10.0.0.9:1161").settings["snmp"] == [{"host": "10.0.0.9", "port": 1161}]
    assert Chosen.parse("usbip:host:3240").settings["usb"] == {"enabled": False, "usbip": ["host:3240"]}
