"""Each reason of a filter as a device hears it: whole jobs at the bridge's scan server, whose filters meet real servers
that refuse, are full, or are not there. Pauses between tries are turned by hand, or hurried."""

import asyncio
import resource
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from multiprocessing import forkserver
from pathlib import Path

import pytest

from tests.ports import kept_port
from tests.sweep.killing import IMAGES, finished
from tests.system import file_servers, product
from tests.system.file_servers import HERE, PASSWORD, USER
from tests.system.test_filters_servers import open_place  # noqa: F401 - a fixture
from tests.wire.http_rig import FakeScanner, Hands, Subscriber
from tests.wire.post_scan_rig import (
    Server,
    library,
    lines,
    mail,
    process_file,
    serving,
    share,
)

DONE = "CompletedSuccessfully"
SENDER = "scanner@example.org"
FULL = 20.0


@pytest.fixture(autouse=True, scope="module")
def _forks() -> None:
    """What the killed servers come from serves all tests, and is no daemon that one of them left."""
    forkserver.ensure_running()


@asynccontextmanager
async def told(place: Path, filters: str, more: Mapping[str, object]) -> AsyncIterator["Told"]:
    """The daemon in this process, its clock in our hands, and one who follows its jobs."""
    async with serving(place, filters=filters, more=more) as server, Subscriber() as subscriber:
        await server.subscribe(subscriber)
        yield Told(server, subscriber)


class Told:
    """Runs jobs and says what was told of them."""

    def __init__(self, server: Server, subscriber: Subscriber) -> None:
        self.server, self._subscriber = server, subscriber
        self._before = 0

    async def job(self, *filters: str, image: bytes = b"page", goes_on: bool = False) -> list[str]:
        """The events of one job with one image, from the first of its filters' to the end."""
        self._before = before = len(self._subscriber.letters)
        token = await self.server.create(*filters, goes_on=goes_on)
        assert (await self.server.send(token, 1, image)).status == 200
        assert (await self.server.end(token)).status == 200
        await self.ended()
        said = lines(self._subscriber)[before:]
        assert [each.partition("/")[0] for each in said[:4]] == ["Creating", "Pending", "Started", "Processing"]
        return said[4:]

    async def ended(self) -> str:
        """How the last job ended, once it is told."""
        async with asyncio.timeout(FULL):
            while "PostScanJobEndStateEvent" not in [each.line for each in self._subscriber.letters[self._before :]]:
                self.server.clock.turn(30)
                await asyncio.sleep(0.02)
        return lines(self._subscriber)[-1]


def failed(reason: str) -> list[str]:
    """What is told when the one filter of a job fails."""
    state = f"[CompletedWithErrors/{reason}]"
    return [
        f"Processing/None 1 {state}",
        f"Aborted/PostScanJobProcessingFailed 1 {state}",
        f"end:Aborted/PostScanJobProcessingFailed 1 {state}",
    ]


async def test_what_a_share_refuses_is_told_in_the_events_of_the_job(open_place: Path) -> None:  # noqa: F811
    scans, archive, nothing = (f"\\\\{HERE}\\{name}" for name in ("scans", "archive", "nothing"))
    filters = "".join(f"[[filter]]\nshare = '{each}'\n" for each in (scans, archive, nothing))
    small = file_servers.on_disk_of(2, open_place / "share")
    with file_servers.samba(open_place / "samba", open_place / "share", small) as served:
        account = {"host": HERE, "user": USER, "password": PASSWORD, "port": served.port}
        async with told(open_place, filters, {"account": [account]}) as told_:
            assert await told_.job(share(archive)) == failed("FileShareAccessDenied")
            assert await told_.job(share(nothing)) == failed("InvalidArgs")
            assert await told_.job(share(scans), image=bytes(5_000_000)) == failed("FileShareOutOfDiskSpace")
            assert await told_.job(share(archive), share(scans), goes_on=True) == [
                "Processing/None 1 [CompletedWithErrors/FileShareAccessDenied Pending]",
                "Processing/None 1 [CompletedWithErrors/FileShareAccessDenied Processing]",
                f"Processing/None 1 [CompletedWithErrors/FileShareAccessDenied {DONE}]",
                f"Completed/PostScanJobCompletedWithErrors 1 [CompletedWithErrors/FileShareAccessDenied {DONE}]",
                f"end:Completed/PostScanJobCompletedWithErrors 1 [CompletedWithErrors/FileShareAccessDenied {DONE}]",
            ]


