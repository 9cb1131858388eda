"""What is kept of the scanner's sections is never older than the scanner."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

from lxml import etree

from bridge.scanner.hosted import HostedScanner
from bridge.service.sections import Sections
from bridge.soap import envelope
from bridge.wsscan import year
from bridge.wsscan.sections import ScannerSection
from bridge.wsscan.year import Year
from drivers.contract.observation import Readiness, Snapshot, Trouble, TroubleKind, Unit
from tests.wire.http_rig import FakeScanner, Hands

Y08 = Year.Y2006_08
QUESTION = "urn:uuid:1&<2>"
W = f"{{{Y08.namespace}}}"


def hosted() -> tuple[HostedScanner, FakeScanner, Hands]:
    fake, clock = FakeScanner(), Hands(datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC))
    scanner = HostedScanner(fake.device.identity, iter(range(1, 9)).__next__, clock, lambda name, body: None)
    scanner.attach(fake.device)
    return scanner, fake, clock


def asked(sections: Sections, *names: str, spoken: Year = Y08) -> list[etree._Element]:
    message = envelope.read(sections.answer(names, spoken, QUESTION))
    assert message.addressing.relates_to == QUESTION
    assert message.addressing.action == year.action("GetScannerElementsResponse", spoken)
    assert message.body is not None
    return list(message.body[0])


def test_a_section_is_made_anew_only_when_it_changed() -> None:
    scanner, fake, _ = hosted()
    sections = Sections(scanner, "A", None)
    (before,) = asked(sections, ScannerSection.CONFIGURATION)
    assert etree.tostring(asked(sections, ScannerSection.CONFIGURATION)[0]) == etree.tostring(before)
    assert before.find(f".//{W}ADF") is not None
    scanner.attach(replace(fake.device, capabilities=replace(fake.device.capabilities, feeder=None)))
    (after,) = asked(sections, ScannerSection.CONFIGURATION)
    assert after.find(f".//{W}ADF") is None
    assert after.find(f".//{W}Platen") is not None


def test_the_time_is_that_of_the_asking() -> None:
    scanner, _, clock = hosted()
    sections = Sections(scanner, "A", None)
    first = asked(sections, ScannerSection.STATUS)[0].findtext(f".//{W}ScannerCurrentTime")
    clock.turn(61)
    second = asked(sections, ScannerSection.STATUS)[0].findtext(f".//{W}ScannerCurrentTime")
    assert (first, second) == ("2024-05-06T07:08:09.000Z", "2024-05-06T07:09:10.000Z")


def test_the_state_is_that_of_the_last_look() -> None:
    scanner, _, clock = hosted()
    sections = Sections(scanner, "A", None)
    jam = Trouble(TroubleKind.JAM, Unit.FEEDER)
    states = []
    for snapshot in (
        Snapshot("usb", Readiness.IDLE),
        Snapshot("usb", Readiness.STOPPED, frozenset({jam})),
        Snapshot("usb", Readiness.GONE, explanation="unplugged"),
        Snapshot("usb", Readiness.IDLE),
    ):
        scanner.look(snapshot)
        clock.turn(timedelta(seconds=1).total_seconds())
        status = asked(sections, ScannerSection.STATUS)[0]
        states.append((status.findtext(f".//{W}ScannerState"), len(status.findall(f".//{W}DeviceCondition"))))
    assert states == [("Idle", 0), ("Stopped", 1), ("Stopped", 0), ("Idle", 0)]


def test_a_scanner_may_be_called_as_it_likes() -> None:
    scanner, _, clock = hosted()
    sections = Sections(scanner, "urn:id", "urn:question <!--omitted-->")
    for _ in range(2):
        clock.turn(1)
        description, status = asked(sections, ScannerSection.DESCRIPTION, ScannerSection.STATUS)
        assert description.findtext(f".//{W}ScannerName") == "urn:id"
        assert description.findtext(f".//{W}ScannerLocation") == "urn:question <!--omitted-->"
        assert status.findtext(f".//{W}ScannerCurrentTime") == f"2024-05-06T07:08:{clock.now().second:02}.000Z"


def test_every_answer_has_a_message_id_of_its_own() -> None:
    sections = Sections(hosted()[0], "A", None)
    answers = [envelope.read(sections.answer([ScannerSection.STATUS], Y08, QUESTION)) for _ in range(3)]
    assert len({answer.addressing.message_id for answer in answers}) == 3


def test_nobody_fills_the_memory_with_questions() -> None:
    sections = Sections(hosted()[0], "A", None)
    for number in range(100):
        asked(sections, f"{{urn:x}}Name{number}")
    for names in permutations(ScannerSection):
        asked(sections, *names)
    assert 0 < len(sections._kept) <= 16


def test_each_year_has_its_own_and_a_name_is_answered_once() -> None:
    scanner, _, _ = hosted()
    sections = Sections(scanner, "A", None)
    names = (ScannerSection.STATUS, "{urn:x}Nothing", ScannerSection.STATUS, ScannerSection.DESCRIPTION)
    for spoken in (Year.Y2006_01, Y08, Year.Y2006_01):
        told = asked(sections, *names, spoken=spoken)
        assert {etree.QName(each).namespace for each in told} == {spoken.namespace}
        assert [each.get("Valid") for each in told] == ["true", "false", "true"]
