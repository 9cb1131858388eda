"""A scanner behind SANE through the bridge as its users run it: both sides of its sheets."""

# ruff: noqa: F811  # fixtures are arguments of the same name

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from bridge.wsscan.job import JobState
from bridge.wsscan.values import ColorEntry, InputSource
from drivers.contract.clock import SystemClock
from hil.client import session
from hil.client.ticket import Wish, make
from tests.system import product
from tests.system.odd_scanner import library, turn  # noqa: F401


def settings(library: str) -> str:
    return f'[sane]\nlibrary = "{library}"\nbackends = ["odd"]\n'


async def test_both_sides_of_each_sheet_reach_the_client(
    library: str, turn: Callable[[str], None], tmp_path: Path
) -> None:
    turn("sides 4")
    async with (
        product.bridge(tmp_path, settings=settings(library)) as running,
        session.opened(running.url, SystemClock(), listen="127.0.0.1") as client,
    ):
        await client.subscribe()
        able = await client.configuration()
        job = await client.create_job(
            make(Wish(InputSource.ADF_DUPLEX, color=ColorEntry.GRAYSCALE_8, resolution=100), able)
        )
        greys = []
        for number in range(4):
            image = await client.retrieve(job, tmp_path / f"{number}.jpg")
            with Image.open(image.path) as picture:
                greys.append(picture.getpixel((10, 10)))
        assert greys == [1, 2, 3, 4]  # every side is of its own grey
        end = await client.timeline.job_end(job.job_id, 20)
        assert (end.job_completed_state, end.scans_completed.count) == (JobState.COMPLETED, 4)
