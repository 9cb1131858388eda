"""USB descriptors as pyusb wants them: objects whose attributes have the specification's names.

Spec: USB 2.0 section 9.6. The endpoints present are believed, not bNumEndpoints.
"""

import struct
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

DEVICE, CONFIGURATION, STRING, INTERFACE, ENDPOINT = 1, 2, 3, 4, 5
DEVICE_SIZE = 18
MAX_CONFIGURATION = 8192  # bytes of one configuration with all that hangs on it; real ones stay under 1 KiB

_DEVICE = (
    "bLength bDescriptorType bcdUSB bDeviceClass bDeviceSubClass bDeviceProtocol bMaxPacketSize0 "
    "idVendor idProduct bcdDevice iManufacturer iProduct iSerialNumber bNumConfigurations"
)
_CONFIGURATION = (
    "bLength bDescriptorType wTotalLength bNumInterfaces bConfigurationValue iConfiguration bmAttributes bMaxPower"
)
_INTERFACE = (
    "bLength bDescriptorType bInterfaceNumber bAlternateSetting bNumEndpoints "
    "bInterfaceClass bInterfaceSubClass bInterfaceProtocol iInterface"
)
_ENDPOINT = "bLength bDescriptorType bEndpointAddress bmAttributes wMaxPacketSize bInterval"


def _fields(names: str, layout: str, data: bytes) -> SimpleNamespace:
    return SimpleNamespace(**dict(zip(names.split(), struct.unpack_from(layout, data), strict=True)))


class BadDescriptor(Exception):
    """The device's descriptors are not what USB 2.0 says."""


@dataclass(slots=True)
class Alternate:
    """One alternate setting of one interface."""

    descriptor: Any
    endpoints: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class Configuration:
    """One configuration: interfaces in order of number, each with its alternate settings."""

    descriptor: Any
    interfaces: list[list[Alternate]] = field(default_factory=list)


def device(data: bytes) -> Any:
    """The device descriptor; the attributes pyusb adds about the bus are left to the caller."""
    if len(data) < DEVICE_SIZE or data[1] != DEVICE:
        raise BadDescriptor(f"not a device descriptor: {data[:DEVICE_SIZE].hex(' ')}")
    return _fields(_DEVICE, "<BBHBBBBHHHBBBB", data)


def configuration(data: bytes) -> Configuration:
    """A whole configuration as GET_DESCRIPTOR returns it."""
    if len(data) < 9 or data[1] != CONFIGURATION:
        raise BadDescriptor(f"not a configuration descriptor: {data[:9].hex(' ')}")
    head = _fields(_CONFIGURATION, "<BBHBBBBB", data)
    head.extra_descriptors = []
    result = Configuration(head)
    interfaces: dict[int, list[Alternate]] = {}
    current: Alternate | None = None
    extra = head.extra_descriptors
    at = data[0]
    while at + 2 <= len(data):
        length, kind = data[at], data[at + 1]
        if length < 2 or at + length > len(data):
            raise BadDescriptor(f"a descriptor of {length} bytes at offset {at} of {len(data)}")
        part = data[at : at + length]
        if kind == INTERFACE and length >= 9:
            values = _fields(_INTERFACE, "<9B", part)
            values.bNumEndpoints = 0
            values.extra_descriptors = extra = []
            current = Alternate(values)
            interfaces.setdefault(values.bInterfaceNumber, []).append(current)
        elif kind == ENDPOINT and length >= 7 and current is not None:
            values = _fields(_ENDPOINT, "<BBBBHB", part)
            values.bRefresh = values.bSynchAddress = 0
            values.extra_descriptors = extra = []
            current.endpoints.append(values)
            current.descriptor.bNumEndpoints = len(current.endpoints)
        else:
            extra.extend(part)
        at += length
    result.interfaces = [interfaces[number] for number in sorted(interfaces)]
    head.bNumInterfaces = len(result.interfaces)
    return result


def text(data: bytes) -> str:
    """A string descriptor's text; empty when it is none."""
    if len(data) < 2 or data[1] != STRING:
        return ""
    return data[2 : min(data[0], len(data)) & 0xFE].decode("utf-16-le", "replace").rstrip("\0")
