"""Scan processes from a folder of TOML files, one each: what a directory service would hold.

The scan server reads them at each job, so that a change counts at once; a scanner's button names one of them. Keys
that only the other side needs are allowed, so that one file can serve both.
"""

import asyncio
import logging
import tomllib
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    field_validator,
    model_validator,
)

from bridge.config import MAIL_ADDRESS, Account, Languages, NameTemplate, Smtp, Unc
from bridge.dsm.names import EMAIL, FILE_SHARE, SHARE_POINT
from bridge.dsm.process import MAX_TARGETS
from bridge.errors import ConfigError
from bridge.filters.filter import Filter
from bridge.filters.folder import Folder
from bridge.filters.library import Library
from bridge.filters.mail import Mail
from bridge.filters.names import FileNames
from bridge.filters.one_pdf import OnePdf
from bridge.filters.several import Several
from bridge.filters.share import Share
from bridge.log import kept_short
from bridge.service.post_scan_process import Offer, Process, plain

_log = logging.getLogger(__name__)

MOST: Final = 256  # files that are read
_MAX_BYTES: Final = 64 * 1024


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or " " in value or not value.isprintable():
        raise ValueError(f"'{value}' is not http[s]://HOST[:PORT][/PATH]")
    return value


_Url = Annotated[str, AfterValidator(_url)]
_Address = Annotated[str, Field(pattern=MAIL_ADDRESS)]


class FilterEntry(_Table):
    """One filter: a share (or the folder of this machine that stands for it), mail, or a document library."""

    share: Annotated[tuple[Unc, ...], Field(max_length=MAX_TARGETS)] = ()
    folder: Path | None = None
    mail: Annotated[tuple[_Address, ...], Field(max_length=MAX_TARGETS)] = ()
    add_addresses: StrictBool = False  # a device may name further ones
    library: Annotated[tuple[_Url, ...], Field(max_length=MAX_TARGETS)] = ()
    name: NameTemplate = "{name}"  # of the files
    format: Literal["received", "pdf"] = "received"  # pdf: one PDF/A of all pages, where they are JPEG or G4
    ocr: Languages = ""

    _one_is_a_list = field_validator("share", "mail", "library", mode="before")(
        lambda value: [value] if isinstance(value, str) else value
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(map(bool, (self.share, self.mail, self.library))) != 1:
            raise ValueError("has not exactly one of share, mail, library")
        if self.folder is not None and (len(self.share) != 1 or not self.folder.is_absolute()):
            raise ValueError("folder is an absolute path and stands beside one share, by which devices name it")
        if self.add_addresses and not self.mail:
            raise ValueError("add_addresses is for mail")
        if self.ocr and self.format != "pdf":
            raise ValueError("text is found for pdf only")
        return self

    @property
    def dialect(self) -> str:
        return FILE_SHARE if self.share else EMAIL if self.mail else SHARE_POINT

    @property
    def targets(self) -> tuple[str, ...]:
        """As devices name them."""
        return self.share or self.mail or self.library


class Scan(_Table):
    """How a device scans for it."""

    source: Literal["auto", "glass", "feeder"] = "auto"  # auto: the feeder when paper is in it
    duplex: StrictBool = False
    resolution: int = Field(default=300, ge=50, le=2400, strict=True)
    mode: Literal["color", "gray", "bw"] = "color"
    format: Literal["jpeg", "png", "tiff"] = "jpeg"


class ProcessFile(_Table):
    """One file."""

    id: uuid.UUID
    name: str = Field(min_length=1, max_length=255)
    document: str = Field(default="Scan", min_length=1, max_length=255)  # the root of the files' names
    continue_on_error: StrictBool = False
    filter: tuple[FilterEntry, ...] = Field(min_length=1, max_length=32)
    # What a device needs.
    server: _Url | None = None
    user: str = Field(default="", max_length=255)
    authority: Path | None = None  # PEM of whoever signed the server's certificate; None: whom the system trusts
    certificate: Path | None = None  # PEM of the device's own, which is its user then
    key: Path | None = None  # None: in the same file
    scan: Scan = Scan()


def read(path: Path) -> ProcessFile:
    """Raises ConfigError."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise ConfigError(str(path), "", f"has more than {_MAX_BYTES} bytes")
        return ProcessFile.model_validate(tomllib.loads(data.decode("utf-8")))
    except OSError as err:
        raise ConfigError(str(path), "", err.strerror or str(err)) from err
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise ConfigError(str(path), "", f"is not TOML: {err}") from err
    except ValidationError as err:
        first = err.errors(include_url=False, include_context=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(str(path), kept_short(key), kept_short(first["msg"].removeprefix("Value error, "))) from err


class ProcessFolder:
    """`Processes` from a folder; everybody who may reach the server may use them all."""

    def __init__(self, folder: Path, smtp: Smtp, accounts: Sequence[Account]) -> None:
        self._folder, self._smtp = folder, smtp
        self._accounts: Mapping[str, Account] = {each.host.lower(): each for each in accounts}

    def check(self) -> int:
        """How many processes there are. Raises ConfigError for the first that is none."""
        found: dict[uuid.UUID, Path] = {}
        for path in self._paths():
            identifier = read(path).id
            if identifier in found:
                raise ConfigError(str(path), "id", f"is that of {found[identifier].name} too")
            found[identifier] = path
        return len(found)

    async def get(self, identifier: str, user: str) -> Process | None:  # noqa: ARG002 - a directory service asks
        """Raises ConfigError when the folder cannot be read; a file that is none is passed over."""
        try:
            wanted = uuid.UUID(identifier.strip())
        except ValueError:
            return None
        return await asyncio.to_thread(self._get, wanted)

    def _get(self, wanted: uuid.UUID) -> Process | None:
        for path in self._paths():
            try:
                said = read(path)
            except ConfigError as err:
                _log.error("%s", err)
                continue
            if said.id == wanted:
                offers = tuple(self._offer(each) for each in said.filter)
                return Process(str(said.id), said.name, offers, said.continue_on_error)
        return None

    def _paths(self) -> tuple[Path, ...]:
        try:
            return tuple(sorted(each for each in self._folder.iterdir() if each.suffix == ".toml"))[:MOST]
        except OSError as err:
            raise ConfigError(str(self._folder), "scan_server.processes", err.strerror or str(err)) from err

    def _offer(self, entry: FilterEntry) -> Offer:
        def make(targets: tuple[str, ...]) -> Filter:
            made = self._made(entry, targets)
            return OnePdf(made, entry.ocr) if entry.format == "pdf" else made

        return Offer(entry.dialect, entry.targets, make, adds=entry.add_addresses)

    def _made(self, entry: FilterEntry, targets: tuple[str, ...]) -> Filter:
        if entry.mail:
            return Mail(entry.dialect, self._smtp, targets, FileNames(entry.name))
        if entry.folder is not None:
            return Folder(entry.dialect, entry.folder, FileNames(entry.name))
        if len(targets) == 1:
            return self._one(entry, targets[0])
        return Several(entry.dialect, {plain(target): self._one(entry, target) for target in targets})

    def _one(self, entry: FilterEntry, target: str) -> Filter:
        """To one place; its spelling is the operator's."""
        place = next(each for each in entry.targets if plain(each) == plain(target))
        host = urlsplit(place).hostname if entry.library else place.removeprefix("\\\\").partition("\\")[0]
        account = self._accounts.get((host or "").lower(), Account(host=host or target))
        made = Share if entry.share else Library
        return made(entry.dialect, place, account, FileNames(entry.name))
