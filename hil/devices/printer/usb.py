"""The printer of an MFP on USB: class 7/1/2, a device id and a port status. What is printed goes nowhere.

Spec: USB Device Class Definition for Printing Devices 1.1 §4.2. The feeder's sheets are the printer's paper, a cover or
a jam its error, and another host takes it off line.
"""

from collections.abc import Iterable
from enum import StrEnum

from hil.devices.mechanism import Mechanism, State
from hil.devices.stimuli import Stimulus
from hil.devices.usb.descriptors import Description, Endpoint, Interface, Transfer
from hil.devices.usb.device import Refusal, Setup
from hil.script import Script

VENDOR_ID, PRODUCT_ID = 0x04E8, 0x3FFF  # Samsung's; no such product
PRINT_OUT, PRINT_IN, SCAN_OUT, SCAN_IN = 0x01, 0x82, 0x03, 0x84
MAX_PACKET = 512
DEVICE_ID, PORT_STATUS = (0xA1, 0, 0x0100), (0xA1, 1, 0x0001)  # request type, request, index
PAPER_EMPTY, SELECTED, NO_ERROR = 0x20, 0x10, 0x08
TEXT = "MFG:Samsung;CMD:SPL,FWV;MDL:SCX-0000 Series;CLS:PRINTER;SN:Z0000001;"


class Length(StrEnum):
    """How it counts its device id; all are seen on devices."""

    SPEC = "spec"
    LITTLE = "little"
    SHORT = "short"
    NONSENSE = "nonsense"


class PrinterUsb:
    """`SimulatedUsbDevice`; interface 0 is the scanner's and does nothing."""

    def __init__(self, script: Script, now: float, length: Length = Length.SPEC) -> None:
        self._body = Mechanism(script, now)
        self._text, self._length = TEXT.encode(), length
        scanner = (Endpoint(SCAN_OUT, Transfer.BULK, MAX_PACKET), Endpoint(SCAN_IN, Transfer.BULK, MAX_PACKET))
        ends = (Endpoint(PRINT_OUT, Transfer.BULK, MAX_PACKET), Endpoint(PRINT_IN, Transfer.BULK, MAX_PACKET))
        self._description = Description(
            vendor_id=VENDOR_ID,
            product_id=PRODUCT_ID,
            release=0x0100,
            manufacturer="Samsung",
            product="SCX-0000 Series",
            serial=script.serial,
            interfaces=(Interface(0, 0xFF, 0xFF, 0xFF, scanner), Interface(1, 7, 1, 2, ends)),
        )

    @property
    def description(self) -> Description:
        """What enumeration shows."""
        return self._description

    @property
    def state(self) -> State:
        """The body, as of the last call."""
        return self._body.state

    @property
    def plugged(self) -> bool:
        """The cable is in."""
        return self.state.plugged

    def update(self, now: float, stimuli: Iterable[Stimulus] = ()) -> float | None:
        """Let time pass and things happen."""
        return self._body.update(now, stimuli)

    def reset(self, now: float) -> None:
        """A new host, which it does not mind."""
        self._body.update(now)

    def control(self, setup: Setup, data: bytes, now: float) -> bytes | Refusal:
        """The class's two questions; the device id is asked with the interface in the high byte of wIndex."""
        del data
        self._body.update(now)
        asked = (setup.request_type, setup.request, setup.index)
        if asked == DEVICE_ID:
            return self._prefix() + self._text
        if asked == PORT_STATUS:
            return bytes([self._status()])
        return Refusal.STALL

    def write(self, endpoint: int, data: bytes, now: float) -> Refusal | None:
        """To be printed, or for the scanner."""
        del data, now
        return None if endpoint in (PRINT_OUT, SCAN_OUT) else Refusal.STALL

    def read(self, endpoint: int, limit: int, now: float) -> bytes | Refusal | None:
        """Neither says anything."""
        del limit, now
        return None if endpoint in (PRINT_IN, SCAN_IN) else Refusal.STALL

    def _prefix(self) -> bytes:
        size = len(self._text)
        match self._length:
            case Length.SPEC:
                return (size + 2).to_bytes(2, "big")
            case Length.LITTLE:
                return (size + 2).to_bytes(2, "little")
            case Length.SHORT:
                return size.to_bytes(2, "big")
            case Length.NONSENSE:
                return b"\xff\xff"

    def _status(self) -> int:
        state = self.state
        return (
            (0 if state.paper else PAPER_EMPTY)
            | (0 if state.in_use else SELECTED)
            | (0 if state.feeder_blocked or state.fatal else NO_ERROR)
        )
