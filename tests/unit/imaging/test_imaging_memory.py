"""No page is whole in memory: the growth of a fresh process's peak while it encodes A4 at 600 ppi in colour."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import random, sys
from pathlib import Path
from bridge.imaging import formats
from bridge.imaging.encode import encode
from bridge.imaging.adjust import Adjust
from bridge.imaging.target import Target, adjusted
from drivers.contract.capabilities import Mode
from drivers.contract.document import Encoded, Raster

def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))

def scan(name, width, height):
    rows = random.Random(1).randbytes(width * 3 * 16)
    chunks = (rows for _ in range(0, height, 16))
    page = Raster(width, height, Mode.RGB24, (600, 600), chunks)
    goal = Target(formats.of(name), Mode.RGB24, width, height, (600, 600), 75)
    if coded:  # the device's own JPEG, which nobody wants as it is
        plain = Target(formats.of("jfif"), Mode.RGB24, width, height, (600, 600), 75)
        page = Encoded("jpeg", encode(page, plain, Path(sys.argv[2])))
    return sum(len(chunk) for chunk in encode(page, adjusted(goal, adjust), Path(sys.argv[2])))

name, height = sys.argv[1], int(sys.argv[3])
adjust, coded = eval(sys.argv[4]), sys.argv[5] == "coded"
scan(name, 64, 64)
before = peak()
size = scan(name, 4960, height)
print(peak() - before, size)
"""


def growth(name: str, height: int, directory: Path, adjust: str = "Adjust()", source: str = "raster") -> int:
    """KiB."""
    command = [sys.executable, "-c", PROGRAM, name, str(directory), str(height), adjust, source]
    run = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    grown, size = map(int, run.stdout.split())
    assert size > 500
    return grown


@pytest.mark.parametrize("name", ["jfif", "tiff-single-uncompressed"])
def test_a_page_twice_as_long_needs_no_more_memory(name: str, tmp_path: Path) -> None:
    once, twice = growth(name, 7016, tmp_path), growth(name, 14032, tmp_path)
    assert once < 20 * 1024
    assert twice < 20 * 1024
    assert twice < once + 4 * 1024


@pytest.mark.parametrize("name", ["png", "dib"])
def test_a_piece_of_a_page_in_the_slower_formats_stays_small(name: str, tmp_path: Path) -> None:
    assert growth(name, 2000, tmp_path) < 20 * 1024  # 30 MB of pixels


@pytest.mark.parametrize(
    ("adjust", "height"),
    [
        ("Adjust(rotation=90)", 7016),
        ("Adjust(scaling=(50, 50))", 7016),
        ("Adjust(scaling=(1, 1))", 7016),
        ("Adjust(scaling=(60, 90), sharpness=40, auto_exposure=True, rotation=270)", 3508),
    ],
)
def test_an_adjusted_page_is_never_whole_in_memory(adjust: str, height: int, tmp_path: Path) -> None:
    assert growth("jfif", height, tmp_path, adjust) < 40 * 1024


def test_a_jpeg_of_the_device_is_decoded_elsewhere(tmp_path: Path) -> None:
    assert growth("tiff-single-uncompressed", 7016, tmp_path, source="coded") < 40 * 1024
