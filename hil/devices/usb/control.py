"""Standard requests on endpoint 0, the same for every simulated device.

Spec: USB 2.0 §9.4. What the spec leaves undefined is refused by a stall, which ends with the next request.
"""

import struct
from enum import IntEnum

from hil.devices.usb.descriptors import Speed
from hil.devices.usb.device import Refusal, Setup, SimulatedUsbDevice

ENDPOINT_HALT = 0
SELF_POWERED = 1


class Request(IntEnum):
    """bRequest, USB 2.0 table 9-4."""

    GET_STATUS = 0
    CLEAR_FEATURE = 1
    SET_FEATURE = 3
    SET_ADDRESS = 5
    GET_DESCRIPTOR = 6
    GET_CONFIGURATION = 8
    SET_CONFIGURATION = 9
    GET_INTERFACE = 10
    SET_INTERFACE = 11


class Kind(IntEnum):
    """bDescriptorType, USB 2.0 table 9-5."""

    DEVICE = 1
    CONFIGURATION = 2
    STRING = 3
    QUALIFIER = 6


class Recipient(IntEnum):
    """bmRequestType bits 4..0."""

    DEVICE = 0
    INTERFACE = 1
    ENDPOINT = 2


class ControlEndpoint:
    """Endpoint 0 of one device, with the halts of its other endpoints."""

    def __init__(self, device: SimulatedUsbDevice) -> None:
        self._device = device
        self._configuration = 0
        self.halted: set[int] = set()

    def reset(self) -> None:
        """Back to the address state."""
        self._configuration = 0
        self.halted.clear()

    def request(self, setup: Setup, data: bytes, now: float) -> bytes | Refusal:
        """Answer one control transfer; an OUT request is answered with no bytes."""
        if setup.request_type & 0x60:
            answer = self._device.control(setup, data, now)
        elif setup.request_type & 0x80:
            answer = self._tell(setup, setup.request_type & 0x1F)
        else:
            answer = b"" if self._change(setup, setup.request_type & 0x1F) else Refusal.STALL
        return answer if isinstance(answer, Refusal) else answer[: setup.length]

    def _tell(self, setup: Setup, recipient: int) -> bytes | Refusal:
        match setup.request:
            case Request.GET_DESCRIPTOR:
                return self._descriptor(setup.value >> 8, setup.value & 0xFF)
            case Request.GET_STATUS:
                return self._status(recipient, setup.index)
            case Request.GET_CONFIGURATION:
                return bytes([self._configuration])
            case Request.GET_INTERFACE if self._has_interface(setup.index):
                return b"\0"
            case _:
                return Refusal.STALL

    def _change(self, setup: Setup, recipient: int) -> bool:
        match setup.request:
            case Request.SET_CONFIGURATION if setup.value in (0, 1):
                self._configuration = setup.value
                self.halted.clear()
            case Request.SET_INTERFACE if self._has_interface(setup.index) and setup.value == 0:
                self.halted.clear()
            case Request.CLEAR_FEATURE if recipient == Recipient.ENDPOINT and setup.value == ENDPOINT_HALT:
                self.halted.discard(setup.index)
            case Request.SET_FEATURE if recipient == Recipient.ENDPOINT and setup.value == ENDPOINT_HALT:
                if self._device.description.endpoint(setup.index) is None:
                    return False
                self.halted.add(setup.index)
            case Request.SET_ADDRESS:
                pass
            case _:
                return False
        return True

    def _descriptor(self, kind: int, index: int) -> bytes | Refusal:
        description = self._device.description
        match kind:
            case Kind.DEVICE:
                return description.device()
            case Kind.CONFIGURATION if index == 0:
                return description.configuration()
            case Kind.STRING:
                text = description.string(index)
                return Refusal.STALL if text is None else text
            case Kind.QUALIFIER if description.speed is Speed.HIGH:
                return description.qualifier()
            case _:
                return Refusal.STALL

    def _status(self, recipient: int, index: int) -> bytes | Refusal:
        match recipient:
            case Recipient.DEVICE:
                return struct.pack("<H", SELF_POWERED)
            case Recipient.INTERFACE if self._has_interface(index):
                return b"\0\0"
            case Recipient.ENDPOINT if (index & 0x7F) == 0 or self._device.description.endpoint(index) is not None:
                return struct.pack("<H", index in self.halted)
            case _:
                return Refusal.STALL

    def _has_interface(self, number: int) -> bool:
        return any(each.number == number for each in self._device.description.interfaces)
