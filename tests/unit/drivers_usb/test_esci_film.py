"""The film unit of an ESC/I scanner: offered when it is there, its lamp, its cover, and a negative made a picture.

Numbers from the dossier (device-protocols (a)) and SANE's epson2; that a negative is inverted here, from its epson.
"""

import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from drivers.contract.capabilities import FilmKind, Mode, Source
from drivers.contract.clock import SystemClock
from drivers.contract.document import Region
from drivers.contract.errors import ScanFailed
from drivers.contract.observation import Phase, Readiness, Trouble, TroubleKind, Unit
from drivers.usb.esci import level, parameters, rows, wire
from drivers.usb.esci.dialogue import Dialogue
from drivers.usb.esci.model import Model, identify
from drivers.usb.esci.open import open_device
from drivers.usb.exchange import Exchange
from hil import chart, script
from hil.devices.esci.product import GT_2500, GT_X800, Product
from hil.devices.esci.scanner import EsciScanner
from hil.devices.esci.usb import esci_usb
from hil.devices.stimuli import Clear, Cover
from tests.unit import usb_rig
from tests.unit.usb_rig import Rig, read

STRIP = Region(0, 0, 4000, 1000)
BOX = chart.Box(0, 0, 400, 100)


@asynccontextmanager
async def rig(text: str = "original=3", product: Product = GT_X800) -> AsyncIterator[Rig[EsciScanner]]:
    scanner = EsciScanner(script.read(usb_rig.quick(text)), SystemClock().monotonic(), product)
    async with usb_rig.plugged(scanner, esci_usb(scanner), open_device, region=STRIP) as bench:
        yield bench


class Answers:
    """An exchange with a scanner that answers from a list; NAK to all that is not in it."""

    def __init__(self, answers: dict[bytes, bytes]) -> None:
        self._answers, self._out = answers, b""

    def write(self, data: bytes) -> None:
        self._out = self._answers.get(data, b"\x15")

    def read(self, limit: int, seconds: float = 0.25) -> bytes:
        data, self._out = self._out[:limit], self._out[limit:]
        return data

    def interrupt(self, limit: int, seconds: float = 0.25) -> bytes:
        return b""

    def control(self, request_type: int, request: int, value: int, index: int, data: bytes | int) -> bytes:
        return b""

    def close(self) -> None: ...


def identified(*, byte: int, feeder: int, film: int, name: bytes = b"B7") -> Model:
    """A scanner without FS commands: 1600 ppi, film of 4 x 9 inch, feeder of 8.5 x 14."""
    identity = name + b"R\x40\x06" + b"A" + struct.pack("<HH", 13600, 18720)
    status = struct.pack("<BB2HB2HB2H", 0, feeder, 13600, 22400, film, 6400, 14400, 0, 13600, 18720).ljust(33, b"\0")
    return identify(
        Dialogue(
            Exchange(
                Answers(
                    {
                        wire.IDENTITY: bytes([2, byte, len(identity), 0]) + identity,
                        wire.STATUS: bytes([2, byte, 0, 0]),
                        wire.EXTENDED_STATUS: bytes([2, byte, len(status), 0]) + status,
                    }
                )
            )
        ),
        0x04B8,
        0x011C,
    )


@pytest.mark.parametrize(
    ("byte", "feeder", "film", "offered"),
    [
        (0x10, 0, 0x80, True),
        (0x10, 0, 0x00, False),  # no film unit
        (0x00, 0, 0x80, False),  # no option unit at all
        (0x10, 0x80, 0x80, False),  # ESC e 1 is the feeder then
    ],
)
def test_a_film_unit_is_offered_where_it_is_the_option_unit(
    byte: int, feeder: int, film: int, *, offered: bool
) -> None:
    can = identified(byte=byte, feeder=feeder, film=film).capabilities
    assert (can.film is not None) == offered
    if can.film is not None:
        assert (can.film.maximum.width, can.film.maximum.height) == (4000, 9000)
        assert can.films == (FilmKind.SLIDE, FilmKind.COLOUR_NEGATIVE, FilmKind.GREY_NEGATIVE)


def test_a_level_without_film_types_does_nothing_for_film() -> None:
    can = identified(byte=0x10, feeder=0, film=0x80, name=b"B6").capabilities
    assert can.film is not None
    assert can.films == ()


async def test_the_scanner_says_how_large_its_film_is() -> None:
    async with rig() as bench:
        can = bench.device.capabilities
        assert can.film is not None
        assert (can.film.maximum.width, can.film.maximum.height) == (6000, 9800)
        assert can.film.modes == (Mode.RGB24, Mode.GRAY8, Mode.LINEART, Mode.RGB48, Mode.GRAY16)
        assert can.feeder is None
    async with rig(product=GT_2500) as bench:
        assert bench.device.capabilities.film is None


