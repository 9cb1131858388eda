"""Events as they happen: `SITE TRIGGER` on a login of its own, which does nothing else until it ends.

The events come over a data connection that hfaxd opens to us (PORT): up to 6.0.7 it takes SITE TRIGGER after PASV too,
and then writes the events to nobody. Only the host that was called may connect.
"""

import asyncio
import contextlib
import ipaddress
from collections.abc import Callable
from typing import Final, Self

from drivers.contract.errors import DeviceRefused, DeviceTimeout
from drivers.hylafax.control import LINE_MAX, Control, Server

ACCEPT_SECONDS: Final = 20.0
EVERYTHING_BUT_RECEPTION: Final = "J*S*M*"


def receptions(modem: str) -> str:
    """The specification for what one modem receives; the lines themselves do not name it."""
    return f"R<{modem}>*"


class Trigger:
    """One trigger that is set."""

    def __init__(self, control: Control, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._control, self._reader, self._writer = control, reader, writer

    @classmethod
    async def open(cls, server: Server, specification: str) -> Self:
        """Set it. Raises what Control raises; DeviceRefused when the server will not or cannot connect to us."""
        control = await Control.open(server)
        called: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = (
            asyncio.get_running_loop().create_future()
        )
        ours, theirs = control.ends

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if called.done() or _plain(writer.get_extra_info("peername")[0]) != _plain(theirs):
                writer.close()
            else:
                called.set_result((reader, writer))

        try:
            listener = await asyncio.start_server(connected, ours, 0, limit=LINE_MAX, backlog=1)
            try:
                await _tell_port(control, ours, listener.sockets[0].getsockname()[1])
                reply = await control.command(f"SITE TRIGGER {specification}")
                if not reply.good:
                    raise DeviceRefused(f"{server} sets no trigger for '{server.user}': {reply.text}")
                try:
                    async with asyncio.timeout(ACCEPT_SECONDS):
                        reader, writer = await called
                except TimeoutError as err:
                    raise DeviceTimeout(f"{server} does not connect to {ours} to tell its events") from err
            finally:
                listener.close()  # no wait_closed: from Python 3.12.1 on it waits for the connection, too
        except OSError as err:
            await control.close()
            raise DeviceRefused(f"nobody can be listened to on {ours}: {err}") from err
        except BaseException:
            await control.close()
            raise
        return cls(control, reader, writer)

    async def follow(self, hear: Callable[[str], None]) -> None:
        """Hand on each line until either connection ends."""
        lines = asyncio.ensure_future(self._lines(hear))
        end = asyncio.ensure_future(self._ended())
        try:
            await asyncio.wait((lines, end), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in (lines, end):
                each.cancel()
            await asyncio.gather(lines, end, return_exceptions=True)

    async def _lines(self, hear: Callable[[str], None]) -> None:
        with contextlib.suppress(OSError, ValueError):
            while (line := await self._reader.readline()).endswith(b"\n"):
                hear(line.decode("utf-8", "replace").rstrip("\r\n"))

    async def _ended(self) -> None:
        """Whatever the server says on the control connection now is that it cannot go on."""
        with contextlib.suppress(Exception):
            await self._control.reply("SITE TRIGGER", None)

    async def close(self) -> None:
        self._writer.close()
        await self._control.close()


async def _tell_port(control: Control, ours: str, port: int) -> None:
    """PORT; a server that listens on IPv6 wants EPRT (RFC 2428), with an IPv4 address in its IPv6 form."""
    address = _plain(ours)
    if address.version == 4:
        reply = await control.command(f"PORT {str(address).replace('.', ',')},{port >> 8},{port & 255}")
        if reply.good:
            return
        address = ipaddress.ip_address(f"::ffff:{address}")
    await control.done(f"EPRT |2|{address}|{port}|")


def _plain(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An IPv4 address, however it is written, is one."""
    found = ipaddress.ip_address(address.partition("%")[0])
    return (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found
