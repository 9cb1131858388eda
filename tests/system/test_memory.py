"""How much memory a scan costs the bridge: A4 at 600 dpi in colour, and a page twice as long, in every format.

The scanner is simulated in a process of its own and as fast as it can be, the client streams to a file; what is
measured is the peak of the bridge's process alone (VmHWM), against its peak after a small scan in the same format.
"""

import time
from pathlib import Path

import pytest
from PIL import Image

from bridge.wsscan.ticket import Dimensions
from bridge.wsscan.values import ColorEntry, InputSource
from drivers.contract.clock import SystemClock
from hil.client import session, ticket
from hil.client.session import Session
from tests.system import product

MOST = 40.0  # MB that a page may cost
LEVEL = 10.0  # MB between one length and twice that, which has 104 MB more: a few strips more at a time, by chance
A4, TWICE = Dimensions(width=8268, height=11693), Dimensions(width=8268, height=23386)
SCRIPT = "esci=adf=4,length=25,speed=0,feed=0,warmup=0"

Image.MAX_IMAGE_PIXELS = None  # ours, and its size is asserted


@pytest.mark.parametrize(
    ("coding", "color"),
    [
        ("jfif", ColorEntry.RGB_24),
        ("exif", ColorEntry.RGB_24),
        ("png", ColorEntry.RGB_24),
        ("tiff-single-uncompressed", ColorEntry.RGB_24),
        ("dib", ColorEntry.RGB_24),
        ("tiff-single-g4", ColorEntry.BLACK_AND_WHITE_1),
    ],
)
async def test_a_page_costs_less_than_40_mb_however_long_it_is(tmp_path: Path, figures, coding, color):
    async with (
        product.bridge(tmp_path, "--simulate", SCRIPT) as running,
        session.opened(running.url, SystemClock()) as client,
    ):
        offered = await client.configuration()
        peaks, sizes = [running.peak()], [0]
        for ppi, size in ((75, A4), (600, A4), (600, A4), (600, TWICE)):
            wish = ticket.Wish(InputSource.ADF, coding, color, ppi, images=1, size=size)
            image = await fetched(client, ticket.make(wish, offered), tmp_path / "page")
            peaks.append(running.peak())
            sizes.append(image.stat().st_size)
            with Image.open(image) as picture:
                assert abs(picture.width - size.width * ppi / 1000) <= 1
                assert abs(picture.height - size.height * ppi / 1000) <= 1
            image.unlink()
    idle, small, _, one, two = peaks
    figures.append(
        f"memory: {coding:<25} idle {idle:.1f} MB, small page +{small - idle:.1f}, A4 600 dpi +{one - small:.1f} "
        f"({sizes[2] / 1e6:.2f} MB sent), twice as long +{two - small:.1f} ({sizes[4] / 1e6:.2f} MB sent)"
    )
    assert one - small < MOST
    assert two - one < LEVEL


async def test_a_client_that_is_slow_to_take_its_page_costs_no_more(tmp_path: Path, figures):
    async with (
        product.bridge(tmp_path, "--simulate", SCRIPT) as running,
        session.opened(running.url, SystemClock()) as client,
    ):
        wish = ticket.Wish(InputSource.ADF, "tiff-single-uncompressed", ColorEntry.RGB_24, 600, images=1, size=A4)
        job = await client.create_job(ticket.make(wish, await client.configuration()))
        before = running.peak()
        # the pauses stop the whole client, so that nobody empties the socket meanwhile
        image = await client.retrieve(job, tmp_path / "page", progress=lambda _: time.sleep(0.002))
        figures.append(f"memory: slow client, {image.size / 1e6:.1f} MB of TIFF +{running.peak() - before:.1f} MB")
        assert image.size > 4960 * 7015 * 3
        assert running.peak() - before < MOST


async def fetched(client: Session, what: ticket.ScanTicket, path: Path) -> Path:
    job = await client.create_job(what)
    return (await client.retrieve(job, path)).path
