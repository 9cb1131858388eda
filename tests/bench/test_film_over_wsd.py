"""Film through the whole bridge: a simulated scanner with a film unit, our own client, exact pixels."""

from pathlib import Path

import pytest
from PIL import Image, ImageChops

from bridge.net.asking import Refused
from bridge.wsscan.faults import Subcode
from bridge.wsscan.ticket import Dimensions
from bridge.wsscan.values import ColorEntry, FilmScanMode, InputSource
from drivers.contract.capabilities import Source
from drivers.contract.clock import SystemClock
from hil import chart
from hil.client import ticket
from hil.client.session import opened
from hil.client.ticket import Wish
from hil.rig.served import Served

STRIP = Dimensions(width=4000, height=2000)


def picture(path: Path) -> Image.Image:
    with Image.open(path) as found:
        return found.convert("RGB")


@pytest.mark.scanner("esci-film", "original=9,warmup=0,speed=0")
async def test_film_arrives_as_the_picture_that_it_shows(scanner: Served, tmp_path: Path) -> None:
    lying = chart.image(9, Source.FILM, (75, 75), chart.Box(0, 0, 300, 150))
    shown = {
        None: lying,
        FilmScanMode.COLOR_SLIDE_FILM: lying,
        FilmScanMode.COLOR_NEGATIVE_FILM: ImageChops.invert(lying),
        FilmScanMode.BLACK_AND_WHITE_NEGATIVE_FILM: ImageChops.invert(lying),
    }
    async with opened(scanner.url, SystemClock()) as client:
        able = await client.configuration()
        assert able.adf is None
        assert able.film is not None
        assert able.film.film_scan_modes_supported.film_scan_mode_value == tuple(shown)[1:]
        assert (able.film.film_maximum_size.width, able.film.film_maximum_size.height) == (6000, 9800)
        for number, (film, want) in enumerate(shown.items()):
            wish = Wish(InputSource.FILM, "png", ColorEntry.RGB_24, 75, size=STRIP, film=film)
            job = await client.create_job(ticket.make(wish, able))
            used = job.document_final_parameters.film_scan_mode
            assert used is not None
            assert used.value == (film or FilmScanMode.COLOR_SLIDE_FILM)
            assert (used.override, used.used_default) == (None, None if film else True)
            info = job.image_information.media_front_image_info
            assert (info.pixels_per_line, info.number_of_lines) == want.size
            got = picture((await client.retrieve(job, tmp_path / f"{number}.png")).path)
            assert (got.size, got.tobytes()) == (want.size, want.tobytes())
            with pytest.raises(Refused) as end:
                await client.retrieve(job, tmp_path / "more.png")
            assert end.value.subcode is Subcode.NO_IMAGES_AVAILABLE


@pytest.mark.scanner("esci-film", "original=9,warmup=0,speed=0")
async def test_an_open_film_unit_is_told_where_it_is(scanner: Served, tmp_path: Path) -> None:
    scanner.happen("cover open")
    async with opened(scanner.url, SystemClock()) as client:
        wish = Wish(InputSource.FILM, "png", ColorEntry.GRAYSCALE_8, 75, size=STRIP)
        job = await client.create_job(ticket.make(wish, await client.configuration()))
        with pytest.raises(Refused):
            await client.retrieve(job, tmp_path / "1.png")
        status = await client.status()
        assert status.active_conditions is not None
        [condition] = status.active_conditions.device_condition
        assert (condition.name, condition.component) == ("CoverOpen", "Film")
