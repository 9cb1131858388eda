"""A USB link with a bad cable in it, by hand-turned clock: the faults of hil.faults without a bus.

They mean what they mean on hil.faults.usbip: a cut link is open again at the next opening; a stall takes what was read
with it, and is cleared; a lost answer is followed by the next; of a short one the rest is gone. A read of the
interrupt endpoint counts also where nothing came in its time; one that is stalled fails, as if nobody could clear it.
Requests on endpoint 0 count where that is asked for: one that is stalled or lost fails, as no bus tries it again.
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

    def __init__(
        self, link: Link, plan: Plan, turns: Turns, struck: Struck, *, control: bool = False, bulk: bool = True
    ) -> None:
        """`control`: requests on endpoint 0 are transfers too; not `bulk`: those of the bulk endpoints are none."""
        self._control, self._bulk = control, bulk
        self._link, self._plan, self._turns, self._struck = link, plan, turns, struck
        self._twice: deque[bytes] = deque()
        self._heard: deque[bytes] = deque()  # the same of the interrupt endpoint
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
            match self._next(data, inward=True) if self._bulk else None:
                case Fault.LOSS | Fault.STALL:
                    continue
                case Fault.GARBLE:
                    return self._plan.garbled(data)
                case Fault.SHORT:
                    return data[: len(data) // 2] or data
                case Fault.DUPLICATE:
                    self._twice.append(data)
            return data
        return b""

    def write(self, data: bytes) -> None:
        self._whole()
        match self._next(data, inward=False) if self._bulk else None:
            case Fault.LOSS:
                return
            case Fault.GARBLE:
                data = self._plan.garbled(data)
            case Fault.DUPLICATE:
                self._link.write(data)
        self._link.write(data)  # a stall is cleared and the transfer tried again; of a short one the rest is sent

    def interrupt(self, limit: int, seconds: float = SLICE) -> bytes:
        self._whole()
        if self._heard:
            return self._heard.popleft()
        data = self._link.interrupt(limit, seconds)
        self._whole()
        match self._next(data, inward=True):
            case Fault.STALL:
                raise DeviceGarbled("the interrupt endpoint is stalled")
            case Fault.LOSS:
                return b""
            case Fault.GARBLE:
                return self._plan.garbled(data)
            case Fault.SHORT:
                return data[: len(data) // 2]
            case Fault.DUPLICATE if data:
                self._heard.append(data)
        return data

    def control(self, request_type: int, request: int, value: int, index: int, data: bytes | int) -> bytes:
        self._whole()
        if not self._control:
            return self._link.control(request_type, request, value, index, data)
        into = isinstance(data, int)
        fault = self._next(b"" if isinstance(data, int) else data, inward=into)
        match fault:
            case Fault.STALL:
                raise DeviceGarbled("a request was stalled")
            case Fault.LOSS:
                raise DeviceTimeout("a request was not answered")
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

    def _next(self, data: bytes, *, inward: bool) -> Fault | None:
        """What goes wrong with this transfer, once it has been late."""
        planned = self._plan.take(data, inward=inward)
        if planned is None:
            return None
        self._struck(planned.fault, self._plan.count)
        if planned.fault is Fault.CUT:
            self._cut = True
            self._whole()
        if planned.seconds:
            self._turns.sleep(planned.seconds)
        return planned.fault

    def _whole(self) -> None:
        if self._cut:
            raise DeviceGone("the link was cut")
