"""Captures of Linux' usbmon, as pcap or pcapng, as tapes: the transfers of one device.

A capture has two events for each transfer, its submission (with what goes out) and its completion (with what came in).
Spec: the kernel's Documentation/usb/usbmon.rst (binary format), link types LINKTYPE_USB_LINUX (189) and
LINKTYPE_USB_LINUX_MMAPPED (220); the pcap and pcapng Internet-Drafts. `tcpdump -i usbmon1 -w FILE -s 0` makes one.
"""

import errno
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from hil.tape import records
from hil.tape.file import Tape, TapeError
from hil.tape.recording import Recording
from hil.tape.records import AnyRecord, UsbIdentity

_PCAP: Final = {0xA1B2C3D4: 1e-6, 0xA1B23C4D: 1e-9}
_SECTION, _INTERFACE, _SIMPLE, _ENHANCED = 0x0A0D0D0A, 1, 3, 6
_BYTE_ORDER: Final = 0x1A2B3C4D
_HEADERS: Final = {189: 48, 220: 64}  # bytes of usbmon's own header, by link type
_KINDS: Final = {1: "interrupt", 2: "control", 3: "bulk"}
_ERRORS: Final = {
    -errno.EPIPE: "stall",
    -errno.ETIMEDOUT: "timeout",
    -errno.EOVERFLOW: "overflow",
    -errno.ENODEV: "gone",
    -errno.ESHUTDOWN: "gone",
    -errno.EPROTO: "EPROTO",
    -errno.EILSEQ: "EILSEQ",
}
_TAKEN_BACK: Final = frozenset({-errno.ENOENT, -errno.ECONNRESET, -errno.EREMOTEIO})


def recognised(data: bytes) -> bool:
    """Whether this looks like pcap or pcapng."""
    return _order(data) is not None or data[:4] == _SECTION.to_bytes(4, "little")


def _order(data: bytes) -> str | None:
    return next((order for order in "<>" if len(data) >= 24 and struct.unpack(order + "I", data[:4])[0] in _PCAP), None)


@dataclass(frozen=True, slots=True)
class _Event:
    packet: int
    id: int
    type: str  # S, C or E
    kind: int
    endpoint: int
    place: tuple[int, int]  # bus, device
    time: float
    status: int
    length: int  # of the transfer
    setup: bytes
    data: bytes


@dataclass(slots=True)
class _Device:
    """What a capture shows of one device."""

    events: int = 0
    device: bytes = b""
    configuration: bytes = b""
    strings: dict[int, str] = field(default_factory=dict)
    records: list[AnyRecord] = field(default_factory=list)


def read(path: Path, data: bytes, wanted: str | None = None) -> Tape:
    """The device wanted (VVVV:PPPP or BUS.DEVICE), or the one with most bulk transfers. Raises TapeError."""
    try:
        events = [_event(*packet) for packet in (_pcapng(data) if _order(data) is None else _pcap(data))]
        if not events:
            raise TapeError(f"{path}: has no packets")
        zero = events[0].time
        recording = Recording(0.0, datetime.fromtimestamp(zero, UTC))
        found = _devices(events, zero, recording)
    except TapeError:
        raise
    except (struct.error, ValueError, OverflowError) as err:
        raise TapeError(f"{path}: {err}") from err
    place = _choose(path, found, wanted)
    device = found[place]
    identity = _identity(path, place, device)
    header = records.header(recording.wall, devices=(identity,), software={"capture": "usbmon"})
    opening = records.Open(t=0.0, device="usb1")
    return Tape(header, (opening, *sorted(device.records, key=lambda each: each.t)), path, recording.aside)


def _devices(events: list[_Event], zero: float, recording: Recording) -> dict[tuple[int, int], _Device]:
    found: dict[tuple[int, int], _Device] = {}
    submitted: dict[int, _Event] = {}
    for event in events:
        if event.type == "S":
            submitted[event.id] = event
            continue
        asked = submitted.pop(event.id, None)
        device = found.setdefault(event.place, _Device())
        if event.type != "C" or event.kind not in _KINDS or event.status in _TAKEN_BACK:
            continue
        device.events += event.kind == 3
        into = bool(event.endpoint & 0x80)
        setup = asked.setup if asked is not None and event.kind == 2 else b""
        moved = event.data if into else (asked.data if asked is not None else b"")[: event.length or None]
        if setup and setup[:2] == b"\x80\x06":
            _describe(device, setup, moved)
        if event.kind == 2 and (not setup or not setup[0] & 0x60):
            continue  # every device answers these from its descriptors
        if asked is None and not into:
            continue  # sent before the capture began
        if len(moved) < event.length:
            raise ValueError(f"packet {event.packet} was cut short: capture again with -s 0")
        more: dict[str, str] = {"setup": setup.hex(" ")} if setup else {}
        if event.status:
            more["error"] = _ERRORS.get(event.status, errno.errorcode.get(-event.status, "error"))
            moved = b""
        elif into and not moved and event.kind != 2:
            continue
        recording.keep(moved)
        t = (event.time if into or asked is None else asked.time) - zero
        device.records.append(records.usb(t, "usb1", event.endpoint, moved, _KINDS[event.kind], **more))
    return found


def _describe(device: _Device, setup: bytes, data: bytes) -> None:
    """What GET_DESCRIPTOR brought."""
    index, kind = setup[2], setup[3]
    if kind == 1 and len(data) >= 18:
        device.device = data
    elif kind == 2 and len(data) > len(device.configuration):
        device.configuration = data
    elif kind == 3 and index and len(data) > 2:
        device.strings[index] = data[2 : data[0]].decode("utf-16-le", "replace")


