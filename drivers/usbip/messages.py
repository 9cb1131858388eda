"""The messages of USB/IP as bytes, pure.

Spec: the Linux kernel's Documentation/usb/usbip_protocol.rst, version 1.1.1; everything is big-endian.
A peer's message that the protocol does not allow raises `Malformed`.
"""

import struct
from dataclasses import dataclass

VERSION = 0x0111
OP_REQ_DEVLIST, OP_REP_DEVLIST = 0x8005, 0x0005
OP_REQ_IMPORT, OP_REP_IMPORT = 0x8003, 0x0003
CMD_SUBMIT, CMD_UNLINK, RET_SUBMIT, RET_UNLINK = 1, 2, 3, 4
DIR_OUT, DIR_IN = 0, 1
URB_DIR_IN = 0x0200  # some servers take the direction from this flag and not from the direction field

OP_HEADER = struct.Struct(">HHI")  # version, code, status
DEVICE = struct.Struct(">256s32sIIIHHHBBBBBB")
URB_HEADER = struct.Struct(">IIIII")  # command, seqnum, devid, direction, endpoint
URB_SIZE = 48
BUSID_SIZE = 32
MAX_DEVICES = 256
MAX_INTERFACES = 32  # a USB configuration may have 256; no real device comes near


class Malformed(Exception):
    """The server's bytes are not USB/IP."""


@dataclass(frozen=True, slots=True)
class Exported:
    """One line of a server's device list."""

    busid: str
    bus: int
    address: int
    speed: int  # 1 low, 2 full, 3 high, 5 super
    vendor_id: int
    product_id: int
    release: int  # bcdDevice
    device_class: int
    configuration: int  # bConfigurationValue that is active, 0 = none
    interface_count: int
    interfaces: tuple[tuple[int, int, int], ...] = ()  # class, subclass, protocol; only in a device list

    @property
    def devid(self) -> int:
        """How every command names the imported device."""
        return self.bus << 16 | self.address


@dataclass(frozen=True, slots=True)
class Answer:
    """A RET_SUBMIT or RET_UNLINK without its data."""

    command: int
    seqnum: int
    status: int  # 0 or a negative Linux errno
    length: int  # RET_SUBMIT: bytes that moved


def devlist_request() -> bytes:
    return OP_HEADER.pack(VERSION, OP_REQ_DEVLIST, 0)


def import_request(busid: str) -> bytes:
    name = busid.encode("ascii")
    if len(name) >= BUSID_SIZE:
        raise Malformed(f"bus id {busid!r} is longer than {BUSID_SIZE - 1} bytes")
    return OP_HEADER.pack(VERSION, OP_REQ_IMPORT, 0) + name.ljust(BUSID_SIZE, b"\0")


def op_status(header: bytes, code: int) -> int:
    """Status of an answer to DEVLIST or IMPORT; 0 is success."""
    version, got, status = OP_HEADER.unpack(header)
    if got != code or version >> 8 != VERSION >> 8:
        raise Malformed(f"expected answer {code:#06x} of USB/IP 1.x, got {header.hex(' ')}")
    return int(status)


def exported(record: bytes) -> Exported:
    """Read the device record that DEVLIST and IMPORT share."""
    _path, busid, bus, address, speed, vendor, product, release, cls, _sub, _proto, config, _configs, interfaces = (
        DEVICE.unpack(record)
    )
    try:
        name = busid.split(b"\0", 1)[0].decode("ascii")
    except UnicodeDecodeError as err:
        raise Malformed(f"bus id {busid[:16].hex(' ')} is not ASCII") from err
    if not name.isprintable() or not name:
        raise Malformed(f"bus id {name!r} cannot be printed")
    if interfaces > MAX_INTERFACES:
        raise Malformed(f"device {name} claims {interfaces} interfaces")
    return Exported(name, bus, address, speed, vendor, product, release, cls, config, interfaces)


def submit(seqnum: int, devid: int, endpoint: int, *, into: bool, length: int, setup: bytes = bytes(8)) -> bytes:
    """CMD_SUBMIT; OUT data follows it. `endpoint` is the number without the direction bit."""
    return URB_HEADER.pack(CMD_SUBMIT, seqnum, devid, DIR_IN if into else DIR_OUT, endpoint) + struct.pack(
        ">IIIII8s", URB_DIR_IN if into else 0, length, 0, 0, 0, setup
    )


def unlink(seqnum: int, devid: int, victim: int) -> bytes:
    """CMD_UNLINK of the submit whose sequence number is `victim`."""
    return URB_HEADER.pack(CMD_UNLINK, seqnum, devid, 0, 0) + struct.pack(">I24x", victim)


def answer(header: bytes) -> Answer:
    """Read the 48 bytes that open each of the server's answers."""
    command, seqnum, _devid, _direction, _endpoint = URB_HEADER.unpack_from(header)
    status, length = struct.unpack_from(">iI", header, URB_HEADER.size)
    if command not in {RET_SUBMIT, RET_UNLINK}:
        raise Malformed(f"expected RET_SUBMIT or RET_UNLINK, got {header[:20].hex(' ')}")
    return Answer(command, seqnum, status, length if command == RET_SUBMIT else 0)
