"""The rig from outside: the wheel in another project's venv, its command, and a device over real sockets."""

import os
import re
import subprocess
import sys
import venv
import xml.dom.minidom
from pathlib import Path

import pytest

from drivers.contract.clock import SystemClock
from hil import serving
from hil.scenario import model, runs
from hil.scenario.runs import Chosen, Outcome
from tests.system.product import PROJECT

TOY = '''\
"""A subscriber of somebody else's: thirty lines, nothing of ours in it."""

import re
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

SOAP, WSA = "http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/ws/2004/08/addressing"
WSE, SCAN = "http://schemas.xmlsoap.org/ws/2004/08/eventing", "http://schemas.microsoft.com/windows/2006/08/wdp/scan"


class Toy:
    def __init__(self):
        toy = self
        self.states = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                toy.states += re.findall(r"<wscn:JobState>(\\w+)<", body)
                self.send_response(202)
                self.end_headers()

            def log_message(self, *words):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def subscribe(self, scan_service):
        body = (
            f'<s:Envelope xmlns:s="{SOAP}" xmlns:a="{WSA}" xmlns:e="{WSE}"><s:Header><a:To>{scan_service}</a:To>'
            f"<a:Action>{WSE}/Subscribe</a:Action><a:MessageID>urn:uuid:00000000-0000-4000-8000-000000000001"
            f"</a:MessageID></s:Header><s:Body><e:Subscribe><e:Delivery><e:NotifyTo><a:Address>"
            f"http://127.0.0.1:{self.server.server_port}/</a:Address></e:NotifyTo></e:Delivery>"
            f'<e:Filter Dialect="http://schemas.xmlsoap.org/ws/2006/02/devprof/Action">{SCAN}/JobStatusEvent'
            "</e:Filter></e:Subscribe></s:Body></s:Envelope>"
        )
        headers = {"Content-Type": "application/soap+xml; charset=utf-8"}
        urllib.request.urlopen(urllib.request.Request(scan_service, body.encode(), headers)).close()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
'''
TESTS = """\
import pytest
from toy import Toy


@pytest.fixture
def toy(scanner):
    toy = Toy()
    toy.subscribe(f"{scanner.url}/scan")
    yield toy
    toy.close()


@pytest.mark.scanner("esci", "adf=2,warmup=0,speed=0")
def test_the_toy_sees_a_job_from_its_beginning_to_its_end(toy, wsd_client, timeline):
    assert len(wsd_client.scan(source="adf").images) == 2
    timeline.wait_for(event="JobEndStateEvent", state="Completed")
    assert [state for i, state in enumerate(toy.states) if toy.states[i - 1 : i] != [state]] == timeline.states()


@pytest.mark.scanner("esci", "adf=3,warmup=0,speed=3000,feed=0")
def test_the_toy_sees_a_jam(toy, scanner, wsd_client, timeline):
    scanner.happen("jam@1")
    wsd_client.scan(source="adf")
    timeline.wait_for(event="ScannerStatusConditionEvent", what="MediaJam")
    timeline.wait_for(event="JobEndStateEvent", state="Aborted")
    assert toy.states[-1] == "Aborted"


@pytest.mark.faults("delay 0.1@1")
def test_a_fault_is_marked(scanner, wsd_client):
    wsd_client.scan()
    assert [each.number for each in scanner.faults.struck] == [1]


def test_a_scenario(run_scenario):
    run_scenario("two-clients")


def test_nothing_of_the_source_tree_is_here():
    import hil
    print("HIL", hil.__file__)
"""


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of another project's venv, with our wheel in it.

    What the wheel depends on is lent from this venv, so that no network is needed; ours is not among it, since a path
    that a .pth file names is not searched for further .pth files."""
    place = tmp_path_factory.mktemp("stranger")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = place.glob("*.whl")
    venv.create(place / "venv", with_pip=False)
    python = place / "venv" / "bin" / "python"
    (packages,) = (place / "venv" / "lib").glob("python3*/site-packages")
    lent = next(path for path in sys.path if path.endswith("site-packages"))
    (packages / "lent.pth").write_text(lent)
    # pip is lent too; it must take our wheel for what is missing, whatever the lending venv has under that name
    command = [python, "-m", "pip", "install", "--no-index", "--no-deps", "--force-reinstall", "--ignore-installed"]
    done = subprocess.run(
        [*command, "--prefix", place / "venv", wheel], capture_output=True, text=True, check=False, cwd=place
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return python


def test_another_project_tests_its_subscriber_with_the_plugin(stranger: Path, tmp_path: Path):
    (tmp_path / "toy.py").write_text(TOY)
    (tmp_path / "test_toy.py").write_text(TESTS)
    done = subprocess.run(
        [
            stranger,
            "-m",
            "pytest",
            "-q",
            "-s",
            "-W",
            "error",
            "--strict-markers",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:asyncio",
        ],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout
    found = re.search(r"HIL (.*)", done.stdout)
    assert found is not None
    assert found[1].startswith(str(stranger.parents[1])), "it ran from the source tree"


def test_the_command_writes_its_reports(stranger: Path, tmp_path: Path):
    command = [stranger, "-m", "hil.cli", "scenario", "jam", "panel-scan"]
    done = subprocess.run(
        [*command, "--html", "a.html", "--junit", "a.xml", "--record", "tapes"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    assert len(xml.dom.minidom.parse(str(tmp_path / "a.xml")).getElementsByTagName("testcase")) == 2
    html = (tmp_path / "a.html").read_text()
    assert not re.search(r"""(?:src|href)=["'](?!#)|@import|url\(""", html), "it fetches something"
    again = subprocess.run(
        [*command, "--tape", "tapes"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert again.returncode == 0, again.stdout + again.stderr


def test_a_scenario_without_an_actuator_is_not_runnable_and_says_why(stranger: Path, tmp_path: Path):
    done = subprocess.run(
        [stranger, "-m", "hil.cli", "scenario", "jam", "--device", "usb:04b8:0110"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 3
    assert "nothing here can do: jam" in done.stdout
    assert "1 not runnable" in done.stdout
    assert "passed" not in done.stdout


async def test_the_same_scenario_runs_over_real_sockets_and_the_real_clock(tmp_path: Path):
    """The scanner is on a USB/IP server, so only what needs no stimulus can be asked of it."""
    import asyncio

    async with serving.scanner("esci", "adf=5,warmup=0,speed=1200,feed=0.2", clock=SystemClock()) as rig:
        device = Chosen.parse(f"usbip:{rig.host}:{rig.port}")
        done = await asyncio.to_thread(runs.real, "feeder", model.named("feeder"), device, ())
    assert (done.outcome, done.complaints) == (Outcome.PASSED, ())
    assert done.seconds > 4  # five sheets of 877 lines at 1200 lines a second