async def test_what_a_document_library_refuses_is_told_in_the_events_of_the_job(open_place: Path) -> None:  # noqa: F811
    pem = file_servers.certificate(open_place)
    with (
        file_servers.web(open_place, tls=pem, login="digest") as wants_a_login,
        file_servers.apache(open_place, 2) as small,
    ):
        denied = f"https://localhost:{wants_a_login.port}/scans"
        full, away = f"http://{HERE}:{small.port}", f"http://{HERE}:{kept_port()}/scans"
        filters = f"[[filter]]\nlibrary = ['{denied}', '{full}', '{away}']\n"
        account = {"host": "localhost", "user": USER, "password": "wrong", "certificate": str(pem)}
        async with told(open_place, filters, {"account": [account]}) as told_:
            assert await told_.job(library(full), image=bytes(5_000_000)) == failed("SharePointOutOfDiskSpace")
            assert await told_.job(library(away)) == failed("UnknownError")
            # Two of three places are down: the third has the pages all the same, and once.
            warned = "[CompletedWithWarnings/UnknownError]"
            assert await told_.job(library(away, full)) == [
                f"Processing/None 1 {warned}",
                f"Completed/PostScanJobCompletedWithWarnings 1 {warned}",
                f"end:Completed/PostScanJobCompletedWithWarnings 1 {warned}",
            ]
        # 127.0.0.1 is whom the certificate names.
        denied = f"https://{HERE}:{wants_a_login.port}/scans"
        (open_place / "again").mkdir()
        async with told(
            open_place / "again", f"[[filter]]\nlibrary = '{denied}'\n", {"account": [{**account, "host": HERE}]}
        ) as told_:
            assert await told_.job(library(denied)) == failed("SharePointAccessDenied")


async def test_what_a_mail_server_refuses_is_told_in_the_events_of_the_job(tmp_path: Path) -> None:
    to = mail("office@example.org")
    async with file_servers.mail(None) as server:
        said = {"host": HERE, "port": server.port, "tls": "none", "sender": SENDER}
        async with told(tmp_path, "[[filter]]\nmail = 'office@example.org'\n", {"smtp": said}) as told_:
            server.refuse = "550 no such user"
            assert await told_.job(to) == failed("UnableToSendEmail")
            server.refuse = ""
            assert (await told_.job(to))[-1] == f"end:Completed/PostScanJobCompletedSuccessfully 1 [{DONE}]"
            assert len(server.taken) == 1
    (tmp_path / "again").mkdir()
    said |= {"port": kept_port()}
    async with told(tmp_path / "again", "[[filter]]\nmail = 'office@example.org'\n", {"smtp": said}) as told_:
        assert await told_.job(to) == failed("InvalidSMTPServer")


# What the scan server itself runs out of. --------------------------------------------------------------------------


