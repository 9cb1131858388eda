"""A press on the disk: what a crash leaves of it and what the next run makes of that; what it asks the scanner for."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.config import Button, Config
from bridge.service.button_record import Press, Record, used
from bridge.service.button_scan import ButtonScans
from bridge.translate.button_ticket import button_ticket
from bridge.translate.ticket import plan
from bridge.wsscan.ticket import JobDescription
from drivers.contract.capabilities import Capabilities, Mode, Size, Source, SourceCapabilities
from drivers.contract.clock import SystemClock

PRESS = Press(
    scanner="hall",
    scanner_name="Scanner in the hall",
    button="1",
    user="",
    created=datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC),
    format="jfif",
    resolution=(300, 300),
)
GLASS = SourceCapabilities((600, 600), (150, 300, 600), (Mode.RGB24, Mode.GRAY8), Size(100, 100), Size(8500, 11700))
ALL = Capabilities(platen=GLASS, feeder=GLASS, feeder_back=GLASS)
JOB = JobDescription(job_name="scan", job_originating_user_name="Device")


async def page(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def broken() -> AsyncIterator[bytes]:
    yield b"half"
    raise ConnectionError


async def test_pages_are_there_again_after_a_crash(tmp_path: Path) -> None:
    record = Record.begin(tmp_path, PRESS)
    for content in (b"one", b"two"):
        await record.add_page(page(content))
    with pytest.raises(ConnectionError):
        await record.add_page(broken())
    found = Record.load(record.path)
    assert (found.press, found.complete) == (PRESS, None)
    assert [(each.path.read_bytes(), each.document_id) for each in found.pages] == [(b"one", 1), (b"two", 2)]
    assert [each.path.suffix for each in found.pages] == [".jpg", ".jpg"]
    found.finish(complete=True)
    assert Record.load(record.path).complete is True
    assert used(tmp_path) > 6
    record.remove()
    assert used(tmp_path) == 0


async def test_the_next_run_takes_up_what_is_worth_it(tmp_path: Path) -> None:
    scans = tmp_path / "scans"
    (target := tmp_path / "to").mkdir()
    whole, cut, empty, gone = (Record.begin(scans, PRESS) for _ in range(4))
    for record in (whole, cut):
        await record.add_page(page(record.token.encode()))
    whole.finish(complete=True)
    (gone.path / "job.json").unlink()
    damaged = scans / "damaged"
    damaged.mkdir()
    (damaged / "job.json").write_text("{")
    config = Config(button=(Button(folder=target, format="jpeg", name="{scanner} {page}"),))
    buttons = ButtonScans(config, SystemClock(), scans)
    buttons.recover()
    while buttons._tasks:
        await buttons._tasks.wait()
    name = PRESS.scanner_name
    assert {each.name: each.read_bytes() for each in target.iterdir()} == {
        f"{name} 1.jpg": whole.token.encode(),
        f"{name} 1 (incomplete).jpg": cut.token.encode(),
    }
    # What cannot be read is left for a person; the rest is gone.
    assert [each.name for each in scans.iterdir()] == ["damaged"]
    assert not empty.path.exists()


async def test_where_no_entry_is_left_the_pages_stay(tmp_path: Path) -> None:
    record = Record.begin(tmp_path, replace(PRESS, button="2"))
    await record.add_page(page(b"one"))
    record.finish(complete=True)
    buttons = ButtonScans(Config(button=(Button(folder=tmp_path, button="1"),)), SystemClock(), tmp_path)
    buttons.recover()
    while buttons._tasks:
        await buttons._tasks.wait()
    assert json.loads((record.path / "job.json").read_text())["button"] == "2"


@pytest.mark.parametrize(
    ("said", "capabilities", "loaded", "source"),
    [
        ({}, ALL, True, Source.FEEDER),
        ({}, ALL, False, Source.PLATEN),
        ({"duplex": True}, ALL, True, Source.FEEDER_DUPLEX),
        ({"duplex": True}, ALL, False, Source.PLATEN),
        ({"duplex": True}, replace(ALL, feeder_back=None), True, Source.FEEDER),
        ({"source": "glass"}, ALL, True, Source.PLATEN),
        ({"source": "feeder"}, ALL, False, Source.FEEDER),
        ({"source": "glass"}, replace(ALL, platen=None), False, Source.FEEDER),
        ({}, replace(ALL, feeder=None, feeder_back=None), True, Source.PLATEN),
    ],
)
def test_where_the_paper_is_taken_from(
    said: dict[str, object], capabilities: Capabilities, loaded: bool, source: Source
) -> None:
    button = Button.model_validate({"folder": "/s"} | said)
    assert plan(button_ticket(button, capabilities, JOB, loaded=loaded), capabilities).request.source is source


@pytest.mark.parametrize(
    ("said", "format_", "mode"),
    [
        ({}, "jfif", Mode.RGB24),
        ({"mode": "gray"}, "jfif", Mode.GRAY8),
        ({"mode": "bw"}, "tiff-single-g4", Mode.LINEART),
        ({"mode": "gray", "format": "png"}, "png", Mode.GRAY8),
        ({"format": "tiff"}, "tiff-single-uncompressed", Mode.RGB24),
        ({"mode": "bw", "format": "tiff"}, "tiff-single-g4", Mode.LINEART),
    ],
)
def test_how_pages_are_coded(said: dict[str, object], format_: str, mode: Mode) -> None:
    button = Button.model_validate({"folder": "/s", "resolution": 150} | said)
    asked = plan(button_ticket(button, ALL, JOB, loaded=False), ALL)
    assert (asked.target.format.name, asked.target.mode) == (format_, mode)
    assert asked.request.resolution == (150, 150)
