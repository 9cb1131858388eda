"""The project's own plugin, by name: its entry point is there only where the project was installed after it had one."""

from hil.pytest_plugin import pytest_configure, run_scenario, scanner, timeline, wsd_client

__all__ = ["pytest_configure", "run_scenario", "scanner", "timeline", "wsd_client"]
