"""One scan on a Fujitsu scanner, from the choice of the source to the last sheet.

A cancel takes effect between two commands; the scanner is then told to stop, and puts the sheet out.
Facts: spec dossier on device protocols (b), SANE fujitsu (the order of commands).
"""

from contextlib import suppress
from dataclasses import replace

from drivers.contract.capabilities import Mode, Source
from drivers.contract.errors import CanceledAtDevice, DeviceGarbled, DeviceTimeout, DriverError, FeederEmpty, ScanFailed
from drivers.contract.handover import ScanCanceled
from drivers.usb.esci.parameters import pixels
from drivers.usb.fujitsu import tables, window, wire
from drivers.usb.fujitsu.dialogue import MOVING_SECONDS, Dialogue
from drivers.usb.fujitsu.job import Job
from drivers.usb.fujitsu.model import Model
from drivers.usb.fujitsu.reading import Reading
from drivers.usb.fujitsu.sense import Verdict
from drivers.usb.fujitsu.window import Order, Window

# What another program may have left behind; and the feeder is not to run ahead of what is wanted, nor pages of a scan
# that broke off to be kept.
_MODES = ((wire.ModePage.AUTO, b""), (wire.ModePage.DROPOUT, b""), (wire.ModePage.BUFFER, b"\x80\xc0"))


class Scan:
    """The pages of one request."""

    def __init__(self, dialogue: Dialogue, model: Model, job: Job, orders: list[Order]) -> None:
        """`orders` of colour, to try; those that the scanner refuses are taken out."""
        self._dialogue = dialogue
        self._model = model
        self._job = job
        self._orders = orders

    def run(self) -> None:
        """All pages. Raises as drivers.usb.family.Family.scan."""
        try:
            self._job.look()
            if self._job.paper:
                asked, width, height = self._window()
                asked = self._prepared(asked)
                while self._sheet(asked, width, height) and not self._job.enough and self._job.paper:
                    pass
            if self._job.pages == 0:
                self._job.empty()
                raise FeederEmpty("the document feeder is empty")
        except (ScanCanceled, CanceledAtDevice):
            self._stop()
            raise
        except (DeviceGarbled, DeviceTimeout, ScanFailed):
            with suppress(DriverError):
                self._stop()
            raise
        except OSError as err:
            self._stop()
            raise ScanFailed(f"no room for the back of a sheet: {err.strerror}") from err
        self._stop()

    def _window(self) -> tuple[Window, int, int]:
        """What to ask for; the width and height that will be delivered."""
        request, can = self._job.request, self._model.capabilities.of(self._job.request.source)
        left, top, width, height = pixels(request.region, request.resolution)
        if can is None:
            raise ScanFailed(f"the scanner has no {request.source}")
        across = can.maximum.width * request.resolution[0] // 1000
        down = can.maximum.height * request.resolution[1] // 1000
        if left >= across or top + 1 >= down:
            raise ScanFailed("the region lies outside the scan area")
        height = min(height, down - top)
        lineart, other = self._model.quirk.width_multiples
        paper = None
        if self._job.from_feeder:
            size = (can.maximum.width * window.UNIT // 1000, can.maximum.height * window.UNIT // 1000)
            end = -(-(top + height) * window.UNIT // request.resolution[1])
            paper = (size[0], min(size[1], max(window.PAPER_LENGTH, end)))
        asked = Window(
            request.mode,
            request.resolution,
            left,
            top,
            window.fit(width, left, across, lineart if request.mode is Mode.LINEART else other),
            max(2, min(height + height % 2, (down - top) // 2 * 2)),  # some take no odd number of bytes at the end
            paper=paper,
            duplex=request.source is Source.FEEDER_DUPLEX,
        )
        return asked, width, height

    def _prepared(self, asked: Window) -> Window:
        """Source, modes, window and lamp; returns the window as the scanner took it."""
        vital, quirk = self._model.vital, self._model.quirk
        if vital.control and (vital.flatbed or vital.card_slot):
            if self._job.from_feeder:
                self._job.do(wire.control(wire.Function.FEEDER))
            else:
                self._job.must(self._job.do(wire.control(wire.Function.FLATBED)))
        if quirk.pre_read:
            self._job.do(*wire.send_diagnostic(window.pre_read(asked)))
        if vital.mode_select:
            for page, value in _MODES:
                self._job.do(*wire.mode_select(page, value))  # refused by a scanner that lacks the page, which is fine
        asked = self._windowed(asked)
        if quirk.coding_tables:
            self._job.do(*wire.send(wire.Table.QUANTISATION, tables.quantisation()))
        if vital.control:
            self._job.warm(wire.control(wire.Function.LAMP_ON))
        return asked

    def _windowed(self, asked: Window) -> Window:
        """SET WINDOW; which order of colours a scanner has is known by what it refuses."""
        if asked.mode is not Mode.RGB24:
            self._job.must(self._job.do(*wire.set_window(window.parameters(asked))))
            return asked
        while True:
            asked = replace(asked, order=self._orders[0])
            reply = self._job.do(*wire.set_window(window.parameters(asked)))
            if reply.verdict is Verdict.FINE:
                return asked
            if len(self._orders) == 1:
                self._orders[:] = list(Order)
                self._job.must(reply)
            del self._orders[0]

    def _sheet(self, asked: Window, width: int, height: int) -> bool:
        """Scan one sheet, or what lies on the glass; False when there is no more paper."""
        if self._job.from_feeder:
            loaded = self._job.do(wire.LOAD)
            if loaded.verdict is Verdict.REFUSED:
                self._job.look()  # some say so where there is no paper, which may have been taken out since
            if loaded.verdict is Verdict.EMPTY or not self._job.paper:
                return False
            self._job.must(loaded)
            self._job.remember(None)
            if self._model.quirk.ready_after_load:
                self._job.must(self._job.do(wire.TEST_UNIT_READY))
        if self._job.must(self._job.do(*wire.scan(asked.sides))).verdict is Verdict.EMPTY:
            return False
        Reading(self._job, self._model, asked, width, height).run()
        return True

    def _stop(self) -> None:
        """The batch is over, whole or not; also puts out a sheet that is still in the path."""
        if self._model.vital.control:
            self._dialogue.command(wire.control(wire.Function.CANCEL), seconds=MOVING_SECONDS)
        elif self._job.from_feeder:
            self._dialogue.command(wire.EJECT, seconds=MOVING_SECONDS)
