"""Every event in both years, and every word of the scanner's state, its conditions and a job's life, over the wire.

Two subscribers hear all, one in each year; tests/wire/conftest.py holds every letter against the schema of its year.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from drivers.contract.capabilities import Capabilities
from drivers.contract.document import Raster, ScanRequest
from drivers.contract.errors import CanceledAtDevice
from drivers.contract.handover import Handover
from drivers.contract.observation import (
    ButtonPress,
    JobReport,
    Phase,
    Readiness,
    Snapshot,
    Trouble,
    TroubleKind,
    Unit,
)
from tests.wire.http_rig import SIDE, Y01, Y08, FakeScanner, Gate, Letter, Rig, Subscriber, running, ticket

YEARS = (Y01, Y08)


@asynccontextmanager
async def heard(directory: Path, *scanners: FakeScanner) -> AsyncIterator[tuple[Rig, dict[str, Subscriber]]]:
    """The rig, and who hears all of it, by year."""
    async with Subscriber() as old, Subscriber() as new, running(directory, scanners=scanners) as rig:
        both = {Y01: old, Y08: new}
        for year, subscriber in both.items():
            assert (await rig.subscribe(subscriber, year)).status == 200
        yield rig, both


def looked(rig: Rig, readiness: Readiness = Readiness.IDLE, *troubles: Trouble, job: JobReport | None = None) -> None:
    rig.scanner.show(Snapshot("fake", readiness, frozenset(troubles), jobs=() if job is None else (job,)))


def words(letters: list[Letter], name: str) -> list[str]:
    """The texts of all elements of that name."""
    return [each.text or "" for letter in letters for each in letter.content.iter(f"{{*}}{name}")]


CONDITIONS = [
    (TroubleKind.CALIBRATING, "Calibrating", "Calibrating", "Informational"),
    (TroubleKind.COVER_OPEN, "CoverOpen", "CoverOpen", "Critical"),
    (TroubleKind.FEEDER_EMPTY, "InputTrayEmpty", None, "Warning"),
    (TroubleKind.INTERLOCK_OPEN, "InterlockOpen", "InterlockOpen", "Critical"),
    (TroubleKind.STORAGE_FULL, "InternalStorageFull", "InternalStorageFull", "Critical"),
    (TroubleKind.JAM, "MediaJam", "MediaJam", "Critical"),
    (TroubleKind.LAMP_FAILED, "LampError", "LampError", "Critical"),
    (TroubleKind.LAMP_WARMING, "LampWarning", "LampWarming", "Informational"),
    (TroubleKind.DOUBLE_FEED, "MultipleFeedError", "MultipleFeedError", "Critical"),
]


@pytest.mark.parametrize(("kind", "name", "reason", "severity"), CONDITIONS)
async def test_a_condition_is_told_in_both_years_and_cleared_in_both(
    tmp_path: Path, kind: TroubleKind, name: str, reason: str | None, severity: str
) -> None:
    async with heard(tmp_path) as (rig, both):
        looked(rig, Readiness.STOPPED, Trouble(kind, Unit.PLATEN))
        for year, subscriber in both.items():
            raised = await subscriber.first("ScannerStatusConditionEvent")
            (condition,) = raised.content
            expected = "LampWarming" if (name, year) == ("LampWarning", Y01) else name
            assert condition.findtext("{*}Name") == expected
            assert condition.findtext("{*}Severity") == severity
            summary = await subscriber.first("ScannerStatusSummaryEvent")
            assert words([summary], "ScannerState") == ["Stopped"]
            assert words([summary], "ScannerStateReason") == [reason or "AttentionRequired"]
        looked(rig)
        for subscriber in both.values():
            raised = await subscriber.first("ScannerStatusConditionEvent")
            cleared = await subscriber.first("ScannerStatusConditionClearedEvent")
            assert words([cleared], "ConditionId") == [raised.content[0].get("Id")]
        for year in YEARS:
            answer = await rig.operate(
                "GetScannerElements",
                "<w:RequestedElements><w:Name>w:ScannerStatus</w:Name></w:RequestedElements>",
                year,
            )
            (entry,) = answer.xml.iter(f"{{{year}}}ConditionHistoryEntry")
            assert entry.findtext("{*}ClearTime") is not None


@pytest.mark.parametrize(
    ("unit", "component"),
    [(Unit.PLATEN, "Platen"), (Unit.FEEDER, "ADF"), (Unit.FILM, "Film"), (Unit.MEDIA_PATH, "MediaPath")],
)
async def test_a_condition_says_where(tmp_path: Path, unit: Unit, component: str) -> None:
    async with heard(tmp_path) as (rig, both):
        looked(rig, Readiness.STOPPED, Trouble(TroubleKind.COVER_OPEN, unit))
        for subscriber in both.values():
            raised = await subscriber.first("ScannerStatusConditionEvent")
            assert words([raised], "Component") == [component]


@pytest.mark.parametrize(
    ("kind", "reason"), [(TroubleKind.PAUSED, "Paused"), (TroubleKind.ATTENTION, "AttentionRequired")]
)
async def test_a_trouble_without_a_conditions_name_is_a_reason(tmp_path: Path, kind: TroubleKind, reason: str) -> None:
    async with heard(tmp_path) as (rig, both):
        looked(rig, Readiness.STOPPED, Trouble(kind, Unit.PLATEN))
        for subscriber in both.values():
            assert words([await subscriber.first("ScannerStatusSummaryEvent")], "ScannerStateReason") == [reason]
            assert not [each for each in subscriber.letters if "Condition" in each.line]


async def test_a_scanner_that_is_busy_and_idle_says_so(tmp_path: Path) -> None:
    async with heard(tmp_path) as (rig, both):
        looked(rig, Readiness.BUSY)
        for subscriber in both.values():
            await subscriber.until("ScannerStatusSummaryEvent")
        looked(rig)
        for subscriber in both.values():
            await subscriber.until("ScannerStatusSummaryEvent", count=2)
            assert words(subscriber.letters, "ScannerState")[-2:] == ["Processing", "Idle"]


async def test_a_scanner_that_comes_back_able_to_do_more_says_what(tmp_path: Path) -> None:
    """Without a serial number, at another port: it is the one that is away."""
    grown = FakeScanner("usb-04b8-0110@1-2", Capabilities(platen=SIDE, feeder=SIDE, feeder_back=SIDE))
    async with heard(tmp_path, FakeScanner("usb-04b8-0110@1-1")) as (rig, both):
        looked(rig, Readiness.GONE)
        for subscriber in both.values():
            await subscriber.until("ScannerStatusSummaryEvent")
        rig.plugged[:] = [grown]
        async with asyncio.timeout(5):
            while not any(each.line == "ScannerElementsChangeEvent" for each in both[Y08].letters):
                rig.clock.turn(2.0)  # the bridge looks around again
                await asyncio.sleep(0.02)
        for year, subscriber in both.items():
            (changes,) = (await subscriber.first("ScannerElementsChangeEvent")).content
            assert [each.tag for each in changes] == [f"{{{year}}}ScannerConfiguration", f"{{{year}}}DefaultScanTicket"]
            assert changes.findtext(".//{*}ADFSupportsDuplex") in ("true", "1")


async def test_a_press_invites_in_the_year_of_the_subscription(tmp_path: Path) -> None:
    async with Subscriber() as old, running(tmp_path) as rig:
        offered = (
            f'<w:ScanDestinations xmlns:w="{Y01}"><w:ScanDestination><w:ClientDisplayName>PC</w:ClientDisplayName>'
            "<w:ClientContext>Scan</w:ClientContext></w:ScanDestination></w:ScanDestinations>"
        )
        answer = await rig.subscribe(old, f"{Y01}/ScanAvailableEvent", extra=offered)
        token = answer.text(f".//{{{Y01}}}DestinationToken")
        rig.scanner.show(Snapshot("fake", Readiness.IDLE, presses=(ButtonPress("scan", 1),)))
        letter = await old.first("ScanAvailableEvent")
        assert letter.action == f"{Y01}/ScanAvailableEvent"
        identifier = letter.content.findtext(f"{{{Y01}}}ScanIdentifier")
        job = await rig.create(
            f"<w:ScanIdentifier>{identifier}</w:ScanIdentifier><w:DestinationToken>{token}</w:DestinationToken>"
            f"{ticket()}",
            Y01,
        )
        assert (await rig.retrieve(job, Y01)).status == 200


async def test_a_job_at_the_panel_is_created_held_and_canceled_there(tmp_path: Path) -> None:
    """Creating and Pending-Held: states that a device's own job can be in, and no job of the network."""
    async with heard(tmp_path) as (rig, both):
        for phase in (Phase.ARRIVING, Phase.HELD, Phase.SCANNING, Phase.CANCELLING, Phase.CANCELED):
            at_panel = phase in (Phase.CANCELLING, Phase.CANCELED)
            before = len(both[Y08].lines)
            looked(rig, Readiness.BUSY, job=JobReport("7", phase, at_panel=at_panel))
            for subscriber in both.values():
                await subscriber.until("JobStatusEvent", "Cre", "Pen", "Pro", "Ter", "Can", count=before + 1)
        for subscriber in both.values():
            await subscriber.until("end:")
            states = [line.partition(" ")[0] for line in subscriber.lines]
            assert states == [
                "Creating",
                "Pending",
                "Pending-Held",
                "Processing/JobScanning",
                "Terminating/JobCanceledAtDevice",
                "Canceled/JobCanceledAtDevice",
                "end:Canceled/JobCanceledAtDevice",
            ]


