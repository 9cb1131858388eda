"""One usbredir peer (a virtual machine's USB controller) against one simulated device, until it leaves.

Pulling the cable is a DEVICE_DISCONNECT on a connection that stays; plugged in again the device is announced anew. What
the peer had sent before it knew of the disconnection is dropped: it says by DISCONNECT_ACK where that ends.
"""

import asyncio
import struct

from hil.devices.live import Live
from hil.devices.usb.control import Recipient, Request
from hil.devices.usb.descriptors import Transfer as EndpointKind
from hil.devices.usb.device import Refusal, Setup, SimulatedUsbDevice
from hil.devices.usb.transfers import Read, TooManyReads, Transfers
from hil.usbredir import messages
from hil.usbredir.messages import Cap, Kind, ProtocolViolation, Status, Transfer

HELLO_SECONDS = 10.0
REFUSED = {Refusal.STALL: Status.STALL, Refusal.OVERFLOW: Status.BABBLE}
IN, INTERFACE = 0x80, Recipient.INTERFACE


class Session:
    """See the module. `run` owns everything it starts."""

    def __init__(
        self, device: SimulatedUsbDevice, live: Live, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._device = device
        self._live = live
        self._reader = reader
        self._writer = writer
        self._caps: frozenset[Cap] = frozenset()
        self._wide = False  # ids of 64 bits
        self._transfers: Transfers | None = None  # while the peer sees the device
        self._asked: dict[int, Transfer] = {}  # pending reads by id
        self._heard = 0  # interrupt packets sent: their ids
        self._acked = True
        self._look = asyncio.Event()

    async def run(self) -> None:
        """Serve until the peer closes. Raises ProtocolViolation, IncompleteReadError, ConnectionError, TimeoutError."""
        self._send(Kind.HELLO, 0, messages.hello())
        async with asyncio.timeout(HELLO_SECONDS):
            kind, _, body = await self._receive()
        if kind is not Kind.HELLO:
            raise ProtocolViolation(f"{kind.name} before the hello")
        self._caps = messages.capabilities(body)
        self._wide = Cap.IDS_64_BITS in self._caps
        self._live.listen(self._look.set)
        tasks = [asyncio.ensure_future(self._tell()), asyncio.ensure_future(self._hear())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._live.unlisten(self._look.set)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._unplugged()

    # Out.

    async def _tell(self) -> None:
        """Announce the device and its leaving, and answer pending reads, as the device finds words."""
        while True:
            if self._transfers is not None and not self._device.plugged:
                self._unplugged()
                self._acked = Cap.DISCONNECT_ACK not in self._caps
                self._send(Kind.DEVICE_DISCONNECT, 0)
            elif self._transfers is None and self._device.plugged and self._acked:
                self._plugged()
            elif self._transfers is None or not self._transfers.answer_pending():
                self._look.clear()
                await self._look.wait()
            await self._writer.drain()

    def _plugged(self) -> None:
        description = self._device.description
        self._transfers = Transfers(self._device, self._live, self._answer)
        self._send(Kind.INTERFACE_INFO, 0, messages.interface_info(description))
        self._send(Kind.EP_INFO, 0, messages.endpoint_info(description, self._caps))
        self._send(Kind.DEVICE_CONNECT, 0, messages.device_connect(description, self._caps))

    def _unplugged(self) -> None:
        self._asked.clear()
        if self._transfers is not None:
            transfers, self._transfers = self._transfers, None
            transfers.close()

    def _answer(self, read: Read, answer: bytes | Refusal) -> None:
        if not read.standing:
            self._reply(read.token, self._asked.pop(read.token), answer)
        elif isinstance(answer, Refusal):
            self._send(Kind.INTERRUPT_STATUS, read.token, bytes([REFUSED[answer], read.endpoint]))
        else:
            asked = Transfer(Kind.INTERRUPT, read.endpoint, read.length, b"")
            self._reply(self._heard, asked, answer)
            self._heard += 1

    def _reply(self, number: int, asked: Transfer, answer: bytes | Refusal | int) -> None:
        """`answer` is what was read, how much was written, or why neither."""
        data = answer if isinstance(answer, bytes) else b""
        if isinstance(answer, Refusal):
            head = messages.answered(asked, REFUSED[answer], 0, self._caps)
        else:
            moved = answer if isinstance(answer, int) else len(data)
            head = messages.answered(asked, Status.SUCCESS, moved, self._caps)
        self._send(asked.kind, number, head + data)

    def _send(self, kind: Kind, number: int, body: bytes = b"") -> None:
        self._writer.write(messages.HEAD[self._wide].pack(kind, len(body), number) + body)

    # In.

    async def _receive(self) -> tuple[Kind, int, bytes]:
        head = messages.HEAD[self._wide]
        code, length, number = head.unpack(await self._reader.readexactly(head.size))
        try:
            kind = Kind(code)
        except ValueError:
            raise ProtocolViolation(f"message type {code}") from None
        if length > messages.most(kind):
            raise ProtocolViolation(f"{kind.name} of {length} bytes")
        return kind, number, await self._reader.readexactly(length)

    async def _hear(self) -> None:
        """Take messages until the peer closes."""
        while True:
            try:
                kind, number, body = await self._receive()
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            if kind is Kind.DISCONNECT_ACK:
                self._acked = True
            elif kind is Kind.HELLO or len(body) != messages.SIZES.get(kind, len(body)):
                raise ProtocolViolation(f"{kind.name} of {len(body)} bytes")
            elif self._transfers is not None:
                try:
                    self._take(self._transfers, kind, number, body)
                except TooManyReads as err:
                    raise ProtocolViolation(str(err)) from err
            self._look.set()
            await self._writer.drain()

    def _take(self, transfers: Transfers, kind: Kind, number: int, body: bytes) -> None:
        match kind:
            case Kind.CONTROL | Kind.BULK | Kind.INTERRUPT:
                self._transfer(transfers, number, messages.transfer(kind, body, self._caps))
            case Kind.CANCEL:
                asked = self._asked.pop(number, None)
                if transfers.take_back(number) is not None and asked is not None:
                    self._send(asked.kind, number, messages.answered(asked, Status.CANCELLED, 0, self._caps))
            case Kind.START_INTERRUPT | Kind.STOP_INTERRUPT:
                self._interrupt(transfers, number, body[0], start=kind is Kind.START_INTERRUPT)
            case Kind.RESET:
                self._asked.clear()
                transfers.reset()
            case Kind.SET_CONFIGURATION | Kind.GET_CONFIGURATION:
                refused = kind is Kind.SET_CONFIGURATION and isinstance(
                    transfers.control(Setup(0, Request.SET_CONFIGURATION, body[0], 0, 0)), Refusal
                )
                now = transfers.control(Setup(IN, Request.GET_CONFIGURATION, 0, 0, 1))
                self._send(Kind.CONFIGURATION_STATUS, number, _status(refused) + _byte(now))
            case Kind.SET_ALT_SETTING | Kind.GET_ALT_SETTING:
                asked_of = body[0]
                refused = kind is Kind.SET_ALT_SETTING and isinstance(
                    transfers.control(Setup(INTERFACE, Request.SET_INTERFACE, body[1], asked_of, 0)), Refusal
                )
                now = transfers.control(Setup(IN | INTERFACE, Request.GET_INTERFACE, 0, asked_of, 1))
                refused = refused or isinstance(now, Refusal)
                self._send(Kind.ALT_SETTING_STATUS, number, _status(refused) + struct.pack("B", asked_of) + _byte(now))

    def _transfer(self, transfers: Transfers, number: int, asked: Transfer) -> None:
        if asked.setup is not None:
            answer = transfers.control(asked.setup, asked.data)
            outward = not asked.endpoint & IN
            self._reply(number, asked, len(asked.data) if outward and not isinstance(answer, Refusal) else answer)
        elif self._device.description.endpoint(asked.endpoint) is None:
            self._send(asked.kind, number, messages.answered(asked, Status.INVALID, 0, self._caps))
        elif asked.endpoint & IN:
            transfers.read(Read(number, asked.endpoint, asked.length))
            self._asked[number] = asked
        else:
            refusal = transfers.write(asked.endpoint, asked.data)
            self._reply(number, asked, len(asked.data) if refusal is None else refusal)

    def _interrupt(self, transfers: Transfers, number: int, address: int, *, start: bool) -> None:
        endpoint = self._device.description.endpoint(address)
        right = endpoint is not None and endpoint.transfer is EndpointKind.INTERRUPT and bool(address & IN)
        self._send(Kind.INTERRUPT_STATUS, number, bytes([Status.SUCCESS if right else Status.INVALID, address]))
        if endpoint is not None and right:
            transfers.stop(address)
            if start:
                transfers.read(Read(number, address, endpoint.max_packet, standing=True))


def _status(refused: bool) -> bytes:
    return bytes([Status.STALL if refused else Status.SUCCESS])


def _byte(answer: bytes | Refusal) -> bytes:
    return b"\0" if isinstance(answer, Refusal) else answer
