"""What a scanner costs while nobody uses it, the processes of the bridge together, as the bench measures it."""

# ruff: noqa: F811  # fixtures are arguments of the same name

from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.simulation import simulated
from hil.bench import idle
from hil.bench.served import served
from tests.system import debian
from tests.system.odd_scanner import library, turn  # noqa: F401

KINDS = ("esci over USB/IP", "esci2 over USB/IP", "SANE test", "SANE, a button and a sensor")


async def test_an_idle_scanner_costs_less_than_it_may(
    library: str, turn: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figures
) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", debian.packages("libsane1", "libsane-common").env()["LD_LIBRARY_PATH"])
    (tmp_path / "dll.conf").write_text("")  # nothing but what the bridge is told to use
    (tmp_path / "test.conf").write_text("number_of_devices 1\n")
    sensed = f'[usb]\nenabled = false\n[sane]\nlibrary = "{library}"\nbackends = ["odd"]\n'
    found = await idle.figures({KINDS[-1]: sensed})
    for each in found:
        figures.append(f"{each.name}: {each.ours.median:.3g} {each.unit}")
    assert len(found) == len(KINDS) * len(idle.MOST), [each.name for each in found]
    assert [each.name for each in found if each.ratio is None or each.ratio > 1] == [], "\n".join(figures)


async def test_what_no_scanner_needs_is_not_even_imported() -> None:
    async with simulated(["esci"]) as here:
        config = f'[usb]\nenabled = false\nusbip = ["{here.usbip[0]}"]\n'
        async with served(config, env={"PYTHONPROFILEIMPORTTIME": "1"}) as bridge:
            imported = {line.rpartition("|")[2].strip() for line in bridge.log().splitlines()}
    assert "aiohttp" in imported
    assert "drivers.usb.esci.scanner" in imported  # what import_module itself brings is not shown
    others = ("usb.esci2", "usb.fujitsu", "usb.genesys", "usb.pixma", "escl.link", "snmp.device", "hylafax")
    rooms = ("dsm", "filters", "imaging.coders", "imaging.encode", "pushing", "scan_server", "service.button_scan")
    unused = ("PIL", "pysnmp", "rich", *(f"drivers.{each}" for each in others), *(f"bridge.{each}" for each in rooms))
    assert [name for name in imported for each in unused if f"{name}.".startswith(f"{each}.")] == []
