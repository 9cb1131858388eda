"""One WSD job between its CreateScanJob and its end: what is to be scanned, the pages that wait, the patience left."""

import asyncio
from dataclasses import dataclass, field

from bridge.jobs.job import Why
from bridge.jobs.tray import Tray
from bridge.translate.ticket import Plan
from drivers.contract.document import Document


@dataclass(slots=True)
class OpenJob:
    """What is held for a job that has not ended."""

    id: int
    plan: Plan
    tray: Tray
    # One RetrieveImage at a time: a second one on the same job waits for the first.
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    document: Document | None = None  # while the device scans
    begun: bool = False  # its turn at the device has come
    pages: int = 0  # images read from the device to their end
    waiting: int = 0  # RetrieveImage requests held just now
    ending: Why | None = None  # why it was told to stop
    patience: asyncio.Task[None] | None = None  # runs out when nobody retrieves
