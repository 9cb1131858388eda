"""USB descriptors and endpoint 0 of a simulated device (USB 2.0 chapter 9), and the packet rules of its bulk pipe."""

import struct

import pytest

from hil.devices.esci.scanner import EsciScanner
from hil.devices.esci.usb import BULK_IN, BULK_OUT, esci_usb
from hil.devices.usb.control import ControlEndpoint
from hil.devices.usb.device import Refusal, Setup
from hil.devices.usb.messages import MessagePlug
from hil.script import read

NOW = 50.0


def plug(serial: str = "") -> MessagePlug:
    return esci_usb(EsciScanner(read("warmup=0,feed=0,speed=0"), NOW), serial)


def ask(control: ControlEndpoint, kind: int, request: int, value: int = 0, index: int = 0, *, length: int = 255):
    return control.request(Setup(kind, request, value, index, length), b"", NOW)


@pytest.fixture
def control() -> ControlEndpoint:
    return ControlEndpoint(plug("AB12"))


def test_the_device_descriptor_names_the_scanner(control):
    # bLength, type, USB 2.0, class per interface, packet 64, VID, PID, release, strings 1 2 3, one configuration
    expected = struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x0200, 0, 0, 0, 64, 0x04B8, 0x012B, 0x0100, 1, 2, 3, 1)
    assert ask(control, 0x80, 6, 0x0100) == expected
    assert ask(control, 0x80, 6, 0x0100, length=8) == expected[:8]


def test_the_configuration_has_one_vendor_interface_with_a_bulk_pair(control):
    expected = (
        bytes((9, 2, 32, 0, 1, 1, 0, 0xC0, 1))
        + bytes((9, 4, 0, 0, 2, 0xFF, 0xFF, 0xFF, 0))
        + bytes((7, 5, 0x81, 2, 0x00, 0x02, 0))
        + bytes((7, 5, 0x02, 2, 0x00, 0x02, 0))
    )
    assert ask(control, 0x80, 6, 0x0200) == expected


def test_strings_are_utf16_and_a_missing_one_stalls(control):
    assert ask(control, 0x80, 6, 0x0300) == bytes((4, 3, 0x09, 0x04))
    assert ask(control, 0x80, 6, 0x0301) == bytes((12, 3)) + "EPSON".encode("utf-16-le")
    assert ask(control, 0x80, 6, 0x0303) == bytes((10, 3)) + "AB12".encode("utf-16-le")
    assert ask(control, 0x80, 6, 0x0309) is Refusal.STALL


def test_a_scanner_without_a_serial_number_has_no_such_string():
    control = ControlEndpoint(plug())
    device = ask(control, 0x80, 6, 0x0100)
    assert device[16] == 0
    assert ask(control, 0x80, 6, 0x0303) is Refusal.STALL


def test_configuration_and_interface_can_be_set_and_read(control):
    assert ask(control, 0x80, 8) == b"\x00"
    assert ask(control, 0x00, 9, 1) == b""
    assert ask(control, 0x80, 8) == b"\x01"
    assert ask(control, 0x00, 9, 2) is Refusal.STALL
    assert ask(control, 0x01, 11, 0, 0) == b""
    assert ask(control, 0x01, 11, 1, 0) is Refusal.STALL
    assert ask(control, 0x81, 10, 0, 0) == b"\x00"
    assert ask(control, 0x81, 10, 0, 1) is Refusal.STALL


def test_a_halt_is_set_seen_and_cleared(control):
    assert ask(control, 0x80, 0) == b"\x01\x00"  # self-powered
    assert ask(control, 0x82, 0, 0, 0x81) == b"\x00\x00"
    assert ask(control, 0x02, 3, 0, 0x81) == b""
    assert ask(control, 0x82, 0, 0, 0x81) == b"\x01\x00"
    assert ask(control, 0x02, 1, 0, 0x81) == b""
    assert ask(control, 0x82, 0, 0, 0x81) == b"\x00\x00"
    assert ask(control, 0x02, 3, 0, 0x85) is Refusal.STALL


@pytest.mark.parametrize(("kind", "request_code"), [(0xC1, 1), (0x41, 1), (0xA1, 0), (0x80, 99), (0x00, 99)])
def test_unknown_requests_stall(control, kind, request_code):
    assert ask(control, kind, request_code) is Refusal.STALL


def test_one_read_gives_one_message():
    device = plug()
    device.write(BULK_OUT, b"\x1bf", NOW)
    assert device.read(BULK_IN, 512, NOW) == b"\x02\x12\x2a\x00"
    assert len(device.read(BULK_IN, 512, NOW)) == 42
    assert device.read(BULK_IN, 512, NOW) is None


def test_a_packet_larger_than_the_read_overflows():
    device = plug()
    device.write(BULK_OUT, b"\x1cI", NOW)  # 80 bytes in one packet
    assert device.read(BULK_IN, 64, NOW) is Refusal.OVERFLOW
    assert device.read(BULK_IN, 64, NOW) is None


def test_a_long_message_may_be_read_in_whole_packets():
    device = plug()
    device.write(BULK_OUT, b"\x1bd\xff\x1bG", NOW)  # grey, 848 x 255
    for expected in (1, 1, 6):
        assert len(device.read(BULK_IN, 512, NOW)) == expected
    assert len(device.read(BULK_IN, 1024, NOW)) == 1024
    assert len(device.read(BULK_IN, 1024 * 1024, NOW)) == 848 * 255 - 1024


def test_the_wrong_endpoint_stalls():
    device = plug()
    assert device.write(0x05, b"x", NOW) is Refusal.STALL
    assert device.read(0x85, 1, NOW) is Refusal.STALL
