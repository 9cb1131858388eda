"""What a filter has done of one job, so that after a crash it does the rest and nothing twice.

One small JSON file for each place that the job goes to. A note is on the disk before the step that it announces.
"""

import errno
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from bridge import durable
from bridge.dsm.job import FilterStateReason
from bridge.filters.filter import FilterFailed

_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)


class Notes:
    """Texts by name. `place`: what tells this filter from the others of the job."""

    def __init__(self, directory: Path, place: str) -> None:
        self._path = directory / f"{hashlib.sha256(place.encode()).hexdigest()[:24]}.json"
        self._said: dict[str, str] = {}
        try:
            said = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return
        except (OSError, ValueError) as err:
            raise FilterFailed(FilterStateReason.UNKNOWN_ERROR, f"{self._path}: cannot be read: {err}") from err
        if isinstance(said, dict):
            self._said = {str(name): str(text) for name, text in said.items()}

    def get(self, name: str) -> str | None:
        """What was put last."""
        return self._said.get(name)

    def put(self, name: str, text: str) -> None:
        """From now on it is known, also after a power cut. Raises FilterFailed."""
        self.put_all((name,), text)

    def put_all(self, names: Iterable[str], text: str) -> None:
        """The same of several, all at once or none. Raises FilterFailed."""
        said = self._said | dict.fromkeys(names, text)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            durable.write(self._path, [json.dumps(said).encode()])
        except OSError as err:
            raise no_room_here(err, self._path) from err
        self._said = said


def no_room_here(err: OSError, path: Path) -> FilterFailed:
    """This machine's own disk does not take what a filter needs to keep."""
    full = err.errno in _NO_ROOM
    reason = FilterStateReason.OUT_OF_DISK_SPACE if full else FilterStateReason.UNKNOWN_ERROR
    return FilterFailed(reason, f"{path}: {err.strerror or err}", passing=full)
