"""Each dependency carries a sentence that says what it is for, and is what the code really imports."""

import ast
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYPROJECT = (ROOT / "pyproject.toml").read_text("utf-8")
PROJECT = tomllib.loads(PYPROJECT)["project"]
IMPORTED_AS = {
    "pillow": {"PIL"},
    "pyusb": {"usb"},
    "pysnmp": {"pysnmp", "pyasn1"},  # pyasn1 is pysnmp's own language
    "smbprotocol": {"smbclient", "smbprotocol"},
}


def name_of(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9-]", requirement, maxsplit=1)[0].lower()


def test_every_dependency_has_a_sentence():
    requirements = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    silent = []
    for requirement in requirements:
        line = next(line for line in PYPROJECT.splitlines() if f'"{requirement}"' in line and "#" in line)
        said = line.partition("#")[2].strip()
        if len(said.split()) < 3:
            silent.append(requirement)
    assert silent == []


def test_what_is_imported_is_declared_and_what_is_declared_is_imported():
    imported = set()
    for package in ("bridge", "drivers", "hil"):
        for path in (ROOT / package).rglob("*.py"):
            if path == ROOT / "hil" / "pytest_plugin.py":
                continue  # only a pytest that is there imports it
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                    imported.add(node.module.split(".")[0])
    foreign = imported - set(sys.stdlib_module_names) - {"bridge", "drivers", "hil"}
    declared = set()
    for requirement in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["smb"]]:
        name = name_of(requirement)
        declared |= IMPORTED_AS.get(name, {name})
    assert foreign == declared


def test_our_three_names_belong_to_us_alone():
    owners = metadata.packages_distributions()
    strangers = {name: owners.get(name, []) for name in ("bridge", "drivers", "hil")}
    assert {name: set(found) - {"wsd-scan-bridge"} for name, found in strangers.items()} == {
        "bridge": set(),
        "drivers": set(),
        "hil": set(),
    }
