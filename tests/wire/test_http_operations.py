"""The operations of the scan service over HTTP: jobs from ticket to last page, sections, lists, and who hangs up when.

Spec: WS-Scan V1.0 ScannerServiceType; MTOM and DPWS 2006 R0036 to R0039 for the answer of RetrieveImage.
"""

import asyncio
import io
import os
import re
from pathlib import Path

import pytest
from lxml import etree
from PIL import Image

from bridge.jobs.job import JobSeen, Kind
from bridge.translate.job import step
from bridge.wsscan.year import Year
from drivers.contract.document import ScanRequest
from drivers.contract.errors import FeederEmpty, ScanFailed
from drivers.contract.handover import Handover
from drivers.contract.observation import Phase, Readiness, Snapshot, Trouble, TroubleKind, Unit
from tests.schema import schema
from tests.wire.http_rig import (
    LARGE,
    NS,
    Y01,
    Y08,
    Answer,
    Connection,
    Gate,
    Play,
    Rig,
    Subscriber,
    half_a_page,
    message,
    page,
    pages,
    parts,
    running,
    ticket,
)

YEARS = ((Y08, Year.Y2006_08), (Y01, Year.Y2006_01))
ROOT = Path(__file__).resolve().parents[2]
REALDATA = Path(os.environ.get("WSD_REALDATA", ROOT.parent / "shared" / "realdata"))


def picture(answer: Answer) -> Image.Image:
    assert answer.status == 200, answer.body
    _, (_, content) = parts(answer)
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


async def rest(connection: Connection) -> None:
    """Read on to the last chunk."""
    while await asyncio.wait_for(connection.chunk(), 5):
        pass


def gated(gate: Gate) -> Play:
    """A page that comes when the gate opens."""

    def play(handover: Handover, request: ScanRequest) -> None:
        gate.wait(handover)
        page(handover, request)

    return play


# Whole jobs ---------------------------------------------------------------------------------------------------------