async def test_a_job_that_a_trouble_stops_goes_on_when_it_is_over(tmp_path: Path) -> None:
    jam = Trouble(TroubleKind.JAM, Unit.FEEDER)
    async with heard(tmp_path) as (rig, both):
        looked(rig, Readiness.BUSY, job=JobReport("7", Phase.SCANNING))
        for subscriber in both.values():
            await subscriber.until("Processing/JobScanning")
        looked(rig, Readiness.STOPPED, jam, job=JobReport("7", Phase.STOPPED))
        for subscriber in both.values():
            await subscriber.until("Processing/ScannerStopped")
        looked(rig, Readiness.BUSY, job=JobReport("7", Phase.SCANNING))
        for subscriber in both.values():
            await subscriber.until("Processing/JobScanning", count=2)
            kinds = [each.line for each in subscriber.letters if not each.line.startswith("ScannerStatusSummary")]
            raised, stopped = "ScannerStatusConditionEvent", "Processing/ScannerStopped 0"
            cleared = "ScannerStatusConditionClearedEvent"
            assert kinds[-4:] == [raised, stopped, cleared, "Processing/JobScanning 0"]


async def test_a_job_of_the_network_that_is_canceled_at_the_panel_says_so(tmp_path: Path) -> None:
    def play(handover: Handover, request: ScanRequest) -> None:
        raise CanceledAtDevice

    async with heard(tmp_path) as (rig, both):
        rig.scanner.play = play
        job = await rig.create()
        assert (await rig.retrieve(job)).subcode == "w8:ClientErrorJobCancelled"
        for subscriber in both.values():
            await subscriber.until("end:")
            assert subscriber.lines[-1] == "end:Canceled/JobCanceledAtDevice 0"


async def test_an_image_that_cannot_be_made_is_told_as_each_year_can(tmp_path: Path) -> None:
    """2006/08 has a word for it, 2006/01 has none."""
    gate = Gate()

    def play(handover: Handover, request: ScanRequest) -> None:
        gate.wait(handover)
        handover.page(Raster(0, 1, request.mode, request.resolution, iter(())))  # a page of no width

    async with heard(tmp_path) as (rig, both):
        rig.scanner.play = play
        job = await rig.create()
        connection = await rig.connect()
        await connection.send(rig.scan_path, rig.retrieval(job))
        await rig.status(job)  # a request later: the image is waited for
        gate.open()
        answer = await asyncio.wait_for(connection.answer(), 5)
        assert (answer.status, answer.subcode) == (500, "w8:ServerErrorInternalError")
        for subscriber in both.values():
            await subscriber.until("end:")
        assert both[Y08].lines[-1] == "end:Aborted/CompressionError 0"
        assert both[Y01].lines[-1] == "end:Aborted/None 0"
