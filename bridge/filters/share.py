r"""A folder of a file server, `\\SERVER\SHARE\folders`, over SMB 2 or 3, signed.

smbprotocol is an optional extra; it is imported when the first file goes to a share. Its calls have no time limit of
their own: the whole of a job has one, by its size.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bridge.config import Account
from bridge.dsm.job import FilterStateReason
from bridge.filters.apart import apart
from bridge.filters.filter import FilterFailed, Work
from bridge.filters.names import FileNames
from bridge.filters.publish import publish

if TYPE_CHECKING:
    from smbprotocol.connection import Connection

CONNECT: Final = 15  # seconds
_ALLOWED: Final = 60.0  # seconds for a job, and one more for so many bytes:
_SLOWEST: Final = 100_000
_PIECE: Final = 256 * 1024
_PORT: Final = 445

# MS-ERREF 2.3.1
_COLLISION: Final = 0xC0000035
_GONE: Final = frozenset({0xC0000034, 0xC000003A, 0xC000000F})  # object name, path, no such file
_DENIED: Final = frozenset(
    {
        0xC0000022,  # ACCESS_DENIED
        0xC000006D,  # LOGON_FAILURE
        0xC000006E,  # ACCOUNT_RESTRICTION
        0xC0000071,  # PASSWORD_EXPIRED
        0xC0000072,  # ACCOUNT_DISABLED
        0xC0000234,  # ACCOUNT_LOCKED_OUT
        0xC00000A2,  # MEDIA_WRITE_PROTECTED
        0xC0000061,  # PRIVILEGE_NOT_HELD
    }
)
_FULL: Final = frozenset({0xC000007F, 0xC0000044, 0xC0000802})  # DISK_FULL, QUOTA_EXCEEDED, DISK_QUOTA_EXCEEDED
_MEMORY: Final = frozenset({0xC0000017, 0xC000009A, 0xC0000205})  # NO_MEMORY, INSUFFICIENT and INSUFF_SERVER_RESOURCES
# BAD_NETWORK_NAME, NOT_FOUND (of a share), OBJECT_NAME_INVALID, OBJECT_PATH_SYNTAX_BAD
_WRONG: Final = frozenset({0xC00000CC, 0xC0000225, 0xC0000033, 0xC000003B})


class Share:
    """Files into a folder of a file server."""

    def __init__(self, dialect: str, unc: str, account: Account, names: FileNames | None = None) -> None:
        self.dialect = dialect
        self._unc = unc
        self._account = account
        self._names = names or FileNames()

    async def process(self, work: Work) -> tuple[FilterStateReason, ...]:
        """Raises FilterFailed."""
        seconds = _ALLOWED + sum(image.path.stat().st_size for image in work.images) / _SLOWEST
        place = SmbPlace(self._unc, self._account)
        try:
            async with asyncio.timeout(seconds):
                await apart(lambda: place.run(self._names, work))
        except TimeoutError as err:
            text = f"{self._unc}: not done within {seconds:.0f} s"
            raise FilterFailed(FilterStateReason.UNKNOWN_ERROR, text, passing=True) from err
        finally:
            place.hang_up()
        return ()


class SmbPlace:
    """The place that publish() works on; one connection."""

    def __init__(self, unc: str, account: Account) -> None:
        """`unc`: server, share and folders, none of them empty."""
        try:
            import smbclient  # noqa: PLC0415
        except ImportError as err:
            why = "shares need the Python package smbprotocol; install wsd-scan-bridge[smb]"
            raise FilterFailed(FilterStateReason.UNKNOWN_ERROR, why) from err
        self._smb = smbclient
        self._server, self._share, *self._folders = unc.removeprefix("\\\\").split("\\")
        self._account = account
        self._connections: dict[str, Connection] = {}

    def run(self, names: FileNames, work: Work) -> None:
        """Everything, in the calling thread. Raises FilterFailed."""
        account = self._account
        try:
            self._smb.register_session(
                self._server,
                username=account.user or None,
                password=account.password.get_secret_value() or None,
                connection_timeout=CONNECT,
                auth_protocol="ntlm" if account.user else "negotiate",
                **self._how,
            )
        except Exception as err:
            raise self._failure(err, f"\\\\{self._server}") from err
        try:
            publish(self, f"share {self._path(())}", names, work)
        finally:
            for connection in self._connections.values():
                with suppress(Exception):  # what was written was flushed
                    connection.disconnect(timeout=CONNECT)

    def hang_up(self) -> None:
        """Whatever waits for the server waits no more."""
        for connection in tuple(self._connections.values()):
            with suppress(Exception):
                connection.transport.close()

    @property
    def _how(self) -> dict[str, Any]:
        return {"port": self._account.port or _PORT, "connection_cache": self._connections}

    def _path(self, parts: Sequence[str]) -> str:
        return "\\".join(("\\", self._server, self._share, *self._folders, *parts))

    def make_folders(self, parts: Sequence[str]) -> None:
        there: tuple[str, ...] = ()
        if not self.exists(()):
            raise FilterFailed(FilterStateReason.INVALID_ARGS, f"{self._path(())} is not there", passing=True)
        for part in parts:
            there = (*there, part)
            try:
                if not self.exists(there):
                    self._smb.mkdir(self._path(there), **self._how)
            except FilterFailed:
                raise
            except Exception as err:
                if _status(err) != _COLLISION:
                    raise self._failure(err, self._path(there)) from err

    def write(self, path: Sequence[str], file: Path) -> None:
        try:
            with (
                file.open("rb") as source,
                self._smb.open_file(self._path(path), mode="wb", buffering=0, **self._how) as there,
            ):
                while piece := source.read(_PIECE):
                    rest = memoryview(piece)
                    while rest:
                        rest = rest[there.write(rest) :]
                there.flush()
        except Exception as err:
            if _status(err) in _FULL:  # half a file must not keep the disk full
                with suppress(Exception):
                    self._smb.remove(self._path(path), **self._how)
            raise self._failure(err, self._path(path)) from err

    def exists(self, path: Sequence[str]) -> bool:
        try:
            self._smb.stat(self._path(path), **self._how)
        except Exception as err:
            if _status(err) in _GONE:
                return False
            raise self._failure(err, self._path(path)) from err
        return True

    def rename(self, old: Sequence[str], new: Sequence[str]) -> bool:
        try:
            self._smb.rename(self._path(old), self._path(new), **self._how)
        except Exception as err:
            if _status(err) == _COLLISION:
                return False
            raise self._failure(err, self._path(new)) from err
        return True

    def _failure(self, err: Exception, where: str) -> FilterFailed:
        status = _status(err)
        said = " ".join(str(err).split())[:200] or type(err).__name__
        text = f"{where}: {said}"
        if status in _DENIED or type(err).__name__ == "SMBAuthenticationError":
            return FilterFailed(FilterStateReason.FILE_SHARE_ACCESS_DENIED, text)
        if status in _FULL:
            return FilterFailed(FilterStateReason.FILE_SHARE_OUT_OF_DISK_SPACE, text, passing=True)
        if status in _MEMORY:
            return FilterFailed(FilterStateReason.SERVER_OUT_OF_MEMORY, text, passing=True)
        if status in _WRONG:
            return FilterFailed(FilterStateReason.INVALID_ARGS, text)
        return FilterFailed(FilterStateReason.UNKNOWN_ERROR, text, passing=True)


def _status(err: BaseException | None) -> int | None:
    """The server's NTSTATUS, wherever smbprotocol put it."""
    while err is not None:
        for name in ("ntstatus", "status"):
            value = getattr(err, name, None)
            if isinstance(value, int):
                return value
        err = err.__cause__ or err.__context__
    return None
