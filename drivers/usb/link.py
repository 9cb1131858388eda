"""Bytes to and from one opened USB device. Beside drivers.usbip the only room that sees pyusb.

A `Link` is what a decoder talks through, so a tape or a scripted fake can stand in for it. No transfer
blocks longer than SLICE seconds, so that whoever waits can look at a cancel in between; a long wait is a
loop of short ones (drivers.usb.exchange). Only an interrupt endpoint may be waited for longer: `close` ends that.
"""

import errno
import threading
from array import array
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

import usb.core
import usb.util

from drivers.contract.errors import DeviceBusy, DeviceGarbled, DeviceGone, DeviceRefused, DeviceTimeout, DriverError

SLICE = 0.25
LISTEN = 10.0  # of a read that a thread of its own waits in
STALL_RETRIES = 3
READ_LARGEST = 128 * 1024
WRITE_SECONDS = 5.0
CLOSE_TRIES, CLOSE_PAUSE = 8, 0.05  # s


class Link(Protocol):
    """An opened device. Every method raises DeviceGone, DeviceTimeout, DeviceGarbled, DeviceRefused, DeviceBusy."""

    def read(self, limit: int, seconds: float = SLICE) -> bytes:
        """One bulk transfer: 1…limit bytes, or b"" when nothing came within `seconds` (at most SLICE)."""

    def write(self, data: bytes) -> None:
        """All of the data, in transfers none of which blocks longer than SLICE."""

    def interrupt(self, limit: int, seconds: float = SLICE) -> bytes:
        """One interrupt transfer: 1…limit bytes, or b"" when nothing came within `seconds` (at most LISTEN).

        May run in another thread than all else, in which `close` ends it: DeviceGone. DeviceRefused where there is no
        interrupt endpoint.
        """

    def control(self, request_type: int, request: int, value: int, index: int, data: bytes | int) -> bytes:
        """One control transfer: `data` to send, or how many bytes to receive."""

    def close(self) -> None:
        """Give the device back; may be called twice."""


