"""A USB link straight onto a simulated device, without a bus: `drivers.usb.link.Link` for a hand-turned clock.

As drivers.usb.link.UsbLink: reads ask for whole packets and keep the rest, stalls are cleared and tried again. What
passes is told to the tap as a bus tells it, so a tape can be taken and a timeline drawn.
"""

from typing import Any

from drivers.contract.errors import DeviceBusy, DeviceGarbled, DeviceGone, DeviceRefused
from drivers.contract.tap import TAP, Tap
from drivers.usb.descriptors import UsbDevice
from drivers.usb.link import READ_LARGEST, SLICE, STALL_RETRIES
from hil.devices.usb.control import ControlEndpoint
from hil.devices.usb.descriptors import Description, Endpoint, Transfer
from hil.devices.usb.device import Refusal, Setup, SimulatedUsbDevice
from hil.rig.threads import Condition
from hil.rig.turns import Turns

_IN = 0x80


class Plug:
    """Where the simulated device is plugged in; `changed` is told when something happened to it."""

    def __init__(self, device: SimulatedUsbDevice, turns: Turns, *, path: str = "1-1") -> None:
        self.device, self.turns, self.path = device, turns, path
        self.changed = Condition(turns)
        self.claimed = False
        self.zero = ControlEndpoint(device)

    def known(self) -> UsbDevice:
        """What enumeration shows of it."""
        shown = self.device.description
        interfaces = tuple((each.interface_class, each.subclass, each.protocol) for each in shown.interfaces)
        return UsbDevice(
            shown.vendor_id, shown.product_id, self.path, shown.manufacturer, shown.product, shown.serial, interfaces
        )

    def open(self) -> "ModelLink":
        """Claim it. Raises DeviceGone, DeviceBusy."""
        self.device.update(self.turns.now)
        if not self.device.plugged:
            raise DeviceGone(f"{self.known().key} is not plugged in")
        if self.claimed:
            raise DeviceBusy(f"{self.known().key} is in use by another program")
        self.claimed = True
        self.device.reset(self.turns.now)
        return ModelLink(self)


