"""The descriptors by which a USB device describes itself, from plain values to wire bytes.

Spec: USB 2.0 §9.5, §9.6 (device, device_qualifier, configuration, interface, endpoint, string).
All multi-byte fields are little-endian.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum


class Speed(IntEnum):
    """Bus speed, with the numbers of the Linux kernel's enum usb_device_speed."""

    LOW = 1
    FULL = 2
    HIGH = 3


class Transfer(IntEnum):
    """Transfer type of an endpoint (bmAttributes bits 1..0)."""

    BULK = 2
    INTERRUPT = 3


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`address` with the direction bit 0x80 set for IN."""

    address: int
    transfer: Transfer
    max_packet: int
    interval: int = 0


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface with its only alternate setting."""

    number: int
    interface_class: int
    subclass: int
    protocol: int
    endpoints: tuple[Endpoint, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Description:
    """A device with one configuration (value 1), as bus and host see it."""

    vendor_id: int
    product_id: int
    release: int  # bcdDevice
    manufacturer: str
    product: str
    serial: str  # empty: the device has none, as most old scanners
    interfaces: tuple[Interface, ...]
    speed: Speed = Speed.HIGH

    def device(self) -> bytes:
        """The 18 bytes of the device descriptor."""
        return struct.pack(
            "<BBHBBBBHHHBBBB",
            18,
            1,
            0x0200,
            0,  # class: said by the interfaces
            0,
            0,
            64,
            self.vendor_id,
            self.product_id,
            self.release,
            1 if self.manufacturer else 0,
            2 if self.product else 0,
            3 if self.serial else 0,
            1,
        )

    def qualifier(self) -> bytes:
        """The 10 bytes of the device_qualifier descriptor, which high-speed devices must have."""
        return struct.pack("<BBHBBBBBB", 10, 6, 0x0200, 0, 0, 0, 64, 1, 0)

    def configuration(self) -> bytes:
        """The configuration descriptor with all interface and endpoint descriptors behind it."""
        body = b"".join(self._interface(index, each) for index, each in enumerate(self.interfaces))
        # attributes 0xC0: self-powered; 1 unit of 2 mA from the bus
        return struct.pack("<BBHBBBBB", 9, 2, 9 + len(body), len(self.interfaces), 1, 0, 0xC0, 1) + body

    def string(self, index: int) -> bytes | None:
        """String descriptor `index`; 0 is the list of languages (US English). None: there is no such string."""
        if index == 0:
            return struct.pack("<BBH", 4, 3, 0x0409)
        text = dict(enumerate(self._strings(), start=1)).get(index)
        if not text:
            return None
        coded = text.encode("utf-16-le")[:252]
        return struct.pack("<BB", 2 + len(coded), 3) + coded

    def endpoint(self, address: int) -> Endpoint | None:
        """The endpoint of that address (with direction bit)."""
        for interface in self.interfaces:
            for endpoint in interface.endpoints:
                if endpoint.address == address:
                    return endpoint
        return None

    def _strings(self) -> tuple[str, ...]:
        return (self.manufacturer, self.product, self.serial, *(each.name for each in self.interfaces))

    @staticmethod
    def _interface(index: int, interface: Interface) -> bytes:
        head = struct.pack(
            "<BBBBBBBBB",
            9,
            4,
            interface.number,
            0,
            len(interface.endpoints),
            interface.interface_class,
            interface.subclass,
            interface.protocol,
            4 + index if interface.name else 0,
        )
        ends = (
            struct.pack("<BBBBHB", 7, 5, e.address, e.transfer, e.max_packet, e.interval) for e in interface.endpoints
        )
        return head + b"".join(ends)
