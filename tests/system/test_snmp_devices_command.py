"""`wsd-scan-bridge devices --snmp`, against a simulated MFP and recordings' kind of agent."""

import argparse
import json
import subprocess
import sys

import pytest

from bridge.cli.agents import add
from hil.devices.mfp.serve import mfp
from hil.devices.stimuli import Jam, Press


async def asked(*arguments: str) -> tuple[int, str, str]:
    import asyncio

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bridge.cli", "devices", *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, out.decode(), err.decode()


async def test_one_agent_is_an_array_of_one_with_its_sources() -> None:
    async with mfp("adf=2,speed=100", community="hall") as rig:
        rig.stimulate(Press(), Jam())
        status, out, err = await asked("--snmp", f"{rig.host}:{rig.port}", "--community", "hall", "--json")
    assert (status, err) == (0, "")
    (device,) = json.loads(out)
    assert (device["manufacturer"], device["model"], device["serial"]) == (
        "HP",
        "HP LaserJet MFP Simulated",
        "SIM0000001",
    )
    assert device["state"] == "stopped"
    assert device["troubles"] == [
        {"kind": "jam", "unit": "feeder", "source": source} for source in ("HP scan objects", "Printer MIB")
    ]
    assert {each["name"]: each["value"] for each in device["counters"]}["feeder pages to a host"] == 320
    assert device["jobs"] == []
    assert device["sources"]["state"] == "HP scan objects"
    assert device["sources"]["model"] == "hrDeviceDescr"


async def test_people_get_a_table() -> None:
    async with mfp("adf=2") as rig:
        status, out, _ = await asked("--snmp", f"{rig.host}:{rig.port}")
    assert status == 0
    lines = [line.strip() for line in out.splitlines()]
    assert lines[0] == "HP LaserJet MFP Simulated"
    assert "state         idle   [HP scan objects]" in lines
    assert "feeder        loaded" in lines


async def test_a_wrong_community_is_an_error_that_does_not_tell_it() -> None:
    async with mfp(community="hall") as rig:
        status, out, err = await asked("--snmp", f"{rig.host}:{rig.port}", "--community", "s3cret", "--json")
    assert (status, out) == (1, "")
    assert "another community" in err
    assert "s3cret" not in err


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("mfp", ("mfp", 161)),
        ("192.0.2.1:1161", ("192.0.2.1", 1161)),
        ("[2001:db8::1]:99", ("2001:db8::1", 99)),
        ("[2001:db8::1]", ("2001:db8::1", 161)),
        ("2001:db8::1", ("2001:db8::1", 161)),
    ],
)
def test_a_place_is_a_host_and_perhaps_a_port(text: str, place: tuple[str, int]) -> None:
    parser = argparse.ArgumentParser()
    add(parser)
    assert parser.parse_args(["--snmp", text]).snmp == place


@pytest.mark.parametrize("text", ["", ":161", "mfp:0", "mfp:70000", "mfp:x", "[::1", "[]:161"])
def test_what_is_no_place_is_refused(text: str) -> None:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add(parser)
    with pytest.raises(argparse.ArgumentError):
        parser.parse_args(["--snmp", text])
