"""A USB link with a bad cable in it, by hand-turned clock: the faults of hil.faults without a bus.

They mean what they mean on hil.faults.usbip: a cut link is open again at the next opening; a stall takes what was read
with it, and is cleared; a lost answer is followed by the next; of a short one the rest is gone. Requests on endpoint 0
count where that is asked for: one that is stalled or lost fails, as no bus tries it again.
"""

from collections import deque
from collections.abc import Callable

from drivers.contract.errors import DeviceGarbled, DeviceGone, DeviceTimeout
from drivers.usb.link import SLICE, Link
from hil.faults.plan import Fault, Plan
from hil.rig.turns import Turns

Struck = Callable[[Fault, int], None]  # told of each fault that came, with the number of its transfer


class BadLink:
    """`drivers.usb.link.Link` around another one."""

    def __init__(self, link: Link, plan: Plan, turns: Turns, struck: Struck, *, control: bool = False) -> None:
        """`control`: requests on endpoint 0 are transfers too."""
        self._control = control
        self._link, self._plan, self._turns, self._struck = link, plan, turns, struck
        self._twice: deque[bytes] = deque()
        self._rest = b""
        self._cut = False

    def read(self, limit: int, seconds: float = SLICE) -> bytes:
        self._whole()
        if not self._rest:
            self._rest = self._twice.popleft() if self._twice else self._spoiled(limit, seconds)
        data, self._rest = self._rest[:limit], self._rest[limit:]
        return data

    def _spoiled(self, limit: int, seconds: float) -> bytes:
        until = self._turns.now + seconds
        while data := self._link.read(limit, max(0.001, until - self._turns.now)):
            fault, wait = self._next(data, inward=True)
            match fault:
                case Fault.LOSS | Fault.STALL:
                    continue
                case Fault.GARBLE:
                    return self._plan.garbled(data)
                case Fault.SHORT:
                    return data[: len(data) // 2] or data
                case Fault.DUPLICATE:
                    self._twice.append(data)
                case Fault.DELAY:
                    self._turns.sleep(wait)
            return data
        return b""

    def write(self, data: bytes) -> None:
        self._whole()
        fault, wait = self._next(data, inward=False)
        match fault:
            case Fault.LOSS:
                return
            case Fault.GARBLE:
                data = self._plan.garbled(data)
            case Fault.DUPLICATE:
                self._link.write(data)
            case Fault.DELAY:
                self._turns.sleep(wait)
        self._link.write(data)  # a stall is cleared and the transfer tried again; of a short one the rest is sent

    def interrupt(self, limit: int, seconds: float = SLICE) -> bytes:
        self._whole()
        return self._link.interrupt(limit, seconds)

    def control(self, request_type: int, request: int, value: int, index: int, data: bytes | int) -> bytes:
        self._whole()
        if not self._control:
            return self._link.control(request_type, request, value, index, data)
        into = isinstance(data, int)
        fault, wait = self._next(b"" if isinstance(data, int) else data, inward=into)
        match fault:
            case Fault.STALL:
                raise DeviceGarbled("a request was stalled")
            case Fault.LOSS:
                raise DeviceTimeout("a request was not answered")
            case Fault.DELAY:
                self._turns.sleep(wait)
            case Fault.GARBLE if not isinstance(data, int):
                data = self._plan.garbled(data)
        answer = self._link.control(request_type, request, value, index, data)
        match fault:
            case Fault.GARBLE if into:
                return self._plan.garbled(answer)
            case Fault.SHORT if into:
                return answer[: len(answer) // 2]
        return answer

    def close(self) -> None:
        self._link.close()

    def _next(self, data: bytes, *, inward: bool) -> tuple[Fault | None, float]:
        planned = self._plan.take(data, inward=inward)
        if planned is None:
            return None, 0.0
        self._struck(planned.fault, self._plan.count)
        if planned.fault is Fault.CUT:
            self._cut = True
            self._whole()
        return planned.fault, planned.seconds

    def _whole(self) -> None:
        if self._cut:
            raise DeviceGone("the link was cut")
