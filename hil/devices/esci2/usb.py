"""The scanner's USB plug: vendor class, one bulk endpoint each way, and one that tells of buttons. High speed.

Source of the interrupt packets: Epson Scan 2. Eight bytes: what (1: button, 2: stop), which one, and six more.
"""

from collections.abc import Iterable

from hil.devices.esci2.scanner import Esci2Scanner
from hil.devices.stimuli import Stimulus
from hil.devices.usb.descriptors import Description, Endpoint, Interface, Transfer
from hil.devices.usb.device import Refusal, Setup

BULK_IN, BULK_OUT, INTERRUPT = 0x81, 0x02, 0x83
MAX_PACKET, EVENT_PACKET = 512, 8


class Esci2Usb:
    """`SimulatedUsbDevice` over an `Esci2Scanner`."""

    def __init__(self, scanner: Esci2Scanner, serial: str = "") -> None:
        self._scanner = scanner
        product = scanner.product
        ends = [Endpoint(BULK_IN, Transfer.BULK, MAX_PACKET), Endpoint(BULK_OUT, Transfer.BULK, MAX_PACKET)]
        if product.interrupts:
            ends.append(Endpoint(INTERRUPT, Transfer.INTERRUPT, EVENT_PACKET, interval=8))
        self._description = Description(
            vendor_id=product.vendor_id,
            product_id=product.product_id,
            release=0x0100,
            manufacturer="EPSON",
            product=product.name,
            serial=serial or product.serial,
            interfaces=(Interface(0, 0xFF, 0xFF, 0xFF, tuple(ends)),),
        )

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
        return self._scanner.update(now, stimuli)

    def reset(self, now: float) -> None:
        """A new host."""
        self._scanner.detach(now)

    def control(self, setup: Setup, data: bytes, now: float) -> bytes | Refusal:
        """ESC/I-2 has no control requests of its own."""
        del setup, data, now
        return Refusal.STALL

    def write(self, endpoint: int, data: bytes, now: float) -> Refusal | None:
        """Request bytes."""
        if endpoint != BULK_OUT:
            return Refusal.STALL
        self._scanner.write(data, now)
        return None

    def read(self, endpoint: int, limit: int, now: float) -> bytes | Refusal | None:
        """One message, or the part of it that fits; a packet that does not fit is lost, as on the bus."""
        self._scanner.update(now)
        if endpoint == INTERRUPT and self._scanner.product.interrupts:
            return self._scanner.event()
        if endpoint != BULK_IN:
            return Refusal.STALL
        size = self._scanner.answer
        if not size:
            return None
        if size > limit and limit % MAX_PACKET:
            self._scanner.take(min(size, limit + MAX_PACKET - limit % MAX_PACKET))
            return Refusal.OVERFLOW
        return self._scanner.take(limit)
