"""The wheel is whole: built without a network, it holds our three packages, their data, and what an operator copies."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("bridge", "drivers", "hil")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(where)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = where.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_nothing_but_our_three_packages_is_installed(names: set[str]):
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith((".dist-info", ".data"))} == set(PACKAGES)


def test_every_file_of_the_packages_is_in_it(names: set[str]):
    here = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix in {".py", ".toml", ".typed"}
    }
    assert {name for name in names if name.startswith(tuple(f"{package}/" for package in PACKAGES))} == here
    assert "drivers/usb/esci/models.toml" in here
    assert "drivers/quirks/esci.toml" in here


def test_the_files_for_udev_and_systemd_come_along(names: set[str]):
    carried = {name.split("/data/")[1]: name for name in names if "/data/" in name}
    assert {name.rsplit("/", 1)[1] for name in carried} == {
        "60-wsd-scan-bridge.rules",
        "60-wsd-scan-bridge.hwdb",
        "wsd-scan-bridge.service",
        "wsd-scan-bridge.sysusers.conf",
        "wsd-scan-bridge.toml",
    }
    assert all(name.startswith("share/wsd-scan-bridge/") for name in carried)


def test_the_licence_and_the_readme_come_along(wheel: Path, names: set[str]):
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    with zipfile.ZipFile(wheel) as archive:
        told = archive.read(next(name for name in names if name.endswith(".dist-info/METADATA"))).decode()
    assert (ROOT / "README.md").read_text("utf-8").splitlines()[0] in told


def test_it_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import bridge, drivers, hil\n"
        "from drivers import quirks\n"
        "from drivers.usb.esci.open import models\n"
        "assert quirks.of(0x04b8, 0x0110) and len(models()) > 50\n"
        "print(bridge.__file__, drivers.__file__, hil.__file__)\n"
        "from bridge.cli import main\n"
        "sys.exit(main(['--help']))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    files, _, usage = done.stdout.partition("\n")
    assert all(file.startswith(str(tmp_path)) for file in files.split())
    assert usage.startswith("usage: wsd-scan-bridge")
