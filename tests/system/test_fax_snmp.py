"""Fax timelines of an MFP as a program hears them: net-snmp's snmpd, or the simulated MFP, serves the job tables; the
product follows them and serves Server-Sent Events; who listens is Python's own urllib, and the product's `fax`.
"""

import asyncio
import json
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hil.devices.mfp.serve import mfp
from hil.devices.stimuli import FaxCall, HangUp, Restart
from tests.ports import kept_port
from tests.system import product
from tests.system.test_snmp_foreign import JM, STILL, V2C, net_snmpd, write

IDLE = {name: value for name, value in STILL.items() if not name.startswith(JM)}
IDLE |= {f"{JM}.1.1.1.{column}.1": f"2|{value}" for column, value in ((2, 0), (3, 0), (4, 0), (5, 15), (6, 15))}
MODEM = "1.3.6.1.2.1.38.1.1.7.1.6"  # mdmCCConnectionFailReason
UPTIME = "1.3.6.1.2.1.1.3.0"
PENDING, PROCESSING, CANCELED, ABORTED, COMPLETED = 3, 5, 7, 8, 9
IN, OUT = 0x10, 0x20


def row(index: int, service: int, state: int, pages: int, *, wanted: int = -2, reasons: int = 0) -> dict[str, str]:
    """One job, as an agent has it."""
    return {
        f"{JM}.3.1.1.2.1.{index}": f"2|{state}",
        f"{JM}.3.1.1.3.1.{index}": f"2|{reasons}",
        f"{JM}.3.1.1.8.1.{index}": f"2|{pages}",
        f"{JM}.4.1.1.3.1.{index}.24.1": f"2|{service}",
        f"{JM}.4.1.1.3.1.{index}.130.1": f"2|{wanted}",
    }


def active(*indexes: int) -> dict[str, str]:
    """jmGeneralTable while these are active."""
    values = (len(indexes), min(indexes, default=0), max(indexes, default=0))
    return {f"{JM}.1.1.1.{column}.1": f"2|{value}" for column, value in enumerate(values, 2)}


@dataclass
class Ear:
    """A program that listens in a thread, with nothing but urllib."""

    url: str
    token: str
    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def listen(self) -> None:
        request = urllib.request.Request(f"{self.url}/fax/events?events=3")
        request.add_header("Authorization", f"Bearer {self.token}")
        event: dict[str, str] = {}
        with urllib.request.urlopen(request, timeout=60) as answer:
            for line in answer:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name:
                    event[name] = value
                elif event:
                    if "data" in event:
                        self.heard.append((event["event"], json.loads(event["data"])))
                    event = {}

    @property
    def words(self) -> list[str]:
        """`added`, `2/6 page 1`, `removed`: status, extended status code, page."""
        found = []
        for name, data in self.heard:
            if name.endswith("JobChanged"):
                job = data["job_status"]
                found.append(f"{job['Status']}/{job['ExtendedStatusCode']} page {job['CurrentPage']}")
            elif name != "Snapshot":
                found.append(name.removeprefix("OnIncomingJob").removeprefix("OnOutgoingJob").lower())
        return found

    async def until(self, holds: Callable[[list[str]], bool], seconds: float = 30) -> None:
        try:
            await product.until(lambda: holds(self.words), seconds)
        except TimeoutError:
            raise AssertionError(self.words) from None


@asynccontextmanager
async def following(place: Path, agent: int, community: str) -> AsyncIterator[tuple[Ear, Path]]:
    """The product follows that agent, and somebody listens; the configuration too."""
    port = kept_port()
    settings = f'[sane]\nenabled = false\n[fax]\nenabled = true\nlisten = "127.0.0.1:{port}"\n'
    settings += f'[[snmp]]\nhost = "127.0.0.1"\nport = {agent}\ncommunity = "{community}"\n'
    async with product.bridge(place, settings=settings):
        ear = Ear(f"http://127.0.0.1:{port}", (place / "state" / "fax-token").read_text().strip())
        listening = asyncio.get_running_loop().run_in_executor(None, ear.listen)
        await product.until(lambda: bool(ear.heard), 20)
        assert ear.heard[0][0] == "Snapshot"
        yield ear, place / "bridge.toml"
    await asyncio.wait_for(listening, 20)  # the stream ends with the bridge


