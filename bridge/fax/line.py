"""A fax event as people read it: one line of text. What others wrote in it cannot break out of its line."""

from collections.abc import Mapping
from typing import Any, Final

from bridge.fax.faxcomex import MODIFIERS, JobExtendedStatus, JobStatus
from bridge.fax.job_status import FaxJobStatus, Property

_LONGEST: Final = 80  # characters of anybody's words


def status_words(status: JobStatus) -> str:
    """`RETRYING PAUSED`."""
    return " ".join(bit.name or "" for bit in sorted(status, key=lambda bit: bool(bit & MODIFIERS)))


def call_words(status: FaxJobStatus) -> str:
    """What the call is doing, or how it ended; nothing where nobody knows."""
    code = status.extended_status_code
    if status.extended_status:
        return short(status.extended_status)
    if not isinstance(code, JobExtendedStatus) or code is JobExtendedStatus.NONE:
        return ""
    return code.name.replace("_", " ").lower()


def page_words(status: FaxJobStatus) -> str:
    """`page 2 of 5`, as much of it as is known."""
    known = status.known
    now = f"page {status.current_page}" if Property.CURRENT_PAGE in known else ""
    whole = f"{status.pages} pages" if Property.PAGES in known else ""
    return f"{now} of {status.pages}" if now and whole else now or whole


def job_words(status: FaxJobStatus) -> str:
    """Everything that a line has room for."""
    parts = (
        f"{status_words(status.status):<16}",
        call_words(status),
        page_words(status),
        f"{status.retries} retries" if status.retries else "",
        f"line {status.device_id}" if status.device_id else "",
        short(status.tsid or status.caller_id or status.csid),
    )
    return "  ".join(part for part in parts if part).rstrip()


def event_words(name: str, data: Mapping[str, Any]) -> str:
    """An event that is not about a job's status: `OnNewCall  call_id=1  device_id=2  caller_id=0301234567`."""
    return "  ".join((name, *(f"{key}={short(str(value))}" for key, value in data.items() if key != "event")))


def short(text: str) -> str:
    """Bounded, and on one line."""
    return "".join(char if char.isprintable() else "?" for char in text[:_LONGEST])
