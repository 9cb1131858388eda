"""The server's log of calls (xferfaxlog(5)): what happened while we were away, and why a document is not whole.

One line a call, fields parted by tabs, texts in quotes; the date has neither zone nor seconds, so nothing is taken
from it. Only what was added since the last look counts: job numbers are used again.
"""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers.hylafax.control import Control

TAIL: Final = 1024 * 1024  # bytes of the end that are read
PLACES: Final = ("log/xferfaxlog", "etc/xferfaxlog")  # Debian's, everybody else's
_FIELDS: Final = 14  # up to the reason


@dataclass(frozen=True, slots=True)
class Record:
    """One call; `reason` is empty where nothing went wrong."""

    kind: str  # SEND, RECV, POLL, CALL, PAGE
    modem: str
    job: str
    file: str  # the name in recvq
    remote_id: str
    pages: int
    reason: str


class Log:
    """One server's; `path` where this machine has it, else the server is asked: hfaxd gives what everybody may read."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._last: str | None = None  # the last line that was read

    async def news(self, control: Control) -> list[Record]:
        """What was added since the last call; at the first call what there is. Nothing where it may not be read."""
        text = await self._text(control)
        lines = [line for line in text.splitlines() if line]
        if self._last in lines:
            at = len(lines) - lines[::-1].index(self._last)
            fresh = lines[at:]
        else:
            fresh = lines
        self._last = lines[-1] if lines else self._last
        return [found for found in map(record, fresh) if found is not None]

    async def _text(self, control: Control) -> str:
        if self._path is not None:
            return await asyncio.to_thread(_tail, self._path)
        for place in PLACES:
            text = await control.fetch(f"RETR {place}")
            if text is not None:
                return text[-TAIL:]
        return ""


def record(line: str) -> Record | None:
    """A line's record; None for one that is not as it should be."""
    fields = [each.removeprefix('"').removesuffix('"') for each in line.split("\t")]
    if len(fields) < _FIELDS or fields[1] not in ("SEND", "RECV", "POLL", "CALL", "PAGE"):
        return None
    pages = fields[10]
    if not pages.isdecimal() or len(pages) > 6:
        return None
    incoming = fields[1] == "RECV"
    return Record(
        fields[1],
        fields[3],
        "" if incoming else fields[4],
        fields[4].rpartition("/")[2] if incoming else "",
        fields[8].strip()[:256],
        int(pages),
        fields[13][:1024],
    )


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - TAIL))
            return log.read(TAIL).decode("utf-8", "replace")
    except OSError:
        return ""
