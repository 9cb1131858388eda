"""`firmware add`, `list`, `remove`: what is taken, what is refused, and where it lies for a service that is nobody."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.cli import main
from bridge.config import SERVICE_STATE, Config
from drivers.routes import firmware
from drivers.sane import firmware as told_to_sane

GOOD = bytes(range(256)) * 8

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    settings = tmp_path / "bridge.toml"
    settings.write_text(f'[service]\nstate_dir = "{tmp_path / "state"}"\n')
    return lambda *words: main(["firmware", *map(str, words), "--config", str(settings)])


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "state" / "firmware"


def file(tmp_path: Path, name: str, data: bytes = GOOD) -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def test_a_file_is_known_by_its_name_in_any_case_and_readable_for_all(run: Run, store: Path, tmp_path: Path):
    assert run("add", file(tmp_path, "A2NFW.usb")) == 0
    kept = store / "gt68xx" / "a2nfw.usb"
    assert kept.read_bytes() == GOOD
    assert [oct(path.stat().st_mode & 0o777) for path in (store, kept.parent, kept)] == ["0o755", "0o755", "0o644"]


def test_a_second_time_it_replaces_and_leaves_nothing_else(run: Run, store: Path, tmp_path: Path):
    for data in (GOOD, GOOD[::-1]):
        assert run("add", file(tmp_path, "A2Nfw.usb", data)) == 0
    assert [path.read_bytes() for path in (store / "gt68xx").iterdir()] == [GOOD[::-1]]


def test_it_is_listed_and_removed(run: Run, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run("add", file(tmp_path, "1200.usb"))
    capsys.readouterr()
    assert run("list") == 0
    assert (
        capsys.readouterr().out == "1200.usb: SANE's artec_eplus48u, for Artec/Ultima E+ Pro, UMAX AstraSlim 1200 SE\n"
    )
    assert run("list", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["path"] == str(store / "artec_eplus48u" / "1200.usb")
    assert run("remove", "1200.USB") == 0
    assert run("remove", "1200.usb") == 1
    capsys.readouterr()
    assert run("list") == 0
    assert capsys.readouterr().out == "No firmware file is kept.\n"


@pytest.mark.parametrize(
    "case",
    [
        ("passwd", GOOD, "no scanner is known that wants a file 'passwd'"),
        ("A2Nfw.usb", b"", "it has 0 bytes, and gt68xx wants 512 to 65536"),
        ("A2Nfw.usb", bytes(range(256)) * 300, "it has 76800 bytes"),
        ("A2Nfw.usb", bytes(range(256)) * 2000, "more than 262144 bytes"),
        ("A2Nfw.usb", b"MZ" + GOOD, "a Windows program"),
        ("A2Nfw.usb", b"PK\3\4" + GOOD, "a ZIP archive"),
        ("A2Nfw.usb", b"<!DOCTYPE html>" + GOOD, "a web page"),
        ("A2Nfw.usb", b"\xff" * 4096, "all its bytes are the same"),
        ("1300_0C26.nal", GOOD, "and epjitsu wants 65792 to 262144"),
        ("esfw52.bin", GOOD, "the length in its last block"),
    ],
)
def test_nonsense_is_refused_with_its_reason(
    run: Run, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], case: tuple[str, bytes, str]
):
    name, data, reason = case
    assert run("add", file(tmp_path, name, data)) == 1
    assert reason in capsys.readouterr().err
    assert not store.exists()


def test_what_is_no_file_is_refused(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for name, reason in (("esfw41.bin", "is not there"), ("esfw30.bin", "is no file")):
        if reason == "is no file":
            (tmp_path / name).mkdir()
        assert run("add", tmp_path / name) == 1
        assert reason in capsys.readouterr().err


def test_a_file_may_be_said_to_be_for_a_scanner(run: Run, store: Path, tmp_path: Path):
    assert run("add", file(tmp_path, "from the CD.bin"), "--for", "04A5:2137") == 0
    assert run("add", file(tmp_path, "other.bin"), "--for", "055f:0210") == 0
    assert sorted(path.relative_to(store).as_posix() for path in store.rglob("*.*")) == [
        "gt68xx/a32fw.usb",
        "snapscan/04a5-2137.bin",
    ]


@pytest.mark.parametrize(
    ("ids", "reason"),
    [
        ("4711", "is no USB id"),
        ("1234:5678", "no scanner 1234:5678 is known"),
        ("05d8:4002", "call it one of PS1fw.usb, SBfw.usb"),
    ],
)
def test_for_whom_must_be_clear(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], ids: str, reason: str):
    assert run("add", file(tmp_path, "x.bin"), "--for", ids) == (2 if ids == "4711" else 1)
    assert reason in capsys.readouterr().err


def test_what_root_adds_by_hand_is_for_the_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for name in ("STATE_DIRECTORY", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert Config().firmware_dir == SERVICE_STATE / "firmware"
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Config().firmware_dir == tmp_path / ".local/state/wsd-scan-bridge/firmware"
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/wsd-scan-bridge")
    assert Config().firmware_dir == SERVICE_STATE / "firmware"


@pytest.fixture
def system(tmp_path: Path) -> Path:
    place = tmp_path / "sane.d"
    place.mkdir()
    (place / "gt68xx.conf").write_text(
        'usb 0x05d8 0x4002\n#override "x"\nusb 0x055f 0x021A\n# theirs\nmodel "Y"\n\nusb 0x055f 0x021c\n'
    )
    (place / "snapscan.conf").write_text("firmware /usr/share/sane/snapscan/your-firmwarefile.bin\nusb 0x04b8 0x0121\n")
    (place / "epjitsu.conf").write_text("firmware /a\nusb 0x04c5 0x10c7\nfirmware /b\nusb 0x04c5 0x1156\n")
    (place / "artec_eplus48u.conf").write_text("usb 0x05d8 0x4003\noption artecFirmwareFile /a\nusb 0x05d8 0x4006\n")
    return place


def kept(store: Path, name: str) -> Path:
    return firmware.keep(store, name, GOOD, firmware.recognised(name))


def told(tmp_path: Path, system: Path, store: Path, backend: str, *there: str) -> str:
    directory = tmp_path / "child"
    directory.mkdir(exist_ok=True)
    told_to_sane.tell(directory, [system], store, there)
    return (directory / f"{backend}.conf").read_text()


def test_gt68xx_is_told_below_the_line_of_its_scanner(tmp_path: Path, system: Path, store: Path):
    path = kept(store, "A2Nfw.usb")
    assert told(tmp_path, system, store, "gt68xx", "055f:021a") == (
        'usb 0x05d8 0x4002\n#override "x"\nusb 0x055f 0x021A\n# theirs\nmodel "Y"\n\n'
        f'firmware "{path}"\nusb 0x055f 0x021c\n'
    )


def test_epjitsu_is_told_above_it(tmp_path: Path, system: Path, store: Path):
    path = kept(store, "300_0C00.nal")
    assert told(tmp_path, system, store, "epjitsu", "04c5:1156") == (
        f"firmware /a\nusb 0x04c5 0x10c7\nfirmware /b\nfirmware {path}\nusb 0x04c5 0x1156\n"
    )


def test_snapscan_takes_the_first_line_and_artec_the_last_option(tmp_path: Path, system: Path, store: Path):
    paths = kept(store, "esfw41.bin"), kept(store, "Artec48.usb")
    assert told(tmp_path, system, store, "snapscan", "04b8:0121").startswith(f'firmware "{paths[0]}"\nfirmware /usr')
    assert told(tmp_path, system, store, "artec_eplus48u", "05d8:4003") == (
        f'usb 0x05d8 0x4003\noption artecFirmwareFile /a\noption artecFirmwareFile "{paths[1]}"\nusb 0x05d8 0x4006\n'
    )


def test_of_what_is_not_plugged_in_nothing_is_said_and_what_was_removed_is_forgotten(
    tmp_path: Path, system: Path, store: Path
):
    path = kept(store, "esfw41.bin")
    theirs = (system / "snapscan.conf").read_text()
    assert told(tmp_path, system, store, "snapscan", "04b8:0122") == theirs
    assert told(tmp_path, system, store, "snapscan", "04b8:0121") != theirs
    path.unlink()
    assert told(tmp_path, system, store, "snapscan", "04b8:0121") == theirs
    assert (system / "snapscan.conf").read_text() == theirs


def test_without_a_store_or_a_configuration_nothing_happens(tmp_path: Path, system: Path):
    assert firmware.kept(None) == ()
    assert firmware.kept(tmp_path / "nowhere") == ()
    directory = tmp_path / "child"
    directory.mkdir()
    told_to_sane.tell(directory, [], tmp_path / "nowhere", ["04b8:0121"])
    assert list(directory.iterdir()) == []
