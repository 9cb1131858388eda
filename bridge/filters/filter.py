"""What every filter of a post-scan job is: it takes all images of the job, once more if need be, and brings them on.

A filter may be run again with the same `Work` after a crash or a failure: what it did the first time it must find and
not do twice, which `Work.token` is for. What stands under its final name is whole.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bridge.dsm.job import FilterStateReason
from bridge.errors import BridgeError


@dataclass(frozen=True, slots=True)
class StoredImage:
    """One image that was received and is on the disk."""

    path: Path
    document_id: int  # its place in the job, from 1; with gaps where a device left some out
    format: str  # in WS-Scan's words: jfif, pdf-a, …


@dataclass(frozen=True, slots=True)
class Work:
    """One post-scan job that is ready to be processed."""

    token: str  # of the job; the same at each try
    name: str  # the root of the names of its files (DocumentRootName)
    user: str  # whose job it is
    created: datetime  # aware
    images: tuple[StoredImage, ...]  # by document_id
    notes: Path  # a directory of this job alone, in which filters note what they have done; there until the job ends


class FilterFailed(BridgeError):
    """The filter could not do its work; its text is one line for the operator, without anybody's password."""

    def __init__(
        self,
        reason: FilterStateReason,
        text: str,
        *,
        passing: bool = False,
        also: tuple[FilterStateReason, ...] = (),
        partly: bool = False,
    ) -> None:
        """`passing`: the same try may succeed later (a server that does not answer, a disk that is full). `also`:
        further reasons, where it failed in more than one place; `partly`: in another place it did its work."""
        super().__init__(text)
        self.reason, self.passing, self.partly = reason, passing, partly
        self.reasons = tuple(dict.fromkeys((reason, *also)))


class Filter(Protocol):
    """One thing that is done with the images of a job."""

    @property
    def dialect(self) -> str:
        """The filter's URI, as FilterStatus tells it."""

    async def process(self, work: Work) -> tuple[FilterStateReason, ...]:
        """Do it; returns what a person should know all the same (warnings). Raises FilterFailed."""