@asynccontextmanager
async def process(place: Path, prefix: tuple[str, ...] = ()) -> AsyncIterator[tuple[Told, product.Running]]:
    """The scan server as a process whose pauses are hurried."""
    (place / "in").mkdir()
    (place / "processes").mkdir()
    process_file(place, 1).rename(place / "processes" / "one.toml")
    text = (place / "processes" / "one.toml").read_text()
    (place / "processes" / "one.toml").write_text(f"{text}folder = '{place}/in'\n")
    port = kept_port()
    settings = f"[sane]\nenabled = false\n[scan_server]\nprocesses = '{place}/processes'\nlisten = '127.0.0.1:{port}'\n"
    async with product.bridge(
        place, settings=settings, scanners=0, prefix=prefix, module="tests.system.hurried"
    ) as run:
        found = Server(port, Hands(), place, FakeScanner())
        async with asyncio.timeout(product.START), Subscriber() as subscriber:
            while not found.path:
                try:
                    await found.find()
                except OSError:
                    assert run.process.returncode is None, run.log
                    await asyncio.sleep(0.05)
            await found.subscribe(subscriber)
            yield Told(found, subscriber), run


async def test_a_scan_server_without_memory_says_so(tmp_path: Path) -> None:
    # Its own thread is the first that the filter needs and has not: 64 MB of stack, where 32 MB are left for all.
    async with process(tmp_path, ("sh", "-c", 'ulimit -s 65536 && exec "$0" "$@"')) as (told_, run):
        token = await told_.server.create()
        assert (await told_.server.send(token, 1, b"page")).status == 200
        most = resource.RLIM_INFINITY
        resource.prlimit(run.pid, resource.RLIMIT_AS, (addresses(run.pid) + 32 * 1024 * 1024, most))
        assert (await told_.server.end(token)).status == 200
        assert await told_.ended() == failed("ServerOutOfMemory")[-1]
        resource.prlimit(run.pid, resource.RLIMIT_AS, (most, most))
        assert (await told_.job(share()))[-1].startswith("end:Completed/PostScanJobCompletedSuccessfully")


async def test_a_scan_server_whose_own_disk_is_full_says_so(tmp_path: Path) -> None:
    disk = ("unshare", "-m", "sh", "-c", 'mkdir -p "$0" && mount -t tmpfs -o size=2m none "$0" && exec "$@"')
    async with process(tmp_path, (*disk, str(tmp_path / "state"))) as (told_, run):
        token = await told_.server.create()
        assert (await told_.server.send(token, 1, b"page")).status == 200
        (tmp_path / "in").rename(tmp_path / "away")  # the first try waits for it, and finds a full disk
        assert (await told_.server.end(token)).status == 200
        await product.until(lambda: "is not there" in run.log, FULL)
        fill(Path(f"/proc/{run.pid}/root{tmp_path}/state"))
        (tmp_path / "away").rename(tmp_path / "in")
        assert await told_.ended() == failed("OutOfDiskSpace")[-1]


def addresses(pid: int) -> int:
    """How much of its address space a process uses, bytes."""
    pages, *_ = Path(f"/proc/{pid}/statm").read_text().split()
    return int(pages) * resource.getpagesize()


def fill(disk: Path) -> None:
    """To its last byte."""
    with (disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(bytes(4096)):
            pass


# A scan server that is killed while it brings files to a library, and mails. -----------------------------------------


async def test_a_server_that_is_killed_doubles_nothing_in_a_library(tmp_path: Path) -> None:
    with file_servers.web(tmp_path, login="none") as served:
        turns = asyncio.Semaphore(3)

        async def killed_at(last: int) -> bool:
            place, url = tmp_path / f"killed {last}", f"http://{HERE}:{served.port}/scans/{last}"
            place.mkdir()
            async with turns, asyncio.timeout(60):
                job = await finished(place, last, f"[[filter]]\nlibrary = '{url}'\n", (library(url),))
            assert job.state.startswith("Completed/PostScanJobCompletedSuccessfully 2 "), f"step {last}: {job.state}"
            there = [each.read_bytes() for each in (served.files / str(last)).iterdir()]
            assert sorted(there) == sorted(IMAGES.values()), f"step {last}"
            return job.killed

        kills = 0
        for first in range(3, 1000, 30):  # every fifth step
            killed = await asyncio.gather(*map(killed_at, range(first, first + 30, 5)))
            kills += sum(killed)
            if not all(killed):
                break
        assert kills > 10
