"""The scan of a press that pushes: through the same queue and imaging as a client's job, each page to the disk.

A page is told of when it is whole and flushed.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import Final

from bridge.errors import OperationRefused
from bridge.imaging.errors import ImagingError
from bridge.jobs.book import Paper
from bridge.jobs.job import Job
from bridge.jobs.post_scan_store import Store
from bridge.jobs.tray import TrayClosed
from bridge.log import kept_short
from bridge.scanner.acquisition import Acquisition
from bridge.scanner.hosted import HostedScanner
from bridge.service.post_scan_keep import keep
from bridge.service.post_scan_process_files import ProcessFile
from bridge.translate import ticket
from bridge.translate.button_ticket import button_ticket
from bridge.translate.remembered import remembered
from bridge.translate.ticket import Plan
from bridge.wsscan.ticket import JobDescription
from drivers.contract.errors import DriverError
from drivers.contract.observation import Feeder

_log = logging.getLogger(__name__)

_NOBODY: Final = ""  # the creator of its jobs: no client's address
_ENDING: Final = 0.2  # s between looks at a job that was told to end


async def begin(scanner: HostedScanner, acquisition: Acquisition, said: ProcessFile) -> tuple[Job, Plan]:
    """Raises OperationRefused."""
    asked = JobDescription(job_name=said.name[:255], job_originating_user_name=said.user or "Device")
    loaded = scanner.view.feeder is Feeder.LOADED
    wanted = button_ticket(said.scan, scanner.capabilities, asked, loaded=loaded)
    plan = ticket.plan(wanted, scanner.capabilities)
    paper = Paper(secrets.token_hex(16), remembered(wanted), plan.final, plan.images, creator=_NOBODY)
    return await acquisition.create(asked.job_name, asked.job_originating_user_name, plan, paper), plan


async def fetch(
    scanner: HostedScanner,
    acquisition: Acquisition,
    job: Job,
    store: Store,
    *,
    place: str,
    word: str,
    kept: Callable[[int], None],
) -> Job | None:
    """Every page that comes, into that place of the store; the job as it ended, None if nobody knows it any more.
    `word`: the pages' format. Raises StoreFull, ImageTooLarge, OSError: the disk has no room."""
    number = 0
    while True:
        now = scanner.book.get(job.id)
        if now is None or now.completed is not None:
            return now
        try:
            async with acquisition.retrieve(job.id, f"page {number + 1}") as page:
                await keep(store, place, number + 1, word, page.chunks())
        except OperationRefused as err:
            _log.debug("job=%d: %s", job.id, kept_short(str(err)))
            await asyncio.sleep(_ENDING)
        except (DriverError, ImagingError, TrayClosed) as err:
            _log.warning("job=%d: a page is lost: %s", job.id, kept_short(str(err)))
            await asyncio.sleep(_ENDING)
        else:
            number += 1
            kept(number)
