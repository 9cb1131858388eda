from pathlib import Path

import pytest

from bridge.cli import main


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


def test_an_empty_directory_is_not_the_one_we_are_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", "--config", "/dev/null", "--state-dir", ""]) == 2
    assert list(tmp_path.iterdir()) == []
