"""From the pages of a press to where they belong: a PDF is made of them, and each place gets them, now or later.

What fails stays on the disk and is tried again, sooner where that may help by itself, later where a person must act;
after a restart at once. Places do not wait for each other.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from itertools import count
from typing import Final

from bridge.config import Button, Config
from bridge.dsm.job import FilterState, FilterStateReason
from bridge.filters.apart import apart
from bridge.filters.filter import FilterFailed, StoredImage
from bridge.filters.notes import no_room_here
from bridge.filters.one_pdf import one_pdf
from bridge.filters.targets import Aim, of_button
from bridge.imaging.pdf_joined import StoredPage, joinable
from bridge.log import kept_short
from bridge.service.button_record import Record, described
from bridge.translate.post_scan import FINAL_FILTER_STATES, FilterRun, PostScanJob, PostScanSeen, step
from drivers.contract.clock import Clock
from drivers.contract.observation import Phase

_log = logging.getLogger(__name__)

PAUSES: Final = (15.0, 60.0, 300.0, 900.0, 3600.0)  # seconds between tries; the last one from then on
FOR_A_PERSON: Final = 300.0  # before that nobody has mended what does not mend itself
_AT_A_TIME: Final = 2

Told = Callable[[str, PostScanJob], None]
"""Hears, with the scanner's key, of every state of a delivery: DSM's words for what becomes of pages."""


class Delivery:
    """Brings records to their places."""

    def __init__(self, config: Config, clock: Clock, told: Told = lambda *_: None) -> None:
        self._config = config
        self._clock = clock
        self._told = told
        self._turn = asyncio.Semaphore(_AT_A_TIME)

    async def deliver(self, record: Record) -> None:
        """Until everything is where it belongs; then the record is removed."""
        name = f"device={record.press.scanner} scan={record.token}"
        said = self._config.pressed(record.press.scanner, record.press.button)
        if said is None:
            _log.warning("%s: no [[button]] says any more where its pages go; they stay in %s", name, record.path)
            return
        aims = of_button(self._config, said, described(record), complete=bool(record.complete))
        runs = [FilterRun(aim.filter.dialect) for aim in aims]
        user, created = record.press.user, record.press.created
        job = PostScanJob(record.token, "", record.press.button, user, created, tuple(runs))
        job = self._tell(record, job, PostScanSeen(Phase.SCANNING, images=len(record.pages)))
        for attempt in count():
            async with self._turn:
                failures = await self._try(record, said, aims, runs)
            phase = Phase.SCANNING if failures else Phase.DONE
            job = self._tell(record, job, PostScanSeen(phase, filters=tuple(runs)))
            if not failures:
                _log.info("%s: delivered, %d pages", name, len(record.pages))
                await apart(record.remove)
                return
            pause = PAUSES[min(attempt, len(PAUSES) - 1)]
            if not any(each.passing for each in failures):
                pause = max(pause, FOR_A_PERSON)
            _log.warning("%s: its pages are kept in %s; next try in %.0f s", name, record.path, pause)
            await self._clock.sleep(pause)

    def _tell(self, record: Record, job: PostScanJob, seen: PostScanSeen) -> PostScanJob:
        transition = step(job, seen, self._clock.now())
        for told in transition.told:
            self._told(record.press.scanner, told)
        return transition.job

    async def _try(
        self, record: Record, said: Button, aims: Sequence[Aim], runs: list[FilterRun]
    ) -> list[FilterFailed]:
        """Everything that is not done yet; `runs` says for each aim how far it is."""
        name = f"device={record.press.scanner} scan={record.token}"
        try:
            images = await apart(lambda: made(record, said))
        except FilterFailed as err:
            _log.warning("%s: %s", name, err)
            return [err]
        work = record.work(images)
        failures = []
        for place, aim in enumerate(aims):
            if runs[place].state in FINAL_FILTER_STATES:
                continue
            failure = None
            try:
                warnings = await aim.filter.process(work)
            except FilterFailed as err:
                failure = err
            except Exception as err:  # noqa: BLE001 - a filter's bug keeps no other place waiting
                _log.exception("%s: %s: broke", name, aim.what)
                failure = FilterFailed(FilterStateReason.UNKNOWN_ERROR, f"it broke: {err}", passing=True)
            if failure is None:
                state = FilterState.COMPLETED_WITH_WARNINGS if warnings else FilterState.COMPLETED_SUCCESSFULLY
                runs[place] = FilterRun(aim.filter.dialect, state, warnings)
                _log.info("%s: %s: done%s", name, aim.what, "".join(f", {warning}" for warning in warnings))
            else:
                failures.append(failure)
                # It is not over: it will be tried again.
                runs[place] = FilterRun(aim.filter.dialect, FilterState.PROCESSING, (failure.reason,))
                _log.warning("%s: %s: %s: %s", name, aim.what, failure.reason, kept_short(str(failure)))
        return failures


def made(record: Record, said: Button) -> tuple[StoredImage, ...]:
    """The files that are delivered: the pages, or one PDF of them. Blocking. Raises FilterFailed."""
    pages, press = record.pages, record.press
    if said.format != "pdf" or not joinable(press.format):
        return pages
    try:
        path = record.made("pages.pdf")
    except OSError as err:
        raise no_room_here(err, record.path) from err
    stored = [StoredPage(page.path, page.format, press.resolution) for page in pages]
    whole = one_pdf(path, stored, said.ocr, press.created.astimezone(), f"device={press.scanner} scan={record.token}")
    return pages if whole is None else (whole,)