async def test_a_platen_job_gives_its_one_page_and_is_done(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        job = await rig.create()
        image = picture(await rig.retrieve(job))
        assert (image.format, image.size, image.mode) == ("PNG", (30, 30), "L")
        assert image.getextrema() == (0, 0)
        await rig.until(job, "Completed")
        assert await rig.status(job) == ("Completed", "JobCompletedSuccessfully", 1)
        again = await rig.retrieve(job)
        assert (again.status, again.subcode) == (400, "w8:ClientErrorNoImagesAvailable")


async def test_the_feeder_gives_page_after_page_until_it_is_empty(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        rig.scanner.play = pages(3)
        job = await rig.create(ticket("ADF"))
        seen = [picture(await rig.retrieve(job)).getextrema()[0] for _ in range(3)]
        assert seen == [0, 10, 20]
        assert (await rig.retrieve(job)).subcode == "w8:ClientErrorNoImagesAvailable"
        assert await rig.status(job) == ("Completed", "JobCompletedSuccessfully", 3)


async def test_an_empty_feeder_is_told_as_no_images(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:

        def play(handover: Handover, request: ScanRequest) -> None:
            raise FeederEmpty("no paper in the feeder")

        rig.scanner.play = play
        job = await rig.create(ticket("ADF"))
        assert (await rig.retrieve(job)).subcode == "w8:ClientErrorNoImagesAvailable"
        assert (await rig.status(job))[0] == "Aborted"


async def test_a_page_that_breaks_before_its_first_byte_is_a_fault_and_the_status_says_why(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        gate = Gate()

        def play(handover: Handover, request: ScanRequest) -> None:
            gate.wait(handover)
            jam = frozenset({Trouble(TroubleKind.JAM, Unit.FEEDER)})
            rig.scanner.snapshot = Snapshot("fake", Readiness.STOPPED, jam, explanation="paper jam")
            raise ScanFailed("paper jam")

        rig.scanner.play = play
        job = await rig.create(ticket("ADF"))
        waiting = asyncio.create_task(rig.retrieve(job))
        gate.open()
        answer = await waiting
        assert (answer.status, answer.subcode) == (500, "w8:ServerErrorTemporaryError")
        status = await sections(rig, "ScannerStatus")
        assert status.text(f".//{{{Y08}}}ScannerState") == "Stopped"
        assert status.text(f".//{{{Y08}}}ScannerStateReason") == "MediaJam"
        assert (await rig.status(job))[0] == "Aborted"


async def test_a_page_that_breaks_in_the_middle_never_looks_whole(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:

        def unplug() -> None:
            raise ScanFailed("unplugged")

        job, connection, gate = await rig.half_way(unplug)
        gate.open()
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await rest(connection)
        await rig.until(job, "Aborted")


# MTOM, to the byte --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("namespace", "year"), YEARS)
async def test_an_image_comes_as_a_package_of_two_parts_root_first(tmp_path: Path, namespace: str, year: Year) -> None:
    async with running(tmp_path) as rig:
        job = await rig.create(ticket(format_="jfif"), namespace)
        answer = await rig.retrieve(job, namespace)
        kind = re.fullmatch(
            r'multipart/related; type="application/xop\+xml"; start="<([^>]+)>"; '
            r'start-info="application/soap\+xml"; boundary="([^"]+)"',
            answer.headers["content-type"],
        )
        assert kind is not None
        root_id, boundary = kind[1], kind[2].encode()
        assert answer.body.startswith(b"--" + boundary + b"\r\n")
        assert answer.body.endswith(b"\r\n--" + boundary + b"--\r\n")
        assert answer.body.count(b"--" + boundary) == 3
        (root_head, root), (image_head, image) = parts(answer)
        assert root_head == {
            "content-type": 'application/xop+xml; charset=utf-8; type="application/soap+xml"',
            "content-transfer-encoding": "binary",
            "content-id": f"<{root_id}>",
        }
        assert (image_head["content-type"], image_head["content-transfer-encoding"]) == ("image/jpeg", "binary")
        envelope = etree.fromstring(root)
        include = envelope.find(".//{http://www.w3.org/2004/08/xop/include}Include")
        assert include is not None
        assert image_head["content-id"] == f"<{include.get('href', '').removeprefix('cid:')}>"
        assert envelope.findtext("s:Header/a:Action", None, NS) == f"{namespace}/RetrieveImageResponse"
        assert envelope.findtext("s:Header/a:RelatesTo", None, NS) == "urn:uuid:11111111-1111-1111-1111-111111111111"
        (body,) = envelope.findall("s:Body/*", NS)
        assert body.tag == f"{{{namespace}}}RetrieveImageResponse"
        schema.validate(body, year)
        assert image.startswith(b"\xff\xd8")
        assert image.endswith(b"\xff\xd9")


# Who waits, who hangs up -----------------------------------------------------------------------------------------


async def test_two_at_once_get_one_page_after_the_other(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        gate = Gate()

        def play(handover: Handover, request: ScanRequest) -> None:
            half_a_page(handover, request)
            gate.wait(handover)
            for _ in range(600):
                handover.put(b"\x00" * request.mode.row_bytes(1200))
            handover.end_page()
            page(handover, request, 255)

        rig.scanner.play = play
        job = await rig.create(ticket("ADF", sides=LARGE, format_="jfif"))
        first, second = await rig.connect(), await rig.connect()
        await first.send(rig.scan_path, rig.retrieval(job))
        assert (await first.head())[0] == 200
        await second.send(rig.scan_path, rig.retrieval(job))
        waiting = asyncio.create_task(second.answer())
        await asyncio.sleep(0.05)
        assert not waiting.done()
        gate.open()
        await rest(first)
        assert picture(await waiting).getextrema()[0] >= 250
        await rig.until(job, "Completed")


async def test_an_image_of_a_queued_job_is_not_waited_for_longer_than_configured(tmp_path: Path) -> None:
    async with running(tmp_path, retrieve_wait=0.1) as rig:
        gate = Gate()
        rig.scanner.play = gated(gate)
        first, second = await rig.create(), await rig.create()
        answer = await rig.retrieve(second)
        assert (answer.status, answer.subcode) == (500, "w8:ServerErrorTemporaryError")
        assert (await rig.status(second))[0] == "Pending"
        gate.open()
        async with asyncio.timeout(20):  # a tenth of a second may pass before a page begins; who is told so asks again
            for job in (first, second):
                while (answer := await rig.retrieve(job)).status != 200:
                    assert answer.subcode == "w8:ServerErrorTemporaryError"


async def test_a_client_that_goes_in_the_middle_of_an_image_stops_the_hardware_and_ends_the_job(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        job, connection, _ = await rig.half_way()
        connection.reset()
        await rig.until(job, "Aborted")
        assert rig.scanner.stopped == 1
        # The next one has the scanner.
        rig.scanner.play = pages(1)
        assert (await rig.retrieve(await rig.create())).status == 200


async def test_a_page_is_not_lost_with_a_client_that_goes_before_its_first_byte(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        gate = Gate()
        rig.scanner.play = gated(gate)
        job = await rig.create()
        connection = await rig.connect()
        await connection.send(rig.scan_path, rig.retrieval(job))
        await asyncio.sleep(0.05)
        connection.reset()
        await asyncio.sleep(0.05)
        gate.open()
        assert picture(await rig.retrieve(job)).size == (30, 30)
        await rig.until(job, "Completed")


async def test_cancel_frees_who_waits_for_an_image_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        gate = Gate()
        rig.scanner.play = gated(gate)
        job = await rig.create()
        waiting = asyncio.create_task(rig.retrieve(job))
        await asyncio.sleep(0.05)
        answer = await rig.cancel(job)
        assert (answer.status, answer.content.tag) == (200, f"{{{Y08}}}CancelJobResponse")
        answer = await asyncio.wait_for(waiting, 8)
        assert (answer.status, answer.subcode) == (400, "w8:ClientErrorJobCancelled")
        await rig.until(job, "Canceled")
        assert rig.scanner.stopped == 1
        late = await rig.cancel(job)
        assert (late.status, late.subcode) == (500, "w8:OperationFailed")
        assert (await rig.retrieve(job)).subcode == "w8:ClientErrorJobCancelled"


async def test_cancel_in_the_middle_of_an_image_cuts_it_off(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        job, connection, _ = await rig.half_way()
        assert (await rig.cancel(job)).status == 200
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await rest(connection)
        await rig.until(job, "Canceled")


async def test_who_never_retrieves_loses_the_job_after_a_minute(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        job = await rig.create()
        await rig.until(job, "Processing")
        while 60.0 not in rig.clock.waiting:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        rig.clock.turn(59.9)
        assert (await rig.status(job))[0] == "Processing"
        rig.clock.turn(0.2)
        await rig.until(job, "Aborted")
        assert (await rig.status(job))[1] == "JobTimedOut"


async def test_many_requests_share_one_connection(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        job = await rig.create()
        connection = await rig.connect()
        asked = message(f"{Y08}/GetActiveJobs", "<w:GetActiveJobsRequest/>")
        assert (await connection.ask(rig.scan_path, asked)).status == 200
        assert (await connection.ask(rig.scan_path, b"<bad")).status == 400
        assert (await connection.ask(rig.scan_path, rig.retrieval(job))).status == 200
        assert (await connection.ask(rig.scan_path, rig.retrieval(job))).status == 400
        assert (await connection.ask(rig.scan_path, asked)).status == 200
        # And two in one breath.
        await connection.send(rig.scan_path, asked)
        await connection.send(rig.scan_path, asked)
        assert [(await connection.answer()).status for _ in range(2)] == [200, 200]


async def test_the_bridge_stops_in_the_middle_of_everything(tmp_path: Path) -> None:
    async with Subscriber() as subscriber:
        loop = asyncio.get_running_loop()
        async with running(tmp_path) as rig:
            gate = Gate()
            rig.scanner.play = gated(gate)
            await rig.subscribe(subscriber)
            first, second = await rig.create(), await rig.create()
            waiting = [asyncio.create_task(rig.retrieve(job)) for job in (first, second)]
            idle = await rig.connect()
            await asyncio.sleep(0.05)
            begun = loop.time()
        assert loop.time() - begun < 2
        assert {task.result().status for task in waiting} == {500}
        assert await idle.reader.read() == b""
        assert sorted(line for line in subscriber.lines if line.startswith("end:")) == ["end:Aborted/None 0"] * 2


# Sections and lists -------------------------------------------------------------------------------------------------


async def sections(rig: Rig, *names: str, year: str = Y08) -> Answer:
    asked = "".join(f"<w:Name>w:{name}</w:Name>" for name in names)
    return await rig.operate("GetScannerElements", f"<w:RequestedElements>{asked}</w:RequestedElements>", year)


@pytest.mark.parametrize(("namespace", "year"), YEARS)
async def test_every_answer_is_in_the_year_of_its_request_and_valid_in_it(
    tmp_path: Path, namespace: str, year: Year
) -> None:
    async with running(tmp_path) as rig:
        job = await rig.create(year=namespace)
        assert (await rig.retrieve(job)).status == 200
        open_job = await rig.create(ticket("ADF"))
        asked = f"<w:JobId>{job.id}</w:JobId><w:RequestedElements>" + "".join(
            f"<w:Name>w:{name}</w:Name>" for name in ("JobStatus", "ScanTicket", "Documents", "Nothing")
        )
        answers = {
            "CreateScanJob": job.answer,
            "GetScannerElements": await sections(
                rig, "ScannerDescription", "ScannerConfiguration", "ScannerStatus", "DefaultScanTicket", year=namespace
            ),
            "GetJobElements": await rig.operate("GetJobElements", asked + "</w:RequestedElements>", namespace),
            "GetActiveJobs": await rig.operate("GetActiveJobs", "", namespace),
            "GetJobHistory": await rig.operate("GetJobHistory", "", namespace),
            "ValidateScanTicket": await rig.operate("ValidateScanTicket", ticket(), namespace),
            "CancelJob": await rig.operate("CancelJob", f"<w:JobId>{open_job.id}</w:JobId>", namespace),
        }
        for name, answer in answers.items():
            assert answer.status == 200, (name, answer.body)
            assert answer.text("s:Header/a:Action") == f"{namespace}/{name}Response"
            assert answer.text("s:Header/a:RelatesTo") == "urn:uuid:11111111-1111-1111-1111-111111111111"
            assert answer.content.tag == f"{{{namespace}}}{name}Response"
            schema.validate(answer.content, year)
            assert len(answer.body) <= 32_767
            other = Y01 if namespace == Y08 else Y08
            assert other.encode() not in answer.body


async def test_sections_are_answered_one_by_one_and_unknown_ones_are_not_valid(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        body = message(
            f"{Y08}/GetScannerElements",
            f'<w:GetScannerElementsRequest><w:RequestedElements xmlns:sca="{Y08}" xmlns:v="urn:vendor">'
            "<w:Name>sca:ScannerStatus</w:Name><w:Name>v:ScannerStatus</w:Name><w:Name> w:JobStatus </w:Name>"
            "<w:Name>sca:ScannerDescription</w:Name></w:RequestedElements></w:GetScannerElementsRequest>",
        )
        answer = await rig.ask(rig.scan_path, body)
        found = list(answer.xml.iter(f"{{{Y08}}}ElementData"))
        assert [(data.get("Valid"), len(data)) for data in found] == [
            ("true", 1),
            ("false", 0),
            ("false", 0),
            ("true", 1),
        ]
        for data, expected in zip(
            found,
            (f"{Y08}|ScannerStatus", "urn:vendor|ScannerStatus", f"{Y08}|JobStatus", f"{Y08}|ScannerDescription"),
            strict=True,
        ):
            prefix, _, local = (data.get("Name") or "").rpartition(":")
            assert f"{data.nsmap[prefix]}|{local}" == expected
        assert answer.text(f".//{{{Y08}}}ScannerState") == "Idle"
        assert answer.text(f".//{{{Y08}}}ScannerName") == "Epson Perfection 1640"


async def test_jobs_are_listed_while_they_run_and_remembered_when_they_ended(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        gate = Gate()
        rig.scanner.play = gated(gate)
        first, second = await rig.create(), await rig.create()
        active = await rig.active()
        assert [re.findall(r"JobId>(\d+)<", job) for job in active] == [[str(first.id)], [str(second.id)]]
        assert "Letters" in active[0]
        assert "Ada" in active[0]
        assert (await sections(rig, "ScannerStatus")).text(f".//{{{Y08}}}ScannerState") == "Processing"
        await rig.cancel(second)
        gate.open()
        await rig.retrieve(first)
        await rig.until(first, "Completed")
        await rig.until(second, "Canceled")
        assert await rig.active() == []
        history = await rig.operate("GetJobHistory", "")
        told = {
            (job.findtext(f"{{{Y08}}}JobId"), job.findtext(f"{{{Y08}}}JobState"))
            for job in history.xml.iter(f"{{{Y08}}}JobSummary")
        }
        assert told == {(str(first.id), "Completed"), (str(second.id), "Canceled")}


async def test_a_list_of_jobs_with_the_longest_names_stays_an_envelope_that_windows_reads(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        rig.scanner.play = pages(1)
        long_names = ticket().replace("Letters", "&amp;" * 255).replace("Ada", "\U0001f5a8" * 255)
        jobs = []
        for _ in range(25):
            jobs.append(await rig.create(long_names))
            await rig.retrieve(jobs[-1])
        await rig.until(jobs[-1], "Completed")
        answer = await rig.operate("GetJobHistory", "")
        assert len(answer.body) <= 32_767
        listed = [int(found.text or "") for found in answer.xml.iter(f"{{{Y08}}}JobId")]
        # The newest first, and as many as there is room for.
        assert listed == [job.id for job in reversed(jobs)][: len(listed)]
        assert len(listed) >= 10
        assert len(answer.body) > 25_000


async def test_the_history_is_told_of_the_fifty_newest_jobs(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        (hosted,) = rig.daemon._hosted.values()
        book, now = hosted.scanner.book, rig.clock.now()
        jobs = []
        for _ in range(55):
            jobs.append(step(book.open(Kind.WSD, "n", "u", now), JobSeen(Phase.DONE), now).job)
            book.put(jobs[-1])
        answer = await rig.operate("GetJobHistory", "")
        listed = [int(found.text or "") for found in answer.xml.iter(f"{{{Y08}}}JobId")]
        assert listed == [job.id for job in reversed(jobs)][:50]


async def test_documents_are_named_as_they_were_retrieved(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        job = await rig.create()
        asked = f"<w:JobId>{job.id}</w:JobId><w:RequestedElements><w:Name>w:Documents</w:Name></w:RequestedElements>"
        before = await rig.operate("GetJobElements", asked)
        assert [data.get("Valid") for data in before.xml.iter(f"{{{Y08}}}ElementData")] == ["false"]
        await rig.retrieve(job)
        after = await rig.operate("GetJobElements", asked)
        assert after.text(f".//{{{Y08}}}DocumentName") == "page.png"


async def test_of_many_documents_with_the_longest_names_the_last_are_told(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        rig.scanner.play = pages(25)
        job = await rig.create(ticket("ADF"))
        for number in range(25):
            name = b"%s%03d" % (b"&amp;" * 252, number)
            answer = await rig.ask(rig.scan_path, rig.retrieval(job).replace(b"page.png", name))
            assert answer.status == 200
        asked = f"<w:JobId>{job.id}</w:JobId><w:RequestedElements><w:Name>w:Documents</w:Name></w:RequestedElements>"
        answer = await rig.operate("GetJobElements", asked)
        told = [(each.text or "")[252:] for each in answer.xml.iter(f"{{{Y08}}}DocumentName")]
        assert told == [f"{number:03}" for number in range(13, 25)]
        assert len(answer.body) <= 32_767


async def test_a_ticket_is_judged_without_a_job(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        answer = await rig.operate("ValidateScanTicket", ticket())
        assert answer.text(f".//{{{Y08}}}ValidTicket") == "true"
        assert answer.text(f".//{{{Y08}}}PixelsPerLine") == "30"
        assert answer.xml.find(f".//{{{Y08}}}ValidScanTicket") is None
        answer = await rig.operate("ValidateScanTicket", ticket(extra="<w:Rotation>45</w:Rotation>"))
        assert answer.text(f".//{{{Y08}}}ValidTicket") == "false"
        assert answer.text(f".//{{{Y08}}}ValidScanTicket//{{{Y08}}}Rotation") == "0"
        assert await rig.active() == []
        assert rig.scanner.documents == []


async def test_the_default_ticket_makes_a_job_that_is_just_as_it_says(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        answer = await sections(rig, "DefaultScanTicket")
        (default,) = answer.xml.iter(f"{{{Y08}}}DefaultScanTicket")
        default.tag = f"{{{Y08}}}ScanTicket"
        job = await rig.create(etree.tostring(default, encoding="unicode"))
        final = job.answer.content.find(f"{{{Y08}}}DocumentFinalParameters")
        assert final is not None
        assert not [each for each in final.iter() if each.get(f"{{{Y08}}}Override") in ("true", "1")]
        await rig.cancel(job)


# A client nobody here wrote -----------------------------------------------------------------------------------------


@pytest.fixture
def recordings() -> Path:
    if not REALDATA.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"no recordings in {REALDATA}: set WSD_REALDATA")
        pytest.skip(f"no recordings in {REALDATA}")
    return REALDATA / "captures" / "sane-airscan-0.99.27"


async def replayed(rig: Rig, recording: Path, **words: str) -> Answer:
    """The recorded request, head and all; only the path, and the ids that this run gave, are ours."""
    head, _, body = recording.read_bytes().replace(b"\r\n", b"\n").partition(b"\n\n")  # noqa: ASYNC240
    for name, value in words.items():
        body = re.sub(rf"(?<=sca:{name}>)[^<]+".encode(), value.encode(), body)
    first, *lines = head.decode().split("\n")
    path = rig.path if first.split()[1] == "/dev" else rig.scan_path
    kept = [line for line in lines if not line.startswith("Content-Length")]
    connection = await rig.connect()
    text = "\r\n".join([f"POST {path} HTTP/1.1", *kept, f"Content-Length: {len(body)}", "", ""])
    await connection.raw(text.encode() + body)
    answer = await asyncio.wait_for(connection.answer(), 5)
    assert await connection.reader.read() == b""  # it said Connection: close
    return answer


async def test_sane_airscan_scans_a_page(tmp_path: Path, recordings: Path) -> None:
    async with running(tmp_path) as rig:
        described = await replayed(rig, recordings / "Transfer-Get.http")
        assert b"ScannerServiceType" in described.body
        configured = await replayed(rig, recordings / "GetScannerElements-ScannerConfiguration.http")
        schema.validate(configured.content, Year.Y2006_08)
        assert [data.get("Valid") for data in configured.xml.iter(f"{{{Y08}}}ElementData")] == ["true"]
        status = await replayed(rig, recordings / "GetScannerElements-ScannerStatus.http")
        assert status.text(f".//{{{Y08}}}ScannerState") == "Idle"
        created = await replayed(rig, recordings / "CreateScanJob.http")
        schema.validate(created.content, Year.Y2006_08)
        ids = {name: created.text(f".//{{{Y08}}}{name}") for name in ("JobId", "JobToken")}
        assert created.text(f".//{{{Y08}}}PixelsPerLine") == "637"
        assert created.text(f".//{{{Y08}}}NumberOfLines") == "876"
        image = picture(await replayed(rig, recordings / "RetrieveImage.http", **ids))
        assert (image.format, image.size, image.mode) == ("PNG", (637, 876), "RGB")
        over = await replayed(rig, recordings / "RetrieveImage.http", **ids)
        assert over.subcode == "w8:ClientErrorNoImagesAvailable"


async def test_sane_airscan_cancels(tmp_path: Path, recordings: Path) -> None:
    async with running(tmp_path) as rig:
        gate = Gate()
        rig.scanner.play = gated(gate)
        created = await replayed(rig, recordings / "CreateScanJob.http")
        ids = {name: created.text(f".//{{{Y08}}}{name}") for name in ("JobId", "JobToken")}
        pending = asyncio.create_task(replayed(rig, recordings / "RetrieveImage.http", **ids))
        await asyncio.sleep(0.05)
        assert (await replayed(rig, recordings / "CancelJob.http", JobId=ids["JobId"])).status == 200
        assert (await pending).subcode == "w8:ClientErrorJobCancelled"
