"""SANE's fujitsu backend scans the simulated fi-6230 and ScanSnap iX500 over a real kernel's USB, and our driver does
in the same place.

What the backend says is the judgement on the simulator: names, options, sensors, pixels and every status.
"""

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from PIL import Image

from drivers.contract.capabilities import Mode, Source
from hil import chart
from tests.system import guest

CALM = "warmup=0,speed=0,feed=0,serial=4711"
MODES = {"1": Mode.LINEART, "L": Mode.GRAY8, "RGB": Mode.RGB24}
NAMES = {Mode.LINEART: "Lineart", Mode.GRAY8: "Gray", Mode.RGB24: "Color"}
AREA = "--resolution 75 -x 100 -y 80"

DRIVER = """\
import asyncio, json
from hashlib import sha256
from functools import partial
from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from drivers.contract.document import Region, ScanRequest
from drivers.usb.bus import LocalBus
from drivers.usb.fujitsu.open import open_device

async def main():
    bus = LocalBus()
    (known,) = [each for each in bus.devices() if each.vendor_id == 0x04C5]
    device = await open_device(known, partial(bus.open, known.key), SystemClock())
    told = {"name": device.identity.name, "key": device.identity.key, "pages": []}
    snapshot = await device.observers[0].poll()
    told["idle"] = [snapshot.readiness, snapshot.feeder, dict(snapshot.facts).get("wireless switch")]
    feeder = [Source.FEEDER_DUPLEX]
    for source in [Source.PLATEN, *feeder] if device.capabilities.platen else feeder:
        request = ScanRequest("1", source, Mode.RGB24, (75, 75), Region(0, 0, 4000, 3000))
        document = await device.acquirer.scan(request)
        def pages():
            whole = ((page, sha256(b"".join(page.chunks)).hexdigest()) for page in document)
            return [(page.back, page.width, page.height, found) for page, found in whole]
        told["pages"] += await asyncio.to_thread(pages)
    await device.close()
    print(json.dumps(told))

asyncio.run(main())
"""


class Sane:
    """The backend in the guest, and the scanner that is plugged in there."""

    def __init__(self, machine: guest.Guest, scanner: guest.Scanner) -> None:
        self.machine, self.scanner = machine, scanner
        self._words = machine.sane("fujitsu")

    def run(self, words: str) -> guest.Done:
        return self.machine.run(f"cd $SHARE; {self._words} scanimage {words}")

    def page(self, words: str, name: str = "page.pnm") -> Image.Image:
        """One page, as it was written to the share."""
        done = self.run(f"{words} --format=pnm -o {name}")
        assert done.code == 0, done.err
        return self.read(name)

    def read(self, name: str) -> Image.Image:
        with Image.open(self.machine.share / name) as image:
            image.load()
        return image

    def complaint(self, words: str) -> str:
        """What SANE says of a scan that fails."""
        done = self.run(f"{words} --format=pnm -o $SHARE/none.pnm")
        assert done.code != 0
        found = re.search(r"scanimage: sane_(?:start|read): (.*)", done.err)
        assert found is not None, done.err
        return found[1]

    def sensors(self) -> dict[str, str]:
        """The read-only options and what they say."""
        listed = self.run("-A")
        assert listed.code == 0, listed.err
        return dict(re.findall(r"--([a-z0-9-]+)\S*(?: <int>)? \[(\w+)\] \[hardware\]", listed.out))


@pytest.fixture
def sane(machine: guest.Guest, request: pytest.FixtureRequest) -> Iterator[Sane]:
    more = getattr(request, "param", "")
    with machine.scanner("fujitsu", f"{CALM},{more}" if more else CALM) as scanner:
        yield Sane(machine, scanner)


def exact(image: Image.Image, page: int, source: Source, ppi: int = 75, *, back: bool = False) -> bool:
    """The image is that part of the chart from its top left corner, to the pixel."""
    area = chart.Box(0, 0, *image.size)
    mode = MODES[image.mode]
    return image.tobytes() == chart.encode(chart.image(page, source, (ppi, ppi), area, back=back), mode)


def test_scanimage_lists_it_by_its_model_and_serial_number(sane: Sane) -> None:
    listed = sane.run("-L")
    assert "device `fujitsu:fi-6230dj:4711' is a FUJITSU fi-6230dj scanner" in listed.out


