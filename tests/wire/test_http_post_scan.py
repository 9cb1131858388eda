"""A scan server over HTTP: the operations of the processing service and the events it owes, by hand from the DSM
pages and [MS-BDSRR]. Files are really filed, waiting is done by the hands of the test."""

import asyncio
import io
import json
import signal
import socket
import sys
from pathlib import Path

import pytest
from lxml import etree
from PIL import Image

from tests.wire.http_rig import WSA, WSD, WSDP, Answer, Subscriber, message
from tests.wire.post_scan_rig import DSP, PACKAGE, create, ended, lines, package, request, serving, share
from tests.wire.test_http_tls import HOST

DONE = "CompletedSuccessfully"
BOTH = pytest.mark.parametrize("said", [{}, {"certificate": str(HOST)}], ids=["http", "tls"])


@BOTH
async def test_a_job_is_filed_and_told_from_its_creation_to_its_end(tmp_path: Path, said: dict[str, str]) -> None:
    async with serving(tmp_path, **said) as server, Subscriber() as subscriber:
        assert (await server.subscribe(subscriber)).status == 200
        token = await server.create()
        for number in (1, 2):
            assert (await server.send(token, number, b"page %d" % number)).status == 200
        assert (await server.end(token)).status == 200
        await ended(subscriber)
        assert lines(subscriber) == [
            "Creating/None 0 [Pending]",
            "Pending/None 2 [Pending]",
            "Started/None 2 [Processing]",
            "Processing/None 2 [Processing]",
            f"Processing/None 2 [{DONE}]",
            f"Completed/PostScanJobCompletedSuccessfully 2 [{DONE}]",
            f"end:Completed/PostScanJobCompletedSuccessfully 2 [{DONE}]",
        ]
        assert sorted(server.delivered.values()) == [b"page 1", b"page 2"]
        assert all(each.action.startswith(f"{DSP}/PostScanJob") for each in subscriber.letters)
        assert await server.state(token) == f"Completed/PostScanJobCompletedSuccessfully 2 [{DONE}]"


async def test_a_process_names_its_files_and_makes_one_pdf_of_the_pages(tmp_path: Path) -> None:
    entry = f"[[filter]]\nshare = '\\\\server\\in'\nfolder = '{tmp_path}/in'\n"
    pdf = f"{entry}name = '{{user}} {{name}}'\nformat = 'pdf'\n"
    page = io.BytesIO()
    Image.new("L", (60, 80)).save(page, "JPEG", dpi=(100, 100))
    async with serving(tmp_path, filters=pdf) as server:
        token = await server.create()
        for number in (1, 2):
            assert (await server.send(token, number, page.getvalue())).status == 200
        await server.end(token)
        await server.until(token, "Completed")
        ((name, file),) = server.delivered.items()
    assert name == "S-1-5-21-1-2-3-500 Invoice.pdf"
    assert file.startswith(b"%PDF-")
    assert file.count(page.getvalue()) == 2, "as they were received"


async def failing(place: Path, said: dict[str, str], *, goes_on: bool) -> list[str]:
    """Two filters, of which the first goes into a folder in which nobody may write: it is a file."""
    (place / "file").write_bytes(b"")
    blocked = f"[[filter]]\nshare = '\\\\server\\no'\nfolder = '{place}/file'\n"
    good = f"[[filter]]\nshare = '\\\\server\\in'\nfolder = '{place}/in'\n"
    async with serving(place, filters=blocked + good, **said) as server, Subscriber() as subscriber:
        await server.subscribe(subscriber)
        token = await server.create(share("\\\\server\\no"), share(), goes_on=goes_on)
        await server.send(token, 1, b"page")
        await server.end(token)
        while not any(letter.line == "PostScanJobEndStateEvent" for letter in subscriber.letters):
            server.clock.turn(120)
            await asyncio.sleep(0.01)
        assert len(server.delivered) == goes_on
        return lines(subscriber)


