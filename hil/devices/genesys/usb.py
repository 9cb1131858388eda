"""The scanner's USB plug: vendor control requests for registers, bulk endpoints for what is not simulated.

Source: SANE genesys, scanner_interface_usb.cpp. Both generations of requests are understood by the chips that have
them, and refused by the others.
"""

from collections.abc import Iterable
from enum import IntEnum

from hil.devices.genesys.scanner import GenesysScanner
from hil.devices.stimuli import Stimulus
from hil.devices.usb.descriptors import Description, Endpoint, Interface, Transfer
from hil.devices.usb.device import Refusal, Setup

BULK_IN, BULK_OUT, INTERRUPT = 0x81, 0x02, 0x83
MAX_PACKET = 512
OUT, IN = 0x40, 0xC0
HIGH_PAGE = 0x100  # in wValue, for addresses above 0xFF
LINKED = 0x55
BULK_REGISTERS = 0x11  # second byte of an announcement: addresses and values by turns


class Request(IntEnum):
    """bRequest."""

    BUFFER = 0x04
    REGISTER = 0x0C


class Value(IntEnum):
    """wValue."""

    BUFFER = 0x82
    SET_REGISTER = 0x83
    READ_REGISTER = 0x84
    WRITE_REGISTER = 0x85
    GPIO_ENABLE = 0x89
    READ_GPIO = 0x8A
    WRITE_GPIO = 0x8B
    END_ACCESS = 0x8C
    GET_REGISTER = 0x8E


MAKERS = {0x04A9: "Canon", 0x03F0: "Hewlett-Packard", 0x04A7: "Visioneer"}


class GenesysUsb:
    """`SimulatedUsbDevice` over a `GenesysScanner`."""

    def __init__(self, scanner: GenesysScanner, serial: str = "") -> None:
        self._scanner = scanner
        self._address = 0  # for the requests that are given one first
        self._bulk_registers = False  # what comes in bulk next
        product = scanner.product
        ends = (
            Endpoint(BULK_IN, Transfer.BULK, MAX_PACKET),
            Endpoint(BULK_OUT, Transfer.BULK, MAX_PACKET),
            Endpoint(INTERRUPT, Transfer.INTERRUPT, 1, interval=8),
        )
        self._description = Description(
            vendor_id=product.vendor_id,
            product_id=product.product_id,
            release=0x0100,
            manufacturer=MAKERS[product.vendor_id],
            product=product.model,
            serial=serial,
            interfaces=(Interface(0, 0xFF, 0xFF, 0xFF, ends),),
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
        """A new host; the chip keeps its registers."""
        self._scanner.update(now)

    def control(self, setup: Setup, data: bytes, now: float) -> bytes | Refusal:
        """A register, or the announcement of a bulk transfer."""
        self._scanner.update(now)
        if setup.request_type == IN:
            return self._tell(setup)
        return b"" if setup.request_type == OUT and self._change(setup, data) else Refusal.STALL

    def write(self, endpoint: int, data: bytes, now: float) -> Refusal | None:
        """Registers in bulk; tables, which go nowhere."""
        if endpoint != BULK_OUT:
            return Refusal.STALL
        if self._bulk_registers:
            self._pairs(data, 0)
        self._scanner.update(now)
        return None

    def read(self, endpoint: int, limit: int, now: float) -> bytes | Refusal | None:
        """There is no image."""
        del limit, now
        return None if endpoint in (BULK_IN, INTERRUPT) else Refusal.STALL

    def _tell(self, setup: Setup) -> bytes | Refusal:
        newer, page = self._scanner.product.newer, setup.value & HIGH_PAGE
        match setup.request, setup.value ^ page:
            case (Request.REGISTER, Value.READ_REGISTER) if not newer:
                return bytes([self._scanner.read(self._address)])
            case (Request.REGISTER, Value.READ_GPIO) if not newer:
                return bytes([self._scanner.read_gpio()])
            case (Request.REGISTER, Value.GET_REGISTER):
                return b"\0"  # high speed
            case (Request.BUFFER, Value.GET_REGISTER) if newer:
                return bytes([self._scanner.read(setup.index >> 8 | page), LINKED])
        return Refusal.STALL

    def _change(self, setup: Setup, data: bytes) -> bool:
        newer, page = self._scanner.product.newer, setup.value & HIGH_PAGE
        match setup.request, setup.value ^ page:
            case (Request.REGISTER, Value.SET_REGISTER) if not newer and len(data) == 1:
                self._address = data[0]
            case (Request.REGISTER, Value.WRITE_REGISTER) if not newer and len(data) == 1:
                self._scanner.write(self._address, data[0])
            case (Request.REGISTER, Value.WRITE_GPIO) if not newer and len(data) == 1:
                self._scanner.write_gpio(data[0])
            case (Request.REGISTER, Value.GPIO_ENABLE | Value.END_ACCESS) if len(data) == 1:
                pass  # which lines are outputs; where buffers end
            case (Request.BUFFER, Value.BUFFER) if len(data) == 8:
                self._bulk_registers = data[1] == BULK_REGISTERS
            case (Request.BUFFER, Value.SET_REGISTER) if data:
                self._pairs(data, page)
            case _:
                return False
        return True

    def _pairs(self, data: bytes, page: int) -> None:
        for address, value in zip(data[::2], data[1::2], strict=False):
            self._scanner.write(address | page, value)
