"""What every run ends with: which tests were skipped, those that want recordings as one line.

The recordings of real devices are no part of the project; `$WSD_REALDATA` says where they are.
"""

from pathlib import Path

import pytest

MARKS = ("WSD_REALDATA", "no recordings")


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