@BOTH
async def test_a_filter_that_fails_ends_the_job(tmp_path: Path, said: dict[str, str]) -> None:
    assert await failing(tmp_path, said, goes_on=False) == [
        "Creating/None 0 [Pending Pending]",
        "Pending/None 1 [Pending Pending]",
        "Started/None 1 [Processing Pending]",
        "Processing/None 1 [Processing Pending]",
        "Processing/None 1 [CompletedWithErrors/InvalidArgs Pending]",
        "Aborted/PostScanJobProcessingFailed 1 [CompletedWithErrors/InvalidArgs Canceled]",
        "end:Aborted/PostScanJobProcessingFailed 1 [CompletedWithErrors/InvalidArgs Canceled]",
    ]


@BOTH
async def test_with_continue_on_error_the_next_filter_works_all_the_same(tmp_path: Path, said: dict[str, str]) -> None:
    assert await failing(tmp_path, said, goes_on=True) == [
        "Creating/None 0 [Pending Pending]",
        "Pending/None 1 [Pending Pending]",
        "Started/None 1 [Processing Pending]",
        "Processing/None 1 [Processing Pending]",
        "Processing/None 1 [CompletedWithErrors/InvalidArgs Pending]",
        "Processing/None 1 [CompletedWithErrors/InvalidArgs Processing]",
        f"Processing/None 1 [CompletedWithErrors/InvalidArgs {DONE}]",
        f"Completed/PostScanJobCompletedWithErrors 1 [CompletedWithErrors/InvalidArgs {DONE}]",
        f"end:Completed/PostScanJobCompletedWithErrors 1 [CompletedWithErrors/InvalidArgs {DONE}]",
    ]


@BOTH
async def test_cancel_is_for_the_creator_and_ends_the_job_at_once(tmp_path: Path, said: dict[str, str]) -> None:
    async with serving(tmp_path, **said) as server, Subscriber() as subscriber:
        await server.subscribe(subscriber)
        token = await server.create()
        await server.send(token, 1, b"page")
        server.source = "127.0.0.2"
        assert (await server.cancel(token)).status == 500
        server.source = "127.0.0.1"
        assert (await server.cancel(token)).status == 200
        assert (await server.cancel(token)).status == 200, "said again it does no harm"
        await ended(subscriber)
        assert lines(subscriber) == [
            "Creating/None 0 [Pending]",
            "Terminating/None 1 [Pending]",
            "Canceled/PostScanJobCanceled 1 [Canceled]",
            "end:Canceled/PostScanJobCanceled 1 [Canceled]",
        ]
        assert subcode(await server.send(token, 2, b"late")) == "ServerErrorPostScanJobCanceled"
        assert server.delivered == {}


