"""What every system test gets: an end, the certainty that it left nothing running, and its place in the run.

A test that hangs is ended after `SECONDS`, one that measures whole minutes after `MEASURING`. Every program that it
starts inherits a mark in its environment; what still bears the mark afterwards is a daemon left on somebody's machine,
and fails the test that left it.

`make test-system` runs most of them side by side (`-m "not alone" --numprocesses …`), then the others one by one
(`-m alone`). Those that share the virtual machine run one after the other in one process, and before all others.
Nothing else is shared: ports are free ones, or fixed ones of an address that the process's id gives, or of a network
namespace; packages are unpacked under a lock.
"""

import os
import re
import signal
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.system import debian, guest, service_in_guest

SECONDS = 120
MEASURING = 300
MARK = "WSD_SYSTEM_TEST"

# Which files are run when nothing else is, and why.
ALONE = {
    "test_chaos": "it asserts how many messages are delivered in a second",
    "test_fuzz": "it measures how many messages are answered in a second",
    "test_idle": "it asserts what an idle bridge costs",
    "test_memory": "what waits in memory depends on who has time to take it",
    "test_presses_in_time": "it asserts how soon a press is told of",
    "test_sane_child_faults": "its patience is a part of a second",
}
# The file that has a virtual machine of its own.
SERVICE = "test_kernel_usb_systemd"
# Files that share virtual machines.
_GUEST = re.compile(r"^from tests\.system(\.(\w+_in_)?guest import|.* import .*\bguest\b)", re.MULTILINE)


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark."""
    config.addinivalue_line("markers", "alone(why): it is run when nothing else is")


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark those that must be alone. In the guests the first are those that need nothing that takes long to begin."""
    for item in items:
        if item.path.stem in ALONE:
            item.add_marker(pytest.mark.alone(ALONE[item.path.stem]))
    items.sort(key=_beginning)


@pytest.hookimpl(optionalhook=True)  # xdist's; its own --dist loadgroup groups nothing with pytest 9.2
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests go one by one to whoever is free; those that share a virtual machine are one, and go first.

    There is one for what the kernel does, one for SANE's backends and one for the installed service, side by side.
    """
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

    class Grouped(LoadScopeScheduling):  # type: ignore[misc] # it has no types
        def _split_scope(self, nodeid: str) -> str:
            file = config.rootpath / nodeid.partition("::")[0]
            if not _in_guest(file):
                return nodeid
            if file.stem == SERVICE:
                return "the service's machine"
            return "the kernel's machine" if file.stem.startswith("test_kernel") else "SANE's machine"

    return Grouped(config, log)


def _beginning(item: pytest.Item) -> int:
    """2: it is the installed service's guest that it needs; 1: a Python that has imported the product; 0: neither."""
    if _of_the_service(item):
        return 2
    sane_alone = item.path.stem.startswith("test_sane") and "our_driver" not in item.name
    return int(_in_guest(item.path) and not sane_alone)


def _of_the_service(item: pytest.Item) -> bool:
    return "service" in getattr(item, "fixturenames", ())


@cache
def _in_guest(file: Path) -> bool:
    return _GUEST.search(file.read_text("utf-8")) is not None


@pytest.fixture(autouse=True)
def _ends(request: pytest.FixtureRequest) -> Iterator[None]:
    seconds = MEASURING if request.node.get_closest_marker("alone") else SECONDS

    def too_late(_signal: int, _frame: object) -> None:
        raise TimeoutError(f"the test took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, too_late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True)
def _leaves_nothing_running(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    mark = uuid.uuid4().hex
    monkeypatch.setenv(MARK, mark)
    yield
    deadline = time.monotonic() + 5
    while (left := _bearing(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left, f"left running: {left}"


def _bearing(mark: str) -> dict[int, str]:
    """Processes with that mark, by pid, and what they are. Zombies have no environment and do not count."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if int(place.name) != os.getpid() and f"{MARK}={mark}".encode() in (place / "environ").read_bytes():
                found[int(place.name)] = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


@pytest.fixture
def passable() -> Iterator[Path]:
    """A directory that other users can reach, which pytest's own they cannot."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)
        yield place


@pytest.fixture(scope="session")
def sane_root() -> debian.Root:
    return debian.packages("sane-utils", "libsane1", "libsane-common", "sane-airscan")


@pytest.fixture(scope="session")
def machine(request: pytest.FixtureRequest) -> Iterator[guest.Guest]:
    """A guest with a real kernel's USB, SANE's backends and the usual tools. All tests share it: leave it as it was."""
    with guest.booting("sane-utils", "libsane1", "libsane-common", "usbutils", "usbip") as running:
        if not hasattr(request.config, "workerinput") and any(map(_of_the_service, request.session.items)):
            request.getfixturevalue("service")
        running.until_up()
        yield running


@pytest.fixture(scope="session")
def service() -> Iterator[Future[service_in_guest.Service]]:
    """The installed service in a guest of its own, switched on together with the other where one run has both."""
    with service_in_guest.service() as under_way:
        yield under_way


@pytest.fixture(scope="session")
def udev(machine: guest.Guest) -> guest.Guest:
    """The same guest; from then on udevd runs there, with our rules."""
    machine.with_udev()
    return machine


_FIGURES: list[str] = []


@pytest.fixture
def figures() -> list[str]:
    """Lines of what was measured; they are printed at the end of the run."""
    return _FIGURES


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands its figures over."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["figures"] = _FIGURES


@pytest.hookimpl(optionalhook=True)  # xdist's
def pytest_testnodedown(node: Any) -> None:
    """And they are taken over."""
    _FIGURES.extend(getattr(node, "workeroutput", {}).get("figures", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _FIGURES:
        terminalreporter.section("measured")
        for line in _FIGURES:
            terminalreporter.write_line(line)
