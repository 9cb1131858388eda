"""Debian's sane-airscan in its eSCL mode, a client nobody here wrote, referees the simulated MFP's eSCL service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from drivers.contract.capabilities import Source
from hil import chart
from hil.devices.mfp import serve
from hil.devices.mfp.jobs import JobState
from hil.devices.mfp.serve import MfpRig
from hil.devices.stimuli import At, Cover, DoubleFeed, Jam, Stimulus
from tests.system import debian
from tests.system.scanimage import scanimage

NAME = "airscan:e0:MFP"
PPI = 75
FEEDER = ("--source", "ADF")


@dataclass(frozen=True)
class Airscan:
    """scanimage beside an MFP."""

    root: debian.Root
    place: Path
    rig: MfpRig

    async def scanimage(self, *arguments: str) -> tuple[int, str]:
        """Exit code and standard error."""
        code, _, said = await scanimage(self.root, self.place, NAME, "--resolution", str(PPI), *arguments)
        return code, said

    def pages(self) -> list[str]:
        return sorted(each.name for each in self.place.glob("page*.pnm"))

    def picture(self, name: str) -> Image.Image:
        return Image.open(self.place / name)


@asynccontextmanager
async def beside(root: debian.Root, place: Path, script: str) -> AsyncIterator[Airscan]:
    async with serve.mfp(f"warmup=0.2,speed=17540,feed=0.05,{script}") as rig:
        (place / "dll.conf").write_text("airscan\n")
        (place / "airscan.conf").write_text(
            f'[devices]\n"MFP" = {rig.escl_url}, eSCL\n[options]\ndiscovery = disable\n'
        )
        yield Airscan(root, place, rig)


def same(picture: Image.Image, page: int, source: Source, *, back: bool = False) -> bool:
    wanted = chart.image(page, source, (PPI, PPI), chart.Box(0, 0, picture.width, picture.height), back=back)
    return max(ImageStat.Stat(ImageChops.difference(picture.convert("RGB"), wanted)).mean) < 3


async def test_its_options_are_what_the_mfp_offers(sane_root: debian.Root, tmp_path: Path) -> None:
    async with beside(sane_root, tmp_path, ""):
        _, out, _ = await scanimage(sane_root, tmp_path, NAME, "-A")
        assert b"75|100|150|200|300|600dpi" in out
        assert b"Flatbed|ADF|ADF Duplex" in out


async def test_the_glass(sane_root: debian.Root, tmp_path: Path) -> None:
    async with beside(sane_root, tmp_path, "original=5") as here:
        assert (await here.scanimage("-o", "page.pnm"))[0] == 0
        assert same(here.picture("page.pnm"), 5, Source.PLATEN)
        assert here.rig.mfp.state.jobs[-1].state is JobState.COMPLETED


async def test_a_batch_from_the_feeder(sane_root: debian.Root, tmp_path: Path) -> None:
    async with beside(sane_root, tmp_path, "adf=3") as here:
        _, said = await here.scanimage(*FEEDER, "--batch=page%d.pnm")
        assert "Document feeder out of documents" in said
        for page in (1, 2, 3):
            assert same(here.picture(f"page{page}.pnm"), page, Source.FEEDER)
        assert here.pages() == ["page1.pnm", "page2.pnm", "page3.pnm"]


async def test_both_sides(sane_root: debian.Root, tmp_path: Path) -> None:
    async with beside(sane_root, tmp_path, "adf=2") as here:
        await here.scanimage("--source", "ADF Duplex", "--batch=page%d.pnm")
        for number in range(4):
            picture = here.picture(f"page{number + 1}.pnm")
            assert same(picture, number // 2 + 1, Source.FEEDER, back=number % 2 == 1)


@pytest.mark.parametrize(
    ("script", "stimulus", "words"),
    [
        ("", None, "out of documents"),
        ("adf=2", Jam(), "jammed"),
        ("adf=2", At(2, 50, Jam()), "jammed"),
    ],
)
async def test_what_the_feeder_suffers_is_understood(
    sane_root: debian.Root, tmp_path: Path, script: str, stimulus: Stimulus | None, words: str
) -> None:
    async with beside(sane_root, tmp_path, script) as here:
        if stimulus is not None:
            here.rig.stimulate(stimulus)
        _, said = await here.scanimage(*FEEDER, "--batch=page%d.pnm")
        assert words in said


@pytest.mark.parametrize("stimulus", [Cover(open=True), DoubleFeed()])
async def test_a_feeder_that_cannot_work_brings_no_page(
    sane_root: debian.Root, tmp_path: Path, stimulus: Stimulus
) -> None:
    # It knows no word for these states of the feeder, so all it can say is that it failed.
    async with beside(sane_root, tmp_path, "adf=2") as here:
        here.rig.stimulate(stimulus)
        _, said = await here.scanimage(*FEEDER, "--batch=page%d.pnm")
        assert "Error" in said or "error" in said, said
        assert here.pages() == []
