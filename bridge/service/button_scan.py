"""A press of a button that scans by itself: through the same queue and imaging as a client's job, to the disk.

The bridge is its own client: it creates the job and retrieves its pages, and everybody who is subscribed hears of it
as of any other. docs/decisions/0086-a-button-that-scans.md
"""

import logging
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bridge.config import Button, Config
from bridge.errors import OperationRefused
from bridge.imaging.errors import ImagingError
from bridge.jobs.book import Paper
from bridge.jobs.job import Job
from bridge.jobs.tray import TrayClosed
from bridge.log import kept_short
from bridge.scanner.acquisition import Acquisition
from bridge.scanner.hosted import HostedScanner
from bridge.service import button_record
from bridge.service.button_delivery import Delivery, Told
from bridge.service.button_record import Press, Record
from bridge.tasks import Tasks
from bridge.translate import ticket
from bridge.translate.button_ticket import button_ticket
from bridge.translate.remembered import remembered
from bridge.wsscan.job import JobState
from bridge.wsscan.ticket import JobDescription
from drivers.contract.clock import Clock
from drivers.contract.errors import DriverError
from drivers.contract.observation import Feeder

_log = logging.getLogger(__name__)

_NOBODY: Final = ""  # the creator of its jobs: no client's address
_USER: Final = "Device"
_TOKEN_BYTES: Final = 16
_ENDING: Final = 0.2  # s between looks at a job that was told to end


@dataclass(frozen=True, slots=True)
class Pressed:
    """The scanner whose button it was, and what the operator says of it."""

    scanner: HostedScanner
    acquisition: Acquisition
    name: str  # of the scanner, for people
    button: str
    said: Button

    @property
    def key(self) -> str:
        return self.scanner.identity.key


class ButtonScans:
    """All presses of one bridge that scan by themselves, and those of earlier runs that are not delivered yet."""

    def __init__(self, config: Config, clock: Clock, directory: Path, told: Told = lambda *_: None) -> None:
        """`directory`: where pages are kept until they are delivered. `told` hears what becomes of them."""
        self._config = config
        self._clock = clock
        self._directory = directory
        self._quota = config.service.cache_quota_mb * 1024 * 1024
        self._delivery = Delivery(config, clock, told)
        self._busy: set[str] = set()  # keys of scanners
        self._tasks = Tasks(_log, "a scan by button broke")
        self._closing = False

    def recover(self) -> None:
        """Deliver what an earlier run scanned and did not."""
        if not self._directory.is_dir():
            return
        for path in sorted(self._directory.iterdir()):
            if Record.swept(path):
                continue
            try:
                record = Record.load(path)
                if record.complete is None and record.pages:
                    record = record.finish(complete=False)
            except (OSError, ValueError, KeyError, TypeError) as err:
                _log.warning("%s: cannot be read, and is left alone: %s", path, err)
                continue
            if record.complete is None:
                record.remove()
            else:
                _log.info("device=%s scan=%s: an earlier run's, not yet delivered", record.press.scanner, record.token)
                self._tasks.start(self._delivery.deliver(record))

    def takes(self, scanner: HostedScanner, acquisition: Acquisition, name: str, button: str) -> bool:
        """Whether that button scans by itself, which is then under way. `name`: the scanner's, for people."""
        said = self._config.pressed(scanner.identity.key, button)
        if said is None:
            return False
        pressed = Pressed(scanner, acquisition, name, button, said)
        if pressed.key in self._busy:
            why = "the scan of the last press is not over; press again when it is"
            _log.warning("device=%s: button %s: %s", pressed.key, button, why)
        elif not self._closing:
            self._busy.add(pressed.key)
            self._tasks.start(self._scan_and_deliver(pressed))
        return True

    async def close(self) -> None:
        """What is not delivered yet is taken up by the next run. Scans have been ended before."""
        self._closing = True
        await self._tasks.cancel()

    async def _scan_and_deliver(self, pressed: Pressed) -> None:
        try:
            record = await self._scan(pressed)
        except OperationRefused as err:
            _log.warning("device=%s: button %s: no scan: %s", pressed.key, pressed.button, kept_short(str(err)))
            return
        except OSError as err:
            why = f"{self._directory}: {err.strerror or err}"
            _log.error("device=%s: button %s: no scan: %s", pressed.key, pressed.button, why)
            return
        finally:
            self._busy.discard(pressed.key)
        if record is not None:
            await self._delivery.deliver(record)

    async def _scan(self, pressed: Pressed) -> Record | None:
        """The pages, on the disk; None: there are none, or the bridge stops. Raises OperationRefused, OSError."""
        scanner, said = pressed.scanner, pressed.said
        if button_record.used(self._directory) >= self._quota:
            raise OSError(f"more than {self._quota} bytes wait to be delivered")
        now = scanner.clock.now()
        asked = JobDescription(
            job_name=f"Scan by button {now.astimezone():%Y-%m-%d %H:%M:%S}",
            job_originating_user_name=said.user or _USER,
        )
        loaded = scanner.view.feeder is Feeder.LOADED
        wanted = button_ticket(said, scanner.capabilities, asked, loaded=loaded)
        plan = ticket.plan(wanted, scanner.capabilities)
        token = secrets.token_hex(_TOKEN_BYTES)
        paper = Paper(token, remembered(wanted), plan.final, plan.images, creator=_NOBODY)
        press = Press(
            scanner=pressed.key,
            scanner_name=pressed.name,
            button=pressed.button,
            user=said.user,
            created=now,
            format=plan.target.format.name,
            resolution=plan.target.resolution,
        )
        record = Record.begin(self._directory, press)
        try:
            job = await pressed.acquisition.create(asked.job_name, asked.job_originating_user_name, plan, paper)
            _log.info("device=%s job=%d scan=%s: button %s scans", pressed.key, job.id, record.token, pressed.button)
            ended = await self._fetch(pressed, job, record)
        except BaseException:
            if not record.pages:
                record.remove()
            raise
        if self._closing:
            return None
        pages = len(record.pages)
        if not pages:
            _log.warning("device=%s job=%d: not one page was scanned", pressed.key, job.id)
            record.remove()
            return None
        complete = ended is not None and ended.state is JobState.COMPLETED
        if not complete:
            _log.warning("device=%s job=%d: broken off; the pages before are delivered: %d", pressed.key, job.id, pages)
        return record.finish(complete=complete)

    async def _fetch(self, pressed: Pressed, job: Job, record: Record) -> Job | None:
        """Every page that comes, until the job has ended; how it did."""
        while True:
            try:
                async with pressed.acquisition.retrieve(job.id, f"page {len(record.pages) + 1}") as page:
                    await record.add_page(page.chunks())
            except OperationRefused as err:
                now = pressed.scanner.book.get(job.id)
                if now is None or now.completed is not None:
                    return now
                _log.info("device=%s job=%d: %s", pressed.key, job.id, kept_short(str(err)))
                await self._clock.sleep(_ENDING)
            except (DriverError, ImagingError, TrayClosed, OSError) as err:
                _log.warning("device=%s job=%d: a page is lost: %s", pressed.key, job.id, kept_short(str(err)))
                await self._clock.sleep(_ENDING)