@pytest.mark.parametrize("mode", list(NAMES))
def test_a_page_of_the_flatbed_is_the_chart_to_the_pixel(sane: Sane, mode: Mode) -> None:
    image = sane.page(f"--source Flatbed --mode {NAMES[mode]} {AREA}")
    assert MODES[image.mode] is mode
    assert image.size == (288 if mode is Mode.LINEART else 295, 236)  # black and white in steps of 8 pixels
    assert exact(image, 1, Source.PLATEN)


@pytest.mark.parametrize("sane", ["adf=3"], indirect=True)
@pytest.mark.parametrize("mode", list(NAMES))
def test_both_sides_of_three_sheets_come_in_turn_until_the_paper_ends(sane: Sane, mode: Mode) -> None:
    done = sane.run(f"--source 'ADF Duplex' --mode {NAMES[mode]} {AREA} --format=pnm --batch=d%d.pnm")
    assert "Document feeder out of documents" in done.err
    assert "6 pages scanned" in done.err
    for number in range(6):
        image = sane.read(f"d{number + 1}.pnm")
        assert exact(image, number // 2 + 1, Source.FEEDER, back=number % 2 == 1), number


@pytest.mark.parametrize("sane", ["adf=2"], indirect=True)
def test_a_sheet_shorter_than_its_window_ends_with_its_paper(sane: Sane) -> None:
    image = sane.page("--source 'ADF Front' --mode Gray --ald=yes --page-height 350 --resolution 75 -x 100 -y 350")
    assert image.size == (295, 876)  # 11.693 inch
    assert exact(image, 1, Source.FEEDER)


@pytest.mark.parametrize("sane", ["adf=1"], indirect=True)
def test_its_sensors_and_switches_are_read(sane: Sane) -> None:
    seen = sane.sensors()
    assert (seen["page-loaded"], seen["cover-open"], seen["power-save"]) == ("yes", "no", "no")
    assert (seen["scan"], seen["email"], seen["function"], seen["error-code"]) == ("no", "no", "1", "0")
    sane.scanner.say("paper out")
    sane.scanner.say("cover open")
    sane.scanner.say("press")
    seen = sane.sensors()
    assert (seen["page-loaded"], seen["cover-open"], seen["scan"]) == ("no", "yes", "yes")
    sane.scanner.say("press 2")
    seen = sane.sensors()
    assert (seen["scan"], seen["email"]) == ("no", "yes")


@pytest.mark.parametrize("sane", ["adf=1,sleep=0.3"], indirect=True)
def test_looking_does_not_wake_it(sane: Sane) -> None:
    for _ in range(2):
        sane.machine.run("sleep 0.5")
        assert sane.sensors()["power-save"] == "yes"
    assert exact(sane.page(f"--source 'ADF Front' --mode Gray {AREA}"), 1, Source.FEEDER)


FEEDER = f"--source 'ADF Front' --mode Gray {AREA}"


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("paper out", "Document feeder out of documents"),
        ("cover open", "Scanner cover is open"),
        ("jam", "Document feeder jammed"),
        ("jam@1", "Document feeder jammed"),
        ("doublefeed@1", "Document feeder jammed"),
        ("cancel@1", "Document feeder out of documents"),
        ("fatal", "Error during device I/O"),
    ],
)
def test_what_goes_wrong_has_the_right_status_and_the_next_scan_works(
    machine: guest.Guest, event: str, status: str
) -> None:
    with machine.scanner("fujitsu", f"{CALM},adf=1") as scanner:
        sane = Sane(machine, scanner)
        scanner.say(event)
        assert sane.complaint(FEEDER) == status
        scanner.say("clear")
        scanner.say("paper out")
        scanner.say("paper 1")
        assert exact(sane.page(FEEDER), 1, Source.FEEDER)


def driven(sane: Sane) -> Any:
    """What our driver says of the same scanner."""
    return json.loads(sane.machine.python("-c", DRIVER).wait().well())


