"""The commands as a person or a script meets them: what they print, and what their exit codes say."""

import asyncio
import json
import os
import signal
import socket
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bridge.wsscan.job import JobState
from drivers.contract.clock import SystemClock
from hil.client import session, ticket
from tests.system import product, program

SECONDS = 30
RUN = ("run", "--no-multicast", "--listen", "127.0.0.1:0")


async def command(
    place: Path, *arguments: str | Path, main: tuple[str, ...] = ("-m", "bridge.cli"), cwd: Path = product.PROJECT
) -> tuple[int, str, str]:
    """Run it; exit code, standard output, standard error."""
    env = {**os.environ, "XDG_STATE_HOME": str(place / "state"), "XDG_CACHE_HOME": str(place / "cache")}
    code, out, err = await program.ended(sys.executable, *main, *arguments, cwd=cwd, env=env, seconds=SECONDS)
    return code, out.decode(), err.decode()


def complaint(err: str) -> str:
    """The one line on standard error."""
    lines = [line for line in err.splitlines() if not line.startswith(("INFO", "WARNING", "usage:"))]
    assert "Traceback" not in err, err
    assert len(lines) == 1, err
    return lines[0]


@pytest.mark.parametrize(
    ("listen", "reason"),
    [
        ("nowhere", "'nowhere' is not ADDRESS:PORT"),
        ("localhost:5380", "'localhost' is not a numeric address"),
        ("127.0.0.1:99999", "'127.0.0.1:99999' is not ADDRESS:PORT"),
    ],
)
async def test_a_place_where_it_cannot_listen_is_named(tmp_path, listen, reason):
    code, out, err = await command(tmp_path, "run", "--no-multicast", "--simulate", "esci", "--listen", listen)
    assert (code, out) == (2, "")
    assert "listen" in complaint(err)
    assert complaint(err).endswith(reason)


async def test_an_address_that_is_not_here_yet_is_told_and_waited_for(tmp_path):
    nobody_s = "192.0.2.1"  # RFC 5737
    async with product.bridge(tmp_path, "--simulate", "esci", listen=f"{nobody_s}:0") as running:
        assert f"{nobody_s} is no address of this machine now" in running.log


async def test_killed_it_leaves_no_simulation_behind(tmp_path):
    async with product.bridge(
        tmp_path, "--simulate", "esci", "--simulate", "hp-mfp", scanners=2, ends=False
    ) as running:
        running.process.kill()
        await running.process.wait()
    # and the fixture of every test sees that nothing is


async def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        code, out, err = await command(tmp_path, "run", "--no-multicast", "--simulate", "esci", "--listen", listen)
    assert (code, out) == (2, "")
    assert listen in complaint(err)
    assert complaint(err).endswith("Address already in use; `ss -ltnp` shows by whom")


@pytest.mark.parametrize(
    ("family", "reason"),
    [
        ("unheard-of", "'unheard-of' is not simulated; there are: esci, "),
        ("esci=sheets=3", "sheets: there is no such setting"),
        ("esci=dance@1", "'dance@1'"),
        ("esci=/no/such/file.toml", "/no/such/file.toml: No such file or directory"),
    ],
)
async def test_what_cannot_be_simulated_is_named(tmp_path, family, reason):
    code, out, err = await command(tmp_path, *RUN, "--simulate", family)
    assert (code, out) == (2, "")
    assert complaint(err).startswith("wsd-scan-bridge: --simulate: ")
    assert reason in complaint(err)


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        ("[service]\nlisen = '127.0.0.1:0'\n", "service.lisen", "there is no such key"),
        ("[services]\n", "services", "there is no such key"),
        ("[jobs]\nqueue = 0\n", "jobs.queue", "greater than or equal to 1"),
        ("[jobs]\nqueue = 'many'\n", "jobs.queue", "is not a whole number"),
        ("[usb]\nusbip = ['somewhere']\n", "usb.usbip", "'somewhere' is not HOST:PORT"),
        ("[[snmp]]\nport = 161\n", "snmp.0.host", "is missing"),
        ("[log]\nlevel = 'loud'\n", "log.level", "'debug', 'info', 'warning' or 'error'"),
        ("[service\n", "", "is not TOML"),
        ("[service]\nlisten = \xff\n", "", "is not TOML"),
    ],
)
@pytest.mark.parametrize("arguments", [RUN, ("check-config",), ("devices",)])
async def test_a_wrong_configuration_is_one_line_with_file_key_and_reason(tmp_path, arguments, text, key, reason):
    file = tmp_path / "bridge.toml"
    file.write_bytes(text.encode("latin-1"))
    code, out, err = await command(tmp_path, *arguments, "--config", file)
    assert (code, out) == (2, "")
    assert complaint(err).startswith(f"wsd-scan-bridge: {file}: {key}")
    assert reason in complaint(err)


async def test_a_configuration_that_is_not_there_is_named(tmp_path):
    code, _, err = await command(tmp_path, *RUN, "--config", tmp_path / "none.toml")
    assert code == 2
    assert complaint(err) == f"wsd-scan-bridge: {tmp_path}/none.toml: No such file or directory"


async def test_a_state_directory_that_cannot_be_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = await command(tmp_path, *RUN, "--simulate", "esci", "--state-dir", tmp_path / "file" / "state")
    assert code == 2
    assert f"{tmp_path}/file/state: state_dir: Not a directory" in complaint(err)


async def test_a_cache_directory_in_which_nothing_can_be_made_is_named(tmp_path):
    place = ("--state-dir", tmp_path, "--cache-dir", "/proc/self")
    code, out, err = await command(tmp_path, *RUN, *place)
    assert (code, out) == (2, "")
    assert "/proc/self: cache_dir: " in complaint(err)


