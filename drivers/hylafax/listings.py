"""What LIST tells of the queues and the modems: one row each, in columns that we set (hfaxd(8), JOBFMT and RCVFMT).

Fields are parted by control characters that no field holds, and a row begins with one: the text of a failure may have
lines of its own. A row that is not as it should be is left out.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from drivers.hylafax.control import Control
from drivers.hylafax.words import JobState

ROWS_MAX: Final = 20_000
TEXT_MAX: Final = 1024
_ROW, _FIELD = "\x1e", "\x1f"
_JOB: Final = ("j", "a", "m", "d", "x", "t", "u", "p", "y", "Z", "s")
_RECEIVED: Final = ("f", "z", "p", "n", "Z", "s", "i", "j")
_MODEM: Final = ("m", "l", "z", "s")


@dataclass(frozen=True, slots=True)
class ListedJob:
    """A row of sendq or doneq."""

    id: str
    state: JobState
    modem: str
    dials: int
    max_dials: int
    tries: int
    max_tries: int
    pages_done: int
    pages: int
    scheduled: datetime | None
    status: str  # why the last call, or the job, failed

    @property
    def tried(self) -> bool:
        return self.dials > 0 or self.tries > 0

    @property
    def spent(self) -> bool:
        """There will be no further try."""
        return 0 < self.max_dials <= self.dials or 0 < self.max_tries <= self.tries


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A row of recvq."""

    name: str
    receiving: bool
    pages: int
    size: int  # bytes
    at: datetime | None  # when it was complete
    sender: str
    caller_name: str
    caller_number: str


@dataclass(frozen=True, slots=True)
class ListedModem:
    """A row of status."""

    name: str
    local_id: str
    attended: bool  # a faxgetty runs for it
    status: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One look at everything."""

    jobs: tuple[ListedJob, ...]  # finished ones, too
    received: tuple[ListedFile, ...]
    modems: tuple[ListedModem, ...]
    scheduler: bool | None  # whether faxq runs


async def read(control: Control) -> Listing:
    """Ask for all lists. Raises what Control raises."""
    for name, columns in (("JOBFMT", _JOB), ("RCVFMT", _RECEIVED), ("MDMFMT", _MODEM)):
        await control.done(f'{name} "{_ROW}{_FIELD.join(f"%{each}" for each in columns)}"')
    sending = await control.fetch("LIST sendq") or ""
    # A job that ends just now moves from the first list to the second: the later one counts.
    finished = await control.fetch("LIST doneq") or ""
    jobs = {each.id: each for text in (sending, finished) for each in map(_job, _rows(text, _JOB)) if each is not None}
    files = [_file(row) for row in _rows(await control.fetch("LIST recvq") or "", _RECEIVED)]
    status = await control.fetch("LIST status") or ""
    modems = [_modem(row) for row in _rows(status, _MODEM)]
    return Listing(
        tuple(jobs.values()),
        tuple(each for each in files if each is not None),
        tuple(each for each in modems if each is not None),
        _scheduler(status),
    )


def _rows(text: str, columns: tuple[str, ...]) -> list[list[str]]:
    rows = [row.rstrip("\r\n").split(_FIELD) for row in text.split(_ROW)[1 : ROWS_MAX + 1]]
    return [row for row in rows if len(row) == len(columns)]


def _job(row: list[str]) -> ListedJob | None:
    try:
        state = JobState(row[1])
        dials, max_dials, tries, max_tries, done, pages = (_number(each) for each in row[3:9])
    except ValueError:
        return None
    if not row[0].isalnum() or len(row[0]) > 32:
        return None
    modem = "" if row[2] == "any" else row[2][:TEXT_MAX]
    status = " ".join(row[10].split())[:TEXT_MAX]
    return ListedJob(row[0], state, modem, dials, max_dials, tries, max_tries, done, pages, _time(row[9]), status)


def _file(row: list[str]) -> ListedFile | None:
    name = row[0].strip()
    if not name or "/" in name or len(name) > 255:
        return None
    try:
        pages, size = _number(row[2]), _number(row[3])
    except ValueError:
        return None
    texts = [each.strip()[:TEXT_MAX] for each in row[5:]]
    return ListedFile(name, row[1] == "*", pages, size, _time(row[4]), texts[0], texts[1], texts[2])


def _modem(row: list[str]) -> ListedModem | None:
    name = row[0].strip()
    return ListedModem(name, row[1].strip()[:TEXT_MAX], row[2] == "*", row[3][:TEXT_MAX]) if name else None


def _scheduler(status: str) -> bool | None:
    """The first line: `HylaFAX scheduler on HOST: Running`, or `Not running`."""
    line = status.partition("\n")[0].strip()
    if not line.startswith("HylaFAX scheduler on "):
        return None
    return not line.endswith("Not running")


def _number(text: str) -> int:
    value = int(text)
    if not 0 <= value < 2**63:
        raise ValueError(text[:40])
    return value


def _time(text: str) -> datetime | None:
    try:
        seconds = int(text)
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None
