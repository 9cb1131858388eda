"""From a press of the scanner's button to the page: one destination is invited, and its invitation redeemed once."""

from pathlib import Path

from lxml import etree

from bridge.wsscan.values import InputSource
from drivers.contract.document import ScanRequest
from drivers.contract.errors import ScanFailed
from drivers.contract.handover import Handover
from drivers.contract.observation import ButtonPress, Readiness, Snapshot, Trouble, TroubleKind, Unit
from tests.wire.http_rig import Gate, Rig, Subscriber, running, ticket

W = "http://schemas.microsoft.com/windows/2006/08/wdp/scan"
FIVE = ("Scan", "ScanToPrint", "ScanToEmail", "ScanToFax", "ScanToOCR")


def destinations(host: str) -> str:
    offered = "".join(
        f"<w:ScanDestination><w:ClientDisplayName>{each} to {host}</w:ClientDisplayName>"
        f"<w:ClientContext>{each}</w:ClientContext></w:ScanDestination>"
        for each in FIVE
    )
    return f'<w:ScanDestinations xmlns:w="{W}">{offered}</w:ScanDestinations>'


def tokens(answer: etree._Element) -> dict[str, str]:
    responses = answer.iter(f"{{{W}}}DestinationResponse")
    return {each.findtext(f"{{{W}}}ClientContext"): each.findtext(f"{{{W}}}DestinationToken") for each in responses}


def press(rig: Rig, button: str, serial: int) -> None:
    rig.scanner.show(Snapshot("fake", Readiness.IDLE, presses=(ButtonPress(button, serial),)))


async def test_a_press_invites_one_destination_and_its_page_arrives(tmp_path: Path) -> None:
    async with Subscriber() as desk, Subscriber() as laptop, Subscriber() as silent, running(tmp_path) as rig:
        for subscriber, host in ((desk, "DESK"), (laptop, "LAPTOP")):
            answer = await rig.subscribe(subscriber, f"{W}/ScanAvailableEvent", extra=destinations(host))
            assert answer.status == 200
            given = tokens(answer.xml)
            assert list(given) == list(FIVE)
        await rig.subscribe(silent)  # hears everything but offered no destination
        press(rig, "email", 1)
        letter = await laptop.first("ScanAvailableEvent")
        assert letter.content.findtext(f"{{{W}}}ClientContext") == "ScanToEmail"
        assert letter.content.findtext(f"{{{W}}}InputSource") == InputSource.PLATEN
        identifier = letter.content.findtext(f"{{{W}}}ScanIdentifier")
        redeemed = f"<w:ScanIdentifier>{identifier}</w:ScanIdentifier>"
        token = f"<w:DestinationToken>{given['ScanToEmail']}</w:DestinationToken>"
        wrong = await rig.operate(
            "CreateScanJob", f"{redeemed}<w:DestinationToken>guess</w:DestinationToken>{ticket()}"
        )
        assert (wrong.status, wrong.subcode) == (400, "w8:ClientErrorInvalidDestinationToken")
        job = await rig.create(f"{redeemed}{token}{ticket()}")
        assert (await rig.retrieve(job)).status == 200
        again = await rig.operate("CreateScanJob", f"{redeemed}{token}{ticket()}")
        assert (again.status, again.subcode) == (400, "w8:ClientErrorInvalidScanIdentifier")
        assert [each.line for each in (*desk.letters, *silent.letters) if each.line.startswith("ScanAvail")] == []


async def test_a_press_that_nobody_asked_for_is_only_logged(tmp_path: Path) -> None:
    async with Subscriber() as subscriber, running(tmp_path) as rig:
        await rig.subscribe(subscriber)
        press(rig, "scan", 1)
        rig.scanner.show(Snapshot("fake", Readiness.STOPPED))
        await subscriber.first("ScannerStatusSummaryEvent")
        assert not [each for each in subscriber.letters if each.line.startswith("ScanAvail")]


async def test_destinations_keep_their_tokens_over_a_restart(tmp_path: Path) -> None:
    async with Subscriber() as desk:
        async with running(tmp_path) as rig:
            given = tokens((await rig.subscribe(desk, f"{W}/ScanAvailableEvent", extra=destinations("DESK"))).xml)
        async with running(tmp_path) as rig:
            press(rig, "scan", 1)
            letter = await desk.first("ScanAvailableEvent")
            identifier = letter.content.findtext(f"{{{W}}}ScanIdentifier")
            job = await rig.create(
                f"<w:ScanIdentifier>{identifier}</w:ScanIdentifier>"
                f"<w:DestinationToken>{given['Scan']}</w:DestinationToken>{ticket()}"
            )
            assert (await rig.retrieve(job)).status == 200


async def test_each_condition_raised_is_cleared_and_the_scanner_says_how_it_is(tmp_path: Path) -> None:
    jam = Trouble(TroubleKind.JAM, Unit.FEEDER)
    async with Subscriber() as subscriber, running(tmp_path) as rig:
        await rig.subscribe(subscriber)
        rig.scanner.show(Snapshot("fake", Readiness.STOPPED, frozenset({jam})))
        raised = await subscriber.first("ScannerStatusConditionEvent")
        (condition,) = raised.content
        assert condition.findtext(f"{{{W}}}Name") == "MediaJam"
        assert condition.findtext(f"{{{W}}}Component") == "ADF"
        stopped = await subscriber.first("ScannerStatusSummaryEvent")
        assert stopped.content.findtext(f".//{{{W}}}ScannerState") == "Stopped"
        assert stopped.content.findtext(f".//{{{W}}}ScannerStateReason") == "MediaJam"
        rig.scanner.show(Snapshot("fake", Readiness.IDLE))
        cleared = await subscriber.first("ScannerStatusConditionClearedEvent")
        assert cleared.content.findtext(f".//{{{W}}}ConditionId") == condition.get("Id")
        await subscriber.until("ScannerStatusSummaryEvent", count=2)
        kinds = [each.line.partition(" ")[0] for each in subscriber.letters]
        assert kinds == [
            "ScannerStatusConditionEvent",
            "ScannerStatusSummaryEvent",
            "ScannerStatusConditionClearedEvent",
            "ScannerStatusSummaryEvent",
        ]


async def test_a_scanner_that_failed_is_not_said_to_be_processing_again(tmp_path: Path) -> None:
    gate = Gate()

    def fail(handover: Handover, request: ScanRequest) -> None:
        gate.wait(handover)
        raise ScanFailed("paper jam")

    async with Subscriber() as subscriber, running(tmp_path) as rig:
        await rig.subscribe(subscriber)
        rig.scanner.play = fail
        job = await rig.create()
        await subscriber.until("Processing/JobScanning")
        rig.scanner.show(Snapshot("fake", Readiness.STOPPED, frozenset({Trouble(TroubleKind.JAM, Unit.FEEDER)})))
        await subscriber.first("ScannerStatusConditionEvent")
        # Cleared before the scan itself has ended: the look that follows finds nothing wrong.
        rig.scanner.snapshot = Snapshot("fake", Readiness.IDLE)
        gate.open()
        assert (await rig.retrieve(job)).status == 500
        await subscriber.until("end:")
        states = [
            each.content.findtext(f".//{{{W}}}ScannerState")
            for each in subscriber.letters
            if each.line == "ScannerStatusSummaryEvent"
        ]
        assert states[-1] == "Idle"
        assert states.count("Processing") == 1
