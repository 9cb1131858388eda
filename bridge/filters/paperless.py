"""Files to paperless-ngx, over its HTTP API. (Its consume folder is a folder like any other.)

What was taken is noted, so it is not sent again. If the bridge dies between paperless' answer and the note it is,
and paperless refuses it as a duplicate: it knows a document by its content.
Spec: paperless-ngx documentation, REST API, "POSTing documents".
"""

import io
import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from bridge.config import Account
from bridge.dsm.job import FilterStateReason
from bridge.filters.apart import apart
from bridge.filters.filter import FilterFailed, Work
from bridge.filters.names import FileNames, media_type, suffix
from bridge.filters.notes import Notes
from bridge.filters.web import WebServer

DIALECT: Final = "urn:wsd-scan-bridge:filter:paperless"
_PATH: Final = "/api/documents/post_document/"
_DONE: Final = "done"


class Paperless:
    """Documents for paperless-ngx."""

    dialect = DIALECT

    def __init__(self, url: str, account: Account, names: FileNames | None = None) -> None:
        self._url = url
        self._account = account
        self._names = names or FileNames()

    async def process(self, work: Work) -> tuple[FilterStateReason, ...]:
        """Raises FilterFailed."""
        await apart(lambda: self._post_all(work))
        return ()

    def _post_all(self, work: Work) -> None:
        server = WebServer(self._url, self._account)
        token = self._account.token.get_secret_value()
        notes = Notes(work.notes, f"paperless {self._url}")
        for image in work.images:
            key = str(image.document_id)
            if notes.get(key) == _DONE:
                continue
            name = self._names.of(work, image)[-1]
            mark = secrets.token_hex(16)
            headers = {"Content-Type": f"multipart/form-data; boundary={mark}", "Accept": "application/json"}
            if token:
                headers["Authorization"] = f"Token {token}"
            head = (
                _field(mark, "title", name)
                + _field(mark, "created", work.created.isoformat(timespec="seconds"))
                + _file(mark, f"{name}{suffix(image)}", media_type(image))
            )
            with _open(image.path) as file, _Joined([io.BytesIO(head), file, io.BytesIO(_end(mark))]) as body:
                said = server.ask("POST", server.path + _PATH, headers, body)
            if said.status not in (200, 201, 202):
                raise _failure(said.status, f"{self._url}: {said.status} {said.text}")
            notes.put(key, _DONE)


def _open(path: Path) -> "io.BufferedReader":
    try:
        return path.open("rb")
    except OSError as err:
        raise FilterFailed(FilterStateReason.UNKNOWN_ERROR, f"{path}: {err.strerror or err}") from err


def _failure(status: int, text: str) -> FilterFailed:
    match status:
        case 401 | 403:
            return FilterFailed(FilterStateReason.SHARE_POINT_ACCESS_DENIED, text)
        case 507:
            return FilterFailed(FilterStateReason.SHARE_POINT_OUT_OF_DISK_SPACE, text, passing=True)
        case 400 | 404 | 405 | 413 | 415:
            return FilterFailed(FilterStateReason.INVALID_ARGS, text)
        case _:
            return FilterFailed(FilterStateReason.UNKNOWN_ERROR, text, passing=status in (408, 429) or status >= 500)


def _field(mark: str, name: str, text: str) -> bytes:
    return f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()


def _file(mark: str, name: str, kind: str) -> bytes:
    quoted = name.replace("\\", "_").replace('"', "_")
    disposition = f'form-data; name="document"; filename="{quoted}"'
    return f"--{mark}\r\nContent-Disposition: {disposition}\r\nContent-Type: {kind}\r\n\r\n".encode()


def _end(mark: str) -> bytes:
    return f"\r\n--{mark}--\r\n".encode()


class _Joined(io.RawIOBase):
    """Several files read as one, so that none is whole in memory."""

    def __init__(self, files: Sequence[io.BufferedIOBase | io.BytesIO]) -> None:
        self._files = files
        self._sizes = [file.seek(0, os.SEEK_END) for file in files]
        self.seek(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Never None: all of it is there."""
        return super().read(size) or b""

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """To a place from the start or the end of all of them."""
        self._at = offset if whence == os.SEEK_SET else sum(self._sizes) + offset
        for file, start, size in self._placed():
            file.seek(min(max(self._at - start, 0), size))
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        for file, start, size in self._placed():
            if start <= self._at < start + size:
                piece = file.read(len(buffer))
                buffer[: len(piece)] = piece
                self._at += len(piece)
                return len(piece)
        return 0

    def _placed(self) -> Iterator[tuple[io.BufferedIOBase | io.BytesIO, int, int]]:
        start = 0
        for file, size in zip(self._files, self._sizes, strict=True):
            yield file, start, size
            start += size
