"""What a press does without a client, where the operator said so: it pushes to a scan server, or scans to a place.

Either is imported where there is something for it to do, now or left from an earlier run: 3 MB of an idle bridge.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.config import Config
from bridge.scanner.acquisition import Acquisition
from bridge.scanner.hosted import HostedScanner
from drivers.contract.clock import Clock

if TYPE_CHECKING:
    from bridge.pushing import Pushes
    from bridge.service.button_delivery import Told
    from bridge.service.button_scan import ButtonScans
    from bridge.translate.post_scan import PostScanJob


class Presses:
    """Of one bridge."""

    def __init__(self, config: Config, clock: Clock) -> None:
        """Raises ConfigError."""
        # By the scanner's key: hears what becomes of pages on their way to a place.
        self.listeners: dict[str, Callable[[PostScanJob], None]] = {}
        self._pushes = _pushes(config, clock)
        self._buttons = _button_scans(config, clock, self._tell)

    def recover(self) -> None:
        """Take up what an earlier run left."""
        for each in (self._buttons, self._pushes):
            if each is not None:
                each.recover()

    def takes(self, scanner: HostedScanner, acquisition: Acquisition, name: str, button: str) -> bool:
        """Whether a press of that button is theirs, which is then under way. `name`: the scanner's, for people."""
        if self._pushes is not None and self._pushes.takes(scanner, acquisition, button):
            return True
        return self._buttons is not None and self._buttons.takes(scanner, acquisition, name, button)

    async def close(self) -> None:
        """What is not over is taken up by the next run."""
        for each in (self._pushes, self._buttons):
            if each is not None:
                await each.close()

    def _tell(self, key: str, job: "PostScanJob") -> None:
        if key in self.listeners:
            self.listeners[key](job)


def _pushes(config: Config, clock: Clock) -> "Pushes | None":
    directory = config.state_dir / "pushes"
    if not any(each.processes for each in config.scanner) and not _any(directory):
        return None
    from bridge.pushing import Pushes  # noqa: PLC0415

    return Pushes(config, clock, directory)


def _button_scans(config: Config, clock: Clock, told: "Told") -> "ButtonScans | None":
    directory = config.state_dir / "scans"
    if not config.button and not _any(directory):
        return None
    from bridge.service.button_scan import ButtonScans  # noqa: PLC0415

    return ButtonScans(config, clock, directory, told)


def _any(directory: Path) -> bool:
    return directory.is_dir() and any(directory.iterdir())
