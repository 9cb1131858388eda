"""What every system test gets: an end, and the certainty that it left nothing running.

A test that hangs is ended after `SECONDS`. Every program that it starts inherits a mark in its environment; what still
bears the mark afterwards is a daemon left on somebody's machine, and fails the test that left it.
"""

import os
import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system import debian, guest

SECONDS = 120
MARK = "WSD_SYSTEM_TEST"


@pytest.fixture(autouse=True)
def _ends() -> Iterator[None]:
    def too_late(_signal: int, _frame: object) -> None:
        raise TimeoutError(f"the test took more than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, too_late)
    signal.alarm(SECONDS)
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


@pytest.fixture(scope="session")
def sane_root() -> debian.Root:
    return debian.packages("sane-utils", "libsane1", "libsane-common", "sane-airscan")


@pytest.fixture(scope="session")
def machine() -> Iterator[guest.Guest]:
    """A guest with a real kernel's USB, SANE's backends and the usual tools. All tests share it: leave it as it was."""
    with guest.boot("sane-utils", "libsane1", "libsane-common", "usbutils", "usbip") as running:
        yield running


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _FIGURES:
        terminalreporter.section("measured")
        for line in _FIGURES:
            terminalreporter.write_line(line)
