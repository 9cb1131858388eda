"""A hfaxd of the tests' own: it says what a test gave it, logs nobody out and sends events where PORT told it to."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from hil.tcp import TcpServer


@dataclass
class Hfaxd:
    """What it serves: rows by queue, files by name, replies by command."""

    rows: dict[str, list[list[str]]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    replies: dict[str, str] = field(default_factory=dict)  # by the first words of a command
    greeting: str = "220 here"
    data_port: int = 0  # of data connections; 0: as it should be
    port: int = 0
    logins: int = 0
    commands: list[str] = field(default_factory=list)
    triggers: dict[str, asyncio.StreamWriter] = field(default_factory=dict)

    def tell(self, line: str, trigger: str = "J*S*M*") -> None:
        """An event."""
        self.triggers[trigger].write(f"{line}\r\n".encode())

    async def session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.logins += 1
        active: tuple[str, int] | None = None
        data: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

        def say(text: str) -> None:
            writer.write(f"{text}\r\n".encode())

        passive = TcpServer(lambda _reader, its: _handed(data, its), "127.0.0.1", 0, 1)
        try:
            async with passive:
                say(self.greeting)
                while line := (await reader.readline()).decode().rstrip("\r\n"):
                    self.commands.append(line)
                    known = next((reply for words, reply in self.replies.items() if line.startswith(words)), None)
                    if known is not None:
                        say(known)
                    elif line.startswith("USER "):
                        say("230 in")
                    elif line == "EPSV":
                        say(f"229 passive (|||{self.data_port or passive.port}|)")
                    elif found := re.match(r"PORT 127,0,0,1,(\d+),(\d+)", line):
                        active = ("127.0.0.1", int(found[1]) * 256 + int(found[2]))
                        say("200 good")
                    elif line.startswith("SITE TRIGGER ") and active:
                        say("150 trigger")
                        _, self.triggers[line.removeprefix("SITE TRIGGER ")] = await asyncio.open_connection(*active)
                    elif (text := self._text(line)) is not None:
                        its = await data.get()
                        say("150 data")
                        its.write(text.encode())
                        its.close()
                        say("226 done")
                    elif line.startswith("RETR "):
                        (await data.get()).close()
                        say("550 no such file")
                    else:
                        say("200 good")
        finally:
            writer.close()

    def _text(self, line: str) -> str | None:
        command, _, name = line.partition(" ")
        if command == "RETR":
            return self.files.get(name)
        if command != "LIST":
            return None
        first = "HylaFAX scheduler on here: Running\n" if name == "status" else ""
        return first + "".join("\x1e" + "\x1f".join(row) + "\n" for row in self.rows.get(name, []))


async def _handed(data: "asyncio.Queue[asyncio.StreamWriter]", writer: asyncio.StreamWriter) -> None:
    data.put_nowait(writer)
    await writer.wait_closed()


@pytest.fixture
async def hfaxd() -> AsyncIterator[Hfaxd]:
    here = Hfaxd()
    async with TcpServer(here.session, "127.0.0.1", 0, 32) as server:
        here.port = server.port
        yield here
        for each in here.triggers.values():
            each.close()
