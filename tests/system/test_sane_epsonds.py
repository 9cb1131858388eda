"""SANE's own epsonds backend, a driver nobody here wrote, scans from the simulated ESC/I-2 scanner over TCP port 1865.

It is the referee of our reading of ESC/I-2: what it complains about is a bug in `hil/devices/esci2`. It sends gamma
tables and a colour matrix of its own; what it sent is applied to the chart here by hand.
"""

import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from hil import chart
from hil.devices.esci.net import EpsonNetServer
from hil.devices.esci2.parameters import Parameters
from hil.devices.esci2.product import DS_530, DS_1630, WF_8590, Product
from hil.devices.esci2.scanner import Esci2Scanner
from hil.devices.esci2.usb import esci2_usb
from hil.devices.live import Live
from hil.devices.stimuli import Clear, Cover, Fatal, Jam, LoadPaper
from hil.script import read
from tests.system import debian
from tests.system.scanimage import scanimage

QUICK = "feed=0.01,speed=0"
FRONT, DUPLEX = ("--source", "ADF Front"), ("--source", "ADF Duplex")


@dataclass(frozen=True)
class Sane:
    """scanimage, pointed at one simulated scanner."""

    root: debian.Root
    config: Path
    host: str
    scanner: Esci2Scanner
    live: Live

    async def scanimage(self, *arguments: str) -> tuple[int, bytes, str]:
        """Run it; exit code, standard output, standard error."""
        return await scanimage(self.root, self.config, f"epsonds:net:{self.host}", *arguments)


Plugged = Callable[..., AbstractAsyncContextManager[Sane]]


@pytest.fixture(scope="module")
def root() -> debian.Root:
    return debian.packages("sane-utils", "libsane1", "libsane-common", "sane-airscan")


@pytest.fixture
def sane(root: debian.Root, tmp_path: Path) -> Plugged:
    @asynccontextmanager
    async def plugged(script: str = "", product: Product = WF_8590) -> AsyncIterator[Sane]:
        host = f"127.66.{os.getpid() % 250 + 1}.18"  # the port is fixed, so each run takes its own loopback address
        (tmp_path / "dll.conf").write_text("epsonds\n")
        (tmp_path / "epsonds.conf").write_text(f"net {host}\n")
        clock = SystemClock()
        scanner = Esci2Scanner(
            read(f"{QUICK},{script}" if "warmup" in script else f"{QUICK},warmup=0,{script}"),
            clock.monotonic(),
            product,
        )
        live = Live(esci2_usb(scanner), clock)
        try:
            async with EpsonNetServer(scanner, live, host, 1865):
                yield Sane(root, tmp_path, host, scanner, live)
        finally:
            live.close()

    return plugged


def pnm(data: bytes) -> tuple[str, int, int, bytes]:
    """Kind, width, height and samples of a binary PNM picture as scanimage writes it."""
    head = re.match(rb"(P[456])\n(?:#[^\n]*\n)*(\d+) (\d+)\n(?:(\d+)\n)?", data)
    assert head is not None, data[:40]
    return head[1].decode(), int(head[2]), int(head[3]), data[head.end() :]


def expected(page: int, source: Source, box: chart.Box, asked: Parameters, *, back: bool = False) -> bytes:
    """What lies there, as the tables that SANE sent change it: the matrix first, then the tables."""
    picture = chart.image(page, source, (asked.across, asked.down), box, back=back)
    if asked.mode is not Mode.RGB24:
        grey = picture.convert("L").tobytes().translate(asked.tables["MONO"])
        return grey if asked.mode is Mode.GRAY8 else bytes(_bits(grey, box.width))
    samples = picture.tobytes()
    red, green, blue = samples[0::3], samples[1::3], samples[2::3]
    # the nine numbers are those of green, red and blue, made of green, red and blue; the highest bit is the sign
    d = [(n & 0x7F) * (-1 if n & 0x80 else 1) for n in asked.matrix]
    made = {
        "RED ": [d[4], d[1], d[7]],
        "GRN ": [d[3], d[0], d[6]],
        "BLU ": [d[5], d[2], d[8]],
    }
    out = bytearray(len(samples))
    for channel, (name, (r, g, b)) in enumerate(made.items()):
        mixed = (int((r * x + g * y + b * z) / 32 + 0.5) for x, y, z in zip(red, green, blue, strict=True))
        out[channel::3] = bytes(min(255, max(0, value)) for value in mixed).translate(asked.tables[name])
    return bytes(out)


def _bits(grey: bytes, width: int) -> Iterator[int]:
    """Black is 1 in a PBM."""
    for at in range(0, len(grey), 8):
        assert width % 8 == 0
        yield sum(128 >> bit for bit, value in enumerate(grey[at : at + 8]) if value < 128)


