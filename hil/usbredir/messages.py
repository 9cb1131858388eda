"""usbredir messages as bytes, the side that has the device ("usb-host").

Spec: the USB Network Redirection protocol, version 0.7. All integers are little-endian. A message is type, length, id
and a body; what the body holds depends on the capabilities that both sides have said in their hello.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

from hil.devices.usb.descriptors import Description, Speed
from hil.devices.usb.device import Setup
from hil.devices.usb.transfers import MOST_BYTES


class Kind(IntEnum):
    """Message types; of the others (isochronous, bulk streams, filters, buffered bulk) none is spoken here."""

    HELLO = 0
    DEVICE_CONNECT = 1
    DEVICE_DISCONNECT = 2
    RESET = 3
    INTERFACE_INFO = 4
    EP_INFO = 5
    SET_CONFIGURATION = 6
    GET_CONFIGURATION = 7
    CONFIGURATION_STATUS = 8
    SET_ALT_SETTING = 9
    GET_ALT_SETTING = 10
    ALT_SETTING_STATUS = 11
    START_INTERRUPT = 15
    STOP_INTERRUPT = 16
    INTERRUPT_STATUS = 17
    CANCEL = 21
    DISCONNECT_ACK = 24
    CONTROL = 100
    BULK = 101
    INTERRUPT = 103


class Cap(IntEnum):
    """Bits of the hello's capability words."""

    CONNECT_DEVICE_VERSION = 1
    DISCONNECT_ACK = 3
    EP_INFO_MAX_PACKET_SIZE = 4
    IDS_64_BITS = 5
    BULK_LENGTH_32_BITS = 6


class Status(IntEnum):
    """How a transfer ended."""

    SUCCESS = 0
    CANCELLED = 1
    INVALID = 2
    STALL = 4
    BABBLE = 6


OURS = frozenset(Cap)
VERSION = b"wsd-scan-hil"
MOST_CAPABILITIES = 32  # words of a peer's hello

HEAD = {False: struct.Struct("<III"), True: struct.Struct("<IIQ")}  # by 64-bit ids
CONTROL = struct.Struct("<BBBBHHH")  # endpoint, request, request type, status, value, index, length
BULK = {False: struct.Struct("<BBHI"), True: struct.Struct("<BBHIH")}  # endpoint, status, length, stream, length high
INTERRUPT = struct.Struct("<BBH")  # endpoint, status, length

# Bytes of the bodies that carry no data.
SIZES = {
    Kind.RESET: 0,
    Kind.SET_CONFIGURATION: 1,
    Kind.GET_CONFIGURATION: 0,
    Kind.SET_ALT_SETTING: 2,
    Kind.GET_ALT_SETTING: 1,
    Kind.START_INTERRUPT: 1,
    Kind.STOP_INTERRUPT: 1,
    Kind.CANCEL: 0,
    Kind.DISCONNECT_ACK: 0,
}
TRANSFER_TYPE = {"control": 0, "none": 255}
SPEEDS = {Speed.LOW: 0, Speed.FULL: 1, Speed.HIGH: 2}


class ProtocolViolation(ValueError):
    """The peer sent what usbredir does not allow; the connection ends."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """One data message of the peer's: `setup` is there for control, `length` is asked for or sent."""

    kind: Kind
    endpoint: int
    length: int
    data: bytes
    setup: Setup | None = None


def hello() -> bytes:
    """The body of our hello."""
    return struct.pack("<64sI", VERSION, sum(1 << cap for cap in OURS))


def capabilities(body: bytes) -> frozenset[Cap]:
    """What both sides can, from the peer's hello."""
    words, rest = divmod(len(body) - 64, 4)
    if rest or not 0 <= words <= MOST_CAPABILITIES:
        raise ProtocolViolation(f"a hello of {len(body)} bytes")
    first = struct.unpack_from("<I", body, 64)[0] if words else 0
    return frozenset(cap for cap in OURS if first >> cap & 1)


