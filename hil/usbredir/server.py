"""A simulated device on a UNIX socket, spoken to in usbredir: a virtual machine plugs it into its own USB controller.

    async with UsbRedirServer(device, live, Path("scanner.sock")):
        qemu … -chardev socket,id=s,path=scanner.sock -device qemu-xhci -device usb-redir,chardev=s

One peer at a time, as a cable has one other end; who comes meanwhile waits until it leaves.
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
from hil.tcp import TcpServer
from hil.usbredir.messages import ProtocolViolation
from hil.usbredir.session import Session

MOST_PEERS = 4  # the one that has the device, and those that wait

log = logging.getLogger(__name__)


class UsbRedirServer(TcpServer):
    """Serves until the context is left; the socket is gone then."""

    def __init__(self, device: SimulatedUsbDevice, live: Live, path: Path) -> None:
        super().__init__(self._peer_session, "", 0, MOST_PEERS)
        self._device, self._live, self._path = device, live, path
        self._cable = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Raises OSError: also when another server listens there."""
        if self._path.is_socket():
            self._refuse_if_served()
        self._server = await asyncio.start_unix_server(self._connected, self._path)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await super().__aexit__(kind, error, trace)
        self._path.unlink(missing_ok=True)

    def _refuse_if_served(self) -> None:
        """asyncio replaces whatever socket is there; one that somebody serves stays."""
        with socket.socket(socket.AF_UNIX) as probe, suppress(ConnectionRefusedError):
            probe.connect(str(self._path))
            raise FileExistsError(f"{self._path} is served by another process")

    async def _peer_session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with self._cable:
                await Session(self._device, self._live, reader, writer).run()
        except ProtocolViolation as err:
            log.warning("usbredir: the peer broke the protocol: %s", err)
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass  # a peer that leaves early harms nobody
        finally:
            writer.close()
