import subprocess
import sys
from argparse import Namespace
from types import ModuleType
from typing import Any

import pytest

from bridge.cli import program
from bridge.errors import BridgeError, ConfigError
from drivers.contract.errors import DeviceGone


def begin(monkeypatch: pytest.MonkeyPatch, work: Any) -> int:
    """A program with the command `do`, which is that, and one that cannot be imported."""
    module = ModuleType("a_command")
    module.add = lambda subcommands: subcommands.add_parser("do").set_defaults(run=work)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "a_command", module)
    return program.run("prog", "It is about this.", {"do": "a_command", "other": "no_such_module"}, ["do"])


def raising(err: BaseException) -> Any:
    def work(_: Namespace) -> int:
        raise err

    return work


def test_the_code_of_the_command_is_the_programs_and_no_other_is_imported(monkeypatch):
    assert begin(monkeypatch, lambda _: 3) == 3


@pytest.mark.parametrize(
    ("err", "code", "said"),
    [
        (ConfigError("file", "key", "is wrong"), 2, "prog: file: key: is wrong\n"),
        (BridgeError("cannot be done"), 1, "prog: cannot be done\n"),
        (DeviceGone("is unplugged"), 1, "prog: is unplugged\n"),
        (PermissionError(13, "Permission denied", "/a/file"), 1, "prog: /a/file: Permission denied\n"),
        (OSError(19, "No such device"), 1, "prog: No such device\n"),
        (BrokenPipeError(), 1, ""),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_what_went_wrong_is_one_line_and_an_exit_code(monkeypatch, capsys, err, code, said):
    assert begin(monkeypatch, raising(err)) == code
    assert capsys.readouterr() == ("", said)


def test_what_cannot_be_written_is_said_in_one_line():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "bridge.cli", "route", "04b8:0110"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (1, b"wsd-scan-bridge: No space left on device\n")
