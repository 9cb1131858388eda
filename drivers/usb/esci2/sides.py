"""The pages of a scan in the order the contract wants them, whatever the order in which the scanner sends them.

A scanner that sees both sides of a sheet at once sends their data by turns. The page whose turn it is passes to the
reader as it comes; the others are put aside. Fronts and backs take turns in a duplex scan.
"""

from collections import deque

from drivers.contract.errors import DeviceGarbled
from drivers.contract.handover import Handover
from drivers.usb.esci2.model import Path
from drivers.usb.esci2.page import PageOnItsWay
from drivers.usb.esci2.parameters import Parameters
from drivers.usb.esci2.wire import PageStart

MOST_WAITING = 4  # pages of one side; a scanner is never more than a sheet ahead


class Sides:
    """Between the scanner and the hand-over."""

    def __init__(self, asked: Parameters, path: Path, handover: Handover, most: int = 0) -> None:
        """`most`: pages that are handed over; 0: all."""
        self._asked, self._path, self._handover, self._most = asked, path, handover, most
        self._waiting: dict[bool, deque[PageOnItsWay]] = {False: deque(), True: deque()}
        self._turn = False  # of the back
        self._opened = False  # the page whose turn it is has been announced
        self.done = 0  # pages handed over whole

    def start(self, page: PageStart, *, back: bool) -> None:
        """A page of that side begins. Raises DeviceGarbled when it must not."""
        line = self._waiting[back]
        if back and not self._asked.duplex:
            raise DeviceGarbled("the scanner sends a back that nobody asked for")
        if (line and not line[-1].over) or len(line) >= MOST_WAITING or not 0 < page.width <= 0xFFFF:
            raise DeviceGarbled(f"the scanner begins a page of {page.width} pixels where none can begin")
        turned = back and self._path.rotated_back
        line.append(PageOnItsWay(self._asked, page, back=back, turned=turned, truncates=self._path.truncates))
        self._pass_on()

    def data(self, data: bytes, *, back: bool) -> None:
        """More of the page of that side."""
        page = self._open_page(back)
        if self._opened and back == self._turn and page is self._waiting[back][0]:
            if whole := page.passing(data):
                self._handover.put(whole)
        else:
            page.add(data)

    def end(self, size: tuple[int, int], *, back: bool) -> None:
        """The page of that side is over."""
        self._open_page(back).end(size)
        self._pass_on()

    @property
    def enough(self) -> bool:
        """All that were wanted were handed over."""
        return bool(self._most) and self.done >= self._most

    @property
    def on_their_way(self) -> bool:
        """Whether a page has begun that was not handed over whole."""
        return any(self._waiting.values())

    @property
    def percent(self) -> int | None:
        """Of the page whose turn it is."""
        line = self._waiting[self._turn]
        return line[0].percent if line else None

    def close(self) -> None:
        """Nothing more will be handed over."""
        for line in self._waiting.values():
            for page in line:
                page.close()
            line.clear()

    def _open_page(self, back: bool) -> PageOnItsWay:
        line = self._waiting[back]
        if not line or line[-1].over:
            raise DeviceGarbled("the scanner sends image data outside a page")
        return line[-1]

    def _pass_on(self) -> None:
        """Hand over whatever has its turn."""
        while not self.enough and (line := self._waiting[self._turn]) and line[0].begins:
            page = line[0]
            if not self._opened:
                self._handover.page(page.header)
                self._opened = True
                if not page.over:
                    for piece in page.ready():
                        self._handover.put(piece)
            if not page.over:
                return
            for piece in page.ready():
                self._handover.put(piece)
            self._handover.end_page()
            line.popleft()
            self._opened = False
            self._turn = self._asked.duplex and not self._turn
            self.done += 1
