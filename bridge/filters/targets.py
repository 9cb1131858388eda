"""Filters for the places that the operator or a scan process names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from bridge.config import Button, Config
from bridge.dsm.job import FilterStateReason
from bridge.dsm.names import EMAIL, FILE_SHARE, SHARE_POINT
from bridge.filters.filter import Filter, FilterFailed, Work
from bridge.filters.folder import Folder
from bridge.filters.library import Library
from bridge.filters.mail import Mail
from bridge.filters.names import FileNames
from bridge.filters.paperless import Paperless
from bridge.filters.share import Share

INCOMPLETE: Final = " (incomplete)"


@dataclass(frozen=True, slots=True)
class Aim:
    """One place that a button's pages go to."""

    what: str  # for the log
    filter: Filter


@dataclass(frozen=True, slots=True)
class Several:
    """One filter with several places: each is tried, and the first failure told."""

    dialect: str
    parts: tuple[Filter, ...]

    async def process(self, work: Work) -> tuple[FilterStateReason, ...]:
        """Raises FilterFailed."""
        failed, warnings = None, list[FilterStateReason]()
        for part in self.parts:
            try:
                warnings += await part.process(work)
            except FilterFailed as err:
                failed = failed or err
        if failed is not None:
            raise failed
        return tuple(dict.fromkeys(warnings))


def of_process(config: Config, dialect: str, targets: Sequence[str]) -> Filter:
    r"""The filter of a scan process: shares (\\SERVER\SHARE, or an absolute path of this machine), addresses or URLs of
    libraries, as they were checked by `bridge.config`'s types. Raises ValueError for another dialect or no target."""
    if not targets:
        raise ValueError(f"{dialect} has no target")
    if dialect == EMAIL:
        return Mail(dialect, config.smtp, targets)
    if dialect == FILE_SHARE:
        parts = [_share_or_folder(config, dialect, each) for each in targets]
    elif dialect == SHARE_POINT:
        parts = [_library(config, dialect, each) for each in targets]
    else:
        raise ValueError(f"no filter is called {dialect}")
    return parts[0] if len(parts) == 1 else Several(dialect, tuple(parts))


def _share_or_folder(config: Config, dialect: str, target: str, names: FileNames | None = None) -> Filter:
    if not target.startswith("\\\\"):
        return Folder(dialect, Path(target), names)
    return Share(dialect, target, config.at(target.removeprefix("\\\\").split("\\")[0]), names)


def _library(config: Config, dialect: str, url: str, names: FileNames | None = None) -> Filter:
    return Library(dialect, url, config.at(urlsplit(url).hostname or ""), names)


def of_button(config: Config, said: Button, more: Mapping[str, str], *, complete: bool) -> tuple[Aim, ...]:
    """Where the pages of a press go, in this order. `more`: words for the names of the files."""
    names = FileNames(said.name if complete else said.name + INCOMPLETE, more)
    aims = []
    if said.folder is not None:
        aims.append(Aim(f"folder {said.folder}", Folder(FILE_SHARE, said.folder, names)))
    if said.share:
        aims.append(Aim(f"share {said.share}", _share_or_folder(config, FILE_SHARE, said.share, names)))
    if said.library:
        aims.append(Aim(f"library {said.library}", _library(config, SHARE_POINT, said.library, names)))
    if said.paperless:
        account = config.at(urlsplit(said.paperless).hostname or "")
        aims.append(Aim(f"paperless {said.paperless}", Paperless(said.paperless, account, names)))
    if said.mail:
        aims.append(Aim(f"mail to {', '.join(said.mail)}", Mail(EMAIL, config.smtp, said.mail, names)))
    return tuple(aims)