async def test_sane_finds_the_scanner_and_names_it(sane: Plugged) -> None:
    async with sane() as here:
        code, out, err = await here.scanimage("-L")
        assert code == 0, err
        assert out.decode() == f"device `epsonds:net:{here.host}' is a Epson PX-M7050 Series ESC/I-2\n"
        assert not here.scanner.session


@pytest.mark.parametrize(
    ("mode", "kind", "pixel"),
    [("Color", "P6", Mode.RGB24), ("Gray", "P5", Mode.GRAY8), ("Lineart", "P4", Mode.LINEART)],
)
async def test_a_platen_page_is_the_chart_to_the_pixel(sane: Plugged, mode: str, kind: str, pixel: Mode) -> None:
    async with sane("original=7") as here:
        code, out, err = await here.scanimage("--mode", mode, "--resolution", "75")
        assert code == 0, err
        got_kind, width, height, samples = pnm(out)
        # 11.7 inch, rounded down to whole bytes of dots; of 17 inch the whole millimetres (431 of 431.8)
        assert (got_kind, width, height) == (kind, 872, int(431 / 25.4 * 75 + 0.5))
        asked = here.scanner.parameters
        assert asked.mode is pixel
        assert samples == expected(7, Source.PLATEN, chart.Box(0, 0, width, height), asked)


async def test_a_part_of_the_platen_is_that_part_of_the_chart(sane: Plugged) -> None:
    async with sane() as here:
        area = ("-l", "50.8", "-t", "25.4", "-x", "101.6", "-y", "75.6")  # 2, 1 and 4 inches; 446 rows
        code, out, err = await here.scanimage("--mode", "Color", "--resolution", "150", *area)
        assert code == 0, err
        want = expected(1, Source.PLATEN, chart.Box(300, 150, 600, 446), here.scanner.parameters)
        assert pnm(out) == ("P6", 600, 446, want)


# The simulated feeder centres its paper, and SANE the region: 11.7 inch of path, 8.268 of an A4 sheet.
def fed(sheet: int, asked: Parameters, *, back: bool = False) -> bytes:
    left, top, width, height = asked.area
    beside = (11_700 - 8_268) // 2 * asked.across // 1000
    return expected(sheet, Source.FEEDER, chart.Box(left - beside, top, width, height), asked, back=back)


async def test_a_feeder_batch_ends_out_of_documents(sane: Plugged, tmp_path: Path) -> None:
    async with sane("adf=3") as here:
        arguments = (*FRONT, "--mode", "Color", "--resolution", "75", f"--batch={tmp_path}/page%d.pnm")
        code, _, err = await here.scanimage(*arguments)
        assert code == 0, err
        assert "Document feeder out of documents" in err
        assert "I/O" not in err
        for sheet in (1, 2, 3):
            _, _, _, samples = pnm((tmp_path / f"page{sheet}.pnm").read_bytes())
            assert samples == fed(sheet, here.scanner.parameters)
        assert not (tmp_path / "page4.pnm").exists()
        assert not here.scanner.state.paper


async def test_a_duplex_batch_brings_fronts_and_backs_in_turn(sane: Plugged, tmp_path: Path) -> None:
    async with sane("adf=2") as here:
        arguments = (*DUPLEX, "--mode", "Gray", "--resolution", "75", f"--batch={tmp_path}/page%d.pnm")
        code, _, err = await here.scanimage(*arguments)
        assert code == 0, err
        assert "Document feeder out of documents" in err
        for image, (sheet, back) in enumerate([(1, False), (1, True), (2, False), (2, True)], start=1):
            _, _, _, samples = pnm((tmp_path / f"page{image}.pnm").read_bytes())
            assert samples == fed(sheet, here.scanner.parameters, back=back)
        assert not (tmp_path / "page5.pnm").exists()


