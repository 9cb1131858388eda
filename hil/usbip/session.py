"""One attached host: its transfers against one simulated device, until it leaves or the device is unplugged."""

import asyncio
import errno

from hil.devices.live import Live
from hil.devices.usb.device import Refusal, SimulatedUsbDevice
from hil.devices.usb.transfers import MOST_BYTES, Read, TooManyReads, Transfers
from hil.usbip import messages
from hil.usbip.messages import ProtocolViolation, Submit, Unlink

COMMAND_BYTES = 48

ERRNO = {Refusal.STALL: -errno.EPIPE, Refusal.OVERFLOW: -errno.EOVERFLOW}


class Session:
    """See the module. `run` owns everything it starts."""

    def __init__(
        self, device: SimulatedUsbDevice, live: Live, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._device = device
        self._live = live
        self._reader = reader
        self._writer = writer
        self._transfers = Transfers(device, live, lambda read, answer: self._answer(read.token, answer))
        self._look = asyncio.Event()

    async def run(self) -> None:
        """Serve until the host closes, breaks the protocol (ProtocolViolation) or the device is unplugged."""
        self._live.listen(self._look.set)
        pump = asyncio.ensure_future(self._pump())
        serve = asyncio.ensure_future(self._serve())
        try:
            done, _ = await asyncio.wait((pump, serve), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._live.unlisten(self._look.set)
            for task in (pump, serve):
                task.cancel()
            await asyncio.gather(pump, serve, return_exceptions=True)
            self._transfers.close()

    async def _serve(self) -> None:
        """Take commands until the host closes."""
        while True:
            try:
                packet = await self._reader.readexactly(COMMAND_BYTES)
                command = messages.command(packet, MOST_BYTES)
                if isinstance(command, Unlink):
                    self._unlink(command)
                else:
                    data = b"" if command.inward else await self._reader.readexactly(command.length)
                    self._submit(command, data)
                await self._writer.drain()
            except TooManyReads as err:
                raise ProtocolViolation(str(err)) from err
            except (asyncio.IncompleteReadError, ConnectionError):
                return

    def _submit(self, submit: Submit, data: bytes) -> None:
        if not submit.endpoint & 0x0F:
            answer = self._transfers.control(submit.setup, data)
            if isinstance(answer, Refusal) or submit.inward:
                self._answer(submit.seqnum, answer)
            else:
                self._writer.write(messages.submitted(submit.seqnum, 0, len(data)))
        elif self._device.description.endpoint(submit.endpoint) is None:
            self._writer.write(messages.submitted(submit.seqnum, -errno.ENOENT, 0))
        elif submit.inward:
            self._transfers.read(Read(submit.seqnum, submit.endpoint, submit.length))
            self._look.set()
        else:
            refusal = self._transfers.write(submit.endpoint, data)
            status, taken = (0, len(data)) if refusal is None else (ERRNO[refusal], 0)
            self._writer.write(messages.submitted(submit.seqnum, status, taken))

    def _unlink(self, unlink: Unlink) -> None:
        pending = self._transfers.take_back(unlink.unlinked) is not None
        self._writer.write(messages.unlinked(unlink.seqnum, -errno.ECONNRESET if pending else 0))

    async def _pump(self) -> None:
        """Answer pending reads as the device finds words; returns when it is unplugged."""
        while self._device.plugged:
            if self._transfers.answer_pending():
                await self._writer.drain()
            else:
                self._look.clear()
                await self._look.wait()

    def _answer(self, seqnum: int, answer: bytes | Refusal) -> None:
        if isinstance(answer, Refusal):
            self._writer.write(messages.submitted(seqnum, ERRNO[answer], 0))
        else:
            self._writer.write(messages.submitted(seqnum, 0, len(answer)))
            self._writer.write(answer)
