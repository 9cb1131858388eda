"""A post-scan job as the scan server's disk has it, and as it is in hand while it is worked on."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bridge.dsm.job import FilterState, FilterStateReason, JobStateReason
from bridge.service.post_scan_process import Wanted
from bridge.translate.post_scan import FilterRun, PostScanJob
from bridge.wsscan.job import JobState


@dataclass(slots=True)
class Held:
    """One job in hand. Who changes it holds `turn`."""

    job: PostScanJob
    owner: str  # Peer.user of whoever created it
    document_name: str
    continue_on_error: bool
    wanted: tuple[Wanted, ...]
    message_id: str = ""  # of what made it: who repeats that message did not hear the answer
    formats: dict[int, str] = field(default_factory=dict)  # of the images that are kept, by DocumentId
    arriving: int = 0  # images at this moment
    ended: bool = False  # EndPostScanJob was heard
    canceled: bool = False  # CancelPostScanJob was heard
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    patience: asyncio.Task[None] | None = None  # runs out without EndPostScanJob
    work: asyncio.Task[None] | None = None  # while its filters work


def to_json(held: Held, job: PostScanJob) -> dict[str, Any]:
    """What must be known of it after a crash, as plain data; `job`: as it is then. The images in it count once the job
    is `ended`."""
    return {
        "token": job.token,
        "process_id": job.process_id,
        "process_name": job.process_name,
        "user": job.user,
        "created": job.created.isoformat(),
        "filters": [[run.dialect, str(run.state), list(map(str, run.reasons))] for run in job.filters],
        "state": str(job.state or ""),
        "reason": str(job.reason),
        "images": job.images,
        "completed": None if job.completed is None else job.completed.isoformat(),
        "owner": held.owner,
        "document_name": held.document_name,
        "continue_on_error": held.continue_on_error,
        "wanted": [[each.dialect, list(each.targets), each.to_user] for each in held.wanted],
        "formats": {str(number): word for number, word in held.formats.items()},
        "message_id": held.message_id,
        "ended": held.ended,
        "canceled": held.canceled,
    }


def from_json(data: Mapping[str, Any]) -> Held:
    """Raises ValueError, KeyError, TypeError or AttributeError for what to_json() cannot have written."""
    completed = data["completed"]
    texts = [data[key] for key in ("token", "process_id", "process_name", "user", "owner", "document_name")]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a stored post-scan job holds a value of the wrong type")
    job = PostScanJob(
        token=data["token"],
        process_id=data["process_id"],
        process_name=data["process_name"],
        user=data["user"],
        created=datetime.fromisoformat(data["created"]),
        filters=tuple(
            FilterRun(str(dialect), FilterState(state), tuple(map(FilterStateReason, reasons)))
            for dialect, state, reasons in data["filters"]
        ),
        state=JobState(data["state"]) if data["state"] else None,
        reason=JobStateReason(data["reason"]),
        images=int(data["images"]),
        completed=None if completed is None else datetime.fromisoformat(completed),
    )
    wanted = tuple(
        Wanted(str(dialect), tuple(map(str, targets)), bool(user)) for dialect, targets, user in data["wanted"]
    )
    formats = {int(number): str(word) for number, word in data["formats"].items()}
    return Held(
        job,
        owner=data["owner"],
        document_name=data["document_name"],
        continue_on_error=bool(data["continue_on_error"]),
        wanted=wanted,
        message_id=str(data.get("message_id", "")),
        formats=formats,
        ended=bool(data["ended"]),
        canceled=bool(data["canceled"]),
    )