@pytest.mark.parametrize("sane", ["adf=1"], indirect=True)
def test_our_driver_scans_through_the_same_kernel(sane: Sane) -> None:
    told = driven(sane)
    assert told["name"] == "Fujitsu fi-6230dj"
    assert told["key"] == "usb-04c5-1150-4711"
    assert told["idle"] == ["idle", "loaded", None]
    assert [page[:3] for page in told["pages"]] == [[False, 300, 225], [False, 300, 225], [True, 300, 225]]
    shown = [(Source.PLATEN, False), (Source.FEEDER, False), (Source.FEEDER, True)]
    for (*_, found), (source, back) in zip(told["pages"], shown, strict=True):
        picture = chart.image(1, source, (75, 75), chart.Box(0, 0, 300, 225), back=back)
        assert found == sha256(chart.encode(picture, Mode.RGB24)).hexdigest()
    assert exact(sane.page(f"--source Flatbed --mode Gray {AREA}"), 1, Source.PLATEN)  # nothing is left in its way


@pytest.fixture
def snap(machine: guest.Guest, request: pytest.FixtureRequest) -> Iterator[Sane]:
    """A ScanSnap iX500."""
    with machine.scanner("fujitsu-ix500", f"{CALM},{request.param}") as scanner:
        yield Sane(machine, scanner)


def derived(page: int, size: tuple[int, int], mode: str, *, back: bool, ppi: int = 75) -> bytes:
    """That part of the chart as SANE makes it of colour: grey is the mean, white is from 127 on."""
    colour = chart.image(page, Source.FEEDER, (ppi, ppi), chart.Box(0, 0, *size), back=back).tobytes()
    if mode == "RGB":
        return colour
    grey = bytes(sum(pixel) // 3 for pixel in zip(colour[0::3], colour[1::3], colour[2::3], strict=True))
    if mode == "L":
        return grey
    return Image.frombytes("L", size, grey).point([255 if value >= 127 else 0 for value in range(256)], "1").tobytes()


@pytest.mark.parametrize("snap", ["adf=3"], indirect=True)
def test_both_sides_of_what_an_ix500_scans_come_in_every_mode_and_fine_pages_too(snap: Sane) -> None:
    assert "device `fujitsu:ScanSnap iX500:4711' is a FUJITSU ScanSnap iX500 scanner" in snap.run("-L").out
    for number, (mode, name) in enumerate((("RGB", "Color"), ("L", "Gray"), ("1", "Lineart")), start=1):
        done = snap.run(f"--source 'ADF Duplex' --mode {name} {AREA} --format=pnm --batch=s%d.pnm --batch-count=2")
        assert done.code == 0, done.err
        for side in range(2):
            image = snap.read(f"s{side + 1}.pnm")
            assert (image.mode, image.size) == (mode, (288 if mode == "1" else 294, 236))
            assert image.tobytes() == derived(number, image.size, mode, back=side == 1), (name, side)
    assert snap.complaint(FEEDER) == "Document feeder out of documents"
    snap.scanner.say("paper 1")
    fine = snap.page("--source 'ADF Front' --mode Color --resolution 600 -x 20 -y 10")
    assert fine.size == (472, 236)
    assert fine.tobytes() == derived(1, fine.size, "RGB", back=False, ppi=600)


@pytest.mark.parametrize("snap", ["adf=1"], indirect=True)
def test_the_sensors_of_an_ix500_and_what_goes_wrong_are_read(snap: Sane) -> None:
    snap.scanner.say("press")
    seen = snap.sensors()
    assert (seen["page-loaded"], seen["cover-open"], seen["scan"]) == ("yes", "no", "yes")
    for event, status in (("cover open", "Scanner cover is open"), ("doublefeed@1", "Document feeder jammed")):
        snap.scanner.say(event)
        assert snap.complaint(FEEDER) == status
        snap.scanner.say("clear")
        snap.scanner.say("paper 1")


@pytest.mark.parametrize("snap", ["adf=1"], indirect=True)
def test_our_driver_scans_an_ix500_through_the_same_kernel(snap: Sane) -> None:
    told = driven(snap)
    assert told["name"] == "Fujitsu ScanSnap iX500"
    assert told["idle"] == ["idle", "loaded", "on"]
    assert [page[:3] for page in told["pages"]] == [[False, 300, 225], [True, 300, 225]]
    for back, *_, found in told["pages"]:
        assert found == sha256(derived(1, (300, 225), "RGB", back=back)).hexdigest()
    snap.scanner.say("paper 1")  # nothing is left in its way
    image = snap.page(FEEDER)
    assert image.tobytes() == derived(1, image.size, "L", back=False)
