"""Interrupt packets of the three layouts, byte by byte as the published description has them."""

import pytest

from drivers.contract.errors import DeviceGarbled
from drivers.contract.observation import Feeder
from drivers.usb.pixma.mp150 import packets
from drivers.usb.pixma.mp150.model import Packets, table
from drivers.usb.pixma.mp150.packets import Packet
from drivers.usb.pixma.mp150.scanner import PixmaScanner


def packet(length: int = 16, **at: int) -> bytes:
    data = bytearray(length)
    for place, value in at.items():
        data[int(place[1:], 16)] = value
    return bytes(data)


def test_an_older_packet_has_button_and_original_in_one_byte() -> None:
    said = packets.read(packet(b0=0x31, b1=0x02), Packets.OLD)
    assert said == Packet(("color",), (("target", "2"), ("original", "3")))


def test_both_buttons_in_one_packet_are_two() -> None:
    assert packets.read(packet(b0=0x03), Packets.OLD).buttons == ("color", "mono")


def test_an_older_packet_may_say_no_more_than_that_something_changed() -> None:
    assert packets.read(packet(b9=0x02), Packets.OLD) == Packet(changed=True)


def test_a_newer_packet_says_format_size_and_dpi() -> None:
    said = packets.read(packet(b7=0x02, bA=0x0B, bB=0x04, bC=0x04), Packets.NEW)
    assert said == Packet(("mono",), (("format", "compact-pdf"), ("size", "auto"), ("dpi", "600")))


def test_some_say_document_feeder_and_orientation_too() -> None:
    said = packets.read(packet(32, b7=1, b6=2, b8=2, bA=2, bB=1, bC=1, b10=2), Packets.NEW)
    assert dict(said.settings) == {
        "format": "jpeg",
        "size": "letter",
        "dpi": "75",
        "document": "photo",
        "orientation": "landscape",
    }
    assert said.feeder is True


@pytest.mark.parametrize(("value", "name"), [(1, "copy"), (2, "auto"), (3, "send"), (5, "pdf"), (6, "pdf-end")])
def test_a_lide_has_five_buttons(value: int, name: str) -> None:
    assert packets.read(packet(32, b13=value), Packets.LIDE).buttons == (name,)


def test_a_lide_whose_buttons_rest_says_nothing() -> None:
    assert packets.read(packet(32), Packets.LIDE) == Packet()
    assert packets.read(packet(16), Packets.LIDE) == Packet()


@pytest.mark.parametrize("length", [0, 1, 15, 17, 63])
def test_a_packet_of_another_length_is_garbled(length: int) -> None:
    with pytest.raises(DeviceGarbled):
        packets.read(bytes(length), Packets.OLD)


def test_presses_are_counted_and_what_is_none_is_nothing() -> None:
    family = PixmaScanner(table()["04a9:172c"])
    assert family.heed(packet(b9=0x02), 0.0) is None
    told = [family.heed(packet(b0=each), 0.0) for each in (0x01, 0x03)]
    presses = [(press.button, press.serial) for each in told if each is not None for press in each.presses]
    assert presses == [("color", 1), ("color", 2), ("mono", 3)]


def test_what_a_press_says_of_the_feeder_is_remembered() -> None:
    family = PixmaScanner(table()["04a9:1741"])
    told = family.heed(packet(32, b7=1, b8=1), 0.0)
    assert told is not None
    assert told.feeder is Feeder.EMPTY