def most(kind: Kind) -> int:
    """The longest body that a peer may send of that kind."""
    if kind is Kind.HELLO:
        return 64 + 4 * MOST_CAPABILITIES
    if kind in (Kind.CONTROL, Kind.INTERRUPT):
        return CONTROL.size + 0xFFFF
    if kind is Kind.BULK:
        return BULK[True].size + MOST_BYTES
    if kind in SIZES:
        return SIZES[kind]
    raise ProtocolViolation(f"{kind.name} comes from the side that has the device")


def interface_info(description: Description) -> bytes:
    """All interfaces: number, class, subclass and protocol of each."""
    shown = description.interfaces
    columns = (
        [each.number for each in shown],
        [each.interface_class for each in shown],
        [each.subclass for each in shown],
        [each.protocol for each in shown],
    )
    return struct.pack("<I", len(shown)) + b"".join(bytes(column).ljust(32, b"\0") for column in columns)


def endpoint_info(description: Description, caps: frozenset[Cap]) -> bytes:
    """All endpoints: OUT 0 to 15, then IN 0 to 15."""
    kinds, intervals, interfaces = bytearray([TRANSFER_TYPE["none"]] * 32), bytearray(32), bytearray(32)
    packets = [0] * 32
    kinds[0] = kinds[16] = TRANSFER_TYPE["control"]
    packets[0] = packets[16] = 64
    for interface in description.interfaces:
        for endpoint in interface.endpoints:
            index = (endpoint.address & 0x80) >> 3 | endpoint.address & 0x0F
            kinds[index], intervals[index] = endpoint.transfer, endpoint.interval
            interfaces[index], packets[index] = interface.number, endpoint.max_packet
    sizes = struct.pack("<32H", *packets) if Cap.EP_INFO_MAX_PACKET_SIZE in caps else b""
    return bytes(kinds + intervals + interfaces) + sizes


def device_connect(description: Description, caps: frozenset[Cap]) -> bytes:
    """The device is plugged in; its class is said by its interfaces."""
    ids = struct.pack("<BBBBHH", SPEEDS[description.speed], 0, 0, 0, description.vendor_id, description.product_id)
    release = struct.pack("<H", description.release) if Cap.CONNECT_DEVICE_VERSION in caps else b""
    return ids + release


def transfer(kind: Kind, body: bytes, caps: frozenset[Cap]) -> Transfer:
    """What a CONTROL, BULK or INTERRUPT message of the peer's asks for. Raises ProtocolViolation."""
    layout = {Kind.CONTROL: CONTROL, Kind.BULK: BULK[Cap.BULK_LENGTH_32_BITS in caps], Kind.INTERRUPT: INTERRUPT}[kind]
    if len(body) < layout.size:
        raise ProtocolViolation(f"{kind.name} of {len(body)} bytes")
    words, data = layout.unpack_from(body), body[layout.size :]
    setup = None
    if kind is Kind.CONTROL:
        endpoint, request, request_type, _, value, index, length = words
        setup = Setup(request_type, request, value, index, length)
    elif kind is Kind.BULK:
        endpoint, _, length, stream, *high = words
        length |= high[0] << 16 if high else 0
        if stream:
            raise ProtocolViolation("bulk streams are not served")
    else:
        endpoint, _, length = words
    if length > MOST_BYTES:
        raise ProtocolViolation(f"a transfer of {length} bytes")
    if len(data) != (0 if endpoint & 0x80 else length):
        raise ProtocolViolation(f"{kind.name} of {length} bytes to endpoint {endpoint:#04x} with {len(data)} bytes")
    if endpoint & 0x70:
        raise ProtocolViolation(f"endpoint {endpoint:#04x}")
    return Transfer(kind, endpoint, length, data, setup)


def answered(asked: Transfer, status: Status, length: int, caps: frozenset[Cap]) -> bytes:
    """The body of the answer without its data; `length` is what was moved."""
    if asked.setup is not None:
        setup = asked.setup
        return CONTROL.pack(asked.endpoint, setup.request, setup.request_type, status, setup.value, setup.index, length)
    if asked.kind is Kind.INTERRUPT:
        return INTERRUPT.pack(asked.endpoint, status, length)
    if Cap.BULK_LENGTH_32_BITS in caps:
        return BULK[True].pack(asked.endpoint, status, length & 0xFFFF, 0, length >> 16)
    return BULK[False].pack(asked.endpoint, status, length, 0)
