"""What the user of `wsd-scan-hil scan` sees: a line for every event, a bar where there is a terminal, JSON if asked."""

import json
from types import TracebackType
from typing import Any, Final, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from bridge.errors import BridgeError
from bridge.event_line import facts, line
from bridge.net.finding import Found
from bridge.net.sink import Arrived
from bridge.wsscan.events import JobStatusEvent
from bridge.wsscan.job import FINAL_STATES, JobEndState, JobState
from bridge.wsscan.operations import CreateScanJobResponse
from hil.client.retrieve import Image

_STYLES: Final[dict[str, str]] = {JobState.COMPLETED: "green", JobState.ABORTED: "red", JobState.CANCELED: "yellow"}
_TIME: Final = len("12:03:04.123")


class Screen:
    """Used as a context manager; the bar goes with it."""

    def __init__(self, out: TextIO, *, as_json: bool) -> None:
        self._out, self._json = out, as_json
        self._console = Console(file=out, highlight=False, soft_wrap=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=36),
            TextColumn("{task.fields[told]}"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=as_json or not self._console.is_terminal,
        )
        self._bar: TaskID | None = None
        self._job: int | None = None
        self._pages = 0
        self._scans = self._bytes = 0
        self._percent: int | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._progress.stop()

    def found(self, found: Found) -> None:
        """The scanner was found."""
        self._say("found", f"{found.name}  {found.service}", name=found.name, url=found.service)

    def subscribed(self, count: int) -> None:
        """Its events will come."""
        self._say("subscribed", f"{count} subscription{'s' if count > 1 else ''}", count=count)

    def started(self, job: CreateScanJobResponse, pages: int) -> None:
        """The job was created; `pages` 0: as many as there are."""
        info = job.image_information.media_front_image_info
        pixels = f"{info.pixels_per_line} x {info.number_of_lines} pixels"
        self._say(
            "job", f"{job.job_id}  {pixels}", job=job.job_id, width=info.pixels_per_line, height=info.number_of_lines
        )
        self._job, self._pages = job.job_id, pages
        self._bar = self._progress.add_task("page 1", total=None, told="")

    def arrived(self, arrived: Arrived) -> None:
        """An event came in."""
        if self._json:
            self._write(facts(arrived))
        else:
            text = Text(line(arrived))
            text.stylize("dim", 0, _TIME)
            for state, style in _STYLES.items():
                text.highlight_regex(rf"\b{state}\b", style)
            self._console.print(text)
        if isinstance(arrived.event, JobStatusEvent) and arrived.event.job_status.job_id == self._job:
            status = arrived.event.job_status
            self._scans, self._percent = status.scans_completed.count, status.scans_completed.percent
            if status.job_state not in FINAL_STATES:
                self._draw()

    def bytes_so_far(self, size: int) -> None:
        """Of the image that is being received."""
        self._bytes = size
        self._draw()

    def saved(self, image: Image) -> None:
        """An image was received whole."""
        self._say("saved", f"{image.path}  {_size(image.size)}", path=str(image.path), size=image.size)
        self._bytes = 0

    def note(self, what: str) -> None:
        """Anything else."""
        self._say("note", what, text=what)

    def refused(self, err: BridgeError) -> None:
        """The scanner said no."""
        self._say("refused", str(err), style="red", reason=str(err))

    def ended(self, end: JobEndState, images: tuple[Image, ...]) -> None:
        """The job is over."""
        self._progress.stop()
        total = sum(image.size for image in images)
        told = f"{end.job_completed_state}: {len(images)} page{'' if len(images) == 1 else 's'}"
        told += f", {_size(total)}" if images else ""
        style = _STYLES.get(end.job_completed_state, "red")
        self._say("done", told, style=style, state=str(end.job_completed_state), pages=len(images), bytes=total)

    def _draw(self) -> None:
        if self._bar is None:
            return
        of = f" of {self._pages}" if self._pages else ""
        number = min(self._scans + 1, self._pages or self._scans + 1)
        total: int | None = None  # the bar only pulses until somebody says how far it is
        done = self._percent or 0
        if self._pages:
            total, done = 100 * self._pages, 100 * self._scans + done
        elif self._percent is not None:
            total = 100
        told = _size(self._bytes) if self._bytes else ""
        self._progress.update(self._bar, description=f"page {number}{of}", total=total, completed=done, told=told)

    def _say(self, what: str, told: str, style: str = "", **record: Any) -> None:
        if self._json:
            self._write({"step": what, **record})
            return
        clean = "".join(char if char.isprintable() else "?" for char in told)
        self._console.print(Text.assemble((f"{what:<{_TIME}}", "bold"), "  ", (clean, style)))

    def _write(self, record: dict[str, Any]) -> None:
        self._out.write(json.dumps(record, ensure_ascii=False) + "\n")
        self._out.flush()


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
