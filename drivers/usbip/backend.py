"""A pyusb backend whose bus is a USB/IP server: `usb.core.find(backend=Backend(Place(...)))`.

Devices are listed with DEVLIST; the descriptors and strings of each are read once, in a single import,
and kept, because a server lets one importer in at a time and may hide a device while it is in use.
"""

import errno
import threading
from array import array
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import usb.backend
import usb.core

from drivers.usbip import descriptors, messages
from drivers.usbip.connection import device_list, import_device
from drivers.usbip.place import Place
from drivers.usbip.session import Session

CONTROL_SECONDS = 2.0
ENGLISH = 0x0409
MAX_CONFIGURATIONS = 8
_PORT_RESET = bytes([0x23, 3, 4, 0, 0, 0, 0, 0])  # how usbip clients ask for a reset: SET_FEATURE(PORT_RESET)


@dataclass(eq=False, slots=True)
class Remote:
    """One exported device with all its descriptors."""

    exported: messages.Exported
    device: Any
    configurations: list[descriptors.Configuration]
    manufacturer: str = ""
    product: str = ""
    serial: str = ""


@dataclass(eq=False, slots=True)
class Handle:
    """One opened device."""

    remote: Remote
    session: Session


class Backend(usb.backend.IBackend):  # type: ignore[misc]  # pyusb has no types
    """The devices of one USB/IP server. Errors are usb.core.USBError with libusb's errno."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._lock = threading.Lock()
        self._known: dict[messages.Exported, Remote] = {}
        self._open: list[Handle] = []

    def _finalize_object(self) -> None:
        """pyusb calls this when the backend is dropped."""
        for handle in list(self._open):
            self.close_device(handle)

    # Finding

    def enumerate_devices(self) -> Iterator[Remote]:
        """All devices that can be described. One that another program holds appears only if it was seen before."""
        listed = device_list(self.place)
        with self._lock:
            self._known = {exported: self._known[exported] for exported in listed if exported in self._known}
            held = [handle.remote for handle in self._open if handle.session.alive]
        yield from held  # a server need not list what is in use
        for exported in listed:
            if any(exported.busid == remote.exported.busid for remote in held):
                continue
            known = self._known.get(exported)
            if known is None:
                try:
                    known = self._known[exported] = self._describe(exported)
                except usb.core.USBError as err:
                    if err.errno in {errno.EBUSY, errno.ENODEV, errno.ETIMEDOUT, errno.EPROTO, errno.EPIPE}:
                        continue  # this one cannot be described now; the others can
                    raise
            yield known

    def remote(self, bus: int, address: int) -> Remote:
        """The described device at that bus and address of the server."""
        with self._lock:
            everything = [*self._known.values(), *(handle.remote for handle in self._open)]
        return next(one for one in everything if (one.exported.bus, one.exported.address) == (bus, address))

    def _describe(self, exported: messages.Exported) -> Remote:
        connection, imported = import_device(self.place, exported.busid)
        session = Session(connection, imported)
        try:
            device = descriptors.device(_get(session, descriptors.DEVICE, 0, descriptors.DEVICE_SIZE))
            device.bus, device.address = exported.bus, exported.address
            device.port_number, device.port_numbers, device.speed = None, None, exported.speed
            remote = Remote(exported, device, [])
            for index in range(min(device.bNumConfigurations, MAX_CONFIGURATIONS)):
                head = _get(session, descriptors.CONFIGURATION, index, 9)
                total = min(int.from_bytes(head[2:4], "little"), descriptors.MAX_CONFIGURATION)
                whole = _get(session, descriptors.CONFIGURATION, index, max(total, 9))
                remote.configurations.append(descriptors.configuration(whole))
            device.bNumConfigurations = len(remote.configurations)
            remote.manufacturer = _string(session, device.iManufacturer)
            remote.product = _string(session, device.iProduct)
            remote.serial = _string(session, device.iSerialNumber)
            return remote
        except descriptors.BadDescriptor as err:
            raise usb.core.USBError(f"{exported.busid} at {self.place}: {err}", None, errno.EPROTO) from err
        finally:
            session.close()

    def get_parent(self, dev: Remote) -> None:  # noqa: ARG002  # the hubs of the other machine are not exported
        return None

    def get_device_descriptor(self, dev: Remote) -> Any:
        return dev.device

    def get_configuration_descriptor(self, dev: Remote, config: int) -> Any:
        return dev.configurations[config].descriptor

    def get_interface_descriptor(self, dev: Remote, intf: int, alt: int, config: int) -> Any:
        return dev.configurations[config].interfaces[intf][alt].descriptor

    def get_endpoint_descriptor(self, dev: Remote, ep: int, intf: int, alt: int, config: int) -> Any:
        return dev.configurations[config].interfaces[intf][alt].endpoints[ep]

    # Opening

    def open_device(self, dev: Remote) -> Handle:
        connection, imported = import_device(self.place, dev.exported.busid)
        handle = Handle(dev, Session(connection, imported))
        with self._lock:
            self._open.append(handle)
        return handle

    def close_device(self, dev_handle: Handle) -> None:
        dev_handle.session.close()
        with self._lock, suppress(ValueError):
            self._open.remove(dev_handle)

    def set_configuration(self, dev_handle: Handle, config_value: int) -> None:
        dev_handle.session.write(0, b"", CONTROL_SECONDS, bytes([0x00, 9, config_value, 0, 0, 0, 0, 0]))

    def get_configuration(self, dev_handle: Handle) -> int:
        value = bytearray(1)
        dev_handle.session.read(0, memoryview(value), CONTROL_SECONDS, bytes([0x80, 8, 0, 0, 0, 0, 1, 0]))
        return value[0]

    def set_interface_altsetting(self, dev_handle: Handle, intf: int, altsetting: int) -> None:
        dev_handle.session.write(0, b"", CONTROL_SECONDS, bytes([0x01, 11, altsetting, 0, intf, 0, 0, 0]))

    def claim_interface(self, dev_handle: Handle, intf: int) -> None:
        """Nothing to do: the import made the whole device ours."""

    def release_interface(self, dev_handle: Handle, intf: int) -> None:  # noqa: ARG002  # the device has one importer
        """End the transfers that other threads wait for, as a kernel does. With the interface we give up the device."""
        dev_handle.session.close()

    def is_kernel_driver_active(self, dev_handle: Handle, intf: int) -> bool:  # noqa: ARG002  # never on this side
        return False

    # Moving bytes; time-outs in milliseconds, 0 = none, as in libusb

    def bulk_write(self, dev_handle: Handle, ep: int, intf: int, data: "array[int]", timeout: int) -> int:  # noqa: ARG002
        return dev_handle.session.write(ep, memoryview(data).cast("B"), _seconds(timeout))

    def bulk_read(self, dev_handle: Handle, ep: int, intf: int, buff: "array[int]", timeout: int) -> int:  # noqa: ARG002
        return dev_handle.session.read(ep, memoryview(buff).cast("B"), _seconds(timeout))

    intr_write = bulk_write
    intr_read = bulk_read

    def ctrl_transfer(  # noqa: PLR0917  # pyusb's signature
        self,
        dev_handle: Handle,
        bmRequestType: int,  # noqa: N803  # pyusb's names
        bRequest: int,  # noqa: N803
        wValue: int,  # noqa: N803
        wIndex: int,  # noqa: N803
        data: "array[int]",
        timeout: int,
    ) -> int:
        view = memoryview(data).cast("B")
        setup = bytes([bmRequestType, bRequest]) + b"".join(
            n.to_bytes(2, "little") for n in (wValue, wIndex, len(view))
        )
        if bmRequestType & 0x80:
            return dev_handle.session.read(0, view, _seconds(timeout), setup)
        return dev_handle.session.write(0, view, _seconds(timeout), setup)

    def clear_halt(self, dev_handle: Handle, ep: int) -> None:
        dev_handle.session.write(0, b"", CONTROL_SECONDS, bytes([0x02, 1, 0, 0, ep, 0, 0, 0]))

    def reset_device(self, dev_handle: Handle) -> None:
        dev_handle.session.write(0, b"", CONTROL_SECONDS, _PORT_RESET)


def _seconds(timeout: int) -> float:
    return timeout / 1000 if timeout else 3600.0


def _get(session: Session, kind: int, index: int, size: int, language: int = 0) -> bytes:
    """GET_DESCRIPTOR."""
    data = bytearray(size)
    setup = bytes([0x80, 6, index, kind]) + language.to_bytes(2, "little") + size.to_bytes(2, "little")
    return bytes(data[: session.read(0, memoryview(data), CONTROL_SECONDS, setup)])


def _string(session: Session, index: int) -> str:
    """A string descriptor in the device's first language; empty where it has none."""
    if index == 0:
        return ""
    try:
        languages = _get(session, descriptors.STRING, 0, 255)
        language = int.from_bytes(languages[2:4], "little") if len(languages) >= 4 else ENGLISH
        return descriptors.text(_get(session, descriptors.STRING, index, 255, language))
    except usb.core.USBError as err:
        if err.errno == errno.EPIPE:  # a stall is how a device says that it has no such string
            return ""
        raise
