"""What it costs to make a JPEG of an A4 colour page, against `scanimage -d test --format=jpeg`.

Ours is the encoder alone, fed from memory with the chart, or with the very picture that scanimage codes. scanimage
paints its picture and starts a process within its time; its raw output (PNM) is shown too, which is that share.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from bridge.imaging import formats
from bridge.imaging.encode import encode
from bridge.imaging.target import Target
from drivers.contract.capabilities import Mode, Source
from drivers.contract.document import Raster
from hil import chart
from hil.bench.figures import Figure, samples

QUALITY = 75  # scanimage's
_A4_MM = ("210", "297")
_TIMEOUT = 60.0
_ROWS = 64  # in a chunk, as a device's block brings


def figures(resolutions: Sequence[int], runs: int, program_named: str | None) -> list[Figure]:
    """For each resolution the chart, and where there is a scanimage its own picture."""
    program = found(program_named)
    rows: list[Figure] = []
    for ppi in resolutions:
        width, height = 8268 * ppi // 1000, 11693 * ppi // 1000
        page = _chart(ppi, width, height)
        ours = samples([_encode(page, width, height, ppi) for _ in range(runs)])
        name = f"encode A4 colour {ppi} ppi, chart"
        if program is None:
            rows.append(Figure(name, ours, note="no floor: scanimage is not on this machine (--scanimage)"))
            continue
        try:
            with tempfile.TemporaryDirectory(prefix="wsd-scan-bench-") as place:
                rows += _against(program, Path(place), ppi, runs, Figure(name, ours))
        except (OSError, subprocess.SubprocessError, ValueError) as err:
            rows.append(Figure(name, ours, note=f"no floor: {_reason(err)}"))
    return rows


def _against(program: str, place: Path, ppi: int, runs: int, chart_figure: Figure) -> list[Figure]:
    """The chart's figure with its floor, and the same picture's. Raises OSError, SubprocessError, ValueError."""
    configure(place, "test\n")
    floor = samples([scanimage(program, place, "jpeg", ppi) for _ in range(runs)])
    raw = samples([scanimage(program, place, "pnm", ppi) for _ in range(runs)])
    width, height, page = _pnm(place / "page.pnm")
    same = samples([_encode(page, width, height, ppi) for _ in range(runs)])
    note = f"of scanimage's time {1000 * raw.median:.0f} ms are painting"
    what = "floor is scanimage -d test --format=jpeg"
    return [
        Figure(chart_figure.name, chart_figure.ours, floor, what),
        Figure(f"encode A4 colour {ppi} ppi, same picture", same, floor, what, note=note),
    ]


def _chart(ppi: int, width: int, height: int) -> list[bytes]:
    rows = chart.rows(1, Source.PLATEN, Mode.RGB24, (ppi, ppi), chart.Box(0, 0, width, height))
    chunks: list[bytes] = []
    while chunk := b"".join(islice(rows, _ROWS)):
        chunks.append(chunk)
    return chunks


def _encode(page: Sequence[bytes], width: int, height: int, ppi: int) -> float:
    raster = Raster(width, height, Mode.RGB24, (ppi, ppi), iter(page))
    target = Target(formats.of("jfif"), Mode.RGB24, width, height, (ppi, ppi), QUALITY)
    began = time.monotonic()
    for _ in encode(raster, target, Path(tempfile.gettempdir())):
        pass
    return time.monotonic() - began


def found(named: str | None) -> str | None:
    """The scanimage to compare with, if there is one."""
    return named or os.environ.get("SCANIMAGE") or shutil.which("scanimage")


def configure(place: Path, backends: str) -> None:
    """A configuration of SANE in which the scanner is as large as A4 and shows something."""
    (place / "dll.conf").write_text(backends)
    (place / "test.conf").write_text('number_of_devices 1\ngeometry_max 297\ntest-picture "Color pattern"\n')


def scanimage(program: str, place: Path, kind: str, ppi: int) -> float:
    """Seconds that it takes for an A4 colour page, the start of the program among them."""
    command = [program, "-d", "test", "--mode", "Color", "--depth", "8", "--test-picture", "Color pattern"]
    command += ["--resolution", str(ppi), "-x", _A4_MM[0], "-y", _A4_MM[1], f"--format={kind}"]
    with (place / f"page.{kind}").open("wb") as file:
        began = time.monotonic()
        subprocess.run(  # noqa: S603 - the operator named the program
            command,
            check=True,
            stdout=file,
            stderr=subprocess.PIPE,
            timeout=_TIMEOUT,
            env={**os.environ, "SANE_CONFIG_DIR": str(place)},
        )
        return time.monotonic() - began


def _pnm(path: Path) -> tuple[int, int, list[bytes]]:
    """Width, height and chunks of whole rows of a binary colour PNM. Raises ValueError."""
    with path.open("rb") as file:
        words: list[bytes] = []
        while len(words) < 4 and (line := file.readline(1024)):
            words += line.partition(b"#")[0].split()
        if len(words) != 4 or words[0] != b"P6" or words[3] != b"255":
            raise ValueError("scanimage wrote no colour PNM")
        width, height = int(words[1]), int(words[2])
        chunks: list[bytes] = []
        while chunk := file.read(width * 3 * _ROWS):
            chunks.append(chunk)
    return width, height, chunks


def _reason(err: Exception) -> str:
    if isinstance(err, subprocess.CalledProcessError):
        said = err.stderr.decode(errors="replace").strip().splitlines()
        return said[-1] if said else f"scanimage ended with {err.returncode}"
    return str(err)
