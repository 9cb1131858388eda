"""Fax systems are followed whatever becomes of them: a source that is away keeps its jobs, and that is said once."""

import asyncio
import json
import logging
import subprocess
import sys
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from bridge.cli.main import main
from bridge.config import Config, Right, validate
from bridge.errors import ConfigError
from bridge.fax.faxcomex import AccessRights
from bridge.following import PAUSES, Overheard, agents, follow, source_of
from bridge.service.fax import FaxService
from bridge.state import MAX_FAX_LINES, State
from bridge.tokens import FILE, kept_token, own_token
from drivers.contract.capabilities import Capabilities
from drivers.contract.driver import Device, Finding
from drivers.contract.errors import DeviceGone, DeviceRefused, DriverError
from drivers.contract.fax import Direction, FaxPhase, FaxReport, FaxSnapshot
from drivers.contract.identity import Identity
from drivers.contract.observation import JobKind, JobReport, Phase, Readiness, Snapshot

TOKEN = '[[fax.token]]\ntoken = "0123456789abcdef"'
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Quick:
    """A clock on which every sleep is over at once, and written down."""

    def __init__(self, look: Callable[[], object] = lambda: None) -> None:
        self.slept: list[float] = []
        self._look = look

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    def boottime(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._look()
        await asyncio.sleep(0)


class Line:
    """A fax system that does what is on its list; at the end of it, the test is over."""

    def __init__(self, *acts: FaxSnapshot | DriverError | None) -> None:
        self.acts = list(acts)
        self.over = asyncio.Event()
        self.opened = self.closed = 0
        self.sources: list[str] = []

    async def open(self) -> "Line":
        self.opened += 1
        if self.acts and self.acts[0] is None:  # it cannot be opened
            self.acts.pop(0)
            self.closed += 1
            raise DeviceRefused("wrong password")
        return self

    async def poll(self) -> FaxSnapshot:
        if not self.acts:
            self.over.set()
            await asyncio.Event().wait()
        act = self.acts.pop(0)
        if isinstance(act, DriverError):
            raise act
        assert act is not None
        return act

    async def rest(self, seen: FaxSnapshot) -> None:
        self.sources.append(seen.source)

    async def close(self) -> None:
        self.closed += 1


def seen(phase: FaxPhase = FaxPhase.DIALING) -> FaxSnapshot:
    return FaxSnapshot("whatever it calls itself", (FaxReport("1", Direction.OUTGOING, phase),))


def service() -> FaxService:
    return FaxService(7, lambda source, line: 1)


async def followed(line: Line, told: FaxService, clock: Quick) -> None:
    task = asyncio.create_task(follow("office", line.open, told, clock))
    async with asyncio.timeout(5):
        await line.over.wait()
    task.cancel()
    await asyncio.wait((task,))


async def test_what_a_source_shows_is_told_under_the_name_it_was_given() -> None:
    told = service()
    await followed(Line(seen()), told, Quick())
    assert [job["job_id"] for job in told.jobs()] == ["office:outgoing:1"]


async def test_a_source_that_is_away_keeps_its_jobs_and_is_asked_less_and_less(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told, stale = service(), list[bool]()
    clock = Quick(lambda: stale.extend(job["stale"] for job in told.jobs()))
    gone = [DeviceGone(f"reset {number}") for number in range(7)]
    line = Line(seen(), *gone, seen(FaxPhase.DONE), DeviceGone("again"))
    with caplog.at_level(logging.WARNING, "bridge.following"):
        await followed(line, told, clock)
    assert stale == [True] * 8
    assert clock.slept == [*PAUSES, PAUSES[-1], PAUSES[-1], PAUSES[0]]
    assert [record.getMessage() for record in caplog.records] == [
        "fax source office: away: reset 0",
        "fax source office: back again",
        "fax source office: away: again",
    ]
    assert (line.opened, line.closed) == (1, 1)


async def test_a_server_that_lets_nobody_in_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    told = service()
    with caplog.at_level(logging.WARNING, "bridge.following"):
        await followed(Line(None, None, seen()), told, Quick())
    assert len(told.jobs()) == 1
    assert [record.getMessage().partition(": ")[2] for record in caplog.records] == [
        "away: wrong password",
        "back again",
    ]


class Machine:
    """An MFP's observer."""

    def __init__(self) -> None:
        self.shows: Snapshot | DriverError = Snapshot("snmp", Readiness.IDLE)

    async def poll(self) -> Snapshot:
        if isinstance(self.shows, DriverError):
            raise self.shows
        return self.shows

    async def rest(self, seen: Snapshot) -> None:
        raise AssertionError


def fax(phase: Phase, *reasons: str, kind: JobKind = JobKind.FAX_OUT, pages: int = 1) -> Snapshot:
    job = JobReport("5", phase, pages, kind=kind, reasons=reasons, pages_expected=3)
    return Snapshot("snmp", Readiness.IDLE, jobs=(job,))


async def test_an_mfp_that_is_away_keeps_its_faxes_called_stale() -> None:
    told, machine = service(), Machine()
    observer = Overheard(machine, "mfp", told)
    machine.shows = fax(Phase.SCANNING)
    await observer.poll()
    for away in (DeviceGone("off"), Snapshot("snmp", Readiness.GONE)):
        machine.shows = away
        if isinstance(away, DriverError):
            with pytest.raises(DeviceGone):
                await observer.poll()
        else:
            await observer.poll()
        assert [job["stale"] for job in told.jobs()] == [True]
        machine.shows = fax(Phase.SCANNING)
        await observer.poll()
        assert [job["stale"] for job in told.jobs()] == [False]


@pytest.mark.parametrize(
    ("phase", "reasons", "ends"),
    [
        (Phase.DONE, ("jobCompletedSuccessfully",), ["INPROGRESS", "COMPLETED", "removed"]),
        (Phase.FAILED, ("deviceRestarted",), ["INPROGRESS", "FAILED", "removed"]),
        (Phase.DONE, ("endNotSeen",), ["INPROGRESS", "removed"]),
        (Phase.FAILED, ("endNotSeen",), ["INPROGRESS", "removed"]),
    ],
)
def test_a_fax_whose_end_nobody_saw_is_not_said_to_have_been_sent(
    phase: Phase, reasons: tuple[str, ...], ends: list[str]
) -> None:
    told, heard = service(), list[str]()

    class Listener:
        def on_outgoing_job_added(self, job_id: str) -> None: ...
        def on_outgoing_job_changed(self, job_id: str, job_status: object) -> None:
            heard.append(str(job_status.status.name))  # type: ignore[attr-defined]

        def on_outgoing_job_removed(self, job_id: str) -> None:
            heard.append("removed")

    told.listen(Listener(), 2, AccessRights.QUERY_JOBS)  # type: ignore[arg-type]
    told.see_mfp("mfp", fax(Phase.SCANNING))
    told.see_mfp("mfp", fax(phase, *reasons, pages=3))
    told.see_mfp("mfp", Snapshot("snmp", Readiness.IDLE))
    assert heard[0] == ends[0]
    assert [heard[-len(ends) + 1 :], heard[-1]] == [ends[1:], "removed"]


def config(text: str = "") -> Config:

    return validate(tomllib.loads(text), "test")


async def test_only_agents_whose_faxes_are_wanted_are_overheard() -> None:
    said = config('[[snmp]]\nhost = "a"\n[[snmp]]\nhost = "b"\nfax = false\n[[snmp]]\nhost = "::1"\nport = 1161\n')
    told, machine = service(), Machine()
    machine.shows = fax(Phase.SCANNING)

    def finding(key: str) -> Finding:
        async def opened() -> Device:
            async def close() -> None: ...

            return Device(Identity(key, "HP", "MFP", "", ""), "snmp", Capabilities(), (machine,), None, close)

        return Finding(key, "snmp", key, opened)

    async def find() -> list[Finding]:
        return [finding(key) for key in ("snmp-a:161", "snmp-b:161", "snmp-[::1]:1161", "usb-04b8-0110@1-1")]

    for found in await agents(said, told).find(find):
        device = await found.open()
        await device.observers[0].poll()
    assert [job["job_id"] for job in told.jobs()] == ["snmp-a:161:outgoing:5", "snmp-[::1]:1161:outgoing:5"]


async def test_an_agent_beside_a_scanner_is_overheard_and_the_scanner_is_not() -> None:
    said = config('[[snmp]]\nhost = "a"\nscanner = "escl-b"\n')
    told, agent, scanner = service(), Machine(), Machine()
    scanner.shows = Snapshot("escl", Readiness.IDLE)
    agent.shows = fax(Phase.SCANNING)

    async def opened() -> Device:
        async def close() -> None: ...

        both = (scanner, agent)
        return Device(Identity("escl-b", "HP", "MFP", "", ""), "escl+snmp", Capabilities(), both, None, close)

    async def find() -> list[Finding]:
        return [Finding("escl-b", "escl+snmp", "both", opened)]

    (found,) = await agents(said, told).find(find)
    device = await found.open()
    for observer in (*device.observers, *device.observers):
        await observer.poll()
    scanner.shows = DeviceGone("asleep")
    with pytest.raises(DeviceGone):
        await device.observers[0].poll()
    assert [(job["job_id"], job["stale"]) for job in told.jobs()] == [("snmp-a:161:outgoing:5", False)]
    agent.shows = Snapshot("snmp", Readiness.GONE)
    await device.observers[1].poll()
    assert [job["stale"] for job in told.jobs()] == [True]


async def test_a_bug_about_faxes_keeps_no_scanner_from_being_looked_at(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(FaxService):
        def see_mfp(self, source: str, snapshot: Snapshot) -> None:
            raise ZeroDivisionError

    machine = Machine()
    observer = Overheard(machine, "mfp", Broken(7, lambda source, line: 1))
    with caplog.at_level(logging.ERROR, "bridge.following"):
        assert [await observer.poll(), await observer.poll()] == [machine.shows] * 2
    assert [record.getMessage() for record in caplog.records] == ["fax source mfp: broke"]


async def test_a_drivers_bug_is_told_and_the_source_is_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Line):
        async def rest(self, seen: FaxSnapshot) -> None:
            raise ZeroDivisionError

    told = service()
    with caplog.at_level(logging.WARNING, "bridge.following"):
        await followed(Broken(seen(), seen(FaxPhase.DONE)), told, Quick())
    assert [job["job_status"]["Status"] for job in told.jobs()] == [0x100]
    assert [record.getMessage() for record in caplog.records].count("fax source office: broke") == 2


def test_without_fax_nothing_of_it_is_loaded() -> None:
    of_it = ("bridge.fax", "bridge.following", "bridge.net.sse", "drivers.hylafax")
    look = f"import sys, bridge.cli.run; print([name for name in sys.modules if name.startswith({of_it})])"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_servers_are_told_apart_by_where_they_are() -> None:
    servers = config('[[fax.hylafax]]\nhost = "a"\n[[fax.hylafax]]\nhost = "::1"\nport = 4560\n').fax.hylafax
    assert [source_of(each) for each in servers] == ["hylafax-a:4559", "hylafax-[::1]:4560"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[fax]\nlisten = "0.0.0.0:5382"', r"not this machine's loopback: that needs a \[\[fax.token\]\]"),
        ('[fax]\nlisten = "192.0.2.1:5382"', "not this machine's loopback"),
        ('[[fax.token]]\ntoken = "short"', "16 to 200"),
        ('[[fax.token]]\ntoken = "with blanks in between"', "16 to 200"),
        ('[[fax.token]]\ntoken = "0123456789abcdef"\nrights = ["everything"]', "token.0.rights.0"),
        (
            '[[fax.token]]\ntoken = "0123456789abcdef"\n[[fax.token]]\ntoken = "0123456789abcdef"',
            "two tokens are the same",
        ),
        ('[[fax.hylafax]]\nhost = "a"\n[[fax.hylafax]]\nhost = "a"', "a:4559 is there 2 times"),
        ("[[fax.hylafax]]\nport = 4559", "is missing"),
    ],
)
def test_a_fax_section_that_cannot_be_is_refused(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        config(text)


def test_a_token_is_printed_nowhere(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:

    file = tmp_path / "it.toml"
    file.write_text('[fax]\nenabled = true\n[[fax.token]]\ntoken = "0123456789abcdef"\n')
    for more in ([], ["--json"]):
        assert main(["check-config", "--config", str(file), *more]) == 0
    assert "0123456789abcdef" not in capsys.readouterr().out


def test_the_rights_of_the_file_are_those_of_the_interface() -> None:

    assert [word.upper() for word in get_args(Right)] == [right.name for right in AccessRights]


def test_a_token_of_our_own_is_made_once_and_is_for_nobody_else(tmp_path: Path) -> None:
    made = own_token(tmp_path / "state")
    assert own_token(tmp_path / "state") == kept_token(tmp_path / "state") == made
    assert (tmp_path / "state" / FILE).stat().st_mode & 0o777 == 0o600
    assert len(made) >= 40


@pytest.mark.parametrize("content", ["", "short\n", "sixteen and more but with blanks\n", "ö" * 20])
def test_a_damaged_token_is_no_token(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=FILE):
        own_token(tmp_path)


def test_without_a_token_there_is_none_to_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        kept_token(tmp_path)


def test_a_fax_line_has_the_same_number_for_ever_and_no_other_has_it(tmp_path: Path) -> None:
    state = State(tmp_path, NOW)
    numbers = [state.fax_line(source, line) for source, line in (("a", "ttyS0"), ("a", "ttyS1"), ("b", "ttyS0"))]
    assert numbers == [1, 2, 3]
    again = State(tmp_path, NOW)  # the one before was killed
    assert [again.fax_line("b", "ttyS0"), again.fax_line("c", "x"), again.fax_line("a", "ttyS0")] == [3, 4, 1]


def test_more_fax_lines_than_anybody_has_get_no_number(tmp_path: Path) -> None:
    lines = {"a": {str(number): number for number in range(1, MAX_FAX_LINES + 1)}}
    (tmp_path / "state.json").write_text(json.dumps({"fax_lines": lines}))
    state = State(tmp_path, NOW)
    assert [state.fax_line("a", "one more"), state.fax_line("b", "1"), state.fax_line("a", "7")] == [0, 0, 7]


@pytest.mark.parametrize("listen", ["0.0.0.0:5382", "[::]:5382"])
def test_an_address_that_no_certificate_names_is_not_asked(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, listen: str
) -> None:
    file = tmp_path / "it.toml"
    file.write_text(
        f'[fax]\nenabled = true\nlisten = "{listen}"\n[[fax.token]]\ntoken = "0123456789abcdef"\n'
        f'[tls]\ncertificate = "{tmp_path}/chain.pem"\nkey = "{tmp_path}/key.pem"\n'
    )
    assert main(["fax", "--once", "--config", str(file)]) == 2
    assert "--url https://" in capsys.readouterr().err
