"""Pages between the encoder's thread and the event loop: waiting, spooled, closed, cut short."""

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bridge.errors import OperationRefused
from bridge.imaging.errors import SpoolFull
from bridge.jobs.tray import Tray, TrayClosed
from bridge.wsscan import faults
from drivers.contract.errors import ScanFailed

KIB = 1024


def tray(
    directory: Path,
    limit: int = 4 * KIB,
    stall_limit: float | None = None,
    quota: int = 2**20,
    keep_back: float = 0.0,
) -> Tray:
    return Tray(asyncio.get_running_loop(), directory, quota, limit, stall_limit=stall_limit, keep_back=keep_back)


async def read(tray: Tray) -> bytes:
    page = await tray.next_page()
    assert page is not None
    data = b"".join([chunk async for chunk in page.chunks()])
    page.done()
    return data


def write(tray: Tray, chunks: list[bytes]) -> None:
    tray.open_page()
    for chunk in chunks:
        tray.put(chunk)
    tray.close_page()


async def in_thread(work: "asyncio.Future[None]") -> None:
    async with asyncio.timeout(5):
        await work


def start(pool: ThreadPoolExecutor, tray: Tray, chunks: list[bytes]) -> "asyncio.Future[None]":
    return asyncio.get_running_loop().run_in_executor(pool, write, tray, chunks)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


async def test_pages_come_out_as_they_went_in(tmp_path: Path) -> None:
    pages = tray(tmp_path)
    write(pages, [b"one", b"more"])
    write(pages, [b"two"])
    pages.finish()
    assert await read(pages) == b"onemore"
    assert await read(pages) == b"two"
    assert await pages.next_page() is None
    assert pages.empty
    assert pages.finished


async def test_a_page_is_handed_on_with_its_first_bytes(tmp_path: Path) -> None:
    pages = tray(tmp_path)
    pages.open_page()
    waiting = asyncio.create_task(pages.next_page())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    pages.put(b"head")
    page = await waiting
    assert page is not None
    chunks = page.chunks()
    assert await anext(chunks) == b"head"