def _choose(path: Path, found: dict[tuple[int, int], _Device], wanted: str | None) -> tuple[int, int]:
    shown = ", ".join(f"{bus}.{number} ({_ids(each) or 'unknown'})" for (bus, number), each in sorted(found.items()))
    if wanted is not None:
        for place, device in found.items():
            if wanted in {f"{place[0]}.{place[1]}", _ids(device)}:
                return place
        raise TapeError(f"{path}: has no device {wanted}; there are {shown or 'none'}")
    traffic = Counter({place: device.events for place, device in found.items()})
    if not traffic or not traffic.most_common(1)[0][1]:
        raise TapeError(f"{path}: no device has bulk transfers; there are {shown or 'none'}")
    return traffic.most_common(1)[0][0]


def _ids(device: _Device) -> str:
    if not device.device:
        return ""
    vendor, product = struct.unpack_from("<HH", device.device, 8)
    return f"{vendor:04x}:{product:04x}"


def _identity(path: Path, place: tuple[int, int], device: _Device) -> UsbIdentity:
    said: dict[str, object] = {"name": "usb1", "key": f"{path.name} {place[0]}.{place[1]}"}
    said["ids"] = _ids(device) or "0000:0000"  # plugged in before the capture began
    if device.device:
        release, manufacturer, product, serial = struct.unpack_from("<HBBB", device.device, 12)
        strings = device.strings
        said |= {"release": release, "manufacturer": strings.get(manufacturer, "")}
        said |= {"product": strings.get(product, ""), "serial": strings.get(serial, "")}
    return UsbIdentity.model_validate({**said, "interfaces": _interfaces(device.configuration)})


def _interfaces(configuration: bytes) -> list[dict[str, object]]:
    """The first alternate setting of each interface, with its endpoints."""
    found: list[dict[str, object]] = []
    ends: list[dict[str, int]] | None = None
    at = 0
    while at + 2 <= len(configuration) and configuration[at] >= 2:
        part = configuration[at : at + configuration[at]]
        if part[1] == 4 and len(part) >= 9:
            ends = [] if part[3] == 0 else None
            if ends is not None:
                interface = {"number": part[2], "class": part[5], "subclass": part[6], "protocol": part[7]}
                found.append({**interface, "endpoints": ends})
        elif part[1] == 5 and len(part) >= 7 and ends is not None:
            packet = int.from_bytes(part[4:6], "little")
            ends.append({"address": part[2], "attributes": part[3], "packet": packet, "interval": part[6]})
        at += configuration[at]
    return found


# The two container formats: number, link type, byte order and bytes of each packet.


def _pcap(data: bytes) -> Iterator[tuple[int, int, str, bytes]]:
    order = _order(data) or "<"
    (link,) = struct.unpack_from(order + "I", data, 20)
    at, number = 24, 1
    while at < len(data):
        _, _, captured, _ = struct.unpack_from(order + "IIII", data, at)
        if at + 16 + captured > len(data):
            raise ValueError(f"packet {number} goes beyond the file's end")
        yield number, link & 0x0FFFFFFF, order, data[at + 16 : at + 16 + captured]
        at, number = at + 16 + captured, number + 1


def _pcapng(data: bytes) -> Iterator[tuple[int, int, str, bytes]]:
    at, number, order = 0, 1, "<"
    links: list[int] = []
    while at + 12 <= len(data):
        (kind,) = struct.unpack_from(order + "I", data, at)
        if kind == _SECTION:
            order = "<" if struct.unpack_from("<I", data, at + 8)[0] == _BYTE_ORDER else ">"
            links = []
        (total,) = struct.unpack_from(order + "I", data, at + 4)
        if total < 12 or total % 4 or at + total > len(data):
            raise ValueError(f"the block at byte {at} has an impossible length")
        body = data[at + 8 : at + total - 4]
        if kind == _INTERFACE:
            links.append(struct.unpack_from(order + "H", body)[0])
        elif kind == _ENHANCED:
            interface, _, _, captured, _ = struct.unpack_from(order + "IIIII", body)
            if interface >= len(links) or 20 + captured > len(body):
                raise ValueError(f"packet {number} does not fit its block")
            yield number, links[interface], order, body[20 : 20 + captured]
            number += 1
        elif kind == _SIMPLE and links:
            yield number, links[0], order, body[4:]
            number += 1
        at += total


def _event(number: int, link: int, order: str, packet: bytes) -> _Event:
    """One usbmon record. It is in the byte order of the capturing machine, which is the file's."""
    if link not in _HEADERS:
        raise ValueError(f"link type {link} is no usbmon; the tape is made of USB captured on Linux")
    size = _HEADERS[link]
    if len(packet) < size:
        raise ValueError(f"packet {number} is shorter than usbmon's header")
    ident, kind, transfer, endpoint, device, bus, _, _, seconds, micro, status, length, captured = struct.unpack_from(
        order + "QcBBBHccqiiII", packet
    )
    if kind not in {b"S", b"C", b"E"}:
        raise ValueError(f"packet {number} is no usbmon event")
    data = packet[size : size + captured]
    moment = seconds + micro / 1e6
    place = (bus, device)
    return _Event(number, ident, kind.decode(), transfer, endpoint, place, moment, status, length, packet[40:48], data)
