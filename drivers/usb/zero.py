"""Endpoint 0 of a USB device of which nothing is claimed: no kernel driver is detached, no other program is disturbed.

Linux lets anybody who may open the device ask it class requests whose interface is free or, of a printer, for its
device id; for all others the interface must be claimed (drivers/usb/core/devio.c, check_ctrlrecip). pyusb would claim
by itself whatever the low byte of wIndex says, so this goes to its backend.
"""

from array import array
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import usb.core

from drivers.usb.link import SLICE, translate

_MILLISECONDS = round(SLICE * 1000)


@dataclass(frozen=True, slots=True)
class Place:
    """One alternate setting of one interface, and what it is."""

    number: int
    alternate: int
    kind: tuple[int, int, int]  # class, subclass, protocol


class Zero:
    """An opened device. Every method raises DeviceGone, DeviceTimeout, DeviceGarbled, DeviceRefused, DeviceBusy."""

    def __init__(self, device: Any, name: str) -> None:
        self._device, self._name, self._backend = device, name, device.backend
        with self._translated():
            self._handle = self._backend.open_device(device._ctx.dev)  # as Device would, later

    def places(self) -> tuple[Place, ...]:
        """All interfaces of the first configuration."""
        with self._translated():
            return tuple(
                Place(
                    each.bInterfaceNumber,
                    each.bAlternateSetting,
                    (each.bInterfaceClass, each.bInterfaceSubClass, each.bInterfaceProtocol),
                )
                for each in self._device[0]
            )

    def ask(self, request_type: int, request: int, value: int, index: int, size: int) -> bytes:
        """One control transfer of at most `size` bytes towards us."""
        buffer = array("B", bytes(size))
        with self._translated():
            count = self._backend.ctrl_transfer(
                self._handle, request_type, request, value, index, buffer, _MILLISECONDS
            )
        return buffer[:count].tobytes()

    @contextmanager
    def claimed(self, number: int) -> Iterator[None]:
        """That interface is ours for a moment. Raises DeviceBusy where it is a kernel driver's or somebody else's."""
        with self._translated():
            self._backend.claim_interface(self._handle, number)
        try:
            yield
        finally:
            with suppress(usb.core.USBError):
                self._backend.release_interface(self._handle, number)

    def close(self) -> None:
        """Let go of it."""
        with suppress(usb.core.USBError):
            self._backend.close_device(self._handle)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except usb.core.USBError as err:
            raise translate(err, self._name) from err