async def command(*words: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bridge.cli", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, out.decode(), err.decode()


async def test_faxes_of_net_snmp_are_heard_from_beginning_to_end(tmp_path: Path) -> None:
    recording = tmp_path / "mfp.snmprec"
    write(recording, IDLE)
    async with net_snmpd(tmp_path, recording) as (_, agent, _), following(tmp_path, agent, V2C.name) as (ear, config):
        # One comes in, and its row is gone 15 s after its end; by then it was long told.
        write(recording, IDLE | active(7) | row(7, IN, PROCESSING, 0))
        await ear.until(lambda told: told == ["added", "2/6 page 0"])
        write(recording, IDLE | active(7) | row(7, IN, PROCESSING, 1))
        await ear.until(lambda told: told[-1:] == ["2/6 page 1"])
        status, out, err = await command(
            "fax", "--once", "--json", "--config", str(config), "--state-dir", str(tmp_path / "state")
        )
        assert (status, err) == (0, "")
        (job,) = json.loads(out)["jobs"]
        assert (job["direction"], job["job_status"]["CurrentPage"]) == ("incoming", 1)
        write(recording, IDLE | row(7, IN, COMPLETED, 2, reasons=0x80000))
        await ear.until(lambda told: told[-2:] == ["256/18 page 2", "removed"])
        # Its number is another fax's, which is sent and canceled at the panel.
        ear.heard.clear()
        write(recording, IDLE | active(7) | row(7, OUT, PENDING, 0, wanted=3))
        await ear.until(lambda told: told == ["added", "1/0 page 0"])
        write(recording, IDLE | active(7) | row(7, OUT, PROCESSING, 1, wanted=3))
        await ear.until(lambda told: told[-1:] == ["2/4 page 2"])
        write(recording, IDLE | row(7, OUT, CANCELED, 1, wanted=3, reasons=0x8000))
        await ear.until(lambda told: told[-2:] == ["512/0 page 2", "removed"])
        # The agent begins anew while one is on the line.
        ear.heard.clear()
        write(recording, IDLE | active(8) | row(8, IN, PROCESSING, 1))
        await ear.until(lambda told: told == ["added", "2/6 page 1"])
        write(recording, IDLE | {UPTIME: "67|100"})
        await ear.until(lambda told: [word.partition("/")[0] for word in told[-2:]] == ["8", "removed"])


async def test_the_modem_of_net_snmp_says_why_a_fax_failed(tmp_path: Path) -> None:
    recording = tmp_path / "mfp.snmprec"
    write(recording, IDLE | {f"{MODEM}.1": "2|31"})
    async with net_snmpd(tmp_path, recording) as (_, agent, _), following(tmp_path, agent, V2C.name) as (ear, _):
        for index, reason, told in ((7, 31, "8/8"), (8, 32, "8/9"), (9, 1, "8/0")):
            ear.heard.clear()
            modem = {f"{MODEM}.1": f"2|{reason}"}
            write(recording, IDLE | modem | active(index) | row(index, OUT, PROCESSING, 0, wanted=3))
            await ear.until(lambda heard: [word.partition("/")[0] for word in heard] == ["added", "2"])
            write(recording, IDLE | modem | row(index, OUT, ABORTED, 0, wanted=3, reasons=0x10000))
            await ear.until(lambda heard: heard[-1:] == ["removed"])
            assert ear.words[-2].partition(" ")[0] == told


async def test_faxes_of_the_simulated_mfp_are_heard_and_a_break_and_a_restart_end_them(tmp_path: Path) -> None:
    async with mfp() as rig, following(tmp_path, rig.port, "public") as (ear, _):
        rig.stimulate(FaxCall(incoming=False, pages=2))
        await ear.until(
            lambda told: told == ["added", "1/0 page 0", "2/4 page 1", "2/4 page 2", "256/18 page 2", "removed"]
        )
        ear.heard.clear()
        rig.stimulate(FaxCall(incoming=True, pages=9))
        await ear.until(lambda told: told[-1:] == ["2/6 page 1"])
        rig.stimulate(HangUp())
        await ear.until(lambda told: [word.partition("/")[0] for word in told[-2:]] == ["8", "removed"])
        ear.heard.clear()
        rig.stimulate(FaxCall(incoming=True, pages=9))
        await ear.until(lambda told: told[-1:] == ["2/6 page 0"])
        rig.stimulate(Restart())
        await ear.until(lambda told: [word.partition("/")[0] for word in told[-2:]] == ["8", "removed"])


async def test_one_agent_is_followed_in_the_terminal_without_any_bridge(tmp_path: Path) -> None:
    recording = tmp_path / "mfp.snmprec"
    write(recording, IDLE | active(3) | row(3, IN, PROCESSING, 1))
    async with net_snmpd(tmp_path, recording) as (_, agent, _):
        words = ("--snmp", f"127.0.0.1:{agent}", "--community", V2C.name)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bridge.cli", "fax", *words, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(40):
                first = (await process.stdout.readline()).decode()
                assert "INPROGRESS" in first
                assert "receiving  page 1 of 1" in first
                write(recording, IDLE | row(3, IN, COMPLETED, 2, reasons=0x80000))
                assert "COMPLETED         call completed  page 2 of 2" in (await process.stdout.readline()).decode()
                assert (await process.stdout.readline()).decode().rstrip().endswith("gone")
                process.send_signal(signal.SIGINT)
                assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        (("--snmp", "127.0.0.1:1"), 1, "127.0.0.1"),
        (("--hylafax", "127.0.0.1:1"), 1, "127.0.0.1"),
        (("--url", "http://127.0.0.1:1", "--token-file", "{token}"), 1, "127.0.0.1:1/fax/events"),
        (("--url", "http://127.0.0.1:1", "--state-dir", "{nowhere}"), 2, "fax-token: cannot be read"),
        ((), 2, "fax: enabled: is false"),
        (("--snmp", "a", "--hylafax", "b"), 2, "one too many"),
    ],
)
async def test_who_cannot_be_asked_is_named(tmp_path: Path, words: tuple[str, ...], status: int, why: str) -> None:
    (tmp_path / "token").write_text("a-token-that-is-long\n")
    (tmp_path / "none.toml").write_text("")
    said = [word.format(token=tmp_path / "token", nowhere=tmp_path / "no") for word in words]
    code, out, err = await command("fax", "--once", "--config", str(tmp_path / "none.toml"), *said)
    assert (code, out) == (status, "")
    assert why in err
    assert len(err.splitlines()) == 1


async def test_a_token_that_is_not_known_is_refused_by_the_running_bridge(tmp_path: Path) -> None:
    async with mfp() as rig, following(tmp_path, rig.port, "public") as (ear, _):
        (tmp_path / "token").write_text("another-token-than-that\n")
        code, out, err = await command("fax", "--url", ear.url, "--token-file", str(tmp_path / "token"))
        assert (code, out) == (1, "")
        assert "401 this token is not known" in err
        with pytest.raises(urllib.error.HTTPError):
            await asyncio.to_thread(Ear(ear.url, "another-token-than-that").listen)
