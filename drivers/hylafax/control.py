"""The control connection of hfaxd: FTP's ways with HylaFAX's words (hfaxd(8), RFC 959).

Every step has a deadline, every line and list a bound. The address in a reply to PASV is not looked at: data comes from
the host that was called. A connection that failed is to be closed; nothing is sent on it again.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final, Self

from drivers.contract.errors import DeviceBusy, DeviceGarbled, DeviceGone, DeviceRefused, DeviceTimeout

CONNECT_SECONDS: Final = 20.0  # hfaxd looks up who calls before it greets
REPLY_SECONDS: Final = 20.0
LIST_SECONDS: Final = 60.0
LINE_MAX: Final = 16 * 1024  # bytes
REPLY_LINES: Final = 500
LIST_MAX: Final = 8 * 1024 * 1024  # bytes of one listing or file

_EXTENDED = re.compile(r"\(\|\|\|(\d{1,5})\|\)")
_PASSIVE = re.compile(r"\((?:\d{1,3},){4}(\d{1,3}),(\d{1,3})\)")


@dataclass(frozen=True, slots=True)
class Server:
    """Where a hfaxd listens and who we are there."""

    host: str
    port: int
    user: str
    password: str = ""

    def __str__(self) -> str:
        return f"HylaFAX at {self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: its code, its lines without codes."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return self.lines[-1]

    @property
    def good(self) -> bool:
        """It was done, or begins to be."""
        return self.code < 400


class Control:
    """One login."""

    def __init__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, server: Server) -> Self:
        """Connect and log in; lists will be in ASCII and times in GMT.

        Raises DeviceGone, DeviceTimeout, DeviceBusy, DeviceRefused, DeviceGarbled.
        """
        with _told(server, "connect"):
            async with asyncio.timeout(CONNECT_SECONDS):
                reader, writer = await asyncio.open_connection(server.host, server.port, limit=LINE_MAX)
        control = cls(server, reader, writer)
        try:
            greeting = await control.reply("greeting", CONNECT_SECONDS)
            if greeting.code != 220:
                raise DeviceBusy(f"{server} takes no clients: {greeting.text}")
            await control._log_in()
            await control.done("TZONE GMT")
            await control.done("TYPE A")
        except BaseException:
            await control.close()
            raise
        return control

    async def _log_in(self) -> None:
        who, secret = _word(self.server.user), _word(self.server.password)
        reply = await self.command(f"USER {who}")
        if reply.code == 331:
            if not secret:
                raise DeviceRefused(f"{self.server} wants a password for user '{who}'")
            reply = await self.command(f"PASS {secret}", shown="PASS")
        if reply.code in (230, 232):
            return
        if reply.code == 332:
            raise DeviceRefused(f"{self.server} wants an administrator's password for user '{who}'")
        raise DeviceRefused(f"{self.server} refuses user '{who}': {reply.text}")

    async def command(self, line: str, *, shown: str = "") -> Reply:
        """Send one command and wait for its reply. `shown` is the command for the log where it holds a secret."""
        with _told(self.server, shown or line):
            async with asyncio.timeout(REPLY_SECONDS):
                self._writer.write(line.encode("utf-8", "replace") + b"\r\n")
                await self._writer.drain()
        return await self.reply(shown or line, REPLY_SECONDS)

    async def done(self, line: str) -> Reply:
        """A command that must work. Raises DeviceRefused too."""
        reply = await self.command(line)
        if not reply.good:
            raise DeviceRefused(f"{self.server} refuses {line.partition(' ')[0]} to '{self.server.user}': {reply.text}")
        return reply

    async def reply(self, what: str, seconds: float | None) -> Reply:
        """The next reply. A server that closes (421) is DeviceGone."""
        lines: list[str] = []
        with _told(self.server, what):
            async with asyncio.timeout(seconds):
                while True:
                    line = await _line(self._reader)
                    found = re.fullmatch(r"(\d{3})([ -])(.*)", line)
                    if found is None and not lines:
                        raise DeviceGarbled(f"{self.server}: no reply to {what}: {line[:80]!r}")
                    lines.append(found[3] if found else line)
                    if found and found[2] == " ":
                        break
                    if len(lines) > REPLY_LINES:
                        raise DeviceGarbled(f"{self.server}: a reply to {what} of more than {REPLY_LINES} lines")
        if found[1] == "421":
            raise DeviceGone(f"{self.server} closes: {lines[-1]}")
        return Reply(int(found[1]), tuple(lines))

    async def fetch(self, command: str) -> str | None:
        """What a command such as LIST or RETR sends over a connection of its own; None: it is refused."""
        port = await self._passive()
        with _told(self.server, command):
            async with asyncio.timeout(CONNECT_SECONDS):
                reader, writer = await asyncio.open_connection(self._peer(), port)
        try:
            reply = await self.command(command)
            if not reply.good:
                return None
            data = bytearray()
            with _told(self.server, command):
                async with asyncio.timeout(LIST_SECONDS):
                    while part := await reader.read(65536):
                        data += part
                        if len(data) > LIST_MAX:
                            raise DeviceGarbled(f"{self.server}: {command} gave more than {LIST_MAX} bytes")
            end = await self.reply(command, REPLY_SECONDS)
            if not end.good:
                raise DeviceGone(f"{self.server}: {command} ended early: {end.text}")
            return data.decode("utf-8", "replace")
        finally:
            writer.close()

    async def _passive(self) -> int:
        """The port of a data connection. A server that listens on IPv6 has no PASV, an old one has no EPSV."""
        reply = await self.command("EPSV")
        found = _EXTENDED.search(reply.text) if reply.code == 229 else None
        if found:
            port = int(found[1])
        else:
            reply = await self.done("PASV")
            found = _PASSIVE.search(reply.text)
            port = int(found[1]) * 256 + int(found[2]) if found else 0
        if not 0 < port < 65536:
            raise DeviceGarbled(f"{self.server}: no port in {reply.text[:80]!r}")
        return port

    def _peer(self) -> str:
        return str(self._writer.get_extra_info("peername")[0])

    @property
    def ends(self) -> tuple[str, str]:
        """Our address and the server's."""
        return str(self._writer.get_extra_info("sockname")[0]), self._peer()

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._writer.wait_closed()


@asynccontextmanager
async def logged_in(server: Server) -> AsyncIterator[Control]:
    """A login for one look."""
    control = await Control.open(server)
    try:
        yield control
    finally:
        await control.close()


async def _line(reader: asyncio.StreamReader) -> str:
    line = await reader.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return line.decode("utf-8", "replace").rstrip("\r\n")


def _word(text: str) -> str:
    """What cannot begin another command."""
    return re.sub(r"[\x00-\x1f\x7f]", "", text)


@contextmanager
def _told(server: Server, what: str) -> Iterator[None]:
    """The socket's errors as the contract's."""
    try:
        yield
    except TimeoutError as err:
        raise DeviceTimeout(f"{server} does not answer ({what})") from err
    except (OSError, EOFError) as err:
        raise DeviceGone(f"{server}: {err or 'the connection was closed'} ({what})") from err
    except ValueError as err:  # a line longer than the limit
        raise DeviceGarbled(f"{server}: a line of more than {LINE_MAX} bytes ({what})") from err
