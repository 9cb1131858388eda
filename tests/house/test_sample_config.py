"""The sample configuration is accepted as it is and with every line uncommented, and tells the defaults of all keys."""

import re
import tomllib
from pathlib import Path

import pytest

from bridge import config
from bridge.cli import main
from bridge.config import (
    Access,
    Account,
    Button,
    Config,
    Fax,
    Jobs,
    Log,
    Sane,
    Scanner,
    ScanServer,
    Service,
    Smtp,
    Snmp,
    Tls,
    Usb,
)

SAMPLE = Path(__file__).parents[2] / "udev" / "wsd-scan-bridge.toml"
SECTIONS = {
    "service": Service,
    "access": Access,
    "tls": Tls,
    "usb": Usb,
    "sane": Sane,
    "fax": Fax,
    "smtp": Smtp,
    "scan_server": ScanServer,
    "jobs": Jobs,
    "log": Log,
}
LISTS = {"snmp": Snmp, "scanner": Scanner, "button": Button, "account": Account}
# where the default is another one in each place, or none
EXAMPLES = {
    *("state_dir", "cache_dir", "certificate", "key", "host", "sender", "token", "hylafax", "processes"),
    "client_authority",
}


@pytest.fixture
def uncommented() -> str:
    return re.sub(r"^#(?=\S)", "", SAMPLE.read_text("utf-8"), flags=re.MULTILINE)


def test_as_it_is_it_changes_nothing():
    assert config.load(SAMPLE) == Config()


def test_uncommented_it_is_accepted(uncommented: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "all.toml"
    file.write_text(uncommented, encoding="utf-8")
    config.load(file)
    # the files that are named there are read, and are not here
    file.write_text(re.sub(r'^\w+ = "/etc/.*\n', "", uncommented, flags=re.MULTILINE), encoding="utf-8")
    assert main(["check-config", "--config", str(file)]) == 0
    assert "public" not in capsys.readouterr().out, "a community is never printed"


def test_it_names_every_key(uncommented: str):
    values = tomllib.loads(uncommented)
    assert {name: set(values[name]) for name in SECTIONS} == {
        name: set(model.model_fields) for name, model in SECTIONS.items()
    }
    assert {name: set(values[name][0]) for name in LISTS} == {
        name: set(model.model_fields) for name, model in LISTS.items()
    }
    assert values.keys() == Config.model_fields.keys()


def test_what_it_shows_is_the_default(uncommented: str):
    told = config.validate(tomllib.loads(uncommented), "sample")
    for section, model in SECTIONS.items():
        for key in model.model_fields.keys() - EXAMPLES:
            assert getattr(getattr(told, section), key) == getattr(model(), key), f"{section}.{key}"