async def test_the_encoder_waits_for_a_slow_client(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    pages = tray(tmp_path)
    chunks = [bytes([number]) * KIB for number in range(40)]
    writing = start(pool, pages, chunks)
    await asyncio.sleep(0.05)
    assert not writing.done()
    assert pages._held <= 4 * KIB
    assert await read(pages) == b"".join(chunks)
    await in_thread(writing)
    assert pages._held == 0
    assert os.listdir(tmp_path) == []


async def test_a_scanner_that_may_not_wait_has_its_page_spooled_in_order(
    tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    pages = tray(tmp_path, stall_limit=0.02)
    chunks = [bytes([number]) * KIB for number in range(200)]
    await in_thread(start(pool, pages, chunks))  # though nobody reads
    assert pages._held <= 4 * KIB
    assert await read(pages) == b"".join(chunks)
    assert os.listdir(tmp_path) == []


async def test_a_reader_and_a_spooling_writer_at_once(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    pages = tray(tmp_path, stall_limit=0.001)
    chunks = [bytes([number]) * KIB for number in range(250)]
    writing = start(pool, pages, chunks)
    page = await pages.next_page()
    assert page is not None
    data = b""
    async for chunk in page.chunks():
        data += chunk
        await asyncio.sleep(0.003)
    assert data == b"".join(chunks)
    await in_thread(writing)
    page.done()


async def test_a_spool_beyond_its_quota_is_an_error_of_the_encoder(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    pages = tray(tmp_path, stall_limit=0.01, quota=8 * KIB)
    with pytest.raises(SpoolFull):
        await in_thread(start(pool, pages, [b"x" * KIB] * 40))
    pages.close(faults.internal_error())


async def test_closing_frees_a_blocked_encoder_and_its_reader(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    pages = tray(tmp_path)
    writing = start(pool, pages, [b"x" * KIB] * 40)
    await asyncio.sleep(0.02)
    page = await pages.next_page()
    assert page is not None
    pages.close(faults.job_cancelled())
    with pytest.raises(TrayClosed):
        await in_thread(writing)
    with pytest.raises(OperationRefused):
        [chunk async for chunk in page.chunks()]
    with pytest.raises(OperationRefused):
        await pages.next_page()
    page.done()


async def test_closing_in_the_middle_of_a_spooled_page_is_the_same(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    pages = tray(tmp_path, stall_limit=0.01)
    await in_thread(start(pool, pages, [b"x" * KIB] * 300))
    page = await pages.next_page()
    assert page is not None
    chunks = page.chunks()
    await anext(chunks)
    pages.close(faults.job_cancelled())
    with pytest.raises(OperationRefused):
        await anext(chunks)


@pytest.mark.parametrize("error", [None, faults.no_images_available()])
async def test_closing_wakes_a_reader_that_waits_for_a_page(tmp_path: Path, error: OperationRefused | None) -> None:
    pages = tray(tmp_path)
    waiting = asyncio.create_task(pages.next_page())
    await asyncio.sleep(0.01)
    pages.close(error)
    with pytest.raises(OperationRefused if error else TrayClosed):
        await asyncio.wait_for(waiting, 8)
    with pytest.raises(TrayClosed):
        pages.open_page()


async def test_a_page_cut_short_before_anybody_saw_it_does_not_exist(tmp_path: Path) -> None:
    pages = tray(tmp_path)
    write(pages, [b"whole"])
    pages.open_page()
    pages.put(b"half")
    pages.finish(ScanFailed("jam"))
    assert await read(pages) == b"whole"
    with pytest.raises(ScanFailed):
        await pages.next_page()
    assert pages.empty


async def test_a_page_cut_short_under_its_reader_ends_in_the_error(tmp_path: Path) -> None:
    pages = tray(tmp_path)
    pages.open_page()
    pages.put(b"half")
    page = await pages.next_page()
    assert page is not None
    pages.finish(ScanFailed("jam"))
    chunks = page.chunks()
    assert await anext(chunks) == b"half"
    with pytest.raises(ScanFailed):
        await anext(chunks)


async def test_a_page_that_is_kept_back_comes_when_it_is_whole(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    pages = tray(tmp_path, keep_back=60)
    pages.open_page()
    waiting = asyncio.create_task(pages.next_page())
    chunks = [bytes([number]) * KIB for number in range(40)]  # more than may be held in memory

    def put() -> None:
        for chunk in chunks:
            pages.put(chunk)

    await in_thread(asyncio.get_running_loop().run_in_executor(pool, put))
    assert pages._held == 4 * KIB
    assert not waiting.done()
    pages.close_page()
    page = await asyncio.wait_for(waiting, 8)
    assert page is not None
    assert b"".join([chunk async for chunk in page.chunks()]) == b"".join(chunks)
    page.done()
    assert pages._held == 0


async def test_a_page_is_kept_back_for_so_long_only(tmp_path: Path) -> None:
    pages = tray(tmp_path, keep_back=0.1)
    pages.open_page()
    pages.put(b"head")
    loop = asyncio.get_running_loop()
    began = loop.time()
    page = await asyncio.wait_for(pages.next_page(), 5)
    assert loop.time() - began > 0.05
    assert page is not None
    assert await anext(page.chunks()) == b"head"


async def test_a_page_without_bytes_is_no_begun_page_and_one_cut_short_neither(tmp_path: Path) -> None:
    pages = tray(tmp_path, keep_back=60)
    assert pages.begun_page() is None
    pages.open_page()
    assert pages.begun_page() is None
    pages.put(b"head")
    page = pages.begun_page()
    assert page is not None
    assert await anext(page.chunks()) == b"head"
    pages.finish(ScanFailed("jam"))
    assert pages.begun_page() is None


async def test_nobody_asks_and_nothing_is_spooled(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    pages = tray(tmp_path, keep_back=60)
    chunks = [bytes([number]) * KIB for number in range(40)]
    writing = start(pool, pages, chunks)
    async with asyncio.timeout(5):
        while pages._held < 4 * KIB:  # noqa: ASYNC110  # the encoder's thread is at it
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.05)
    assert not writing.done()
    assert pages._held == 4 * KIB
    assert await asyncio.wait_for(read(pages), 5) == b"".join(chunks)
    await in_thread(writing)


@pytest.mark.parametrize("fails", ["quota", "directory"])
async def test_a_page_for_which_there_is_no_room_to_keep_it_streams(
    tmp_path: Path, pool: ThreadPoolExecutor, fails: str
) -> None:
    place = tmp_path / "not there" if fails == "directory" else tmp_path
    pages = tray(place, keep_back=60, quota=8 * KIB)
    chunks = [bytes([number]) * KIB for number in range(100)]
    writing = start(pool, pages, chunks)
    assert await asyncio.wait_for(read(pages), 5) == b"".join(chunks)
    await in_thread(writing)
    assert pages._held == 0


async def test_closing_frees_an_encoder_that_waits_for_room_in_the_spool(
    tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    pages = tray(tmp_path, keep_back=60, quota=8 * KIB)
    writing = start(pool, pages, [b"x" * KIB] * 100)
    page = await asyncio.wait_for(pages.next_page(), 5)
    assert page is not None
    pages.close(faults.job_cancelled())
    with pytest.raises(TrayClosed):
        await in_thread(writing)


async def test_bytes_outside_a_page_are_a_bug(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        tray(tmp_path).put(b"x")
