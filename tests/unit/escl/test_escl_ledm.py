"""HP's LEDM on a scripted device. Shapes are those of recordings; the documents here are our own."""

import pytest

from drivers.contract.errors import DeviceGarbled, DeviceGone, DeviceTimeout
from drivers.contract.http_exchange import HttpTimeout
from drivers.contract.observation import Feeder, Phase, Readiness
from drivers.escl import ledm_words
from drivers.escl.ledm import LedmObserver
from drivers.escl.link import EsclLink
from tests.unit.escl.conftest import Device, Turned

SCAN = "http://www.hp.com/schemas/imaging/con/cnx/scan/2008/08/19"


def status(state: str = "Idle", adf: str = "Loaded") -> bytes:
    feeder = f"<AdfState>{adf}</AdfState>" if adf else ""
    return f'<ScanStatus xmlns="{SCAN}"><ScannerState>{state}</ScannerState>{feeder}</ScanStatus>'.encode()


def job(state: str, page: str = "", number: int = 1, category: str = "Scan") -> bytes:
    pages = f"<PreScanPage><PageNumber>{number}</PageNumber><PageState>{page}</PageState></PreScanPage>" if page else ""
    return (
        f'<j:Job xmlns:j="jobs"><j:JobCategory>{category}</j:JobCategory><j:JobState>{state}</j:JobState>'
        f'<ScanJob xmlns="{SCAN}">{pages}</ScanJob></j:Job>'
    ).encode()


def events(*found: tuple[str, str, str]) -> bytes:
    lines = "".join(
        f"<ev:Event><UnqualifiedEventCategory>{category}</UnqualifiedEventCategory><AgingStamp>{stamp}</AgingStamp>"
        f"<ev:Payload><ResourceURI>{resource}</ResourceURI></ev:Payload></ev:Event>"
        for category, stamp, resource in found
    )
    return f'<ev:EventTable xmlns:ev="events">{lines}</ev:EventTable>'.encode()


def observer(device: Device, clock: Turned) -> LedmObserver:
    return LedmObserver(EsclLink(device, "", "here"), clock)


@pytest.mark.parametrize(
    ("page", "number", "pages"),
    [
        ("PreparingScan", 1, 0),
        ("ReadyToUpload", 1, 1),
        ("UploadCompleted", 1, 1),
        ("PreparingScan", 3, 2),
        ("", 1, None),
    ],
)
def test_a_page_counts_when_it_is_scanned(page: str, number: int, pages: int | None) -> None:
    found = ledm_words.job(job("Processing", page, number), 2, "here")
    assert found is not None
    assert (found.phase, found.pages) == (Phase.SCANNING, pages)


def test_jobs_that_are_no_scan_are_left_out() -> None:
    assert ledm_words.job(job("Processing", category="Print"), 2, "here") is None
    assert ledm_words.job(job("Meditating"), 2, "here") is None


@pytest.mark.parametrize(
    ("state", "readiness"),
    [
        ("Idle", Readiness.IDLE),
        ("BusyWithScanJob", Readiness.BUSY),
        ("Processing", Readiness.BUSY),
        ("Odd", Readiness.BUSY),
    ],
)
def test_whatever_is_not_idle_is_busy(state: str, readiness: Readiness) -> None:
    assert ledm_words.status(status(state), "here").readiness is readiness


def test_a_scanner_without_a_feeder_says_nothing_of_one() -> None:
    assert ledm_words.status(status(adf=""), "here").feeder is Feeder.UNKNOWN


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("http://192.0.2.1:8080/WalkupScan/x", "/WalkupScan/x"),
        ("/WalkupScan/x", "/WalkupScan/x"),
        ("WalkupScan/x", ""),
        ("/a b", ""),
        ("/a?b", ""),
        ("/a\r\nHost: x", ""),
    ],
)
def test_of_a_uri_only_a_path_that_can_be_asked_for_is_taken(uri: str, path: str) -> None:
    assert ledm_words.path(uri) == path


