"""What `fax` prints: lines for people and files, a table that lives on a terminal, or one JSON object per line."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Protocol, Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bridge.fax.faxcomex import JobStatus
from bridge.fax.job_status import FaxJobStatus, base
from bridge.fax.line import call_words, event_words, job_words, page_words, short, status_words
from bridge.fax.notify import Callback
from bridge.service.fax import SNAPSHOT, Told

_STYLES: Final = {
    JobStatus.COMPLETED: "green",
    JobStatus.FAILED: "red",
    JobStatus.RETRIES_EXCEEDED: "red",
    JobStatus.CANCELED: "yellow",
    JobStatus.INPROGRESS: "bold",
}
_MISSED: Final = "something may have happened that nobody saw"


class Paper(Protocol):
    """Where it goes."""

    def told(self, event: Told) -> None:
        """One event. Raises WireError for a job that is none."""

    def note(self, text: str) -> None:
        """What happened to the following itself."""


class Lines:
    """One line for each thing that happens."""

    def __init__(self, out: TextIO, now: Callable[[], datetime]) -> None:
        self._out, self._now = out, now

    def told(self, event: Told) -> None:
        data = event.data
        if event.name == SNAPSHOT:
            if not data["complete"]:
                self.note(_MISSED)
            for job in data["jobs"]:
                words = job_words(FaxJobStatus.from_json(job["job_status"]))
                self._print(f"{short(job['job_id'])}  {words}{'  (stale)' if job['stale'] else ''}")
        elif "job_status" in data:
            self._print(f"{short(data['job_id'])}  {job_words(FaxJobStatus.from_json(data['job_status']))}")
        elif "job_id" in data:
            self._print(f"{short(data['job_id'])}  {'new' if event.name.endswith('Added') else 'gone'}")
        elif event.name != Callback.SERVER_ACTIVITY_CHANGE:  # the jobs themselves say it
            self._print(event_words(event.name, data))

    def note(self, text: str) -> None:
        self._print(f"# {text}")

    def _print(self, text: str) -> None:
        self._out.write(f"{self._now().astimezone():%H:%M:%S}  {text}\n")
        self._out.flush()


class Records:
    """One JSON object for each."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def told(self, event: Told) -> None:
        self._write({"id": event.id, **event.data, "event": event.name})

    def note(self, text: str) -> None:
        self._write({"note": text})

    def _write(self, record: dict[str, Any]) -> None:
        self._out.write(json.dumps(record, ensure_ascii=False) + "\n")
        self._out.flush()


@dataclass(slots=True)
class _Row:
    status: FaxJobStatus
    stale: bool = False


class Screen:
    """All jobs as they stand, and below them what was told last. To be entered."""

    def __init__(self, console: Console) -> None:
        self._rows: dict[str, _Row] = {}
        self._last = ""
        self._live = Live(console=console, get_renderable=self._table, refresh_per_second=4)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, err: BaseException | None, at: TracebackType | None) -> None:
        self._live.stop()

    def told(self, event: Told) -> None:
        data = event.data
        if event.name == SNAPSHOT:
            self._rows = {
                job["job_id"]: _Row(FaxJobStatus.from_json(job["job_status"]), job["stale"]) for job in data["jobs"]
            }
            self._last = "" if data["complete"] else _MISSED
        elif "job_status" in data:
            self._rows[data["job_id"]] = _Row(FaxJobStatus.from_json(data["job_status"]))
        elif event.name.endswith("JobRemoved"):
            self._rows.pop(data["job_id"], None)
        elif "job_id" not in data and event.name != Callback.SERVER_ACTIVITY_CHANGE:
            self._last = event_words(event.name, data)

    def note(self, text: str) -> None:
        self._last = text

    def _table(self) -> Table:
        table = Table(caption=Text(self._last) if self._last else None, caption_justify="left")
        for word in ("Job", "Status", "Call", "Pages", "Retries", "Other machine"):
            table.add_column(word, no_wrap=True)
        for name, row in self._rows.items():
            status = row.status
            said = status_words(status.status) + (" (stale)" if row.stale else "")
            other = short(status.tsid or status.caller_id or status.csid)
            cells = (short(name), said, call_words(status), page_words(status), str(status.retries or ""), other)
            table.add_row(*map(Text, cells), style="dim" if row.stale else _STYLES.get(base(status.status), ""))
        if not self._rows:
            table.add_row(Text("no fax jobs"))
        return table