class ModelLink:
    """The device, claimed."""

    def __init__(self, plug: Plug, tap: Tap = TAP) -> None:
        self._plug, self._device, self._turns, self._tap = plug, plug.device, plug.turns, tap
        self._name = plug.known().key
        self._open = True
        self._rest = b""
        self._in, self._out, self._interrupt = _ends(self._device.description)
        tell_opened(tap, self._name, self._device.description)

    def read(self, limit: int, seconds: float = SLICE) -> bytes:
        if not self._rest:
            packet = self._in.max_packet
            size = max(packet, min(-(-limit // packet) * packet, READ_LARGEST // packet * packet))
            self._rest = self._receive(self._in, "bulk", size, seconds)
        data, self._rest = self._rest[:limit], self._rest[limit:]
        return data

    def interrupt(self, limit: int, seconds: float = SLICE) -> bytes:
        if self._interrupt is None:
            raise DeviceRefused(f"{self._name} has no interrupt endpoint")
        return self._receive(self._interrupt, "interrupt", limit, seconds)

    def write(self, data: bytes) -> None:
        began = self._turns.now
        for _ in range(STALL_RETRIES):
            self._there(self._out, data)
            refusal = self._device.write(self._out.address, data, self._turns.now)
            self._there(self._out, data)
            if refusal is None:
                self._tell(began, "bulk", self._out.address, data)
                return
            self._tell(began, "bulk", self._out.address, data, error=refusal.value)
        raise DeviceGarbled(f"{self._name} keeps stalling its endpoint {self._out.address:#04x}")

    def control(self, request_type: int, request: int, value: int, index: int, data: bytes | int) -> bytes:
        into = bool(request_type & _IN)
        length = data if isinstance(data, int) else len(data)
        sent = b"" if isinstance(data, int) else data
        self._there(None)
        setup = Setup(request_type, request, value, index, length)
        answer = self._plug.zero.request(setup, sent, self._turns.now)
        head = bytes([request_type, request]) + b"".join(n.to_bytes(2, "little") for n in (value, index, length))
        facts: dict[str, Any] = {"endpoint": _IN if into else 0, "setup": head.hex()}
        if isinstance(answer, Refusal):
            self._tap.tell("usb", self._name, sent, self._turns.now, transfer="control", error=answer.value, **facts)
            raise DeviceGarbled(f"{self._name}: USB error {answer.value}")
        self._tap.tell("usb", self._name, answer if into else sent, self._turns.now, transfer="control", **facts)
        return answer if into else b""

    def close(self) -> None:
        if self._open:
            self._open = False
            self._plug.claimed = False
            self._plug.changed.notify_all()  # whoever waits for it to speak waits no longer

    def _receive(self, endpoint: Endpoint, transfer: str, size: int, seconds: float) -> bytes:
        until, stalls = self._turns.now + seconds, 0
        while True:
            self._there(endpoint)
            found = self._device.read(endpoint.address, size, self._turns.now)
            self._there(endpoint)  # reading lets time pass, and with it what was due
            if isinstance(found, bytes):
                self._tell(self._turns.now, transfer, endpoint.address, found)
                return found
            if found is not None:
                self._tell(self._turns.now, transfer, endpoint.address, error=found.value)
                stalls += 1
                if found is Refusal.OVERFLOW or stalls >= STALL_RETRIES:
                    raise DeviceGarbled(f"{self._name}: USB error {found.value}")
                continue
            if self._turns.now >= until:
                return b""
            due = self._device.update(self._turns.now)
            wake = until if due is None else min(until, max(due, self._turns.now))
            self._plug.changed.wait(wake - self._turns.now)

    def _there(self, endpoint: Endpoint | None, data: bytes = b"") -> None:
        if not self._open:
            raise DeviceGone(f"{self._name} was closed")
        self._device.update(self._turns.now)
        if self._interrupt not in {None, endpoint}:
            self._plug.changed.notify_all()  # what a host does may make it speak
        if not self._device.plugged:
            if endpoint is not None:
                self._tell(self._turns.now, "bulk", endpoint.address, data, error="gone")
            raise DeviceGone(f"{self._name} is not there any more (No such device)")

    def _tell(self, at: float, transfer: str, endpoint: int, data: bytes = b"", error: str = "") -> None:
        facts: dict[str, Any] = {"transfer": transfer, "endpoint": endpoint}
        self._tap.tell("usb", self._name, data, at, **facts, **({"error": error} if error else {}))


def tell_opened(tap: Tap, name: str, shown: Description) -> None:
    """How the device introduces itself, as drivers.usb.tapped tells it."""
    interfaces = [
        {
            "number": each.number,
            "class": each.interface_class,
            "subclass": each.subclass,
            "protocol": each.protocol,
            "endpoints": [
                {
                    "address": end.address,
                    "attributes": int(end.transfer),
                    "packet": end.max_packet,
                    "interval": end.interval,
                }
                for end in each.endpoints
            ],
        }
        for each in shown.interfaces
    ]
    tap.opened(
        "usb",
        name,
        vendor_id=shown.vendor_id,
        product_id=shown.product_id,
        release=shown.release,
        speed=int(shown.speed),
        manufacturer=shown.manufacturer,
        product=shown.product,
        serial=shown.serial,
        interfaces=interfaces,
    )


def _ends(shown: Description) -> tuple[Endpoint, Endpoint, Endpoint | None]:
    """Bulk in, bulk out, interrupt in of the first interface that has the pair. Raises DeviceRefused."""
    for interface in shown.interfaces:
        found = {(end.transfer, end.address & _IN): end for end in reversed(interface.endpoints)}
        into, out = found.get((Transfer.BULK, _IN)), found.get((Transfer.BULK, 0))
        if into is not None and out is not None:
            return into, out, found.get((Transfer.INTERRUPT, _IN))
    raise DeviceRefused("the device has no interface with a bulk-in and a bulk-out endpoint")
