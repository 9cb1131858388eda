"""The scanner's USB plug: vendor class, bulk both ways and an interrupt endpoint (dossier: device-protocols (c)).

As on the real ones the scanner is interface 0 of a device that also prints; the printer's interface is only described.
"""

from collections.abc import Iterable

from hil.devices.pixma.scanner import PixmaScanner
from hil.devices.stimuli import Stimulus
from hil.devices.usb.descriptors import Description, Endpoint, Interface, Transfer
from hil.devices.usb.device import Refusal, Setup

VENDOR = 0x04A9
BULK_OUT, BULK_IN, INTERRUPT_IN = 0x07, 0x88, 0x89
PRINT_OUT, PRINT_IN = 0x01, 0x82
MAX_PACKET = 512
INTERRUPT_PACKET = 64
INTERVAL = 11  # 2^10 microframes: 128 ms


class PixmaUsb:
    """`SimulatedUsbDevice` over a `PixmaScanner`."""

    def __init__(self, scanner: PixmaScanner, serial: str = "") -> None:
        self._scanner = scanner
        scan = (
            Endpoint(BULK_OUT, Transfer.BULK, MAX_PACKET),
            Endpoint(BULK_IN, Transfer.BULK, MAX_PACKET),
            Endpoint(INTERRUPT_IN, Transfer.INTERRUPT, INTERRUPT_PACKET, INTERVAL),
        )
        printing = (Endpoint(PRINT_OUT, Transfer.BULK, MAX_PACKET), Endpoint(PRINT_IN, Transfer.BULK, MAX_PACKET))
        self._description = Description(
            vendor_id=VENDOR,
            product_id=scanner.product.product_id,
            release=0x0100,
            manufacturer="Canon",
            product=scanner.product.model,
            serial=serial,
            interfaces=(Interface(0, 0xFF, 0x00, 0xFF, scan), Interface(1, 0x07, 0x01, 0x02, printing)),
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
        """The scanner has no control requests of its own."""
        del setup, data, now
        return Refusal.STALL

    def write(self, endpoint: int, data: bytes, now: float) -> Refusal | None:
        """Command bytes; what is printed goes nowhere."""
        if endpoint == BULK_OUT:
            self._scanner.write(data, now)
        return None if endpoint in (BULK_OUT, PRINT_OUT) else Refusal.STALL

    def read(self, endpoint: int, limit: int, now: float) -> bytes | Refusal | None:
        """One message or the part of it that fits, or one packet; what does not fit is lost, as on the bus."""
        self._scanner.update(now)
        if endpoint == INTERRUPT_IN:
            packet = self._scanner.take_packet()
            return Refusal.OVERFLOW if len(packet) > limit else packet or None
        if endpoint != BULK_IN:
            return None if endpoint == PRINT_IN else Refusal.STALL
        size = self._scanner.answer
        if not size:
            return None
        if size > limit and limit % MAX_PACKET:
            self._scanner.take(min(size, limit + MAX_PACKET - limit % MAX_PACKET))
            return Refusal.OVERFLOW
        return self._scanner.take(limit)
