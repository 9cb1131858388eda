"""The scanner of odd_sane.c, compiled, and the knobs that turn it: fixtures for whoever tests behind SANE."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

_SOURCE = Path(__file__).with_name("odd_sane.c")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a libsane that has it."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("there is no C compiler")
    made = tmp_path_factory.mktemp("odd") / "libodd.so"
    subprocess.run(
        [str(compiler), "-shared", "-fPIC", "-pthread", "-Wall", "-Werror", "-o", str(made), str(_SOURCE)], check=True
    )
    return str(made)


@pytest.fixture
def turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Turns the scanner; it reads its knobs at every call."""
    knobs = tmp_path / "knobs"
    monkeypatch.setenv("ODD_SANE", str(knobs))
    monkeypatch.setenv("SANE_CONFIG_DIR", str(tmp_path))

    def write(text: str) -> None:
        fresh = tmp_path / "fresh"
        fresh.write_text(text)
        fresh.replace(knobs)

    write("")
    return write
