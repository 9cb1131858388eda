"""The events that started this project leave the real code: job 253, from the scanner to the subscribers' sockets."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from bridge.wsscan.year import Year
from drivers.contract.document import ScanRequest
from drivers.contract.handover import Handover
from tests.schema import schema
from tests.wire.http_rig import (
    NS,
    Y01,
    Y08,
    Gate,
    Hands,
    Letter,
    Rig,
    Subscriber,
    keep_state,
    page,
    running,
    ticket,
)

# The founding document's own: JobCreatedTime 2006-01-24T11:34:35.8345Z.
CREATED = datetime(2006, 1, 24, 11, 34, 35, 834_500, UTC)
FIVE = ticket("ADF", 5)
JOB_253 = (
    '<wscn:JobStatusEvent xmlns:wscn="{ns}"><wscn:JobStatus>'
    "<wscn:JobId>253</wscn:JobId><wscn:JobState>Processing</wscn:JobState>"
    "<wscn:JobStateReasons><wscn:JobStateReason>JobScanning</wscn:JobStateReason></wscn:JobStateReasons>"
    "<wscn:ScansCompleted>4</wscn:ScansCompleted>"
    "<wscn:JobCreatedTime>2006-01-24T11:34:35.8345Z</wscn:JobCreatedTime>"
    "</wscn:JobStatus></wscn:JobStatusEvent>"
)


def year_of(letter: Letter) -> Year:
    return Year.Y2006_01 if letter.action.startswith(Y01) else Year.Y2006_08


def validate(letters: list[Letter], year: Year) -> None:
    """Every letter is in that year, in Action, element and every word of it."""
    for letter in letters:
        assert year_of(letter) is year
        assert letter.action == f"{year.namespace}/{etree.QName(letter.content).localname}"
        schema.validate(letter.content, year)


def state(directory: Path) -> None:
    keep_state(directory / "state", job_ids_reserved=252)


class FourThenOne:
    """Five sheets, with a rest behind the fourth."""

    def __init__(self) -> None:
        self.gate = Gate()

    def __call__(self, handover: Handover, request: ScanRequest) -> None:
        for number in range(5):
            if number == 4:
                self.gate.wait(handover)
            page(handover, request, number)


async def test_job_253_is_told_as_the_founding_document_prints_it_in_the_year_of_each_subscriber(
    tmp_path: Path,
) -> None:
    state(tmp_path)
    async with (
        Subscriber() as in_08,
        Subscriber() as in_01,
        Subscriber() as unfiltered,
        running(tmp_path, Hands(CREATED)) as rig,
    ):
        rig.scanner.play = play = FourThenOne()
        assert (await rig.subscribe(in_08, f"{Y08}/JobStatusEvent {Y08}/JobEndStateEvent")).status == 200
        assert (await rig.subscribe(in_01, f"{Y01}/JobStatusEvent {Y01}/JobEndStateEvent")).status == 200
        assert (await rig.subscribe(unfiltered)).status == 200
        job = await rig.create(FIVE)
        assert job.id == 253
        for subscriber in (in_08, in_01, unfiltered):
            await subscriber.until("Processing/JobScanning 4")
        for subscriber, namespace in ((in_08, Y08), (in_01, Y01), (unfiltered, Y08)):
            body = subscriber.letters[-1].content
            # On its own: the envelope declares more namespaces than the body uses.
            etree.cleanup_namespaces(body)
            alone = etree.tostring(etree.fromstring(etree.tostring(body)), method="c14n", exclusive=True)
            assert alone.decode() == JOB_253.format(ns=namespace)
            assert subscriber.lines == [
                "Started 0",
                *(f"Processing/JobScanning {count}" for count in range(5)),
            ]
        for _ in range(4):
            assert (await rig.retrieve(job)).status == 200
        play.gate.open()
        assert (await rig.retrieve(job)).status == 200
        for subscriber in (in_08, in_01, unfiltered):
            await subscriber.until("end:")
        validate(in_08.letters, Year.Y2006_08)
        validate(in_01.letters, Year.Y2006_01)
        validate(unfiltered.letters, Year.Y2006_08)
        assert in_08.lines[-2:] == ["Completed/JobCompletedSuccessfully 5", "end:Completed/JobCompletedSuccessfully 5"]
        # The same story to everybody, in the words of each year.
        assert in_08.lines == unfiltered.lines
        assert in_08.lines == [line.replace("Transferring", "Transfering") for line in in_01.lines]
        assert "Processing/JobScanningAndTransfering 4" in in_08.lines
        assert "Processing/JobScanningAndTransferring 4" in in_01.lines
        counts = [int(line.split()[-1]) for line in in_08.lines]
        assert counts == sorted(counts)
        assert len([line for line in in_08.lines if line.startswith("end:")]) == 1


async def test_the_transfer_alone_is_spelt_with_one_r_for_2006_08_and_with_two_for_2006_01(tmp_path: Path) -> None:
    async with Subscriber() as in_08, Subscriber() as in_01, running(tmp_path) as rig:
        await rig.subscribe(in_08, Y08)
        await rig.subscribe(in_01, Y01)
        job = await rig.create()
        await in_08.until("Processing/JobTransfering 1")
        await in_01.until("Processing/JobTransferring 1")
        await rig.retrieve(job)
        await in_01.until("end:")
        validate(in_01.letters, Year.Y2006_01)
        validate(in_08.letters, Year.Y2006_08)


async def test_the_end_state_names_the_job_and_its_owner(tmp_path: Path) -> None:
    state(tmp_path)
    async with Subscriber() as subscriber, running(tmp_path, Hands(CREATED)) as rig:
        await rig.subscribe(subscriber)
        await rig.retrieve(await rig.create())
        await subscriber.until("end:")
        end = next(each for each in subscriber.letters if each.line.startswith("end:")).content
        (inside,) = end
        assert [(etree.QName(child).localname, (child.text or "")) for child in inside] == [
            ("JobId", "253"),
            ("JobCompletedState", "Completed"),
            ("JobCompletedStateReasons", ""),
            ("JobName", "Letters"),
            ("JobOriginatingUserName", "Ada"),
            ("ScansCompleted", "1"),
            ("JobCompletedTime", "2006-01-24T11:34:35.8345Z"),
        ]
        assert [reason.text for reason in inside.iter(f"{{{Y08}}}JobStateReason")] == ["JobCompletedSuccessfully"]


async def canceled(rig: Rig) -> None:
    gate = Gate()
    rig.scanner.play = lambda handover, request: gate.wait(handover)
    job = await rig.create()
    assert (await rig.cancel(job)).status == 200


async def timed_out(rig: Rig) -> None:
    gate = Gate()
    rig.scanner.play = lambda handover, request: gate.wait(handover)
    await rig.create()
    rig.clock.turn(60.5)


async def broken_off(rig: Rig) -> None:
    """The client is gone in the middle of its image."""
    _, connection, _ = await rig.half_way()
    connection.reset()


@pytest.mark.parametrize(
    ("how", "in_08", "in_01"),
    [
        (canceled, "end:Canceled/None 0", "end:Canceled/None 0"),
        (timed_out, "end:Aborted/JobTimedOut 0", "end:Aborted/JobTimedOut 0"),
        # The schema of 2006/08 has no word for it.
        (broken_off, "end:Aborted/None 0", "end:Aborted/ImageTransferError 0"),
    ],
)
async def test_a_job_that_ends_before_its_time_ends_once_and_says_why(
    tmp_path: Path, how: Callable[[Rig], Awaitable[None]], in_08: str, in_01: str
) -> None:
    async with Subscriber() as new, Subscriber() as old, running(tmp_path) as rig:
        await rig.subscribe(new, Y08)
        await rig.subscribe(old, Y01)
        await how(rig)
        for subscriber, wanted, year in ((new, in_08, Year.Y2006_08), (old, in_01, Year.Y2006_01)):
            await subscriber.until("end:")
            await asyncio.sleep(0.05)
            validate(subscriber.letters, year)
            assert subscriber.lines[-1] == wanted
            assert subscriber.lines[-2].startswith(wanted.removeprefix("end:").partition("/")[0])
            assert len([line for line in subscriber.lines if line.startswith("end:")]) == 1
            assert any(line.startswith("Terminating") for line in subscriber.lines)


async def test_what_the_notify_to_asked_for_comes_back_as_headers(tmp_path: Path) -> None:
    async with Subscriber() as subscriber, running(tmp_path) as rig:
        subscriber.reference = (
            '<e:Identifier>mine</e:Identifier><x:Room xmlns:x="urn:example" s:mustUnderstand="1">7 &amp; 8</x:Room>'
        )
        assert (await rig.subscribe(subscriber, Y08)).status == 200
        await rig.retrieve(await rig.create())
        await subscriber.until("end:")
        for letter in subscriber.letters:
            header = letter.xml.find("s:Header", NS)
            assert header is not None
            assert header.findtext("e:Identifier", None, NS) == "mine"
            room = header.find("{urn:example}Room")
            assert room is not None
            assert (room.text, dict(room.attrib)) == ("7 & 8", {})
            assert header.findtext("a:To", None, NS) == subscriber.url
            assert (header.findtext("a:MessageID", None, NS) or "").startswith("urn:uuid:")
            assert letter.headers["content-type"].startswith("application/soap+xml")
        ids = [letter.xml.findtext("s:Header/a:MessageID", None, NS) for letter in subscriber.letters]
        assert len(set(ids)) == len(ids)


async def test_a_queued_job_begins_with_pending(tmp_path: Path) -> None:
    async with Subscriber() as subscriber, running(tmp_path) as rig:
        gate = Gate()

        def play(handover: Handover, request: ScanRequest) -> None:
            gate.wait(handover)
            page(handover, request)

        rig.scanner.play = play
        await rig.subscribe(subscriber, f"{Y08}/JobStatusEvent")
        first, second = await rig.create(), await rig.create()
        assert (first.id, second.id) == (1, 2)
        gate.open()
        await rig.retrieve(first)
        await rig.retrieve(second)
        await subscriber.until("Completed", count=2)
        told = [letter.line for letter in subscriber.letters if letter.content.findtext(".//{*}JobId") == "2"]
        assert told[:3] == ["Pending 0", "Started 0", "Processing/JobScanning 0"]
        assert told[-1] == "Completed/JobCompletedSuccessfully 1"
