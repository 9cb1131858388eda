"""The scanner's USB plug: vendor class, one bulk endpoint each way, high speed; SCSI commands in frames.

Frame (dossier: device-protocols (b)): 31 bytes out, the first 43, the command at offset 13 hex; its parameters out or
its data in; 13 bytes in, the first 53, the SCSI status at offset 9. A command that brings data but fails ends its data
phase with an empty packet. What is no frame stalls the endpoint, as in the bulk-only class that this resembles.
What the host does not read stays in the way of the next answer.
"""

from collections import deque
from collections.abc import Iterable

from hil.devices.fujitsu.scanner import FujitsuScanner
from hil.devices.fujitsu.sense import Status
from hil.devices.stimuli import Stimulus
from hil.devices.usb.descriptors import Description, Endpoint, Interface, Transfer
from hil.devices.usb.device import Refusal, Setup

BULK_IN, BULK_OUT = 0x81, 0x02
MAX_PACKET = 512
COMMAND_SIZE, COMMAND, CDB_AT, CDB_SIZE = 31, 0x43, 0x13, 12
STATUS_SIZE, STATUS, STATUS_AT = 13, 0x53, 9
BRINGS = frozenset({0x03, 0x12, 0x1A, 0x1C, 0x25, 0x28, 0xC2})  # opcodes with a data phase towards the host
MOST_WAITING = 16  # frames a host may send ahead of their answers


class FujitsuUsb:
    """`SimulatedUsbDevice` over a `FujitsuScanner`."""

    def __init__(self, scanner: FujitsuScanner, serial: str = "") -> None:
        self._scanner = scanner
        product = scanner.product
        ends = (Endpoint(BULK_IN, Transfer.BULK, MAX_PACKET), Endpoint(BULK_OUT, Transfer.BULK, MAX_PACKET))
        self._description = Description(
            vendor_id=product.vendor_id,
            product_id=product.product_id,
            release=0x0100,
            manufacturer="FUJITSU",
            product=product.model,
            serial=serial,
            interfaces=(Interface(0, 0xFF, 0xFF, 0xFF, ends),),
        )
        self._open: bytes | None = None  # a command that waits for its parameters
        self._parameters = bytearray()
        self._waiting: deque[tuple[bytes, bytes]] = deque()
        self._running: bytes | None = None
        self._output: deque[memoryview] = deque()

    @property
    def description(self) -> Description:
        """What enumeration shows."""
        return self._description

    @property
    def plugged(self) -> bool:
        """The cable is in."""
        return self._scanner.state.plugged

    def update(self, now: float, stimuli: Iterable[Stimulus] = ()) -> float | None:
        """Let time pass and things happen."""
        wake = self._scanner.update(now, stimuli)
        if not self.plugged:
            self._forget()
            return wake
        while self._step(now):
            wake = self._scanner.update(now)
        return wake

    def reset(self, now: float) -> None:
        """A new host."""
        self._forget()
        self._scanner.detach(now)

    def control(self, setup: Setup, data: bytes, now: float) -> bytes | Refusal:
        """There are no control requests of its own."""
        del setup, data, now
        return Refusal.STALL

    def write(self, endpoint: int, data: bytes, now: float) -> Refusal | None:
        """A command frame, or parameters of one."""
        if endpoint != BULK_OUT:
            return Refusal.STALL
        framed = len(data) == COMMAND_SIZE and data[0] == COMMAND
        if self._open is not None and not (framed and len(self._parameters) + len(data) != self._expected):
            self._parameters += data[: self._expected - len(self._parameters)]
        elif framed and len(self._waiting) < MOST_WAITING:
            self._open = data[CDB_AT : CDB_AT + CDB_SIZE]
            self._parameters.clear()
        else:
            self._open = None
            return Refusal.STALL
        if len(self._parameters) >= self._expected:
            self._waiting.append((self._open, bytes(self._parameters)))
            self._open = None
        self.update(now)
        return None

    def read(self, endpoint: int, limit: int, now: float) -> bytes | Refusal | None:
        """One phase of an answer, or the part of it that fits; a packet that does not fit is lost, as on the bus."""
        if endpoint != BULK_IN:
            return Refusal.STALL
        self.update(now)
        if not self._output:
            return None
        head = self._output.popleft()
        if len(head) <= limit:
            return bytes(head)
        whole = limit if limit % MAX_PACKET == 0 else limit + MAX_PACKET - limit % MAX_PACKET
        if len(head) > whole:
            self._output.appendleft(head[whole:])
        return Refusal.OVERFLOW if limit % MAX_PACKET else bytes(head[:limit])

    @property
    def _expected(self) -> int:
        return 0 if self._open is None else self._scanner.expects(self._open)

    def _step(self, now: float) -> bool:
        """Hand over one answer or one command; False: there is none."""
        if self._running is not None:
            answer = self._scanner.take()
            if answer is None:
                return False
            if answer.data is not None:
                self._output.append(memoryview(answer.data))
            elif self._running[0] in BRINGS and answer.status is not Status.GOOD:
                self._output.append(memoryview(b""))
            self._running = None
            status = bytearray(STATUS_SIZE)
            status[0], status[STATUS_AT] = STATUS, answer.status
            self._output.append(memoryview(bytes(status)))
            return True
        if not self._waiting:
            return False
        self._running, parameters = self._waiting.popleft()
        self._scanner.begin(self._running, parameters, now)
        return True

    def _forget(self) -> None:
        self._open = self._running = None
        self._waiting.clear()
        self._output.clear()