@pytest.mark.parametrize("mode", [Mode.RGB24, Mode.GRAY8, Mode.LINEART, Mode.RGB48, Mode.GRAY16])
@pytest.mark.parametrize("film", [None, *FilmKind])
async def test_a_slide_is_delivered_as_it_is_and_a_negative_as_what_it_shows(mode: Mode, film: FilmKind | None) -> None:
    async with rig() as bench:
        [(page, data)] = await read(await bench.scan(Source.FILM, mode, film=film))
        assert (page.width, page.height, page.mode) == (400, 100, mode)
        lying = chart.encode(chart.image(3, Source.FILM, (100, 100), BOX), mode)
        negative = film in {FilmKind.COLOUR_NEGATIVE, FilmKind.GREY_NEGATIVE}
        assert data == (bytes(255 - value for value in lying) if negative else lying)
        assert bench.scanner.parameters.film == int(negative)
        assert bench.scanner.parameters.block_lines <= 32
        assert bench.scanner.focus == 89


async def test_the_glass_comes_after_film_and_film_after_the_glass() -> None:
    async with rig() as bench:
        await read(await bench.scan(Source.FILM))
        [(_, data)] = await read(await bench.scan(Source.PLATEN))
        assert data == chart.encode(chart.image(3, Source.PLATEN, (100, 100), BOX), Mode.GRAY8)
        assert bench.scanner.focus == 64
        [(_, data)] = await read(await bench.scan(Source.FILM))
        assert data == chart.encode(chart.image(3, Source.FILM, (100, 100), BOX), Mode.GRAY8)


async def test_the_film_units_lamp_is_waited_for_and_told() -> None:
    async with rig("warmup=60") as bench:
        bench.later(61)
        document = await bench.scan(Source.FILM)
        told = await bench.until(lambda s: any(job.phase is Phase.WARMING for job in s.jobs))
        assert told.troubles == {Trouble(TroubleKind.LAMP_WARMING, Unit.FILM)}
        assert [job.source for job in told.jobs] == [Unit.FILM]
        bench.later(61)
        assert len(await read(document)) == 1


async def test_an_open_film_unit_keeps_from_film_but_not_from_the_glass() -> None:
    async with rig() as bench:
        bench.live.stimulate(Cover(open=True))
        with pytest.raises(ScanFailed, match="cover open in the film unit"):
            await read(await bench.scan(Source.FILM))
        still = await bench.until(lambda s: s.readiness is Readiness.STOPPED and not s.jobs)
        assert still.troubles == {Trouble(TroubleKind.COVER_OPEN, Unit.FILM)}
        assert len(await read(await bench.scan(Source.PLATEN))) == 1
        bench.live.stimulate(Clear())
        assert len(await read(await bench.scan(Source.FILM))) == 1


async def test_a_film_unit_that_opens_in_mid_scan_ends_it() -> None:
    async with rig("cover open@1") as bench:
        with pytest.raises(ScanFailed, match="cover open in the film unit"):
            await read(await bench.scan(Source.FILM))


async def test_a_film_unit_that_was_switched_off_is_named() -> None:
    async with rig() as bench:
        bench.scanner.product = replace(GT_X800, film=(0, 0))
        with pytest.raises(ScanFailed, match="refuses the film unit, which may be switched off"):
            await read(await bench.scan(Source.FILM))
        assert len(await read(await bench.scan(Source.PLATEN))) == 1


def test_the_film_type_is_a_letter_where_film_is_scanned() -> None:
    asked = parameters.Parameters(Mode.GRAY8, (300, 300), 0, 0, 800, 600, option=1, block_lines=20, film=1)
    assert dict(parameters.letters(asked, level.of("B7"), option=True, film=True))[b"\x1bN"] == b"\x01"
    assert b"\x1bN" not in dict(parameters.letters(asked, level.of("B7"), option=True))
    assert b"\x1bN" not in dict(parameters.letters(asked, level.of("B6"), option=True, film=True))
    assert parameters.fs_block(asked, level.of("B8"))[37] == 1


def test_a_negative_is_inverted_in_every_sample() -> None:
    assert rows.negative(b"\x00\x7f\xff") == b"\xff\x80\x00"
    cut = rows.Rows(Mode.GRAY16, scanned=1, wanted=1, height=2, inverted=True)
    assert cut.add(b"\x34\x12") == b"\xed\xcb"  # 0xffff - 0x1234
    assert cut.padding() == b"\xff\xff"