class UsbLink:
    """A pyusb device whose scanner interface is claimed."""

    def __init__(
        self, device: Any, name: str, *, transfer: int = READ_LARGEST, chosen: Any = None, last: bool = True
    ) -> None:
        """Claim the interface: `chosen`, else the scanner's. `transfer` is the largest read; `name` is for messages;
        `last`: with it the whole device is let go of."""
        self._device = device
        self._name = name
        self._transfer = transfer
        self._rest = b""
        self._last = last
        self._number: int | None = None
        self._detached = False
        self._open = True
        self._listening = False
        self._changed = threading.Condition()
        try:
            with _translated(name):
                among = _configuration(device) if chosen is None else (chosen,)
                interface, (self._in, self._out, self._interrupt) = _choose(among, name)
                self._claim(interface)
        except BaseException:
            self.close()
            raise

    def _claim(self, interface: Any) -> None:
        number = interface.bInterfaceNumber
        with suppress(NotImplementedError):  # libusb on systems without kernel drivers
            if self._device.is_kernel_driver_active(number):
                self._device.detach_kernel_driver(number)
                self._detached = True
        self._number = number
        usb.util.claim_interface(self._device, number)
        if interface.bAlternateSetting:
            interface.set_altsetting()

    def read(self, limit: int, seconds: float = SLICE) -> bytes:
        if not self._rest:
            # Whole packets are asked for, since a device that sends more than asked overflows the transfer.
            packet = max(1, self._in.wMaxPacketSize & 0x7FF)
            size = max(packet, min(-(-limit // packet) * packet, self._transfer // packet * packet))
            self._rest = self._receive(self._in, size, min(seconds, SLICE))
        data, self._rest = self._rest[:limit], self._rest[limit:]
        return data

    def interrupt(self, limit: int, seconds: float = SLICE) -> bytes:
        if self._interrupt is None:
            raise DeviceRefused(f"{self._name} has no interrupt endpoint")
        with self._changed:
            if not self._open:  # pyusb would open it again
                raise DeviceGone(f"{self._name} was closed")
            self._listening = True
        try:
            return self._receive(self._interrupt, limit, min(seconds, LISTEN))
        except DriverError as err:
            if not self._open:
                raise DeviceGone(f"{self._name} was closed") from err
            raise
        finally:
            with self._changed:
                self._listening = False
                self._changed.notify_all()

    def _receive(self, endpoint: Any, size: int, seconds: float) -> bytes:
        for _ in range(STALL_RETRIES):
            buffer = array("B", bytes(size))
            with _translated(self._name):
                try:
                    count = endpoint.read(buffer, _milliseconds(seconds))
                    return memoryview(buffer)[:count].tobytes()
                except usb.core.USBTimeoutError:
                    return b""
                except usb.core.USBError as err:
                    if err.errno != errno.EPIPE or not self._open:
                        raise
                    endpoint.clear_halt()
        raise DeviceGarbled(f"{self._name} keeps stalling its endpoint {endpoint.bEndpointAddress:#04x}")

    def write(self, data: bytes) -> None:
        sent = waited = stalls = 0
        while sent < len(data) or not data:
            with _translated(self._name):
                try:
                    sent += self._out.write(data[sent:], _milliseconds(SLICE))
                    waited = 0
                    if not data:
                        return
                except usb.core.USBTimeoutError as err:
                    waited += 1
                    if waited * SLICE >= WRITE_SECONDS:
                        raise DeviceTimeout(f"{self._name} takes no data since {WRITE_SECONDS:g} s") from err
                except usb.core.USBError as err:
                    stalls += 1
                    if err.errno != errno.EPIPE or stalls >= STALL_RETRIES:
                        raise
                    self._out.clear_halt()

    def control(self, request_type: int, request: int, value: int, index: int, data: bytes | int) -> bytes:
        with _translated(self._name):
            answer = self._device.ctrl_transfer(request_type, request, value, index, data, _milliseconds(SLICE))
        return bytes(answer) if request_type & 0x80 else b""

    def close(self) -> None:
        with self._changed:
            if not self._open:
                return
            self._open = False
        self._release()
        with suppress(usb.core.USBError, NotImplementedError):
            if self._detached:
                self._device.attach_kernel_driver(self._number)
        with suppress(usb.core.USBError):
            if self._last:
                usb.util.dispose_resources(self._device)

    def _release(self) -> None:
        """Give the interface back, which ends a read that another thread waits in. One that was only about to begin
        claims it once more, so that is done until there is none: closing a handle that is read from is fatal."""
        for _ in range(CLOSE_TRIES):
            with suppress(usb.core.USBError):
                if self._number is not None:
                    usb.util.release_interface(self._device, self._number)
            with self._changed:
                if not self._listening or self._changed.wait_for(lambda: not self._listening, CLOSE_PAUSE):
                    return


def several(
    device: Any, name: str, kind: tuple[int, int, int], most: int, *, transfer: int = READ_LARGEST
) -> list[Link]:
    """A link for each interface of that class, subclass and protocol, `most` at most; they are closed in this order.
    Raises DeviceRefused where there is none, and what a link raises."""
    with _translated(name):
        found = {
            each.bInterfaceNumber: each
            for each in _configuration(device)
            if (each.bInterfaceClass, each.bInterfaceSubClass, each.bInterfaceProtocol) == kind and each.bNumEndpoints
        }
    if not found:
        raise DeviceRefused(f"{name} has no interface {kind[0]}/{kind[1]}/{kind[2]}")
    links: list[Link] = []
    try:
        for left, chosen in reversed(list(enumerate(list(found.values())[:most]))):
            links.append(UsbLink(device, name, transfer=transfer, chosen=chosen, last=left == 0))
    except BaseException:
        for link in links:
            link.close()
        with suppress(usb.core.USBError):
            usb.util.dispose_resources(device)
        raise
    return links


def _configuration(device: Any) -> Any:
    """The active configuration; the first one where none is active."""
    try:
        return device.get_active_configuration()
    except usb.core.USBError as err:
        if err.errno is not None:  # pyusb says "Configuration not set" without a number
            raise
    device.set_configuration()
    return device.get_active_configuration()


def _choose(configuration: Any, name: str) -> tuple[Any, tuple[Any, Any, Any]]:
    """The interface with a bulk pair that is most likely the scanner: vendor's own before all others."""
    candidates = []
    for interface in configuration:
        bulk_in = bulk_out = interrupt = None
        for endpoint in interface:
            kind = usb.util.endpoint_type(endpoint.bmAttributes)
            into = usb.util.endpoint_direction(endpoint.bEndpointAddress) == usb.util.ENDPOINT_IN
            if kind == usb.util.ENDPOINT_TYPE_BULK and into:
                bulk_in = bulk_in or endpoint
            elif kind == usb.util.ENDPOINT_TYPE_BULK:
                bulk_out = bulk_out or endpoint
            elif kind == usb.util.ENDPOINT_TYPE_INTR and into:
                interrupt = interrupt or endpoint
        if bulk_in is not None and bulk_out is not None:
            rank = {0xFF: 0, 0x06: 1, 0x00: 1}.get(interface.bInterfaceClass, 2)
            order = (rank, interface.bInterfaceNumber, interface.bAlternateSetting)
            candidates.append((order, interface, (bulk_in, bulk_out, interrupt)))
    if not candidates:
        raise DeviceRefused(f"{name} has no interface with a bulk-in and a bulk-out endpoint")
    _, interface, endpoints = min(candidates, key=lambda candidate: candidate[0])
    return interface, endpoints


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))  # 0 would mean for ever


@contextmanager
def _translated(name: str) -> Iterator[None]:
    """Turn pyusb's errors into ours."""
    try:
        yield
    except usb.core.USBError as err:
        raise translate(err, name) from err


def translate(err: usb.core.USBError, name: str) -> DriverError:
    """The error of ours that a pyusb error means."""
    match err.errno:
        case errno.EACCES | errno.EPERM:
            return DeviceRefused(f"no permission to open {name}: is the udev rule installed (udev/*.rules)?")
        case errno.EBUSY:
            return DeviceBusy(f"{name} is in use by another program")
        case errno.ENODEV | errno.ENOENT | errno.ESHUTDOWN | errno.ENXIO:
            return DeviceGone(f"{name} is not there any more ({err.strerror})")
        case errno.ETIMEDOUT:
            return DeviceTimeout(f"{name} does not answer")
        case _:
            return DeviceGarbled(f"{name}: USB error {err.strerror}")
