"""`devices` of a scanner that is plugged in and that nothing here scans with: it is shown, with what is missing."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest

from bridge.cli import main
from drivers.contract.clock import SystemClock
from hil.devices.live import Live
from hil.devices.stimuli import Stimulus
from hil.devices.usb.descriptors import Description, Endpoint, Interface, Transfer
from hil.devices.usb.device import Refusal, Setup
from hil.usbip.messages import Address
from hil.usbip.server import Export, UsbIpServer

ENDS = (Endpoint(0x81, Transfer.BULK, 512), Endpoint(0x02, Transfer.BULK, 512))


class Silent:
    """`SimulatedUsbDevice` that says who it is, and no more."""

    plugged = True

    def __init__(self, vendor: int, product: int) -> None:
        self.description = Description(vendor, product, 0x0100, "Maker", "Device", "", (Interface(0, 255, 0, 0, ENDS),))

    def update(self, now: float, stimuli: Iterable[Stimulus] = ()) -> float | None:
        return None

    def reset(self, now: float) -> None:
        pass

    def control(self, setup: Setup, data: bytes, now: float) -> bytes | Refusal:
        return Refusal.STALL

    def write(self, endpoint: int, data: bytes, now: float) -> Refusal | None:
        return Refusal.STALL

    def read(self, endpoint: int, limit: int, now: float) -> bytes | Refusal | None:
        return None


@pytest.fixture
async def place() -> AsyncIterator[str]:
    """Three devices on a USB/IP server: a Perfection 3490, a Perfection 4490 and something that is no scanner."""
    ids = ((0x04B8, 0x0122), (0x04B8, 0x0119), (0x1209, 0x0002))
    devices = [Silent(*each) for each in ids]
    lives = [Live(device, SystemClock()) for device in devices]
    exports = [Export(Address(1, at), *both) for at, both in enumerate(zip(devices, lives, strict=True), 1)]
    async with UsbIpServer(exports, "127.0.0.1", 0) as server:
        yield f"127.0.0.1:{server.port}"
    for live in lives:
        live.close()


async def devices(tmp_path: Path, place: str, *more: str) -> int:
    settings = tmp_path / "bridge.toml"
    settings.write_text(f'[service]\nstate_dir = "{tmp_path}"\n[usb]\nenabled = false\n[sane]\nenabled = false\n')
    return await asyncio.to_thread(main, ["devices", "--config", str(settings), "--usbip", place, *more])


async def test_what_cannot_scan_is_shown_with_its_route(tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str]):
    assert await devices(tmp_path, place) == 0
    told = capsys.readouterr().out
    assert "driver  none" in told
    assert "snapscan needs esfw52.bin or esfw51.bin from the Windows driver: wsd-scan-bridge firmware add" in told
    assert "iscan-plugin-gt-x750" in told
    assert "1209:0002" not in told


async def test_a_script_gets_the_route_as_data(tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str]):
    assert await devices(tmp_path, place, "--json") == 0
    routes = [each["route"] for each in json.loads(capsys.readouterr().out)]
    assert [(route["ids"], route["by"], route["happy"]) for route in routes] == [
        ("04b8:0122", "snapscan", False),
        ("04b8:0119", "epkowa-plugin", False),
    ]
    assert routes[0]["files"] == ["esfw52.bin", "esfw51.bin"]


def test_route_answers_for_what_is_not_there(capsys: pytest.CaptureFixture[str]):
    assert main(["route", "04b8:0110"]) == 0
    assert capsys.readouterr().out == "Epson GT-8200U (04b8:0110): the bridge's own driver esci scans with it.\n"
    assert main(["route", "--json", "scansnap", "s1300i"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["files"] == ["1300i_0D12.nal"]


@pytest.mark.parametrize("words", [["no such scanner"], ["1234:5678"]])
def test_route_says_so_when_nothing_is_known(words: list[str], capsys: pytest.CaptureFixture[str]):
    assert main(["route", *words]) == 1
    assert capsys.readouterr() != ("", "")
