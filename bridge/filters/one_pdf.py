"""All pages in one PDF/A, before they are brought where they belong.

The file is made once and kept until the job is over, so that a try again brings the very same. What cannot be joined
goes as it was received.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from bridge import durable
from bridge.dsm.job import FilterStateReason
from bridge.filters.apart import apart
from bridge.filters.filter import Filter, StoredImage, Work
from bridge.filters.notes import no_room_here
from bridge.filters.text import NoText, words
from bridge.imaging.errors import ImagingError
from bridge.imaging.pdf_joined import StoredPage, joinable, joined, resolution
from bridge.imaging.pdf_text import Word
from bridge.log import kept_short

_log = logging.getLogger(__name__)

# Of none that was received: what a filter noted of a page must not be taken for a note of the whole, nor the other way
# round, when the operator changes his mind between two tries.
_WHOLE: Final = 0


class OnePdf:
    """What another filter does, with one PDF in the place of the pages; `languages`: tesseract's, to find text in."""

    def __init__(self, then: Filter, languages: str = "") -> None:
        self.dialect, self._then, self._languages = then.dialect, then, languages

    async def process(self, work: Work) -> tuple[FilterStateReason, ...]:
        """Raises FilterFailed."""
        images = await apart(lambda: self._images(work))
        return await self._then.process(replace(work, images=images))

    def _images(self, work: Work) -> tuple[StoredImage, ...]:
        if not all(joinable(each.format) for each in work.images):
            _log.info("job=%s: pages that cannot be joined go as they were received", work.token)
            return work.images
        try:
            work.notes.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as err:
            raise no_room_here(err, work.notes) from err
        pages = [StoredPage(each.path, each.format, resolution(each.path)) for each in work.images]
        path = work.notes / f"pages {self._languages}".strip()
        taken = work.created.astimezone()
        whole = one_pdf(path, pages, self._languages, taken, f"job={work.token}")
        return work.images if whole is None else (replace(whole, document_id=_WHOLE),)


def one_pdf(path: Path, pages: Sequence[StoredPage], languages: str, taken: datetime, whose: str) -> StoredImage | None:
    """All pages in one file at `path`, where it is not there yet; None: they cannot be joined. Blocking. Raises
    FilterFailed. `whose` begins the lines of the log."""
    image = StoredImage(path, 1, "pdf-a")
    try:
        if not path.exists():
            find = _finder(languages, whose) if languages else _no_words
            durable.write(path, joined(pages, find, taken, path.parent))
    except ImagingError as err:
        _log.warning("%s: no PDF, single pages: %s", whose, err)
        return None
    except OSError as err:
        raise no_room_here(err, path.parent) from err
    return image


def _no_words(_: StoredPage) -> tuple[Word, ...]:
    return ()


def _finder(languages: str, whose: str) -> Callable[[StoredPage], tuple[Word, ...]]:
    said = set[str]()

    def find(page: StoredPage) -> tuple[Word, ...]:
        try:
            return words(page, languages)
        except NoText as err:
            if str(err) not in said:  # once for all pages
                said.add(str(err))
                _log.warning("%s: %s", whose, kept_short(str(err)))
            return ()

    return find
