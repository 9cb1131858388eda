"""`python -m hil.bench.tapped SCRIPT`: a simulated ESC/I scanner over USB/IP that tells when each page has left it.

Prints `ready HOST:PORT`, then one monotonic time for each page, taken when the host has been handed the page's last
byte. Ends with its standard input.
"""

import asyncio
import sys
import time
from collections.abc import Callable

from drivers.contract.clock import SystemClock
from hil.devices.esci.scanner import EsciScanner
from hil.devices.esci.usb import esci_usb
from hil.devices.live import Live
from hil.devices.usb.device import Refusal
from hil.devices.usb.messages import MessagePlug
from hil.script import read
from hil.usbip.messages import Address
from hil.usbip.server import Export, UsbIpServer


class Tapped(MessagePlug):
    """The scanner's plug, with an eye on what passes it."""

    def __init__(self, scanner: EsciScanner, page_left: Callable[[], None]) -> None:
        super().__init__(scanner, esci_usb(scanner).description)
        self._tapped, self._page_left, self._in_page = scanner, page_left, False

    def read(self, endpoint: int, limit: int, now: float) -> bytes | Refusal | None:
        """As the plug; a page has left when no scan is on and nothing is left to read."""
        data = super().read(endpoint, limit, now)
        if self._tapped.scanning:
            self._in_page = True
        elif self._in_page and isinstance(data, bytes) and not self._tapped.answer:
            self._in_page = False
            self._page_left()
        return data


async def serve(script: str) -> None:
    """Until standard input ends."""
    clock = SystemClock()
    scanner = EsciScanner(read(script), clock.monotonic())
    usb = Tapped(scanner, lambda: print(time.monotonic(), flush=True))
    live = Live(usb, clock)
    try:
        async with UsbIpServer([Export(Address(1, 1), usb, live)], "127.0.0.1", 0) as server:
            print(f"ready 127.0.0.1:{server.port}", flush=True)
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    finally:
        live.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
