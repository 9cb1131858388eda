"""A pyusb backend that tells the tap every transfer that passes below pyusb; it changes none.

A read that brings nothing in its slice of time is not told: a wait is a row of those, and would bury the rest.
"""

import errno
from collections.abc import Callable, Mapping
from typing import Any

from drivers.contract.tap import TAP, Tap
from drivers.usb.descriptors import UsbDevice

_WORDS = {
    errno.EPIPE: "stall",
    errno.ETIMEDOUT: "timeout",
    errno.EOVERFLOW: "overflow",
    errno.ENODEV: "gone",
    errno.ENOENT: "gone",
    errno.ESHUTDOWN: "gone",
}


class Tapped:
    """Wraps any pyusb backend; what is not a transfer goes through untouched."""

    def __init__(self, backend: Any, tap: Tap = TAP) -> None:
        self._backend = backend
        self._tap = tap
        self._names: dict[int, str] = {}  # of opened devices, by the id of their handle
        self.known: Mapping[tuple[int, int], UsbDevice] = {}  # by bus and address; the bus keeps it

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def open_device(self, dev: Any) -> Any:
        handle = self._backend.open_device(dev)
        device = self._backend.get_device_descriptor(dev)
        known = self.known.get((device.bus, device.address))
        name = known.key if known else f"usb-{device.idVendor:04x}-{device.idProduct:04x}"
        self._names[id(handle)] = name
        self._tap.opened(
            "usb",
            name,
            vendor_id=device.idVendor,
            product_id=device.idProduct,
            release=device.bcdDevice,
            speed=getattr(device, "speed", None) or 3,
            manufacturer=known.manufacturer if known else "",
            product=known.product if known else "",
            serial=known.serial if known else "",
            interfaces=self._interfaces(dev),
        )
        return handle

    def close_device(self, dev_handle: Any) -> None:
        self._names.pop(id(dev_handle), None)
        self._backend.close_device(dev_handle)

    def bulk_write(self, dev_handle: Any, ep: int, intf: int, data: Any, timeout: int) -> int:
        return self._out(self._backend.bulk_write, "bulk", dev_handle, ep, intf, data, timeout)

    def intr_write(self, dev_handle: Any, ep: int, intf: int, data: Any, timeout: int) -> int:
        return self._out(self._backend.intr_write, "interrupt", dev_handle, ep, intf, data, timeout)

    def bulk_read(self, dev_handle: Any, ep: int, intf: int, buff: Any, timeout: int) -> int:
        return self._in(self._backend.bulk_read, "bulk", dev_handle, ep, intf, buff, timeout)

    def intr_read(self, dev_handle: Any, ep: int, intf: int, buff: Any, timeout: int) -> int:
        return self._in(self._backend.intr_read, "interrupt", dev_handle, ep, intf, buff, timeout)

    def ctrl_transfer(  # noqa: PLR0917  # pyusb's signature
        self,
        dev_handle: Any,
        bmRequestType: int,  # noqa: N803  # pyusb's names
        bRequest: int,  # noqa: N803
        wValue: int,  # noqa: N803
        wIndex: int,  # noqa: N803
        data: Any,
        timeout: int,
    ) -> int:
        name, began, view = self._name(dev_handle), self._tap.now(), memoryview(data).cast("B")
        setup = bytes([bmRequestType, bRequest])
        setup += b"".join(number.to_bytes(2, "little") for number in (wValue, wIndex, len(view)))
        into = bool(bmRequestType & 0x80)
        facts: dict[str, Any] = {"transfer": "control", "endpoint": 0x80 if into else 0, "setup": setup.hex()}
        try:
            count: int = self._backend.ctrl_transfer(dev_handle, bmRequestType, bRequest, wValue, wIndex, data, timeout)
        except OSError as err:
            self._tap.tell("usb", name, b"" if into else bytes(view), error=_word(err), **facts)
            raise
        if self._tap.wants(name):
            self._tap.tell("usb", name, bytes(view[:count]), at=None if into else began, **facts)
        return count

    def clear_halt(self, dev_handle: Any, ep: int) -> None:
        self._backend.clear_halt(dev_handle, ep)
        setup = bytes([0x02, 1, 0, 0, ep, 0, 0, 0])
        self._tap.tell("usb", self._name(dev_handle), transfer="control", endpoint=0, setup=setup.hex())

    def _out(  # noqa: PLR0917  # as above
        self, write: Callable[..., int], transfer: str, dev_handle: Any, ep: int, intf: int, data: Any, timeout: int
    ) -> int:
        name, began = self._name(dev_handle), self._tap.now()
        try:
            count = write(dev_handle, ep, intf, data, timeout)
        except OSError as err:
            refused = bytes(memoryview(data).cast("B"))
            self._tap.tell("usb", name, refused, at=began, transfer=transfer, endpoint=ep, error=_word(err))
            raise
        if self._tap.wants(name):
            moved = bytes(memoryview(data).cast("B")[:count])
            self._tap.tell("usb", name, moved, at=began, transfer=transfer, endpoint=ep)
        return count

    def _in(  # noqa: PLR0917  # as above
        self, read: Callable[..., int], transfer: str, dev_handle: Any, ep: int, intf: int, buff: Any, timeout: int
    ) -> int:
        name = self._name(dev_handle)
        try:
            count = read(dev_handle, ep, intf, buff, timeout)
        except OSError as err:
            if err.errno != errno.ETIMEDOUT:
                self._tap.tell("usb", name, transfer=transfer, endpoint=ep, error=_word(err))
            raise
        if self._tap.wants(name):
            moved = bytes(memoryview(buff).cast("B")[:count])
            self._tap.tell("usb", name, moved, transfer=transfer, endpoint=ep)
        return count

    def _name(self, handle: Any) -> str:
        return self._names.get(id(handle), "usb")

    def _interfaces(self, dev: Any) -> list[dict[str, object]]:
        """First alternate setting of each interface of the first configuration."""
        backend, found = self._backend, []
        try:
            for index in range(backend.get_configuration_descriptor(dev, 0).bNumInterfaces):
                interface = backend.get_interface_descriptor(dev, index, 0, 0)
                ends = [backend.get_endpoint_descriptor(dev, n, index, 0, 0) for n in range(interface.bNumEndpoints)]
                found.append({
                    "number": interface.bInterfaceNumber,
                    "class": interface.bInterfaceClass,
                    "subclass": interface.bInterfaceSubClass,
                    "protocol": interface.bInterfaceProtocol,
                    "endpoints": [
                        {
                            "address": end.bEndpointAddress,
                            "attributes": end.bmAttributes,
                            "packet": end.wMaxPacketSize,
                            "interval": end.bInterval,
                        }
                        for end in ends
                    ],
                })  # fmt: skip
        except (OSError, IndexError):
            pass  # a device that cannot be described is told without
        return found


def _word(err: OSError) -> str:
    number = err.errno or 0
    return _WORDS.get(number, errno.errorcode.get(number, "error"))
