"""A document library: a folder of a web server, by WebDAV. SharePoint, Nextcloud, Apache, lighttpd.

Where MOVE is not offered the file is PUT under its final name, which must be free: whether that is ever half a file is
then up to the server.
Spec: RFC 4918 (MKCOL, MOVE), RFC 9110 (PUT, If-None-Match).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from bridge.config import Account
from bridge.dsm.job import FilterStateReason
from bridge.filters.apart import apart
from bridge.filters.filter import FilterFailed, Work
from bridge.filters.names import FileNames
from bridge.filters.publish import publish
from bridge.filters.web import Said, WebServer

_CREATED: Final = (200, 201, 204)
_NOT_OFFERED: Final = (405, 501)
_FULL: Final = 507


class Library:
    """Files into a document library."""

    def __init__(self, dialect: str, url: str, account: Account, names: FileNames | None = None) -> None:
        self.dialect = dialect
        self._url = url
        self._account = account
        self._names = names or FileNames()

    async def process(self, work: Work) -> tuple[FilterStateReason, ...]:
        """Raises FilterFailed."""
        place = DavPlace(WebServer(self._url, self._account))
        await apart(lambda: publish(place, f"library {self._url}", self._names, work))
        return ()


class DavPlace:
    """The place that publish() works on."""

    def __init__(self, server: WebServer) -> None:
        self._server = server
        self._files: dict[tuple[str, ...], Path] = {}  # what was written, for a server that cannot rename

    def _path(self, parts: Sequence[str]) -> str:
        return "/".join((self._server.path, *(quote(part, safe="") for part in parts)))

    def make_folders(self, parts: Sequence[str]) -> None:
        for depth in range(len(parts) + 1):
            path = self._path(parts[:depth]) + "/"
            if depth == 0 and self._server.ask("HEAD", path).status not in (404, 409, 410):
                continue  # some answer 403 or 405 for a folder that takes files all the same
            said = self._server.ask("MKCOL", path)
            if said.status not in (*_CREATED, *_NOT_OFFERED):  # 405: it is there already
                raise self._failure(said, "MKCOL", path)

    def write(self, path: Sequence[str], file: Path) -> None:
        self._put(path, file, {})
        self._files[tuple(path)] = file

    def _put(self, path: Sequence[str], file: Path, headers: dict[str, str]) -> bool:
        """False: a condition in `headers` does not hold."""
        try:
            with file.open("rb") as source:
                sent = {"Content-Type": "application/octet-stream", **headers}
                said = self._server.ask("PUT", self._path(path), sent, source)
        except OSError as err:
            raise FilterFailed(FilterStateReason.UNKNOWN_ERROR, f"{file}: {err.strerror or err}") from err
        if said.status == _FULL and not headers:  # half a file must not keep the disk full
            self._server.ask("DELETE", self._path(path))
        if said.status not in (*_CREATED, 412):
            raise self._failure(said, "PUT", self._path(path))
        return said.status != 412

    def exists(self, path: Sequence[str]) -> bool:
        said = self._server.ask("HEAD", self._path(path))
        if said.status in (404, 410):
            return False
        if said.status >= 300:
            raise self._failure(said, "HEAD", self._path(path))
        return True

    def rename(self, old: Sequence[str], new: Sequence[str]) -> bool:
        parts = urlsplit(self._server.url)
        to = f"{parts.scheme}://{parts.netloc}{self._path(new)}"
        said = self._server.ask("MOVE", self._path(old), {"Destination": to, "Overwrite": "F"})
        if said.status in _NOT_OFFERED:
            return self._put_once(old, new)
        if said.status == 412:
            return False
        if said.status not in _CREATED:
            raise self._failure(said, "MOVE", self._path(old))
        return True

    def _put_once(self, old: Sequence[str], new: Sequence[str]) -> bool:
        file = self._files.get(tuple(old))
        if file is None:
            raise FilterFailed(FilterStateReason.UNKNOWN_ERROR, f"{self._server.url}: it cannot rename", passing=True)
        done = self._put(new, file, {"If-None-Match": "*"})
        if done:
            self._server.ask("DELETE", self._path(old))
        return done

    def _failure(self, said: Said, method: str, path: str) -> FilterFailed:
        text = f"{self._server.url}: {method} {path}: {said.status} {said.text}".rstrip()
        match said.status:
            case 401 | 403 | 407:
                return FilterFailed(FilterStateReason.SHARE_POINT_ACCESS_DENIED, text)
            case 507:
                return FilterFailed(FilterStateReason.SHARE_POINT_OUT_OF_DISK_SPACE, text, passing=True)
            case 400 | 404 | 405 | 409 | 410 | 413 | 414 | 415 | 422:
                return FilterFailed(FilterStateReason.INVALID_ARGS, text)
            case status:
                passing = status in (408, 423, 425, 429) or status >= 500
                return FilterFailed(FilterStateReason.UNKNOWN_ERROR, text, passing=passing)
