"""A USB/IP server that exports simulated devices over TCP, so that any Linux host can attach them.

    async with UsbIpServer((Export(Address(1, 1), device, live),), "127.0.0.1", 0) as server:
        server.port

One host at a time per device. An unplugged device is not listed, cannot be imported, and its host loses the
connection; plugged in again it is there again under the same bus id.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from hil.devices.live import Live
from hil.devices.usb.device import SimulatedUsbDevice
from hil.tcp import TcpServer
from hil.usbip import messages
from hil.usbip.messages import Address, ProtocolViolation
from hil.usbip.session import Session

MOST_HOSTS = 32  # connections at once
REQUEST_SECONDS = 10.0  # from the first byte of an operation to its last

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Export:
    """One device and where it seems to be plugged in."""

    address: Address
    device: SimulatedUsbDevice
    live: Live


class UsbIpServer(TcpServer):
    """See the module."""

    def __init__(self, exports: Sequence[Export], host: str, port: int) -> None:
        super().__init__(self._host_session, host, port, MOST_HOSTS)
        self._exports = {each.address.busid: each for each in exports}
        self._taken: set[str] = set()

    async def _host_session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            export = await self._operations(reader, writer)
            if export is not None:
                try:
                    await Session(export.device, export.live, reader, writer).run()
                finally:
                    self._taken.discard(export.address.busid)
        except ProtocolViolation as err:
            log.warning("usbip: a host broke the protocol: %s", err)
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass  # a host that leaves early harms nobody
        finally:
            writer.close()

    async def _operations(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Export | None:
        """Answer lists until the host takes a device (entered as taken) or leaves."""
        while True:
            first = await reader.readexactly(1)
            async with asyncio.timeout(REQUEST_SECONDS):
                head = first + await reader.readexactly(messages.OP.size - 1)
                _, code, _ = messages.OP.unpack(head)
                if code == messages.REQ_DEVLIST:
                    shown = [(e.address, e.device.description) for e in self._exports.values() if e.device.plugged]
                    writer.write(messages.device_list(shown))
                    await writer.drain()
                elif code == messages.REQ_IMPORT:
                    busid = (await reader.readexactly(messages.BUSID.size)).split(b"\0", 1)[0]
                    return self._import(busid.decode("ascii", "replace"), writer)
                else:
                    raise ProtocolViolation(f"operation {code:#x}")

    def _import(self, busid: str, writer: asyncio.StreamWriter) -> Export | None:
        export = self._exports.get(busid)
        if export is None or not export.device.plugged:
            writer.write(messages.refused(messages.ST_NODEV))
            return None
        if busid in self._taken:
            writer.write(messages.refused(messages.ST_BUSY))
            return None
        self._taken.add(busid)
        writer.write(messages.imported(export.address, export.device.description))
        return export
