"""Identity → driver, and which unknown devices are worth showing."""

import logging
import socket

import pytest

from drivers import catalog
from drivers.contract.errors import DeviceRefused
from drivers.usb.descriptors import UsbDevice, distinct


def device(**more: object) -> UsbDevice:
    values: dict[str, object] = {"vendor_id": 0x04B8, "product_id": 0x0110, "path": "1-1.4", **more}
    return UsbDevice(**values)  # type: ignore[arg-type]


class FakeBus:
    def __init__(self, *devices: UsbDevice) -> None:
        self._devices = list(devices)

    def devices(self) -> list[UsbDevice]:
        return self._devices

    def open(self, key: str) -> object:
        raise AssertionError("nothing is opened by looking")


@pytest.mark.parametrize(
    ("serial", "key"),
    [
        ("ABC123", "usb-04b8-0110-ABC123"),
        ("", "usb-04b8-0110@1-1.4"),
        ("000000", "usb-04b8-0110@1-1.4"),
        ("A/B 1", "usb-04b8-0110-A_B_1"),
        ("../x", "usb-04b8-0110-.._x"),
    ],
)
def test_a_key_is_the_serial_number_or_the_port(serial: str, key: str) -> None:
    assert device(serial=serial).key == key


@pytest.mark.parametrize(
    ("manufacturer", "product", "name"),
    [
        ("EPSON", "EPSON Scanner", "EPSON Scanner"),
        ("Seiko", "EPSON Scanner", "Seiko EPSON Scanner"),
        ("EPSON", "", "EPSON"),
        ("", "", "USB device"),
    ],
)
def test_a_maker_is_named_once(manufacturer: str, product: str, name: str) -> None:
    assert device(manufacturer=manufacturer, product=product).description == f"{name} (04b8:0110 at 1-1.4)"


async def test_a_known_scanner_has_its_driver_and_an_unknown_one_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = FakeBus(
        device(product="EPSON Scanner"),
        device(vendor_id=0x1234, product="Some Scanner 5", path="1-2"),
        device(vendor_id=0x1234, product="Keyboard", path="1-3", interfaces=((3, 1, 1),)),
        device(vendor_id=0x1234, product="Camera", path="1-4", interfaces=((6, 1, 1),)),
    )
    monkeypatch.setattr(catalog, "_local", lambda: bus)
    known, unknown, still = await catalog.find()
    assert (known.key, known.driver) == ("usb-04b8-0110@1-1.4", "esci")
    assert (unknown.driver, still.driver) == (None, None)
    assert "Some Scanner 5" in unknown.description
    with pytest.raises(DeviceRefused):
        await unknown.open()


def test_of_two_devices_with_one_serial_number_one_is_named_by_its_port() -> None:
    found = distinct([device(serial="X", path="1-2"), device(serial="X"), device(serial="Y", path="1-3")])
    assert [each.key for each in found] == ["usb-04b8-0110@1-2", "usb-04b8-0110-X", "usb-04b8-0110-Y"]


async def test_a_device_seen_on_two_buses_is_found_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(catalog, "_local", lambda: FakeBus(device(serial="X")))
    monkeypatch.setattr(catalog, "_remote", lambda place: FakeBus(device(serial="X", path="usbip-pi:3240-1-1")))
    [found] = await catalog.find(usbip=["usbip://pi"])
    assert found.key == "usb-04b8-0110-X"
    assert "left out" in caplog.text


async def test_a_server_that_is_not_there_is_noted_once_and_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        place = f"usbip://127.0.0.1:{unused.getsockname()[1]}"
    with caplog.at_level(logging.WARNING):
        assert await catalog.find(local=False, usbip=[place]) == []
        assert await catalog.find(local=False, usbip=[place]) == []
    assert len([record for record in caplog.records if "no USB/IP server" in record.message]) == 1


async def test_a_machine_without_libusb_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("usb.backend.libusb1.get_backend", lambda: None)
    catalog._local.cache_clear()
    catalog._note.cache_clear()
    with caplog.at_level(logging.WARNING):
        assert await catalog.find() == []
    catalog._local.cache_clear()
    assert "libusb-1.0 cannot be used" in caplog.text


async def test_a_place_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="usbip://"):
        await catalog.find(local=False, usbip=["pi.local"])