async def test_folders_with_the_names_of_ours_are_not_taken_for_them(tmp_path):
    for name in ("bridge", "drivers", "hil"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    # As the script in the venv's bin does it: the directory it is started in is not searched.
    code, out, err = await command(tmp_path, "demo", main=("-P", "-m", "bridge.cli"), cwd=tmp_path)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].startswith("4  Done")
    assert len(list((tmp_path / "demo-pages").iterdir())) == 3


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_the_demo_and_what_it_started_without_a_traceback(tmp_path, end):
    process = await asyncio.create_subprocess_exec(
        *("env", "--default-signal"),  # what is run in the background ignores some, and so does all that it starts
        *(sys.executable, "-m", "bridge.cli", "demo", "--output", tmp_path / "pages"),
        cwd=product.PROJECT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    while not (await process.stdout.readline()).startswith(b"2"):  # the bridge serves
        pass
    if end is signal.SIGTERM:  # `kill` names one process
        process.send_signal(end)
    else:  # a terminal sends it to every process of the demo
        os.killpg(process.pid, end)
    _, err = await asyncio.wait_for(process.communicate(), SECONDS)
    assert process.returncode == 130
    assert b"Traceback" not in err
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


async def test_check_config_shows_what_is_in_force_and_no_secrets(tmp_path):
    file = tmp_path / "bridge.toml"
    file.write_text("[service]\nlisten = '[::1]:5381'\n[[snmp]]\nhost = 'mfp.example'\ncommunity = 'hush'\n")
    code, out, err = await command(tmp_path, "check-config", "--json", "--config", file)
    assert (code, err) == (0, "")
    assert "hush" not in out
    values = json.loads(out)
    assert values["service"]["listen"] == "[::1]:5381"
    assert values["service"]["multicast"] is True
    assert values["service"]["state_dir"] == f"{tmp_path}/state/wsd-scan-bridge"
    assert (values["snmp"][0]["host"], values["snmp"][0]["port"]) == ("mfp.example", 161)
    assert values["jobs"] == {"queue": 8, "retrieve_timeout": 60.0, "retrieve_wait": 50.0}


async def test_devices_tells_what_is_there_and_what_it_can(tmp_path):
    async with product.scanner("adf=2") as rig:
        code, out, err = await command(tmp_path, "devices", "--json", "--usbip", f"{rig.host}:{rig.port}")
        assert code == 0, err
        found = [each for each in json.loads(out) if "usbip" in each["key"]]
        assert len(found) == 1
        assert "GT-2500" in found[0]["model"]
        assert found[0]["driver"] == "esci"
        assert [each.partition(",")[0] for each in found[0]["scans"]] == [
            "platen: 8.5 x 11.7 in",
            "feeder: 8.5 x 14.0 in",
            "feeder-duplex: 8.5 x 14.0 in",
        ]
        assert (found[0]["state"], found[0]["feeder"]) == ("idle", ["loaded"])
        code, out, _ = await command(tmp_path, "devices", "--usbip", f"{rig.host}:{rig.port}")
        assert code == 0
        assert "GT-2500" in out.replace("\n", "")
        assert not rig.scanner.scanning


async def test_devices_of_nowhere_are_none_and_that_is_no_error(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    code, out, err = await command(tmp_path, "devices", "--json", "--usbip", f"127.0.0.1:{port}")
    assert code == 0, err
    assert [each for each in json.loads(out) if "usbip" in each["key"]] == []


async def test_help_and_version_and_no_command(tmp_path):
    assert (await command(tmp_path, "--help"))[0] == 0
    code, out, _ = await command(tmp_path, "--version")
    assert code == 0
    assert out.strip()
    code, _, err = await command(tmp_path)
    assert code == 2
    assert "COMMAND" in err


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
async def test_ended_by_a_signal_in_mid_scan_it_aborts_the_job_tells_it_and_exits_0(tmp_path, end):
    async with AsyncExitStack() as stack:
        rig = await stack.enter_async_context(product.scanner("speed=300"))
        running = await stack.enter_async_context(product.bridge(tmp_path, usbip=[rig], ends=False))
        async with session.opened(running.url, SystemClock()) as client:
            await client.subscribe()
            wish = ticket.Wish(ticket.InputSource.PLATEN, resolution=300, images=1)
            job = await client.create_job(ticket.make(wish, await client.configuration()))
            page = asyncio.create_task(client.retrieve(job, tmp_path / "page.jpg"))
            await product.until(lambda: rig.scanner.scanning, 10)
            await asyncio.sleep(1)
            running.process.send_signal(end)
            assert await asyncio.wait_for(running.process.wait(), 10) == 0, running.log
            (result,) = await asyncio.gather(page, return_exceptions=True)
            assert isinstance(result, Exception)
            assert not (tmp_path / "page.jpg").exists()
            told = await client.timeline.job_end(job.job_id, 1)
            assert told.job_completed_state is JobState.ABORTED
            assert client.timeline.states(job.job_id)[-1] == "Aborted"
            await product.until(lambda: not rig.scanner.scanning, 5)
            assert "Traceback" not in running.log


async def test_a_second_run_goes_on_where_the_first_one_ended(tmp_path):
    async with product.scanner() as rig:
        ids = []
        urls = []
        for _ in range(2):
            async with (
                product.bridge(tmp_path, usbip=[rig]) as running,
                session.opened(running.url, SystemClock()) as client,
            ):
                wish = ticket.Wish(ticket.InputSource.PLATEN, resolution=75, images=1)
                job = await client.create_job(ticket.make(wish, await client.configuration()))
                await client.retrieve(job, tmp_path / "page.jpg")
                ids.append(job.job_id)
                urls.append(running.url.rpartition("/")[2])
        assert urls[0] == urls[1], "the scanner is the same"
        assert ids[0] < ids[1], "no job id is used twice"
