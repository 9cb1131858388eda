"""net-snmp's own programs read the bench's agent: the referee of our BER, our order and our GETBULK."""

import asyncio
import os
from pathlib import Path

import pytest

from hil.devices.mfp.serve import mfp
from hil.devices.stimuli import At, Jam, Press, Unplug
from hil.snmp.agent import Agent
from hil.snmp.ber import Tag
from hil.snmp.mib import Mib, oid, read_recording
from tests.system import debian

HP = ".1.3.6.1.4.1.11.2.3.9.4.2.1.2.2"
QUIET = ("-m", "", "-t", "1", "-r", "1", "-On")


@pytest.fixture(scope="module")
def net_snmp() -> debian.Root:
    return debian.packages("snmp")


@pytest.fixture
def recording() -> Mib:
    root = Path(__file__).parents[2] / os.environ.get("WSD_REALDATA", "../shared/realdata")
    path = root / "snmp" / "jetdirect_m130nw.snmprec"
    if not path.is_file():
        pytest.skip(f"no recording {path}: set WSD_REALDATA")
    return read_recording(path)


async def run(root: debian.Root, program: str, *arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error."""
    # net-snmp keeps state: not on the user's machine, but in the unpacked root
    process = await asyncio.create_subprocess_exec(
        root.program(program),
        *arguments,
        env=root.env(SNMPCONFPATH="/nonexistent", SNMP_PERSISTENT_DIR=root.path / "var/lib/snmp"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")


async def walked(root: debian.Root, agent: Agent, program: str, *arguments: str) -> list[tuple[int, ...]]:
    """The names that a walk from 1.3.6.1 prints."""
    host, port = await agent.start()
    try:
        status, out, err = await run(root, program, *QUIET, "-Oxq", *arguments, f"{host}:{port}", "1.3.6.1")
    finally:
        agent.close()
    assert status == 0, err
    return [oid(line.split()[0]) for line in out.splitlines() if line.startswith(".1.3.6.1.") and "No more" not in line]


@pytest.mark.parametrize(
    ("program", "arguments"),
    [("snmpwalk", ("-v2c", "-c", "public")), ("snmpbulkwalk", ("-v2c", "-c", "public", "-Cr40"))],
)
async def test_a_v2c_walk_prints_every_object_of_the_recording_in_order(
    net_snmp: debian.Root, recording: Mib, program: str, arguments: tuple[str, ...]
) -> None:
    agent = Agent(lambda: recording)
    names = await walked(net_snmp, agent, program, *arguments)
    assert names == recording.names
    if program == "snmpbulkwalk":
        assert agent.requests < 60  # 481 objects: many to a datagram


async def test_a_v1_walk_leaves_out_what_v1_cannot_say(net_snmp: debian.Root, recording: Mib) -> None:
    names = await walked(net_snmp, Agent(lambda: recording), "snmpwalk", "-v1", "-c", "public")
    expected = []
    for name in recording.names:
        typed = recording.get(name)
        if typed is not None and typed.tag is not Tag.COUNTER64:
            expected.append(name)
    assert names == expected


async def test_values_are_read_as_the_recording_has_them(net_snmp: debian.Root, recording: Mib) -> None:
    agent = Agent(lambda: recording)
    host, port = await agent.start()
    try:
        status, out, _ = await run(
            net_snmp,
            "snmpget",
            *QUIET,
            "-v2c",
            "-c",
            "public",
            f"{host}:{port}",
            "1.3.6.1.2.1.1.2.0",
            "1.3.6.1.2.1.1.3.0",
            "1.3.6.1.2.1.25.3.2.1.3.1",
            f"{HP}.2.1.0",
            f"{HP}.1.45.0",
            "1.3.6.1.2.1.4.20.1.3.192.168.100.129",
            "1.3.6.1.2.1.4.31.1.1.6.1",
            f"{HP}.1.12.0",
        )
    finally:
        agent.close()
    assert status == 0
    assert out.splitlines() == [
        ".1.3.6.1.2.1.1.2.0 = OID: .1.3.6.1.4.1.11.2.3.9.1",
        ".1.3.6.1.2.1.1.3.0 = Timeticks: (139939) 0:23:19.39",
        '.1.3.6.1.2.1.25.3.2.1.3.1 = STRING: "HP LaserJet MFP M130nw"',
        f"{HP}.2.1.0 = Hex-STRING: 00 00 00 10 ",
        f"{HP}.1.45.0 = INTEGER: 10884743",
        ".1.3.6.1.2.1.4.20.1.3.192.168.100.129 = IpAddress: 255.255.255.0",
        ".1.3.6.1.2.1.4.31.1.1.6.1 = Counter64: 1035908657",
        f"{HP}.1.12.0 = No Such Object available on this agent at this OID",
    ]


async def test_a_wrong_community_and_a_pulled_cable_are_time_outs(net_snmp: debian.Root) -> None:
    async with mfp() as rig:
        where = f"{rig.host}:{rig.port}"
        for community, unplugged in (("private", False), ("public", True)):
            if unplugged:
                rig.stimulate(Unplug())
            status, _, err = await run(
                net_snmp,
                "snmpget",
                "-m",
                "",
                "-t",
                "0.3",
                "-r",
                "0",
                "-v2c",
                "-c",
                community,
                where,
                "1.3.6.1.2.1.1.1.0",
            )
            assert (status, err.startswith("Timeout: No Response")) == (1, True)


async def test_a_set_is_refused(net_snmp: debian.Root) -> None:
    async with mfp() as rig:
        status, _, err = await run(
            net_snmp, "snmpset", *QUIET, "-v2c", "-c", "public", f"{rig.host}:{rig.port}", f"{HP}.1.12.0", "i", "2"
        )
        assert status == 2
        assert "Reason: notWritable" in err


async def test_a_jam_at_page_two_of_a_panel_scan_is_there_for_anybody_to_see(net_snmp: debian.Root) -> None:
    async with mfp("adf=3,warmup=0,speed=0,feed=0") as rig:
        rig.stimulate(At(2, 50, Jam()), Press())
        await asyncio.sleep(1.0)
        arguments = ("-v2c", "-c", "public", f"{rig.host}:{rig.port}")
        _, out, _ = await run(
            net_snmp, "snmpget", *QUIET, *arguments, f"{HP}.1.12.0", f"{HP}.1.6.0", f"{HP}.1.45.0", f"{HP}.2.1.0"
        )
    assert out.splitlines() == [
        f"{HP}.1.12.0 = INTEGER: 1",
        f"{HP}.1.6.0 = INTEGER: 207",
        f"{HP}.1.45.0 = INTEGER: 321",
        f"{HP}.2.1.0 = Hex-STRING: 00 00 00 08 ",
    ]