async def test_a_job_is_seen_from_its_event_to_its_end(device: Device, clock: Turned) -> None:
    device.says("GET Status", (200, status()))
    device.says("GET EventTable", (200, events(("JobEvent", "1-1", ""))), (200, events(("JobEvent", "1-2", ""))))
    found = observer(device, clock)
    assert (await found.poll()).jobs == ()
    device.says("GET 2", (200, job("Processing", "PreparingScan")), (200, job("Completed", "UploadCompleted")))
    first, second = await found.poll(), await found.poll()
    assert [(each.native_id, each.phase, each.pages) for each in first.jobs] == [("2", Phase.SCANNING, 0)]
    assert first.readiness is Readiness.BUSY
    assert [(each.native_id, each.phase, each.pages) for each in second.jobs] == [("2", Phase.DONE, 1)]
    before = len(device.asked)
    await found.poll()
    assert device.asked[before:] == ["GET Status", "GET EventTable"]  # nothing happened: no job is asked for


async def test_whose_computer_was_chosen_is_whose_job_it_is(device: Device, clock: Turned) -> None:
    device.says("GET Status", (200, status()))
    device.says(
        "GET EventTable",
        (200, events()),
        (200, events(("ScanEvent", "1-2", "http://x/WalkupScan/WalkupScanDestinations/7a"))),
    )
    device.says("GET 7a", (200, b"<d><Hostname>DESK</Hostname><Shortcut>SavePDF</Shortcut></d>"))
    found = observer(device, clock)
    await found.poll()
    device.says("GET 1", (200, job("Processing", "PreparingScan")))
    seen = await found.poll()
    assert seen.jobs[0].user == "DESK"
    assert ("walk-up", "DESK SavePDF") in seen.facts


@pytest.mark.parametrize(("later", "user"), [(100.0, "DESK"), (130.0, None)])
async def test_a_computer_that_was_chosen_is_of_one_job_and_soon(
    device: Device, clock: Turned, later: float, user: str | None
) -> None:
    chosen = events(("ScanEvent", "1-2", "http://x/WalkupScan/WalkupScanDestinations/7a"))
    device.says("GET Status", (200, status()))
    device.says("GET EventTable", (200, events()), (200, chosen), (200, events(("JobEvent", "1-3", ""))))
    device.says("GET 7a", (200, b"<d><Hostname>DESK</Hostname></d>"))
    found = observer(device, clock)
    await found.poll()
    await found.poll()
    clock.seconds += later
    device.says("GET 1", (200, job("Processing")), (200, job("Completed")))
    assert [each.user for each in (await found.poll()).jobs] == [user]
    device.says("GET EventTable", (200, events(("JobEvent", "1-4", ""))))
    device.says("GET 2", (200, job("Processing")))
    assert {each.native_id: each.user for each in (await found.poll()).jobs} == {"1": user, "2": None}


async def test_what_was_over_at_the_first_look_is_not_told(device: Device, clock: Turned) -> None:
    device.says("GET Status", (200, status()))
    device.says("GET 1", (200, job("Completed", "UploadCompleted")))
    assert (await observer(device, clock).poll()).jobs == ()


async def test_a_device_with_a_job_for_every_number_is_not_asked_for_ever(device: Device, clock: Turned) -> None:
    device.says("GET Status", (200, status()))
    for number in range(1, 200):
        device.says(f"GET {number}", (200, job("Completed")))
    await observer(device, clock).poll()
    assert len(device.asked) <= 2 + 64


async def test_silence_is_gone_at_the_third_look(device: Device, clock: Turned, monkeypatch) -> None:
    def late(*_arguments: object, **_named: object) -> None:
        raise HttpTimeout("late")

    monkeypatch.setattr(device, "exchange", late)
    found = observer(device, clock)
    for _ in range(2):
        with pytest.raises(DeviceTimeout):
            await found.poll()
    with pytest.raises(DeviceGone):
        await found.poll()


@pytest.mark.parametrize("data", [b"", b"<a/>", b"<!DOCTYPE a><Job/>"])
def test_what_is_no_job_is_garbled(data: bytes) -> None:
    with pytest.raises(DeviceGarbled):
        ledm_words.job(data, 1, "here")
