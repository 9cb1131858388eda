"""A USB device for tests of links: a printer, so that the kernel binds usblp to it, that does odd things when told to.

python -m tests.system.odd_usb SOCKET      serves it in usbredir; prints "ready"

What is written to it comes back, but for these words: `stall` halts the endpoint that is read from, `ring` says two
bytes on the interrupt endpoint, `long N` answers N bytes.
"""

import asyncio
import sys
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from drivers.contract.clock import SystemClock
from hil.devices.live import Live
from hil.devices.stimuli import Stimulus
from hil.devices.usb.descriptors import Description, Endpoint, Interface, Transfer
from hil.devices.usb.device import Refusal, Setup
from hil.usbredir.server import UsbRedirServer

OUT, IN, BELL = 0x01, 0x81, 0x83
ENDS = (Endpoint(OUT, Transfer.BULK, 512), Endpoint(IN, Transfer.BULK, 512), Endpoint(BELL, Transfer.INTERRUPT, 8, 4))
IDS = "1209:0001"  # a number for tests that nobody sells
DEVICE_ID = b"\0\x0dMFG:X;MDL:Y;"  # IEEE 1284, as usblp asks


class OddPrinter:
    """`SimulatedUsbDevice`"""

    description = Description(0x1209, 0x0001, 0x0100, "Odd", "Odd Scanner", "", (Interface(0, 7, 1, 2, ENDS),))
    plugged = True

    def __init__(self) -> None:
        self._answers: deque[bytes | Refusal] = deque()
        self._rings: deque[bytes] = deque()

    def update(self, now: float, stimuli: Iterable[Stimulus] = ()) -> float | None:
        return None

    def reset(self, now: float) -> None:
        self._answers.clear()

    def control(self, setup: Setup, data: bytes, now: float) -> bytes | Refusal:
        match setup.request_type, setup.request:
            case 0xA1, 0:
                return DEVICE_ID
            case 0xA1, 1:
                return b"\x18"
            case 0xC0, 0x42:
                return setup.value.to_bytes(2, "little")
            case 0x40, 0x42:
                self._answers.append(data)
                return b""
        return Refusal.STALL

    def write(self, endpoint: int, data: bytes, now: float) -> Refusal | None:
        word, _, rest = data.partition(b" ")
        if word == b"stall":
            self._answers.append(Refusal.STALL)
        elif word == b"ring":
            self._rings.append(b"\x01\x02")
        elif word == b"long":
            self._answers.append(bytes(n % 251 for n in range(int(rest))))
        else:
            self._answers.append(data)
        return None

    def read(self, endpoint: int, limit: int, now: float) -> bytes | Refusal | None:
        if endpoint == BELL:
            return self._rings.popleft() if self._rings else None
        if not self._answers:
            return None
        head = self._answers.popleft()
        if isinstance(head, bytes) and len(head) > limit:
            self._answers.appendleft(head[limit:])
            return head[:limit]
        return head


async def serve(path: Path) -> None:
    """Until the process is ended."""
    device = OddPrinter()
    async with UsbRedirServer(device, Live(device, SystemClock()), path):
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
