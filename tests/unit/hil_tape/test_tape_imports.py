"""Other programs' recordings become tapes, or are refused with the place of what is wrong."""

import struct
from pathlib import Path

import pytest

from hil.tape.file import Tape, TapeError
from hil.tape.imports import imported
from hil.tape.records import Snmp, Usb
from hil.tape.values import Kind

WALK = """\
iso.3.6.1.2.1.1.1.0 = STRING: "A \\"small\\" scanner"
.1.3.6.1.2.1.1.2.0 = OID: iso.3.6.1.4.1.1248.1
SNMPv2-SMI::mib-2.1.3.0 = Timeticks: (102260032) 11 days, 20:03:20.32
SNMPv2-MIB::sysName.0 = ""
.1.3.6.1.2.1.2.2.1.6.1 = Hex-STRING: 00 1B A9 00
01 02
.1.3.6.1.2.1.2.2.1.8.1 = INTEGER: up(1)
.1.3.6.1.2.1.4.1.0 = IpAddress: 192.0.2.7
.1.3.6.1.2.1.25.3.2.1.3.1 = STRING: two
lines
.1.3.6.1.2.1.99.0 = No Such Object available on this agent at this OID
.1.3.6.1.2.1.99.1 = Gauge32: 17
"""


def values(tape: Tape) -> dict[str, tuple[Kind, int | str | None]]:
    binds = [bind for record in tape.records if isinstance(record, Snmp) for bind in record.binds]
    return {oid: (kind, value) for oid, kind, value in binds}


def test_the_text_of_snmpwalk(tmp_path: Path) -> None:
    place = tmp_path / "mfp.walk"
    place.write_text(WALK)
    tape = imported(place)
    assert values(tape) == {
        "1.3.6.1.2.1.1.1.0": (Kind.TEXT, 'A "small" scanner'),
        "1.3.6.1.2.1.1.2.0": (Kind.OID, "1.3.6.1.4.1.1248.1"),
        "1.3.6.1.2.1.1.3.0": (Kind.TIME_TICKS, 102260032),
        "1.3.6.1.2.1.1.5.0": (Kind.OCTETS, ""),
        "1.3.6.1.2.1.2.2.1.6.1": (Kind.OCTETS, "00 1b a9 00 01 02"),
        "1.3.6.1.2.1.2.2.1.8.1": (Kind.INTEGER, 1),
        "1.3.6.1.2.1.4.1.0": (Kind.IP_ADDRESS, "192.0.2.7"),
        "1.3.6.1.2.1.25.3.2.1.3.1": (Kind.OCTETS, b"two\nlines".hex(" ")),
        "1.3.6.1.2.1.99.1": (Kind.GAUGE32, 17),
    }
    assert tape.snmp()[0].description == 'A "small" scanner'


def test_a_name_that_needs_a_mib_is_refused_with_advice(tmp_path: Path) -> None:
    place = tmp_path / "mfp.walk"
    place.write_text("iso.3.6.1.2.1.1.3.0 = INTEGER: 1\nPrinter-MIB::prtGeneralSerialNumber.1 = STRING: 1\n")
    with pytest.raises(TapeError, match=r"line 2: what Printer-MIB::prtGeneralSerialNumber.* walk again with -On"):
        imported(place)


def test_a_snmprec_recording_and_a_wrong_line_in_one(tmp_path: Path) -> None:
    place = tmp_path / "mfp.snmprec"
    place.write_text("1.3.6.1.2.1.1.1.0|4|scanner\n1.3.6.1.2.1.1.3.0|67|5\n1.3.6.1.2.1.2.2.1.6.1|4x|001ba9\n")
    assert list(values(imported(place)).values()) == [
        (Kind.TEXT, "scanner"),
        (Kind.TIME_TICKS, 5),
        (Kind.OCTETS, "00 1b a9"),
    ]
    place.write_text("1.3.6.1.2.1.1.1.0|4|scanner\n1.3.6.1.2.1.1.3.0|67|soon\n")
    with pytest.raises(TapeError, match=r"mfp\.snmprec, line 2: "):
        imported(place)


SANE = """\
<?xml version="1.0"?>
<device_capture backend="epson2">
  <description id_vendor="0x04b8" id_product="0x012b">
    <configurations><configuration><interface number="0">
      <endpoint transfer_type="BULK" number="1" direction="IN" address="0x81"/>
      <endpoint transfer_type="BULK" number="2" direction="OUT" address="0x02"/>
    </interface></configuration></configurations>
  </description>
  <transactions>
    <debug seq="1" message="hello"/>
    <control_tx time_usec="0" seq="2" endpoint_number="0" direction="OUT" bmRequestType="0x40" bRequest="0x0c"
      wValue="0x0083" wIndex="0x0000" wLength="1">14</control_tx>
    <bulk_tx time_usec="0" seq="3" endpoint_number="2" direction="OUT">1c 46</bulk_tx>
    <bulk_tx time_usec="0" seq="4" endpoint_number="1" direction="IN">02 80 00
      00</bulk_tx>
    <bulk_tx time_usec="0" seq="5" endpoint_number="1" direction="IN" error="timeout"></bulk_tx>
  </transactions>
</device_capture>
"""


def transfers(tape: Tape) -> list[tuple[str, str, str | None, str | None]]:
    return [(each.transfer, each.endpoint, each.setup, each.hex) for each in tape.records if isinstance(each, Usb)]


def test_the_xml_of_sane(tmp_path: Path) -> None:
    place = tmp_path / "capture.xml"
    place.write_text(SANE)
    tape = imported(place)
    assert transfers(tape) == [
        ("control", "00", "40 0c 83 00 00 00 01 00", "14"),
        ("bulk", "02", None, "1c 46"),
        ("bulk", "81", None, "02 80 00 00"),
    ]
    [device] = tape.usb()
    assert device.ids == "04b8:012b"
    assert [end.address for end in device.interfaces[0].endpoints] == [0x81, 0x02]


