"""What holds for every test: the log is as the test before found it, and a run ends with what was skipped, and why.

The recordings of real devices are no part of the project; `$WSD_REALDATA` says where they are.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bridge.log import TRAFFIC

MARKS = ("WSD_REALDATA", "no recordings")

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
