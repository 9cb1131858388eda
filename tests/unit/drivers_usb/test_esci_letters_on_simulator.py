"""The letter commands and ESC G against the simulated scanner, as a scanner without FS commands is spoken to."""

import time
from dataclasses import replace

import pytest

from drivers.contract.capabilities import FilmKind, Mode, Source
from drivers.contract.document import Raster, Region, ScanRequest
from drivers.contract.handover import Handover
from drivers.contract.observation import Phase, Snapshot
from drivers.usb.esci.dialogue import Dialogue
from drivers.usb.esci.model import Model, identify
from drivers.usb.esci.scanner import EsciScanner
from drivers.usb.exchange import Exchange
from hil import chart, script
from hil.devices.esci.product import GT_2500, GT_X800, Product
from hil.devices.esci.scanner import EsciScanner as Simulated
from hil.devices.esci.usb import BULK_IN, BULK_OUT, esci_usb
from hil.devices.usb.device import Refusal


class Cable:
    """A link straight into the simulated plug."""

    def __init__(self, text: str, product: Product = GT_2500) -> None:
        self.plug = esci_usb(Simulated(script.read(text), time.monotonic(), product))

    def write(self, data: bytes) -> None:
        self.plug.write(BULK_OUT, data, time.monotonic())

    def read(self, limit: int, seconds: float = 0.25) -> bytes:
        deadline = time.monotonic() + seconds
        while (data := self.plug.read(BULK_IN, limit, time.monotonic())) is None and time.monotonic() < deadline:
            time.sleep(0.001)
        assert not isinstance(data, Refusal)
        return data or b""

    def interrupt(self, limit: int, seconds: float = 0.25) -> bytes:
        return b""

    def control(self, request_type: int, request: int, value: int, index: int, data: bytes | int) -> bytes:
        return b""

    def close(self) -> None: ...


def old(link: Cable) -> Model:
    return replace(identify(Dialogue(Exchange(link)), 0x04B8, 0x012B), extended=False, fs_status=False)


def run(
    text: str, source: Source, mode: Mode, product: Product = GT_2500, film: FilmKind | None = None
) -> tuple[list[bytes], list[tuple[Phase, int | None]]]:
    link, handover = Cable(text, product), Handover()
    told: list[tuple[Phase, int | None]] = []

    def tell(snapshot: Snapshot, *, lasting: bool = False) -> None:
        if lasting:
            told.append((snapshot.jobs[0].phase, snapshot.jobs[0].pages))

    request = ScanRequest("1", source, mode, (100, 100), Region(0, 0, 4000, 3000), film=film)
    EsciScanner(old(link)).scan(link, request, handover, tell)
    handover.finish()
    return [b"".join(page.chunks) for page in handover if isinstance(page, Raster)], told


@pytest.mark.parametrize("mode", [Mode.RGB24, Mode.GRAY8, Mode.LINEART])
def test_a_platen_page_by_letters_shows_what_lies_on_the_glass(mode: Mode) -> None:
    [data], _ = run("warmup=0,speed=0,feed=0", Source.PLATEN, mode)
    assert data == chart.encode(chart.image(1, Source.PLATEN, (100, 100), chart.Box(0, 0, 400, 300)), mode)


@pytest.mark.parametrize("film", list(FilmKind))
def test_film_is_scanned_by_letters(film: FilmKind) -> None:
    [data], _ = run("warmup=0.1,speed=0", Source.FILM, Mode.RGB24, GT_X800, film)
    lying = chart.encode(chart.image(1, Source.FILM, (100, 100), chart.Box(0, 0, 400, 300)), Mode.RGB24)
    assert data == (lying if film is FilmKind.SLIDE else bytes(255 - value for value in lying))


def test_a_feeder_is_emptied_by_letters() -> None:
    pages, told = run("warmup=0,speed=0,feed=0,adf=3", Source.FEEDER, Mode.GRAY8)
    assert len(pages) == 3
    assert told == [(Phase.SCANNING, 1), (Phase.SCANNING, 2), (Phase.SCANNING, 3)]


def test_a_cold_lamp_is_waited_for_by_letters() -> None:
    pages, _ = run("warmup=0.5,speed=0,feed=0", Source.PLATEN, Mode.GRAY8)
    assert len(pages) == 1
