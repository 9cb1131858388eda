"""What holds for every test: the log is as the test before found it, and no thread is left.
A run ends with what was skipped, and why.

The recordings of real devices are no part of the project; `$WSD_REALDATA` says where they are.
"""

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bridge.log import TRAFFIC

MARKS = ("WSD_REALDATA", "no recordings")
ENDS = 10.0  # s until a thread has ended to which that was said, on a machine that does something else

# How long an example takes says something of the machine, not of the law.
settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def _the_log_as_it_was() -> Iterator[None]:
    """A command run inside the test process sets up the log, which is one for all: later tests would miss lines."""
    loggers = [logging.getLogger(name) for name in (None, "bridge", TRAFFIC.name)]
    before = [(each, each.level, each.handlers[:]) for each in loggers]
    yield
    for each, level, handlers in before:
        each.setLevel(level)
        each.handlers[:] = handlers


@pytest.fixture(autouse=True)
def _no_thread_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """A thread that outlives its test works on in the next one. But for the loop's own pool, which the loop ends, and
    for tests with real servers and clients, whose libraries have threads as they like."""
    before = set(threading.enumerate())
    yield
    if "system" in request.path.parts:
        return
    until = time.monotonic() + ENDS
    while left := [each for each in threading.enumerate() if each not in before]:
        if not (names := [each.name for each in left if not each.name.startswith("asyncio_")]):
            return
        if time.monotonic() > until:
            pytest.fail(f"left behind: threads {', '.join(names)}")
        time.sleep(0.005)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it when tests were skipped, and why."""
    reasons: dict[str, int] = {}
    recordings = 0
    for report in terminalreporter.stats.get("skipped", []):
        place, line, reason = report.longrepr if isinstance(report.longrepr, tuple) else (report.nodeid, 0, "")
        if any(mark in reason for mark in MARKS):
            recordings += 1
        else:
            told = f"{_short(place)}:{line}: {reason.removeprefix('Skipped: ')}"
            reasons[told] = reasons.get(told, 0) + 1
    if recordings:
        terminalreporter.write_line(
            f"{recordings} tests skipped: they want recordings of real devices, which are absent (set WSD_REALDATA)"
        )
    for told, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{count} skipped: {told}")


def _short(place: str) -> str:
    path, root = Path(place), Path(__file__).parents[1]
    return str(path.relative_to(root)) if path.is_relative_to(root) else place
