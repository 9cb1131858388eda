"""One attached host's transfers against one simulated device, whichever bus carries them (USB/IP, usbredir).

A read that the device has nothing to say to stays pending until there is data or the host takes it back. Reads of one
endpoint are answered in the order they came; a standing one is answered again and again, as a host controller polls an
interrupt endpoint. An endpoint that stalls stays halted until the host clears it.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from hil.devices.live import Live
from hil.devices.usb.control import ControlEndpoint
from hil.devices.usb.device import Refusal, Setup, SimulatedUsbDevice

MOST_BYTES = 16 * 1024 * 1024  # of one transfer
MOST_PENDING = 256  # reads of one host


class TooManyReads(ValueError):
    """The host has more reads pending than any host has."""


@dataclass(frozen=True, slots=True)
class Read:
    """One IN transfer asked for: by what the bus calls it, from which endpoint (with direction bit), how much."""

    token: int
    endpoint: int
    length: int
    standing: bool = False


Answer = Callable[[Read, bytes | Refusal], None]


class Transfers:
    """From a host's coming to its leaving. `answer` is called with what pending reads bring."""

    def __init__(self, device: SimulatedUsbDevice, live: Live, answer: Answer) -> None:
        self._device = device
        self._live = live
        self._answer = answer
        self._control = ControlEndpoint(device)
        self._pending: dict[int, deque[Read]] = {}
        device.reset(live.now())

    def close(self) -> None:
        """The host is gone, and with it whatever it waited for."""
        self._pending.clear()
        self._device.reset(self._live.now())
        self._live.touch()

    def reset(self) -> None:
        """The host resets the device: it has to be configured anew, halts and pending reads are gone."""
        self._control.reset()
        self._pending.clear()
        self._device.reset(self._live.now())
        self._live.touch()

    def control(self, setup: Setup, data: bytes = b"") -> bytes | Refusal:
        """One control transfer; an OUT one is answered with no bytes."""
        answer = self._control.request(setup, data, self._live.now())
        self._live.touch()
        return answer

    def write(self, endpoint: int, data: bytes) -> Refusal | None:
        """One OUT transfer to an endpoint that exists."""
        halted = endpoint in self._control.halted
        refusal = Refusal.STALL if halted else self._device.write(endpoint, data, self._live.now())
        if refusal is Refusal.STALL:
            self._control.halted.add(endpoint)
        self._live.touch()
        return refusal

    def read(self, read: Read) -> None:
        """One IN transfer from an endpoint that exists. Raises TooManyReads."""
        if sum(map(len, self._pending.values())) >= MOST_PENDING:
            raise TooManyReads(f"more than {MOST_PENDING} pending reads")
        self._pending.setdefault(read.endpoint, deque()).append(read)

    def take_back(self, token: int) -> Read | None:
        """The pending read of that name, which is pending no more; None: it was answered already."""
        for waiting in self._pending.values():
            for read in waiting:
                if read.token == token:
                    waiting.remove(read)
                    return read
        return None

    def stop(self, endpoint: int) -> None:
        """Take back all that is asked of one endpoint."""
        self._pending.pop(endpoint, None)

    def answer_pending(self) -> bool:
        """Give every endpoint's oldest read one chance; False: none had anything."""
        some = False
        for endpoint, waiting in list(self._pending.items()):
            if not waiting:
                continue
            if endpoint in self._control.halted:
                answer: bytes | Refusal | None = Refusal.STALL
            else:
                answer = self._device.read(endpoint, waiting[0].length, self._live.now())
            if answer is None:
                continue
            if answer is Refusal.STALL:
                self._control.halted.add(endpoint)
            some = True
            read = waiting[0]
            if not read.standing or isinstance(answer, Refusal):
                waiting.popleft()
            self._answer(read, answer)
            self._live.touch()
        return some
