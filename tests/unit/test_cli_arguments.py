import fcntl
import os
from pathlib import Path

import pytest

from bridge.cli import main
from bridge.cli.ahead import remarks
from bridge.config import validate


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("devices --usbip nowhere", "command line: usb.usbip: 'nowhere' is not HOST:PORT"),
        ("devices --snmp-network 1.2.3", "command line: --snmp-network: '1.2.3' does not appear to be an IPv4 or"),
        ("devices --snmp-broadcast nope0", "command line: --snmp-broadcast: nope0: No such device"),
        ("devices --snmp 127.0.0.1 --snmp-version 3", "command line: --user: is missing"),
        ("devices --snmp 127.0.0.1 --user me --auth-file /no/file", "/no/file: No such file or directory"),
        ("fax --hylafax 127.0.0.1 --fax-password-file /no/file", "/no/file: No such file or directory"),
        ("fax --url http://127.0.0.1:1 --state-dir /no/place", "/no/place/fax-token: cannot be read: No such file"),
        ("firmware add FILE --for epson", "command line: --for: 'epson' is no USB id VVVV:PPPP"),
        ("run --listen nowhere", "command line: service.listen: 'nowhere' is not ADDRESS:PORT"),
        ("run --state-dir ~x", "command line: service.state_dir: begins with ~"),
    ],
)
def test_a_wrong_argument_is_named_and_ends_with_2(
    arguments: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*arguments.split(), *([] if "--snmp" in arguments else ["--config", "/dev/null"])]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"wsd-scan-bridge: {reason}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[tls]\ncertificate = '/no/file.pem'", "tls: certificate: /no/file.pem: No such file or directory"),
        ("[scan_server]\nprocesses = '/no/folder'", "/no/folder: scan_server.processes: No such file or directory"),
    ],
)
def test_check_config_reads_the_files_that_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, reason: str
) -> None:
    file = tmp_path / "bridge.toml"
    file.write_text(text)
    assert main(["check-config", "--config", str(file)]) == 2
    assert capsys.readouterr() == ("", f"wsd-scan-bridge: {reason}\n")


def test_a_state_directory_has_one_bridge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert main(["run", "--config", "/dev/null", "--state-dir", str(tmp_path)]) == 2
    finally:
        os.close(held)
    said = "state_dir: another bridge is running with it: stop that one, or give this one a directory of its own"
    assert capsys.readouterr().err == f"wsd-scan-bridge: {tmp_path}: {said}\n"
    assert list(tmp_path.iterdir()) == []


def test_what_a_press_would_only_find_out_is_said_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    there, away = str(tmp_path), str(tmp_path / "away")
    said = {"button": [{"folder": there, "ocr": "eng"}, {"folder": away, "button": "2"}]}
    fax = {"fax": {"hylafax": [{"host": "a"}]}}
    assert [line.partition(" is not ")[0] for line in remarks(validate({**said, **fax}, "x"))] == [
        f"button.folder: {away}",
        "button.ocr: tesseract",
        "fax.hylafax:",
    ]
    assert list(remarks(validate({"button": [{"folder": there}], "fax": {"enabled": True}}, "x"))) == []


def test_an_empty_directory_is_not_the_one_we_are_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", "--config", "/dev/null", "--state-dir", ""]) == 2
    assert list(tmp_path.iterdir()) == []
