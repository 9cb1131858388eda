"""SANE's own backends read the firmware file that the operator added, and send it: byte by byte what was in the file.

Debian's libsane, its configuration and its backends are real; the scanner is a libusb of the tests' own (odd_libusb.c).
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from bridge.cli import main
from drivers.contract.errors import DriverError
from drivers.sane import backends, firmware
from drivers.sane.process import Child, Refused
from tests.system import debian

SOURCE = Path(__file__).with_name("odd_libusb.c")


class Seen(NamedTuple):
    models: list[str]  # as the backend lists them
    data: bytes | None  # what it sent


Sent = Callable[[str, str], Seen]


def noise(length: int) -> bytes:
    """What no compression and no accident makes."""
    return b"".join(hashlib.sha256(bytes([place & 255, place >> 8])).digest() for place in range(length // 32 + 1))[
        :length
    ]


def with_length_at(place: int, length: int) -> bytes:
    """Firmware and the block behind it that tells its length, as snapscan's files for Epson have it."""
    data = bytearray(noise(length + 0x100))
    data[-place : 2 - place] = length.to_bytes(2, "little")
    return bytes(data)


@pytest.fixture(scope="module")
def root() -> debian.Root:
    return debian.packages("sane-utils", "libsane1", "libsane-common")


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("there is no C compiler")
    made = tmp_path_factory.mktemp("libusb") / "libusb-1.0.so.0"
    command = [str(compiler), "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o", str(made), str(SOURCE)]
    subprocess.run(command, check=True)
    return made.parent


@pytest.fixture
def sent(root: debian.Root, fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sent:
    """Lets a backend list and open the scanner with those ids, as a child of the bridge; what it sent."""
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{fake}:{root.env()['LD_LIBRARY_PATH']}")
    monkeypatch.setenv("FIRMWARE_RECORD", str(tmp_path / "record"))

    def use(backend: str, ids: str) -> Seen:
        place = tmp_path / "sane"
        place.mkdir()
        (place / "dll.conf").write_text(f"{backend}\n")
        shutil.copy(root.path / "etc" / "sane.d" / f"{backend}.conf", place)
        monkeypatch.setenv("SANE_CONFIG_DIR", str(place))
        monkeypatch.setenv("FIRMWARE_IDS", ids)
        directory = backends.private(())
        try:
            firmware.tell(directory, backends.directories(), tmp_path / "state" / "firmware", {ids})
            child = Child("libsane.so.1", directory, "SANE")
            try:
                told = child.ask("list", 30.0, local=True)["devices"]
                assert isinstance(told, list)
                for name, *_ in told:
                    with suppress(Refused, DriverError):  # the scanner of the tests has no more to say
                        child.ask("open", 30.0, name=name)
            finally:
                child.kill()
        finally:
            shutil.rmtree(directory)
        record = tmp_path / "record"
        return Seen([model for _, _, model, _ in told], record.read_bytes() if record.exists() else None)

    return use


@pytest.fixture
def add(tmp_path: Path) -> Callable[..., None]:
    """`wsd-scan-bridge firmware add`."""
    settings = tmp_path / "bridge.toml"
    settings.write_text(f'[service]\nstate_dir = "{tmp_path / "state"}"\n')

    def run(name: str, data: bytes, *options: str) -> None:
        (tmp_path / name).write_bytes(data)
        assert main(["firmware", "add", str(tmp_path / name), "--config", str(settings), *options]) == 0

    return run


MEMORY = noise(0x1FC0)  # whole blocks of 64, so that nothing is filled up
EPJITSU = noise(0x10100)
SNAPSCAN = with_length_at(0x64, 5000)


class Case(NamedTuple):
    backend: str
    ids: str
    name: str
    data: bytes
    arrives: bytes


@pytest.mark.parametrize(
    "case",
    [
        Case("gt68xx", "055f:021a", "A2Nfw.usb", MEMORY, MEMORY),
        Case("artec_eplus48u", "05d8:4010", "1200.usb", MEMORY, MEMORY),
        Case("epjitsu", "04c5:11ed", "1300_0C26.nal", EPJITSU, EPJITSU[0x100:]),  # a head is left out
        Case("snapscan", "04b8:0122", "Esfw52.bin", SNAPSCAN, SNAPSCAN[:5000]),
    ],
    ids=lambda case: case.backend,
)
def test_the_backend_sends_what_was_added(sent: Sent, add: Callable[..., None], case: Case) -> None:
    add(case.name, case.data)
    assert sent(case.backend, case.ids).data == case.arrives


def test_where_scanners_share_an_id_the_file_tells_which_it_is(sent: Sent, add: Callable[..., None]) -> None:
    add("SBFW.USB", MEMORY)
    told = sent("gt68xx", "05d8:4002")
    assert told.models == ["ScanExpress 1200 UB Plus"]
    assert told.data == MEMORY


def test_a_file_with_a_name_of_its_own_is_sent_to_the_scanner_it_was_added_for(
    sent: Sent, add: Callable[..., None]
) -> None:
    add("my scanner.bin", with_length_at(0x64, 3000), "--for", "04b8:0121")
    assert sent("snapscan", "04b8:0121").data == with_length_at(0x64, 3000)[:3000]


def test_a_scanner_is_never_sent_the_file_of_another_one(sent: Sent, add: Callable[..., None]) -> None:
    add("esfw41.bin", with_length_at(0x64, 3000))
    assert sent("snapscan", "04b8:0122").data is None
