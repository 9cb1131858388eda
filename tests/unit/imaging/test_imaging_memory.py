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
from bridge.imaging.target import Target
from drivers.contract.capabilities import Mode
from drivers.contract.document import Raster

def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))

def scan(name, width, height):
    rows = random.Random(1).randbytes(width * 3 * 16)
    chunks = (rows for _ in range(0, height, 16))
    page = Raster(width, height, Mode.RGB24, (600, 600), chunks)
    goal = Target(formats.of(name), Mode.RGB24, width, height, (600, 600), 75)
    return sum(len(chunk) for chunk in encode(page, goal, Path(sys.argv[2])))

name, height = sys.argv[1], int(sys.argv[3])
scan(name, 64, 64)
before = peak()
size = scan(name, 4960, height)
print(peak() - before, size)
"""


def growth(name: str, height: int, directory: Path) -> int:
    """KiB."""
    command = [sys.executable, "-c", PROGRAM, name, str(directory), str(height)]
    run = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    grown, size = map(int, run.stdout.split())
    assert size > height * 100
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
