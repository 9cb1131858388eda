"""Agents nobody here wrote: net-snmp's snmpd and snmpsim serve an MFP, v2c and v3, and the driver follows it."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from drivers.contract.clock import SystemClock
from drivers.contract.driver import Device
from drivers.contract.errors import DeviceRefused, DriverError
from drivers.contract.observation import Feeder, JobKind, Phase, Readiness, Trouble, TroubleKind, Unit
from drivers.snmp.credentials import Auth, Community, Credentials, Privacy, User
from drivers.snmp.device import open_device
from drivers.snmp.link import open_link
from tests.ports import kept_port
from tests.system import debian

PROJECT = Path(__file__).resolve().parents[2]
PASSWORD, SECRET = "correct horse", "battery staple"
V2C = Community("hall")
V3 = User("watcher", Auth.SHA256, PASSWORD, Privacy.AES, SECRET)
V3_SHA = User("watcher", Auth.SHA, PASSWORD, Privacy.AES, SECRET, context=V2C.name)  # snmpsim's files are contexts

JM = "1.3.6.1.4.1.2699.1.1.1"
HP = "1.3.6.1.4.1.11.2.3.9.4.2.1.2.2"
# An HP MFP with a scan and an incoming fax in its job tables, a jammed feeder in its alerts, 600 supplies to walk.
STILL = {
    "1.3.6.1.2.1.1.1.0": "4|HP ETHERNET MULTI-ENVIRONMENT",
    "1.3.6.1.2.1.1.2.0": "6|1.3.6.1.4.1.11.2.3.9.1",
    "1.3.6.1.2.1.1.3.0": "67|123456",
    "1.3.6.1.2.1.25.3.2.1.2.1": "6|1.3.6.1.2.1.25.3.1.5",
    "1.3.6.1.2.1.25.3.2.1.3.1": "4|HP LaserJet MFP Elsewhere",
    "1.3.6.1.2.1.25.3.2.1.5.1": "2|3",
    "1.3.6.1.2.1.25.3.5.1.2.1": "4x|0800",
    "1.3.6.1.2.1.43.5.1.1.17.1": "4|ELSE0001",
    "1.3.6.1.2.1.43.5.1.1.18.1": "65|1",
    "1.3.6.1.2.1.43.5.1.1.19.1": "65|1",
    "1.3.6.1.2.1.43.16.5.1.2.1.1": "4|Jam in document feeder",
    "1.3.6.1.2.1.43.18.1.1.2.1.9": "2|3",
    "1.3.6.1.2.1.43.18.1.1.4.1.9": "2|52",
    "1.3.6.1.2.1.43.18.1.1.7.1.9": "2|8",
    "1.3.6.1.2.1.43.18.1.1.8.1.9": "4|Jam in document feeder",
    f"{HP}.1.12.0": "2|1",
    f"{HP}.1.75.0": "4x|00000003",
    f"{HP}.2.1.0": "4x|00000000",
    f"{JM}.1.1.1.2.1": "2|2",
    f"{JM}.1.1.1.3.1": "2|7",
    f"{JM}.1.1.1.4.1": "2|8",
    f"{JM}.1.1.1.5.1": "2|60",
    f"{JM}.3.1.1.2.1.7": "2|5",
    f"{JM}.3.1.1.2.1.8": "2|5",
    f"{JM}.3.1.1.8.1.7": "2|2",
    f"{JM}.3.1.1.9.1.7": "4|anna",
    f"{JM}.4.1.1.3.1.7.24.1": "2|8",
    f"{JM}.4.1.1.3.1.8.24.1": "2|16",
    **{f"1.3.6.1.2.1.43.11.1.1.6.1.{row}": f"4|Toner {row}" for row in range(1, 601)},
}
ENDED = {
    f"{JM}.1.1.1.2.1": "2|1",
    f"{JM}.1.1.1.3.1": "2|8",
    f"{JM}.3.1.1.2.1.7": "2|9",
    f"{JM}.3.1.1.3.1.7": "2|524288",
    f"{JM}.3.1.1.8.1.7": "2|3",
}


def write(path: Path, objects: dict[str, str]) -> None:
    """A .snmprec file, replaced at once."""
    order = sorted(objects, key=lambda name: [int(arc) for arc in name.split(".")])
    work = path.with_suffix(".new")
    work.write_text("".join(f"{name}|{objects[name]}\n" for name in order))
    work.replace(path)


def said(log: Path) -> str:
    return log.read_text("utf-8", "replace")


async def opened(port: int, credentials: Credentials, process: asyncio.subprocess.Process, log: Path) -> Device:
    """Once the agent answers."""
    async with asyncio.timeout(60):
        while True:
            assert process.returncode is None, said(log)
            try:
                return await open_device("127.0.0.1", port, credentials, clock=SystemClock(), timeout=1, retries=1)
            except DriverError as err:
                told = err
            try:
                await asyncio.wait_for(process.wait(), 0.2)
            except TimeoutError:
                continue
            raise AssertionError(f"{told}\n{said(log)}")


@asynccontextmanager
async def running(*command: str, env: dict[str, str], log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *command, env=env, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def net_snmpd(folder: Path, recording: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, int, Path]]:
    root = debian.packages("snmpd", "snmp")
    port, state, config, log = kept_port(), folder / "state", folder / "snmpd.conf", folder / "snmpd.log"
    state.mkdir()
    program = f"{sys.executable} -P {PROJECT / 'tests/system/snmp_pass.py'} {recording}"
    mib_2 = ("1.3.6.1.2.1.1", "1.3.6.1.2.1.25.3", "1.3.6.1.2.1.38", "1.3.6.1.2.1.43")
    subtrees = (*mib_2, "1.3.6.1.4.1.11", "1.3.6.1.4.1.2699")
    config.write_text(
        "\n".join(
            [
                f"rocommunity {V2C.name} 127.0.0.1",
                f'createUser {V3.name} SHA-256 "{PASSWORD}" AES "{SECRET}"',
                f"rouser {V3.name} priv",
                *(f"pass_persist -p 10 .{subtree} {program}" for subtree in subtrees),
                "",
            ]
        )
    )
    env = root.env(SNMP_PERSISTENT_DIR=state, SNMPCONFPATH="/nonexistent", PYTHONPATH=PROJECT, MIBS="")
    only = ("-I", "pass_persist,pass,vacm_conf,vacm_vars,usmConf,usmUser,snmpEngine,snmpv3mibs")
    command = (root.program("snmpd"), "-f", "-Lo", "-C", "-c", str(config), "-p", str(folder / "pid"), *only)
    async with running(*command, f"udp:127.0.0.1:{port}", env=env, log=log) as process:
        yield process, port, log


@asynccontextmanager
async def snmpsim(folder: Path, recording: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, int, Path]]:
    root = debian.packages("snmpsim", "python3-pysnmp4", "python3-pycryptodome", "python3")
    port, data, log = kept_port(), folder / "data", folder / "snmpsim.log"
    data.mkdir()
    (data / f"{V2C.name}.snmprec").symlink_to(recording)
    python = root.path / "usr/lib/python3/dist-packages"
    script = root.path / "usr/bin/snmpsimd"
    command = (
        "/usr/bin/python3",
        str(script),
        f"--data-dir={data}",
        f"--cache-dir={folder / 'cache'}",
        f"--agent-udpv4-endpoint=127.0.0.1:{port}",
        "--process-user=root",
        "--process-group=root",
        f"--v3-user={V3_SHA.name}",
        f"--v3-auth-key={PASSWORD}",
        "--v3-auth-proto=SHA",
        f"--v3-priv-key={SECRET}",
        "--v3-priv-proto=AES",
    )
    env = root.env(PYTHONPATH=python, PYTHONDONTWRITEBYTECODE="1")
    async with running(*command, env=env, log=log) as process:
        yield process, port, log


AGENTS = {
    "net-snmp, v2c": (net_snmpd, V2C),
    "net-snmp, v3 SHA-256 and AES": (net_snmpd, V3),
    "snmpsim, v2c": (snmpsim, V2C),
    "snmpsim, v3 SHA and AES": (snmpsim, V3_SHA),
}


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "mfp.snmprec"
    write(path, STILL)
    return path


@pytest.mark.parametrize(("serve", "credentials"), AGENTS.values(), ids=AGENTS)
async def test_a_foreign_agent_is_known_and_followed(tmp_path, recording, serve, credentials) -> None:
    async with serve(tmp_path, recording) as (process, port, log):
        device = await opened(port, credentials, process, log)
        try:
            assert (device.identity.name, device.identity.serial) == ("HP LaserJet MFP Elsewhere", "ELSE0001")
            first = await device.observers[0].poll()
            jam = Trouble(TroubleKind.JAM, Unit.FEEDER)
            assert (first.readiness, first.troubles, first.feeder) == (Readiness.STOPPED, {jam}, Feeder.LOADED)
            assert first.explanation == "Jam in document feeder"
            assert dict(first.facts)["printer"] == "warning door-open"
            assert [(job.kind, job.phase, job.pages, job.user) for job in first.jobs] == [
                (JobKind.SCAN, Phase.SCANNING, 2, "anna"),
                (JobKind.FAX_IN, Phase.SCANNING, None, None),
            ]
        finally:
            await device.close()


@pytest.mark.parametrize("credentials", [V2C, V3], ids=["v2c", "v3"])
async def test_a_job_that_ends_on_net_snmp_is_seen_to_end(tmp_path, recording, credentials) -> None:
    async with net_snmpd(tmp_path, recording) as (process, port, log):
        device = await opened(port, credentials, process, log)
        try:
            before = await device.observers[0].poll()
            write(recording, STILL | ENDED)
            after = await device.observers[0].poll()
            scan = after.jobs[0]
            assert scan.native_id == before.jobs[0].native_id
            assert (scan.phase, scan.pages, scan.reasons) == (Phase.DONE, 3, ("jobCompletedSuccessfully",))
        finally:
            await device.close()


@pytest.mark.parametrize("credentials", [V2C, V3], ids=["v2c", "v3"])
async def test_a_table_of_net_snmp_is_walked_whole(tmp_path, recording, credentials) -> None:
    async with net_snmpd(tmp_path, recording) as (process, port, log):
        await (await opened(port, credentials, process, log)).close()
        link = await open_link("127.0.0.1", port, credentials)
        try:
            walked = await link.walk("1.3.6.1.2.1.43.11.1.1.6", rows=1000)
        finally:
            await link.close()
        assert list(walked.values()) == [f"Toner {row}".encode() for row in range(1, 601)]


@pytest.mark.parametrize(
    "stranger",
    [
        User("nobody", Auth.SHA256, PASSWORD, Privacy.AES, SECRET),
        User("watcher", Auth.SHA256, "wrong password", Privacy.AES, SECRET),
        User("watcher", Auth.SHA256, PASSWORD),
    ],
    ids=["unknown user", "wrong password", "not encrypted"],
)
async def test_who_is_not_known_is_refused_and_told_no_password(tmp_path, recording, stranger) -> None:
    async with net_snmpd(tmp_path, recording) as (process, port, log):
        await (await opened(port, V3, process, log)).close()
        with pytest.raises(DeviceRefused) as caught:
            await open_device("127.0.0.1", port, stranger, clock=SystemClock(), timeout=1, retries=0)
        assert "password" not in str(caught.value)
        assert SECRET not in repr(stranger) + str(caught.value)


async def test_the_product_looks_at_an_agent_as_a_user_and_tells_no_password(tmp_path, recording) -> None:
    (tmp_path / "auth").write_text(f"{PASSWORD}\n")
    (tmp_path / "privacy").write_text(f"{SECRET}\n")
    async with net_snmpd(tmp_path, recording) as (process, port, log):
        await (await opened(port, V3, process, log)).close()
        words = ["--snmp", f"127.0.0.1:{port}", "--user", V3.name, "--auth", "sha256", "--json"]
        words += ["--auth-file", str(tmp_path / "auth"), "--privacy-file", str(tmp_path / "privacy")]
        status, out, err = await command("devices", *words)
        assert (status, err) == (0, "")
        (device,) = json.loads(out)
        assert (device["manufacturer"], device["serial"], device["state"]) == ("HP", "ELSE0001", "stopped")
        assert [(job["kind"], job["phase"], job["source"]) for job in device["jobs"]] == [
            ("scan", "scanning", "Job Monitoring MIB"),
            ("fax_in", "scanning", "Job Monitoring MIB"),
        ]
        (tmp_path / "auth").write_text("not the password\n")
        status, out, err = await command("devices", *words)
        assert (status, out) == (1, "")
        assert "refuses our credentials" in err
        assert "not the password" not in err


async def command(*words: str) -> tuple[int, str, str]:
    """The product's command: exit status, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bridge.cli",
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, out.decode(), err.decode()
