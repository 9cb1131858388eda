"""A link straight to the simulated PIXMA, on a clock that it turns itself, with a bad contact where one is wanted."""

from collections.abc import Callable

from drivers.contract.errors import DeviceGone
from hil import script
from hil.devices.pixma.product import MX850, Product
from hil.devices.pixma.scanner import PixmaScanner
from hil.devices.pixma.usb import BULK_IN, BULK_OUT, pixma_usb
from hil.devices.usb.device import Refusal
from hil.faults.plan import Fault

ABORT = b"\xef\x20"


class TurningLink:
    """`drivers.usb.link.Link` straight to the simulated scanner: time passes only while it reads."""

    def __init__(self, text: str, product: Product = MX850) -> None:
        self.now = 0.0
        self.scanner = PixmaScanner(script.read(text), self.now, product)
        self.usb = pixma_usb(self.scanner)
        self.sent: list[tuple[float, bytes]] = []
        self._rest = b""
        self.count = 0  # transfers that carried something
        self.bad: tuple[int, Fault] | None = None
        self.gone = False
        self.deaf = False  # nothing is answered any more
        self.at: tuple[float, Callable[[], None]] | None = None  # what happens when

    def monotonic(self) -> float:
        return self.now

    def read(self, limit: int, seconds: float = 0.25) -> bytes:
        if not self._rest:
            self._rest = self._received(-(-limit // 512) * 512, seconds)
        data, self._rest = self._rest[:limit], self._rest[limit:]
        return data

    def _received(self, size: int, seconds: float) -> bytes:
        until = self.now + seconds
        while True:
            if self.at is not None and self.now >= self.at[0]:
                happening, self.at = self.at[1], None
                happening()
            data = None if self.deaf else self.usb.read(BULK_IN, size, self.now)
            assert not isinstance(data, Refusal)
            if data and (data := self._spoiled(data)):
                return data
            if self.now >= until:
                return b""
            self.now = min(until, self.now + 0.01)

    def write(self, data: bytes) -> None:
        self.sent.append((self.now, data))
        if data := self._spoiled(data):
            self.usb.write(BULK_OUT, data, self.now)

    def _spoiled(self, data: bytes) -> bytes:
        """The transfer as it arrives."""
        self.count += 1
        fault = self.bad[1] if self.bad is not None and self.bad[0] == self.count else None
        self.gone = self.gone or fault is Fault.CUT
        if self.gone:
            raise DeviceGone("the link was cut")
        match fault:
            case Fault.LOSS:
                return b""
            case Fault.GARBLE:
                at = self.count % len(data)
                return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]
            case Fault.SHORT:
                return data[: len(data) // 2]
            case Fault.DELAY:
                self.now += 5.0
        return data

    def interrupt(self, limit: int, seconds: float = 0.25) -> bytes:
        del limit, seconds
        return b""

    def control(self, request_type: int, request: int, value: int, index: int, data: bytes | int) -> bytes:
        del request_type, request, value, index, data
        return b""

    def close(self) -> None:
        pass

    def aborted_at(self) -> float:
        return next(at for at, data in self.sent if data[:2] == ABORT)