async def test_sane_turns_the_backs_of_a_second_pass_as_we_do(sane: Plugged, tmp_path: Path) -> None:
    async with sane("adf=1", DS_1630) as here:
        arguments = (*DUPLEX, "--mode", "Gray", "--resolution", "75", f"--batch={tmp_path}/page%d.pnm")
        code, _, err = await here.scanimage(*arguments)
        assert code == 0, err
        asked = here.scanner.parameters
        left, top, width, height = asked.area
        _, _, _, samples = pnm((tmp_path / "page2.pnm").read_bytes())
        box = chart.Box(left - (8_500 - 8_268) // 2 * 75 // 1000, top, width, height)
        assert samples == expected(1, Source.FEEDER, box, asked, back=True)


async def test_rows_that_are_filled_up_are_cut_by_sane_too(sane: Plugged) -> None:
    async with sane("", replace(WF_8590, align=64)) as here:
        code, out, err = await here.scanimage("--mode", "Gray", "--resolution", "75")
        assert code == 0, err
        _, width, height, samples = pnm(out)
        assert samples == expected(1, Source.PLATEN, chart.Box(0, 0, width, height), here.scanner.parameters)


@pytest.mark.parametrize(("mode", "pixel"), [("Color", "RGB"), ("Gray", "L")])
async def test_a_scanner_that_has_jpeg_only_is_decoded(sane: Plugged, mode: str, pixel: str) -> None:
    async with sane("adf=1", DS_530) as here:
        code, out, err = await here.scanimage(*FRONT, "--mode", mode, "--resolution", "75")
        assert code == 0, err
        _, width, height, samples = pnm(out)
        assert here.scanner.parameters.coded
        left, top, *_ = here.scanner.parameters.area
        box = chart.Box(left - (8_500 - 8_268) // 2 * 75 // 1000, top, width, height)
        want = Image.frombytes(pixel, (width, height), expected(1, Source.FEEDER, box, here.scanner.parameters))
        coded = BytesIO()
        want.save(coded, "JPEG", quality=90)  # as SANE asks for
        assert samples == Image.open(coded).tobytes()


async def test_an_empty_feeder_is_out_of_documents(sane: Plugged) -> None:
    async with sane() as here:
        code, out, err = await here.scanimage(*FRONT, "--mode", "Gray")
        assert (code, out) == (7, b"")
        assert "sane_start: Document feeder out of documents" in err


async def test_an_open_cover_refuses_the_feeder_but_not_the_platen(sane: Plugged) -> None:
    async with sane("adf=2") as here:
        here.live.stimulate(Cover(open=True))
        code, _, err = await here.scanimage(*FRONT, "--mode", "Gray")
        assert code != 0
        assert "sane_start: Scanner cover is open" in err
        assert (await here.scanimage("--mode", "Gray"))[0] == 0
        here.live.stimulate(Cover(open=False))
        code, _, err = await here.scanimage(*FRONT, "--mode", "Gray")
        assert code == 0, err


async def test_a_sheet_stuck_before_the_scan_is_a_jam(sane: Plugged) -> None:
    async with sane("adf=2") as here:
        here.live.stimulate(Jam())
        code, _, err = await here.scanimage(*FRONT, "--mode", "Gray")
        assert code != 0
        assert "Document feeder jammed" in err


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("jam", "Document feeder jammed"),
        ("cover open", "Scanner cover is open"),
        ("doublefeed", "Error during device I/O"),  # for which SANE has no word
        ("fatal", "Error during device I/O"),
    ],
)
async def test_a_trouble_in_mid_page_is_told_and_after_it_sane_scans_again(
    sane: Plugged, event: str, said: str
) -> None:
    async with sane(f"adf=2,{event}@1") as here:
        code, _, err = await here.scanimage(*FRONT, "--mode", "Gray", "--resolution", "150")
        assert code != 0
        assert said in err
        here.live.stimulate(Clear(), LoadPaper(1))
        code, _, err = await here.scanimage(*FRONT, "--mode", "Gray")
        assert code == 0, err


async def test_cancel_at_the_panel_cancels_in_sane(sane: Plugged) -> None:
    async with sane("cancel@1:30%") as here:
        code, _, err = await here.scanimage("--mode", "Gray", "--resolution", "150")
        assert code != 0
        assert "Operation was cancel" in err
        assert not here.scanner.scanning
        assert (await here.scanimage("--mode", "Gray"))[0] == 0


async def test_a_failed_scanner_is_an_error_until_it_is_cleared(sane: Plugged) -> None:
    async with sane() as here:
        here.live.stimulate(Fatal())
        assert (await here.scanimage("--mode", "Gray"))[0] != 0
        here.live.stimulate(Clear())
        assert (await here.scanimage("--mode", "Gray"))[0] == 0


async def test_sane_waits_while_the_lamp_warms(sane: Plugged) -> None:
    async with sane("warmup=1.5") as here:
        assert here.scanner.state.warming
        code, _, err = await here.scanimage("--mode", "Gray")
        assert code == 0, err


async def test_ten_platen_scans_in_a_row_are_alike(sane: Plugged) -> None:
    async with sane() as here:
        first = await here.scanimage("--mode", "Gray", "--resolution", "75")
        assert first[0] == 0, first[2]
        for _ in range(9):
            assert (await here.scanimage("--mode", "Gray", "--resolution", "75"))[:2] == first[:2]
