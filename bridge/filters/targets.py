"""The places that the operator names for a button, as filters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from bridge.config import Button, Config
from bridge.dsm.names import EMAIL, FILE_SHARE, SHARE_POINT
from bridge.filters.filter import Filter
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


def of_button(config: Config, said: Button, more: Mapping[str, str], *, complete: bool) -> tuple[Aim, ...]:
    """Where the pages of a press go, in this order. `more`: words for the names of the files."""
    names = FileNames(said.name if complete else said.name + INCOMPLETE, more)
    aims = []
    if said.folder is not None:
        aims.append(Aim(f"folder {said.folder}", Folder(FILE_SHARE, said.folder, names)))
    if said.share:
        account = config.at(said.share.removeprefix("\\\\").partition("\\")[0])
        aims.append(Aim(f"share {said.share}", Share(FILE_SHARE, said.share, account, names)))
    if said.library:
        account = config.at(urlsplit(said.library).hostname or "")
        aims.append(Aim(f"library {said.library}", Library(SHARE_POINT, said.library, account, names)))
    if said.paperless:
        account = config.at(urlsplit(said.paperless).hostname or "")
        aims.append(Aim(f"paperless {said.paperless}", Paperless(said.paperless, account, names)))
    if said.mail:
        aims.append(Aim(f"mail to {', '.join(said.mail)}", Mail(EMAIL, config.smtp, said.mail, names)))
    return tuple(aims)
