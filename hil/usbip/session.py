"""One attached host: its transfers against one simulated device, until it leaves or the device is unplugged.

A read that the device has nothing to say to stays pending until there is data, the host takes it back (UNLINK) or the
cable is pulled. Reads of one endpoint are answered in the order they came.
"""

import asyncio
import errno
from collections import deque

from hil.devices.live import Live
from hil.devices.usb.control import ControlEndpoint
from hil.devices.usb.device import Refusal, SimulatedUsbDevice
from hil.usbip import messages
from hil.usbip.messages import ProtocolViolation, Submit, Unlink

MOST_BYTES = 16 * 1024 * 1024  # of one transfer
MOST_PENDING = 256  # reads of one host
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
        self._control = ControlEndpoint(device)
        self._pending: dict[int, deque[Submit]] = {}
        self._look = asyncio.Event()

    async def run(self) -> None:
        """Serve until the host closes, breaks the protocol (ProtocolViolation) or the device is unplugged."""
        self._device.reset(self._live.now())
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
            self._device.reset(self._live.now())
            self._live.touch()

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
            except (asyncio.IncompleteReadError, ConnectionError):
                return

    def _submit(self, submit: Submit, data: bytes) -> None:
        now = self._live.now()
        if not submit.endpoint & 0x0F:
            answer = self._control.request(submit.setup, data, now)
            if isinstance(answer, Refusal) or submit.inward:
                self._answer(submit, answer)
            else:
                self._writer.write(messages.submitted(submit.seqnum, 0, len(data)))
        elif self._device.description.endpoint(submit.endpoint) is None:
            self._writer.write(messages.submitted(submit.seqnum, -errno.ENOENT, 0))
        elif submit.inward:
            if sum(map(len, self._pending.values())) >= MOST_PENDING:
                raise ProtocolViolation(f"more than {MOST_PENDING} pending reads")
            self._pending.setdefault(submit.endpoint, deque()).append(submit)
            self._look.set()
            return
        else:
            refusal = (
                Refusal.STALL
                if submit.endpoint in self._control.halted
                else self._device.write(submit.endpoint, data, now)
            )
            status, taken = (0, len(data)) if refusal is None else (ERRNO[refusal], 0)
            if refusal is Refusal.STALL:
                self._control.halted.add(submit.endpoint)
            self._writer.write(messages.submitted(submit.seqnum, status, taken))
        self._live.touch()

    def _unlink(self, unlink: Unlink) -> None:
        for waiting in self._pending.values():
            for submit in waiting:
                if submit.seqnum == unlink.unlinked:
                    waiting.remove(submit)
                    self._writer.write(messages.unlinked(unlink.seqnum, -errno.ECONNRESET))
                    return
        self._writer.write(messages.unlinked(unlink.seqnum, 0))

    async def _pump(self) -> None:
        """Answer pending reads as the device finds words; returns when it is unplugged."""
        while self._device.plugged:
            if not await self._answer_one():
                self._look.clear()
                await self._look.wait()

    async def _answer_one(self) -> bool:
        """Give every endpoint's oldest read one chance; False: none had anything."""
        some = False
        for endpoint, waiting in list(self._pending.items()):
            if not waiting:
                continue
            if endpoint in self._control.halted:
                answer: bytes | Refusal | None = Refusal.STALL
            else:
                answer = self._device.read(endpoint, waiting[0].length, self._live.now())
            if answer is None:
                continue
            if answer is Refusal.STALL:
                self._control.halted.add(endpoint)
            some = True
            self._answer(waiting.popleft(), answer)
            self._live.touch()
            await self._writer.drain()
        return some

    def _answer(self, submit: Submit, answer: bytes | Refusal) -> None:
        if isinstance(answer, Refusal):
            self._writer.write(messages.submitted(submit.seqnum, ERRNO[answer], 0))
        else:
            self._writer.write(messages.submitted(submit.seqnum, 0, len(answer)))
            self._writer.write(answer)
