"""A simulated device on a UNIX socket, spoken to in usbredir: a virtual machine plugs it into its own USB controller.

    async with UsbRedirServer(device, live, Path("scanner.sock")):
        qemu … -chardev socket,id=s,path=scanner.sock -device qemu-xhci -device usb-redir,chardev=s

One peer at a time, as one cable has one other end.
"""

import asyncio
import logging
import socket
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from hil.devices.live import Live
from hil.devices.usb.device import SimulatedUsbDevice
from hil.usbredir.messages import ProtocolViolation
from hil.usbredir.session import Session

log = logging.getLogger(__name__)


class UsbRedirServer:
    """Serves until the context is left; the socket is gone then."""

    def __init__(self, device: SimulatedUsbDevice, live: Live, path: Path) -> None:
        self._device, self._live, self.path = device, live, path
        self._peer: asyncio.Task[None] | None = None
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Raises OSError: also when another server listens there."""
        if self.path.is_socket():
            self._refuse_if_served()
        self._server = await asyncio.start_unix_server(self._connected, self.path)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is None:
            return
        self._server.close()
        if self._peer is not None:
            self._peer.cancel()
            await asyncio.gather(self._peer, return_exceptions=True)
        await self._server.wait_closed()
        self.path.unlink(missing_ok=True)

    def _refuse_if_served(self) -> None:
        """asyncio replaces whatever socket is there; one that somebody serves stays."""
        with socket.socket(socket.AF_UNIX) as probe, suppress(ConnectionRefusedError):
            probe.connect(str(self.path))
            raise FileExistsError(f"{self.path} is served by another process")

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._peer is not None and not self._peer.done():
            writer.close()
            return
        self._peer = asyncio.ensure_future(self._session(reader, writer))

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await Session(self._device, self._live, reader, writer).run()
        except ProtocolViolation as err:
            log.warning("usbredir: the peer broke the protocol: %s", err)
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass  # a peer that leaves early harms nobody
        finally:
            writer.close()
