"""USB/IP messages as bytes, server side.

Spec: Linux Documentation/usb/usbip_protocol.rst, version 1.1.1. All integers are big-endian.
"""

import struct
from dataclasses import dataclass

from hil.devices.usb.descriptors import Description
from hil.devices.usb.device import Setup

VERSION = 0x0111
REQ_DEVLIST, REP_DEVLIST = 0x8005, 0x0005
REQ_IMPORT, REP_IMPORT = 0x8003, 0x0003
CMD_SUBMIT, CMD_UNLINK, RET_SUBMIT, RET_UNLINK = 1, 2, 3, 4
DIR_OUT, DIR_IN = 0, 1

ST_OK, ST_BUSY, ST_NODEV = 0, 2, 4

OP = struct.Struct(">HHI")
BUSID = struct.Struct(">32s")
COMMAND = struct.Struct(">5I28s")  # command, seqnum, devid, direction, endpoint, rest
SUBMIT = struct.Struct(">IiIiI8s")  # flags, buffer length, start frame, packets, interval, setup
UNLINK = struct.Struct(">I24x")
SETUP = struct.Struct("<BBHHH")
RETURN = struct.Struct(">5Ii4I8x")  # …, status, actual length, start frame, packets, errors
RETURN_UNLINK = struct.Struct(">5Ii24x")


class ProtocolViolation(ValueError):
    """The peer sent what USB/IP does not allow; the connection ends."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where on its (pretended) host a device is plugged in."""

    bus: int
    device: int

    @property
    def busid(self) -> str:
        """As `usbip list` prints it."""
        return f"{self.bus}-{self.device}"

    @property
    def devid(self) -> int:
        """As commands carry it."""
        return self.bus << 16 | self.device


@dataclass(frozen=True, slots=True)
class Submit:
    """One transfer asked for. `endpoint` carries the direction bit."""

    seqnum: int
    endpoint: int
    length: int
    setup: Setup

    @property
    def inward(self) -> bool:
        """Data goes to the host."""
        return bool(self.endpoint & 0x80)


@dataclass(frozen=True, slots=True)
class Unlink:
    """A transfer taken back."""

    seqnum: int
    unlinked: int


def device(address: Address, description: Description) -> bytes:
    """The 312 bytes that describe one exported device."""
    path = f"/sys/devices/simulated/usb{address.bus}/{address.busid}"
    return struct.pack(
        ">256s32sIIIHHHBBBBBB",
        path.encode(),
        address.busid.encode(),
        address.bus,
        address.device,
        description.speed,
        description.vendor_id,
        description.product_id,
        description.release,
        0,
        0,
        0,
        1,
        1,
        len(description.interfaces),
    )


def device_list(devices: list[tuple[Address, Description]]) -> bytes:
    """The answer to OP_REQ_DEVLIST: each device with its interfaces' classes."""
    parts = [OP.pack(VERSION, REP_DEVLIST, ST_OK), struct.pack(">I", len(devices))]
    for address, description in devices:
        parts.append(device(address, description))
        parts += (struct.pack(">BBBx", i.interface_class, i.subclass, i.protocol) for i in description.interfaces)
    return b"".join(parts)


def imported(address: Address, description: Description) -> bytes:
    """The answer to an OP_REQ_IMPORT that was granted."""
    return OP.pack(VERSION, REP_IMPORT, ST_OK) + device(address, description)


def refused(status: int) -> bytes:
    """The answer to one that was not."""
    return OP.pack(VERSION, REP_IMPORT, status)


def command(packet: bytes, most: int) -> Submit | Unlink:
    """The 48 bytes of a command; `most` bounds the transfer's length."""
    kind, seqnum, _, direction, endpoint, rest = COMMAND.unpack(packet)
    if kind == CMD_UNLINK:
        return Unlink(seqnum, UNLINK.unpack(rest)[0])
    if kind != CMD_SUBMIT:
        raise ProtocolViolation(f"command {kind:#x}")
    _, length, _, packets, _, setup = SUBMIT.unpack(rest)
    if length > most or length < 0:
        raise ProtocolViolation(f"a transfer of {length} bytes")
    if packets not in (0, -1):
        raise ProtocolViolation("isochronous transfers are not served")
    if endpoint > 15 or direction not in (DIR_OUT, DIR_IN):
        raise ProtocolViolation(f"endpoint {endpoint}, direction {direction}")
    return Submit(seqnum, endpoint | (0x80 if direction == DIR_IN else 0), length, Setup(*SETUP.unpack(setup)))


def submitted(seqnum: int, status: int, length: int) -> bytes:
    """RET_SUBMIT without its data; status is 0 or a negative errno."""
    return RETURN.pack(RET_SUBMIT, seqnum, 0, 0, 0, status, length, 0, 0, 0)


def unlinked(seqnum: int, status: int) -> bytes:
    """RET_UNLINK; status -ECONNRESET if the transfer was still pending, 0 if its answer was already sent."""
    return RETURN_UNLINK.pack(RET_UNLINK, seqnum, 0, 0, 0, status)
