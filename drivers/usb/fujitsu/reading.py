"""The images of one sheet, read block by block, the sides of a duplex scan in turn."""

from contextlib import closing
from dataclasses import replace

from drivers.contract.document import Raster
from drivers.contract.errors import DeviceGarbled
from drivers.usb.fujitsu import wire
from drivers.usb.fujitsu.dialogue import Reply
from drivers.usb.fujitsu.job import Job, Waiting
from drivers.usb.fujitsu.model import Model
from drivers.usb.fujitsu.sense import Verdict
from drivers.usb.fujitsu.sides import Side, Spool
from drivers.usb.fujitsu.window import Window, block_lines

BLOCK_LARGEST = 64 * 1024  # what every scanner of the family takes
BLOCK_LEAST = 4 * 1024
BLOCKS_OF_A_PAGE = 24  # about, for progress and for a cancel that is quick on a small page


class Reading:
    """One sheet whose paper has begun to pass, or what lies on the glass."""

    def __init__(self, job: Job, model: Model, asked: Window, width: int, height: int) -> None:
        """`width` and `height` are what was promised for each page."""
        self._job, self._model, self._asked = job, model, asked
        self._width, self._height = width, height
        self._block_bytes = 0

    def run(self) -> None:
        """Its one or two pages. Raises DriverError, and OSError where there is no room for a back."""
        window = self._sized()
        self._block_bytes = window.row_bytes * block_lines(window, BLOCK_LARGEST, BLOCK_LEAST, BLOCKS_OF_A_PAGE)
        front, *rest = (Side(number, window, self._width, self._height) for number in window.sides)
        back = rest[0] if rest and not self._model.quirk.sides_apart else None
        with closing(Spool(self._width_bytes)) as spool:

            def waiting(reply: Reply) -> None:
                """The memory may be full of the other side."""
                self._job.waiting(reply)
                if back is not None and back.left:
                    spool.add(self._block(back, once=True))

            self._open(front)
            while front.left:
                self._job.put(self._block(front, waiting), front.percent)
                if back is not None and back.left and back.got < front.got + self._block_bytes:
                    spool.add(self._block(back))
            self._close(front, last=not rest)
            for side in rest if not self._job.enough else ():
                self._open(side)
                for rows in spool.chunks():
                    self._job.put(rows, side.percent)
                while side.left:
                    self._job.put(self._block(side), side.percent)
                self._close(side, last=True)

    @property
    def _width_bytes(self) -> int:
        return self._asked.mode.row_bytes(self._width)

    def _sized(self) -> Window:
        """The window as large as the scanner says that it is; one that does not say takes it as asked for."""
        reply = self._job.do(wire.pixel_size(wire.FRONT), size=wire.PIXEL_SIZE)
        if reply.verdict is not Verdict.FINE or len(reply.data) < 8:
            return self._asked
        width, lines = (int.from_bytes(reply.data[at : at + 4], "big") for at in (0, 4))
        if not 0 < width <= 2 * self._asked.width or not 0 < lines <= 2 * self._asked.lines:
            raise wire.garbled(f"an image of about {self._asked.width} x {self._asked.lines} pixels", reply.data)
        return replace(self._asked, width=width, lines=lines)

    def _open(self, side: Side) -> None:
        asked = self._asked
        back = side.number == wire.BACK
        self._job.begin_page(Raster(self._width, self._height, asked.mode, asked.resolution, iter(()), back))

    def _close(self, side: Side, *, last: bool) -> None:
        self._job.put(side.padding(), 100)
        self._job.end_page(sheet=last)

    def _block(self, side: Side, waiting: Waiting | None = None, *, once: bool = False) -> bytes:
        """The next rows of a side. `once`: none, where it has nothing yet."""
        size = min(self._block_bytes, side.left)
        if not side.got and self._model.vital.control and not once:
            # Some are upset by a read that comes too soon; one that does not know the question refuses it.
            self._job.do(wire.image_ready(side.number, size), waiting=waiting)
        reply = self._job.do(wire.read(side.number, size), size=size, waiting=waiting, once=once)
        if reply.verdict in {Verdict.AGAIN, Verdict.PAUSED}:
            return b""
        self._job.must(reply)
        if reply.verdict is Verdict.EMPTY:
            self._job.fail(reply)
        rows = side.add(reply.data)
        if reply.sense.eom and reply.sense.ili:
            side.end()
        elif not reply.data:
            raise DeviceGarbled("the scanner sends a block without data and does not say why")
        return rows
