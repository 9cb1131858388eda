"""Simulated ESC/I-2 scanners through the running product: both sides of a sheet, and JPEG that the device made."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image

from bridge.wsscan.values import ColorEntry, InputSource
from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from hil import chart, serving
from hil.client import session, ticket
from hil.devices.esci2.product import DS_530, Product
from hil.devices.esci2.scanner import Esci2Scanner
from hil.devices.esci2.usb import esci2_usb
from hil.devices.live import Live
from hil.script import read
from hil.usbip.messages import Address
from hil.usbip.server import Export, UsbIpServer
from tests.system import product


@asynccontextmanager
async def plugged(script: str, model: Product) -> AsyncIterator[serving.Rig]:
    """As serving.scanner, of a model that has no family name of its own."""
    clock = SystemClock()
    scanner = Esci2Scanner(read(f"{product.QUICK},{script}"), clock.monotonic(), model)
    usb = esci2_usb(scanner)
    live = Live(usb, clock)
    try:
        async with UsbIpServer((Export(Address(1, 1), usb, live),), "127.0.0.1", 0) as server:
            yield serving.Rig("esci2", scanner, usb, live, "127.0.0.1", server.port, "1-1")
    finally:
        live.close()


async def scanned(rig: serving.Rig, place: Path, source: InputSource, coding: str, images: int) -> list[Image.Image]:
    """All images of one job at 100 ppi in grey, decoded."""
    pictures = []
    async with (
        product.bridge(place, usbip=[rig]) as running,
        session.opened(running.url, SystemClock()) as client,
    ):
        wish = ticket.Wish(source, coding, ColorEntry.GRAYSCALE_8, 100, images=images)
        job = await client.create_job(ticket.make(wish, await client.configuration()))
        for number in range(images):
            image = await client.retrieve(job, place / f"page{number}")
            with Image.open(image.path) as picture:
                picture.load()
                pictures.append(picture.convert("L"))
    return pictures


def sheet(size: tuple[int, int], *, back: bool = False) -> Image.Image:
    """The first sheet; A4 paper lies at the guides, and the ticket asks for A4."""
    rows = b"".join(chart.rows(1, Source.FEEDER, Mode.GRAY8, (100, 100), chart.Box(0, 0, *size), back=back))
    return Image.frombytes("L", size, rows)


async def test_both_sides_of_a_sheet_reach_the_client_to_the_pixel(tmp_path: Path):
    async with serving.scanner("esci2", f"{product.QUICK},adf=1") as rig:
        front, back = await scanned(rig, tmp_path, InputSource.ADF_DUPLEX, "png", 2)
    assert front.tobytes() == sheet(front.size).tobytes()
    assert back.tobytes() == sheet(back.size, back=True).tobytes()


@pytest.mark.parametrize("coding", ["jfif", "png"])
async def test_a_jpeg_that_the_device_made_is_handed_on_or_decoded(tmp_path: Path, coding: str):
    async with plugged("adf=1", DS_530) as rig:
        [picture] = await scanned(rig, tmp_path, InputSource.ADF, coding, 1)
    want = sheet(picture.size)
    coarse = [image.resize((41, 58), Image.Resampling.BOX).tobytes() for image in (picture, want)]
    assert max(abs(a - b) for a, b in zip(*coarse, strict=True)) < 8
