"""What is spooled is bounded and leaves nothing behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.imaging import formats
from bridge.imaging.encode import encode
from bridge.imaging.errors import SpoolFull
from bridge.imaging.spool import Spool
from bridge.imaging.target import Target
from drivers.contract.capabilities import Mode
from drivers.contract.document import Raster

Noise = Callable[..., bytes]
Page = Callable[..., Raster]


def test_what_was_appended_is_read_at_any_place(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 100)
    spool.append(b"first")
    spool.append(b"second")
    assert (spool.read(5, 6), spool.read(0, 5), spool.size) == (b"second", b"first", 11)
    with pytest.raises(ValueError, match="beyond"):
        spool.read(5, 7)
    spool.close()
    spool.close()
    spool.append(b"anew")
    assert (spool.read(0, 4), spool.size) == (b"anew", 4)
    spool.close()


def test_the_quota_is_a_clear_refusal(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10)
    spool.append(b"0123456789")
    with pytest.raises(SpoolFull, match=r"quota of 10 bytes"):
        spool.append(b"x")
    spool.close()


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpoolFull, match=r"gone: a page cannot be spooled: No such file"):
        Spool(tmp_path / "gone", 10).append(b"x")


@pytest.mark.parametrize(("name", "mode"), [("dib", Mode.RGB24), ("tiff-single-g4", Mode.LINEART)])
def test_a_page_over_the_quota_ends_before_its_first_byte(
    name: str, mode: Mode, noise: Noise, raster: Page, tmp_path: Path
) -> None:
    data = noise(mode, 500, 500)
    file = encode(raster(data, mode, 500), Target(formats.of(name), mode, 500, 500, (300, 300)), tmp_path, quota=1000)
    with pytest.raises(SpoolFull):
        next(file)
    assert list(tmp_path.iterdir()) == []


def test_a_page_given_up_half_way_gives_its_room_back(noise: Noise, raster: Page, tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    data = noise(Mode.RGB24, 500, 500)
    goal = Target(formats.of("dib"), Mode.RGB24, 500, 500, (300, 300))
    file = encode(raster(data, Mode.RGB24, 500), goal, tmp_path)
    assert next(file)[:2] == b"BM"
    assert len(os.listdir("/proc/self/fd")) == before + 1
    assert list(tmp_path.iterdir()) == []
    file.close()  # type: ignore[attr-defined]
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_killed_process_leaves_no_file(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from bridge.imaging.spool import Spool;"
        "s = Spool(Path(sys.argv[1]), 10**6); s.append(b'x' * 5000); print('spooled', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "spooled\n"
        child.send_signal(signal.SIGKILL)
        child.wait(10)
    assert list(tmp_path.iterdir()) == []
