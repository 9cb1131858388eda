"""The USB buses devices are found on: this machine's (libusb) and those of USB/IP servers.

Looking does not open anything: strings of local devices come from sysfs, so a sleeping device sleeps on
and no permission is needed. Blocking; run it in a thread.
"""

import errno
import logging
from functools import cache
from typing import Any, Protocol

import usb.backend.libusb1
import usb.core

from drivers.contract.errors import DeviceGone, DriverError
from drivers.usb.descriptors import UsbDevice, distinct
from drivers.usb.link import Link, UsbLink, several, translate
from drivers.usb.surroundings import SYSFS, Remark, remarks
from drivers.usb.tapped import Tapped
from drivers.usb.zero import Zero
from drivers.usbip.backend import Backend
from drivers.usbip.place import Place

log = logging.getLogger(__name__)

# A USB/IP server forgets what a transfer had moved when it is unlinked, so a transfer there is small enough
# to be whole or not begun when its slice of time ends.
REMOTE_TRANSFER = 16 * 1024


class Bus(Protocol):
    """Something devices are plugged into."""

    def devices(self) -> list[UsbDevice]:
        """All that are there now. Raises DeviceGone (no server, no USB support), DeviceGarbled."""

    def open(self, key: str) -> Link:
        """Claim the device of that key. Raises DeviceGone, DeviceBusy, DeviceRefused, DeviceGarbled."""

    def several(self, key: str, kind: tuple[int, int, int], most: int) -> list[Link]:
        """Claim each of its interfaces of that class, as drivers.usb.link.several. Same errors."""

    def zero(self, key: str) -> Zero:
        """Open the device of that key and claim nothing. Same errors."""


class LocalBus:
    """This machine's USB, through libusb."""

    def __init__(self) -> None:
        self._backend: Any = None
        self._looked = False

    def devices(self) -> list[UsbDevice]:
        return [device for device, _ in self._all()]

    def open(self, key: str) -> Link:
        for device, handle in self._all():
            if device.key == key:
                _remark(device)
                return UsbLink(handle, device.description)
        raise DeviceGone(f"{key} is not plugged in")

    def several(self, key: str, kind: tuple[int, int, int], most: int) -> list[Link]:
        for device, handle in self._all():
            if device.key == key:
                _remark(device)
                return several(handle, device.description, kind, most)
        raise DeviceGone(f"{key} is not plugged in")

    def zero(self, key: str) -> Zero:
        for device, handle in self._all():
            if device.key == key:
                return Zero(handle, device.description)
        raise DeviceGone(f"{key} is not plugged in")

    def _all(self) -> list[tuple[UsbDevice, Any]]:
        if not self._looked:  # once: looking for a library that is not there takes a compiler's help and time
            found = usb.backend.libusb1.get_backend()
            self._backend = Tapped(found) if found is not None else None
            self._looked = True
        if self._backend is None:
            raise DeviceGone("libusb-1.0 cannot be used (is it installed?): USB devices of this machine are not seen")
        try:
            found = list(usb.core.find(find_all=True, backend=self._backend))
            return _known(self._backend, distinct(_local(one) for one in found), found)
        except usb.core.USBError as err:
            raise translate(err, "the USB bus") from err


class RemoteBus:
    """The devices that a USB/IP server exports."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._backend = Tapped(Backend(place))

    def devices(self) -> list[UsbDevice]:
        return [device for device, _ in self._all()]

    def open(self, key: str) -> Link:
        for device, handle in self._all():
            if device.key == key:
                return UsbLink(handle, device.description, transfer=REMOTE_TRANSFER)
        raise DeviceGone(f"{key} is not exported by {self.place}")

    def several(self, key: str, kind: tuple[int, int, int], most: int) -> list[Link]:
        for device, handle in self._all():
            if device.key == key:
                return several(handle, device.description, kind, most, transfer=REMOTE_TRANSFER)
        raise DeviceGone(f"{key} is not exported by {self.place}")

    def zero(self, key: str) -> Zero:
        for device, handle in self._all():
            if device.key == key:
                return Zero(handle, device.description)
        raise DeviceGone(f"{key} is not exported by {self.place}")

    def _all(self) -> list[tuple[UsbDevice, Any]]:
        try:
            found = list(usb.core.find(find_all=True, backend=self._backend))
            return _known(self._backend, distinct(self._remote(one) for one in found), found)
        except usb.core.USBError as err:
            if err.errno == errno.ENODEV:
                raise DeviceGone(str(err.strerror)) from err
            raise self._translated(err) from err

    def _translated(self, err: usb.core.USBError) -> DriverError:
        return translate(err, f"USB/IP server {self.place}")

    def _remote(self, found: Any) -> UsbDevice:
        remote = self._backend.remote(found.bus, found.address)
        return UsbDevice(
            found.idVendor,
            found.idProduct,
            f"usbip-{self.place}-{remote.exported.busid}",
            remote.manufacturer,
            remote.product,
            remote.serial,
            _interfaces(found),
        )


def _remark(device: UsbDevice) -> None:
    for remark in remarks(device.path):
        _note(device.key, remark)


@cache
def _note(key: str, remark: Remark) -> None:
    """Say it once, not at every opening."""
    log.log(logging.WARNING if remark.act else logging.INFO, "device=%s: %s", key, remark.text)


def _known(backend: Tapped, devices: list[UsbDevice], found: list[Any]) -> list[tuple[UsbDevice, Any]]:
    backend.known = {(one.bus, one.address): device for device, one in zip(devices, found, strict=True)}
    return list(zip(devices, found, strict=True))


def _local(found: Any) -> UsbDevice:
    path = "-".join([str(found.bus), ".".join(str(port) for port in found.port_numbers or (0,))])
    return UsbDevice(
        found.idVendor,
        found.idProduct,
        path,
        _sysfs(path, "manufacturer"),
        _sysfs(path, "product"),
        _sysfs(path, "serial"),
        _interfaces(found),
    )


def _interfaces(found: Any) -> tuple[tuple[int, int, int], ...]:
    """Class, subclass and protocol of every interface; what cannot be read has none."""
    try:
        return tuple(
            (interface.bInterfaceClass, interface.bInterfaceSubClass, interface.bInterfaceProtocol)
            for configuration in found
            for interface in configuration
        )
    except usb.core.USBError as err:
        log.debug("descriptors of %04x:%04x cannot be read: %s", found.idVendor, found.idProduct, err)
        return ()


def _sysfs(path: str, name: str) -> str:
    try:
        return (SYSFS / path / name).read_text(encoding="utf-8", errors="replace").strip()[:128]
    except OSError:
        return ""
