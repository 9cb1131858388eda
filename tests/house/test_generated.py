"""What is generated is what the generator writes today."""

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from drivers.usb.esci.open import models

ROOT = Path(__file__).parents[2]


def load(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_udev_rules_are_those_of_the_catalog():
    generator = load("udev/generate_rules.py")
    assert generator.RULES.read_text("utf-8") == generator.rules(), "run: make generated"


def test_the_hardware_database_is_that_of_the_catalog_and_names_the_scanners_of_the_rules():
    generator = load("udev/generate_rules.py")
    text = generator.HWDB.read_text("utf-8")
    assert text == generator.hwdb(), "run: make generated"
    named = re.findall(r"^usb:v([0-9A-F]{4})p([0-9A-F]{4})\*\n ID_WSD_SCAN_BRIDGE=\w+$", text, re.MULTILINE)
    ruled = re.findall(r'idVendor\}=="(\w{4})", ATTR\{idProduct\}=="(\w{4})"', generator.rules())
    assert len(named) == len(set(named))
    assert {(vendor.lower(), product.lower()) for vendor, product in named} == set(ruled)


def test_the_hardware_database_tells_the_way_of_scanners_that_no_driver_knows():
    text = (ROOT / "udev/60-wsd-scan-bridge.hwdb").read_text("utf-8")
    named = re.findall(r"^usb:v([0-9A-F]{4})p([0-9A-F]{4})\*$", text, re.MULTILINE)
    assert len(named) == len(set(named))
    assert "usb:v04B8p0122*\n ID_WSD_SCAN_BRIDGE_ROUTE=sane with firmware, snapscan\n" in text


def test_the_rules_name_every_scanner_once_and_jump_to_labels_that_exist():
    text = (ROOT / "udev/60-wsd-scan-bridge.rules").read_text("utf-8")
    named = re.findall(
        r'^ATTR\{idVendor\}=="(\w{4})", ATTR\{idProduct\}=="(\w{4})", GOTO="wsd_scan_bridge_scanner"$',
        text,
        re.MULTILINE,
    )
    assert len(named) == len(set(named))
    assert {":".join(each) for each in named} >= models().keys()
    assert set(re.findall(r'GOTO="(\w+)"', text)) == set(re.findall(r'LABEL="(\w+)"', text))


def test_the_table_of_routes_is_what_the_recorded_lists_say():
    generator = load("docs/generate_routes.py")
    if not generator.RECORDED.is_dir():
        pytest.skip(f"no lists of scanners in {generator.RECORDED}: set WSD_REALDATA")
    assert generator.TABLE.read_text("utf-8") == generator.table(), "run: make routes"


def test_the_page_of_what_is_supported_is_that_of_the_catalog_the_routes_and_the_recordings():
    generator = load("docs/generate_supported.py")
    assert generator.PAGE.read_text("utf-8") == generator.page(), "run: make generated"


def test_every_test_that_the_page_of_what_is_supported_calls_a_proof_exists():
    said = tomllib.loads((ROOT / "docs/supported.toml").read_text("utf-8"))
    proofs = {
        test for entry in (*said["usb"].values(), *said["other"]) for _, *tests in entry["seen"] for test in tests
    }
    assert proofs
    assert {test for test in proofs if not (ROOT / test).is_file()} == set()


def test_the_page_of_job_states_is_drawn_from_the_law():
    generator = load("docs/generate_job_states.py")
    assert generator.PAGE.read_text("utf-8") == generator.page(), "run: make generated"


def test_the_page_shows_an_idle_scanner_begin_with_started():
    page = (ROOT / "docs/job-states.md").read_text("utf-8")
    assert "| scanning | Started, Processing |" in page
    assert "    [*] --> Started\n" in page