async def test_a_filter_at_work_is_stopped_by_a_cancel(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    async with serving(tmp_path) as server, Subscriber() as subscriber:
        await server.subscribe(subscriber)
        token = await server.create()
        await server.send(token, 1, b"page")
        (tmp_path / "in").rename(tmp_path / "away")  # as if it were not mounted: that may pass, and is waited for
        await server.end(token)
        await server.until(token, "Processing")
        assert (await server.cancel(token)).status == 200
        await ended(subscriber)
        assert lines(subscriber)[-1] == "end:Canceled/PostScanJobCanceled 1 [Canceled]"
        (tmp_path / "in").mkdir()


@BOTH
async def test_ten_minutes_without_an_end_are_too_long(tmp_path: Path, said: dict[str, str]) -> None:
    async with serving(tmp_path, **said) as server, Subscriber() as subscriber:
        await server.subscribe(subscriber)
        token = await server.create()
        await server.send(token, 1, b"page")
        server.clock.turn(599)
        await asyncio.sleep(0.05)
        assert await server.state(token) == "Creating/None 1 [Pending]"
        server.clock.turn(1)
        await ended(subscriber)
        assert lines(subscriber)[1:] == [
            "Aborted/PostScanJobTimedOut 1 [Canceled]",
            "end:Aborted/PostScanJobTimedOut 1 [Canceled]",
        ]
        assert subcode(await server.end(token)) == "OperationFailed"


@BOTH
async def test_a_restart_in_mid_job_goes_on_with_the_job_and_who_follows_it(
    tmp_path: Path, said: dict[str, str]
) -> None:
    async with Subscriber() as subscriber:
        async with serving(tmp_path, **said) as server:
            await server.subscribe(subscriber)
            token, late = await server.create(), await server.create()
            assert (await server.send(token, 1, b"page 1")).status == 200
            server.clock.turn(400)
        async with serving(tmp_path, clock=server.clock, **said) as server:
            assert await server.state(token) == "Creating/None 1 [Pending]"
            assert (await server.send(token, 2, b"page 2")).status == 200
            assert (await server.end(token)).status == 200
            await ended(subscriber)
            server.clock.turn(200)  # the ten minutes of the other job did not begin anew
            await ended(subscriber, 2)
            assert (await server.state(late)).startswith("Aborted/PostScanJobTimedOut")
            assert sorted(server.delivered.values()) == [b"page 1", b"page 2"]
        assert lines(subscriber) == [
            "Creating/None 0 [Pending]",
            "Creating/None 0 [Pending]",
            "Pending/None 2 [Pending]",
            "Started/None 2 [Processing]",
            "Processing/None 2 [Processing]",
            f"Processing/None 2 [{DONE}]",
            f"Completed/PostScanJobCompletedSuccessfully 2 [{DONE}]",
            f"end:Completed/PostScanJobCompletedSuccessfully 2 [{DONE}]",
            "Aborted/PostScanJobTimedOut 0 [Canceled]",
            "end:Aborted/PostScanJobTimedOut 0 [Canceled]",
        ]


@pytest.mark.parametrize(
    ("filters", "process"),
    [
        ((share("\\\\server\\elsewhere"),), "c4f199c7-6876-4549-a86e-a85035952448"),
        ((share(), share("\\\\server\\elsewhere")), "c4f199c7-6876-4549-a86e-a85035952448"),
        ((share(),), "00000000-0000-4000-8000-000000000000"),
        ((share(),), "no guid"),
    ],
)
async def test_what_no_process_offers_is_not_done(tmp_path: Path, filters: tuple[str, ...], process: str) -> None:
    async with serving(tmp_path) as server, Subscriber() as subscriber:
        await server.subscribe(subscriber)
        token = await server.create(*filters, process=process)
        await ended(subscriber)
        canceled = " ".join(["Canceled"] * len(filters))
        assert lines(subscriber)[1] == f"Aborted/NoValidPostScanInstructionsFound 0 [{canceled}]"
        assert subcode(await server.send(token, 1, b"page")) == "OperationFailed"


async def test_a_share_is_the_same_in_either_case(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        token = await server.create(share("\\\\SERVER\\In\\"), process="{C4F199C7-6876-4549-A86E-A85035952448}")
        await server.send(token, 1, b"page")
        await server.end(token)
        await server.until(token, "Completed")
        assert len(server.delivered) == 1


async def test_an_image_that_is_sent_again_is_taken_once_and_another_in_its_place_is_not(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        token = await server.create()
        assert (await server.send(token, 1, b"page")).status == 200
        assert (await server.send(token, 1, b"page")).status == 200
        refused = await server.send(token, 1, b"other")
        assert (refused.status, subcode(refused)) == (400, "InvalidArgs")
        assert (await server.send(token, 1, b"page", "png")).status == 400
        assert await server.state(token) == "Creating/None 1 [Pending]"
        await server.end(token)
        await server.until(token, "Completed")
        assert list(server.delivered.values()) == [b"page"]


async def test_an_image_too_large_ends_the_job(tmp_path: Path) -> None:
    async with serving(tmp_path, most_image_mb=1) as server, Subscriber() as subscriber:
        await server.subscribe(subscriber)
        token = await server.create()
        await server.send(token, 1, b"page")
        answer = await server.send(token, 2, bytes(1024 * 1024 + 1))
        assert (answer.status, subcode(answer)) == (500, "OperationFailed")
        await ended(subscriber)
        assert lines(subscriber)[-2] == "Aborted/SendImageFailed 1 [Canceled]"
        assert not list((tmp_path / "state" / "scan-server" / token).glob("images/*"))


async def test_a_job_without_an_image_cannot_end_well(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        token = await server.create()
        assert subcode(await server.end(token)) == "OperationFailed"
        assert await server.state(token) == "Aborted/SendImageFailed 0 [Canceled]"


async def test_a_job_that_cannot_be_kept_is_not_begun(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, Subscriber() as subscriber:
        await server.subscribe(subscriber)
        (tmp_path / "state" / "scan-server").rmdir()
        (tmp_path / "state" / "scan-server").write_bytes(b"")  # no directory any more
        answer = await server.operate("CreatePostScanJob", create())
        assert (answer.status, subcode(answer)) == (500, "ServerErrorTemporaryError")
        await ended(subscriber)
        assert lines(subscriber)[1:] == [
            "Aborted/CreatePostScanJobFailed 0 [Canceled]",
            "end:Aborted/CreatePostScanJobFailed 0 [Canceled]",
        ]


async def test_a_create_whose_answer_was_lost_may_be_said_again(tmp_path: Path) -> None:
    async with serving(tmp_path, most_jobs=3) as server:
        said = request("CreatePostScanJob", create())
        answers = await asyncio.gather(*(server.ask(server.path, said) for _ in range(5)))
        tokens = {answer.content.findtext("{*}JobToken") for answer in answers}
        assert len(tokens) == 1, "the very same message"
        assert await server.create() not in tokens, "another message is another job"
        server.source = "127.0.0.2"
        assert (await server.ask(server.path, said)).content.findtext("{*}JobToken") not in tokens, "and another user"
        server.source = "127.0.0.1"
        await server.cancel(tokens.pop() or "")
        assert (await server.ask(server.path, said)).status == 200, "what ended is not begun again"
        assert await server.state((await server.ask(server.path, said)).content.findtext("{*}JobToken") or "") == (
            "Creating/None 0 [Pending]"
        )


async def test_a_create_that_could_not_be_kept_is_begun_when_it_is_said_again(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        store = tmp_path / "state" / "scan-server"
        store.rmdir()
        store.write_bytes(b"")
        said = request("CreatePostScanJob", create())
        assert subcode(await server.ask(server.path, said)) == "ServerErrorTemporaryError"
        store.unlink()
        store.mkdir()
        token = (await server.ask(server.path, said)).content.findtext("{*}JobToken") or ""
        assert await server.state(token) == "Creating/None 0 [Pending]"


async def test_a_package_that_breaks_off_leaves_nothing_and_the_job_goes_on(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        token = await server.create()
        connection = await server.connect()
        whole = package(token, 1, bytes(2_000_000))
        await connection.send(server.path, whole[:1_500_000], Content_Type=PACKAGE, Content_Length=str(len(whole)))
        images = tmp_path / "state" / "scan-server" / token / "images"
        while not list(images.iterdir()):  # noqa: ASYNC110 - the disk is looked at
            await asyncio.sleep(0.01)
        connection.reset()
        while list(images.iterdir()):  # noqa: ASYNC110 - the disk is looked at
            await asyncio.sleep(0.01)
        assert await server.state(token) == "Creating/None 0 [Pending]"
        assert (await server.send(token, 1, b"page")).status == 200


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (package("no-such-job", 1, b"x"), "ClientErrorJobTokenNotFound"),
        (package("{token}", 0, b"x"), "InvalidArgs"),
        (package("{token}", 1, b""), "InvalidArgs"),
        (package("{token}", 1, b"x", "jpg"), "InvalidArgs"),
        (package("{token}", 1, b"x", part="other@x"), "InvalidArgs"),
        (package("{token}", 1, b"x").replace(b"cid:i@x", b"http://i@x"), "InvalidArgs"),
        (package("{token}", 1, b"x").replace(b"/SendImage<", b"/EndPostScanJob<"), "ActionNotSupported"),
        (package("{token}", 1, b"x")[:-30], "InvalidArgs"),
        (b"--nothing of the kind", "Sender"),
    ],
)
async def test_bad_packages_are_refused_and_harm_no_job(tmp_path: Path, body: bytes, refusal: str) -> None:
    async with serving(tmp_path) as server:
        token = await server.create()
        answer = await server.ask(server.path, body.replace(b"{token}", token.encode()), Content_Type=PACKAGE)
        assert subcode(answer) == refusal
        assert await server.state(token) == "Creating/None 0 [Pending]"
        assert not list((tmp_path / "state" / "scan-server" / token / "images").iterdir())


async def test_sections_of_a_job(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        token = await server.create()
        await server.send(token, 3, b"page", "png")
        content = (await server.elements(token, "JobDescription", "Documents", "Nothing")).content
        described, documents, nothing = content.iter(f"{{{DSP}}}ElementData")
        assert described.findtext(".//{*}PSP_DisplayName") == "Invoices"
        assert described.findtext(".//{*}PSP_Identifier") == "c4f199c7-6876-4549-a86e-a85035952448"
        assert documents.findtext(".//{*}DocumentId") == "3"
        assert documents.findtext(".//{*}Format") == "png"
        assert nothing.attrib == {f"{{{DSP}}}Name": "dsp:Nothing", f"{{{DSP}}}Valid": "false"}


async def test_an_address_that_is_no_service_of_ours_is_unavailable(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        for path in ("/ScanServer/no-guid", "/ScanServer/00000000-0000-4000-8000-000000000000"):
            answer = await server.ask(path, request("EndPostScanJob", "<d:JobToken>t</d:JobToken>"))
            assert (answer.status, subcode(answer)) == (500, "EndpointUnavailable")
        assert (await server.ask("/", b"")).status == 404


async def test_a_probe_at_the_udp_port_names_the_server(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.setblocking(False)
            asker.connect(("127.0.0.1", server.port))
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(asker, b"nothing of the kind")
            await loop.sock_sendall(
                asker, message(f"{WSD}/Probe", f'<d:Probe><d:Types xmlns:p="{WSDP}">p:Device</d:Types></d:Probe>')
            )
            answering = asyncio.ensure_future(loop.sock_recv(asker, 65_535))
            while not answering.done():
                server.clock.turn(0.1)
                await asyncio.sleep(0.01)
        answer = etree.fromstring(answering.result())
        (xaddrs,) = answer.iter(f"{{{WSD}}}XAddrs")
        assert xaddrs.text == f"http://127.0.0.1:{server.port}/ScanServer"
        assert answer.findtext(f".//{{{WSA}}}RelatesTo") == "urn:uuid:11111111-1111-1111-1111-111111111111"


async def test_another_user_hears_nothing_of_a_job(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, Subscriber() as ours, Subscriber("127.0.0.2") as others:
        await server.subscribe(ours)
        server.source = "127.0.0.2"
        await server.subscribe(others)
        server.source = "127.0.0.1"
        await server.cancel(await server.create())
        await ended(ours)
        assert lines(others) == []


async def test_jobs_are_bounded(tmp_path: Path) -> None:
    async with serving(tmp_path, most_jobs=2) as server:
        first, _ = await server.create(), await server.create()
        answer = await server.operate("CreatePostScanJob", create())
        assert (answer.status, subcode(answer)) == (500, "ServerErrorTemporaryError")
        await server.cancel(first)
        await server.create()


async def test_watch_shows_the_jobs_of_its_user(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        url = f"http://127.0.0.1:{server.port}/ScanServer"
        watching = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bridge.cli", "watch", "--json", url), stdout=asyncio.subprocess.PIPE
        )
        assert watching.stdout is not None
        try:
            assert b"watching" in await asyncio.wait_for(watching.stdout.readline(), 20)
            token = await server.create()
            await server.cancel(token)
            said = [json.loads(await asyncio.wait_for(watching.stdout.readline(), 10)) for _ in range(4)]
        finally:
            watching.send_signal(signal.SIGINT)
            await watching.communicate()
        assert [each["state"] for each in said] == ["Creating", "Terminating", "Canceled", "Canceled"]
        assert {each["token"] for each in said} == {token}
        assert said[3]["filters"] == ["fileshare:Canceled"]
        assert said[3]["process"] == "Invoices"


def subcode(answer: Answer) -> str:
    """The local name of the fault's most special code."""
    found = [each.text or "" for each in answer.content.iter("{http://www.w3.org/2003/05/soap-envelope}Value")]
    return found[-1].rpartition(":")[2]