def test_a_transfer_of_sanes_without_direction_is_refused_with_its_line(tmp_path: Path) -> None:
    place = tmp_path / "capture.xml"
    place.write_text(SANE.replace(' direction="OUT">1c 46', ">1c 46"))
    with pytest.raises(TapeError, match=r"line 13: bulk_tx: direction is missing"):
        imported(place)


DEVICE = bytes.fromhex("12 01 00 02 00 00 00 40 b8 04 2b 01 00 01 01 02 00 01")
NAME = b"\x0a\x03" + "Scan".encode("utf-16-le")


def event(
    kind: str,
    ident: int,
    endpoint: int,
    data: bytes = b"",
    *,
    order: str = "<",
    setup: bytes = bytes(8),
    transfer: int = 3,
    time: float = 0.0,
    status: int = 0,
    length: int | None = None,
    link: int = 220,
) -> bytes:
    size = len(data) if length is None else length
    micro = round(time * 1_000_000)
    head = struct.pack(order + "QcBBBHccqiiII", ident, kind.encode(), transfer, endpoint, 5, 1, b"\0", b"\0",
                       1_700_000_000 + micro // 1_000_000, micro % 1_000_000, status, size, len(data))  # fmt: skip
    return head + setup + bytes(16 if link == 220 else 0) + data


def pcap(*packets: bytes, order: str = "<", link: int = 220) -> bytes:
    head = struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link)
    return head + b"".join(struct.pack(order + "IIII", 0, 0, len(each), len(each)) + each for each in packets)


def pcapng(*packets: bytes) -> bytes:
    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)

    blocks = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)), block(1, struct.pack("<HHI", 220, 0, 0))]
    blocks += [block(6, struct.pack("<IIIII", 0, 0, 0, len(each), len(each)) + each) for each in packets]
    return b"".join(blocks)


def session(order: str = "<", link: int = 220) -> list[bytes]:
    descriptor, string = bytes.fromhex("8006000100001200"), bytes.fromhex("80060203090 4ff00".replace(" ", ""))
    more = {"order": order, "link": link}
    return [
        event("S", 1, 0x80, transfer=2, setup=descriptor, length=18, **more),  # type: ignore[arg-type]
        event("C", 1, 0x80, DEVICE, transfer=2, **more),  # type: ignore[arg-type]
        event("S", 2, 0x80, transfer=2, setup=string, length=255, **more),  # type: ignore[arg-type]
        event("C", 2, 0x80, NAME, transfer=2, **more),  # type: ignore[arg-type]
        event("S", 3, 0x02, b"\x1cF", time=1.0, **more),  # type: ignore[arg-type]
        event("C", 3, 0x02, length=2, time=1.1, **more),  # type: ignore[arg-type]
        event("S", 4, 0x81, length=512, time=1.2, **more),  # type: ignore[arg-type]
        event("C", 4, 0x81, b"\x02\x80", time=1.5, **more),  # type: ignore[arg-type]
        event("S", 5, 0x81, length=512, time=1.6, **more),  # type: ignore[arg-type]
        event("C", 5, 0x81, status=-32, time=1.7, **more),  # type: ignore[arg-type]
        event("S", 6, 0x81, length=512, time=1.8, **more),  # type: ignore[arg-type]
        event("C", 6, 0x81, status=-2, time=2.8, **more),  # type: ignore[arg-type]  # taken back: nothing passed
    ]


@pytest.mark.parametrize("written", ["pcap", "pcap, other byte order", "pcap, short header", "pcapng"])
def test_a_capture_of_usbmon(tmp_path: Path, written: str) -> None:
    place = tmp_path / "usb.pcap"
    match written:
        case "pcapng":
            place.write_bytes(pcapng(*session()))
        case "pcap, short header":
            place.write_bytes(pcap(*session(link=189), link=189))
        case _:
            order = ">" if "other" in written else "<"
            place.write_bytes(pcap(*session(order), order=order))
    tape = imported(place)
    assert transfers(tape) == [("bulk", "02", None, "1c 46"), ("bulk", "81", None, "02 80"), ("bulk", "81", None, None)]
    assert [each.error for each in tape.records if isinstance(each, Usb)] == [None, None, "stall"]
    assert [round(each.t, 6) for each in tape.records if isinstance(each, Usb)] == [1.0, 1.5, 1.7]
    [device] = tape.usb()
    assert (device.ids, device.product) == ("04b8:012b", "Scan")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (pcap(*session())[:-3], "goes beyond the file's end"),
        (pcap(b"short"), "packet 1 is shorter than usbmon's header"),
        (pcap(*session(), link=1), "link type 1 is no usbmon"),
        (pcap(), "has no packets"),
        (pcapng(*session())[:40], "impossible length"),
        (b"hello", "is none of"),
        (pcap(event("S", 3, 2, b"\x1c"), event("C", 3, 2, length=9)), "packet 2 was cut short"),
    ],
)
def test_a_damaged_capture_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    place = tmp_path / "usb.pcap"
    place.write_bytes(data)
    with pytest.raises(TapeError, match=said):
        imported(place)


def test_a_device_that_is_not_in_the_capture_is_named_with_those_that_are(tmp_path: Path) -> None:
    place = tmp_path / "usb.pcap"
    place.write_bytes(pcap(*session()))
    assert imported(place, "1.5").usb()[0].ids == "04b8:012b"
    with pytest.raises(TapeError, match=r"no device 04a9:1909; there are 1\.5 \(04b8:012b\)"):
        imported(place, "04a9:1909")
