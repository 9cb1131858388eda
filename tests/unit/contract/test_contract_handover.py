"""Between the driver's thread and the encoder's: order, bounds, cancel, errors."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from drivers.contract.capabilities import Mode
from drivers.contract.document import Page, Raster
from drivers.contract.errors import DeviceGone, FeederEmpty, ScanFailed
from drivers.contract.handover import Handover, ScanCanceled

KIB = 1024


def header(width: int = 8) -> Page:
    return Raster(width, None, Mode.GRAY8, (300, 300), iter(()))


def in_thread(work: Callable[[], None]) -> "Future[None]":
    pool = ThreadPoolExecutor(1)
    future = pool.submit(work)
    pool.shutdown(wait=False)
    return future


def until(true: Callable[[], object]) -> None:
    for _ in range(1000):
        if true():
            return
        time.sleep(0.002)
    raise AssertionError("it never came")


def test_pages_and_rows_come_in_order() -> None:
    handover = Handover()

    def driver() -> None:
        for number in range(3):
            handover.page(header(number + 1))
            for row in range(50):
                handover.put(bytes([number, row]))
            handover.end_page()
        handover.finish()

    writing = in_thread(driver)
    seen = [(page.width, b"".join(page.chunks)) for page in handover if isinstance(page, Raster)]
    assert seen == [(n + 1, b"".join(bytes([n, row]) for row in range(50))) for n in range(3)]
    writing.result(5)


def test_a_driver_waits_while_the_reader_is_behind() -> None:
    handover = Handover(limit=10 * KIB)
    written = 0

    def driver() -> None:
        nonlocal written
        handover.page(header())
        for _ in range(100):
            handover.put(bytes(KIB))
            written += 1
        handover.end_page()
        handover.finish()

    writing = in_thread(driver)
    until(lambda: written == 10)
    time.sleep(0.05)
    assert written == 10
    assert sum(len(chunk) for page in handover for chunk in page.chunks) == 100 * KIB
    writing.result(5)


def test_a_cancel_frees_a_blocked_driver_and_is_raised_once_the_hardware_has_stopped() -> None:
    handover = Handover(limit=2 * KIB)
    stopped = threading.Event()

    def driver() -> None:
        handover.page(header())
        try:
            while True:
                handover.put(bytes(KIB))
        except ScanCanceled:
            time.sleep(0.05)
            stopped.set()
            handover.finish()

    writing = in_thread(driver)
    page = next(iter(handover))
    until(lambda: handover._held >= 2 * KIB)
    handover.cancel()
    handover.cancel()
    with pytest.raises(ScanCanceled):
        list(page.chunks)
    assert stopped.is_set()
    with pytest.raises(ScanCanceled):
        next(iter(handover))
    writing.result(5)
    assert handover.canceled


def test_after_a_cancel_the_driver_can_add_nothing() -> None:
    handover = Handover()
    handover.cancel()
    for add in (lambda: handover.page(header()), lambda: handover.put(b"x"), handover.end_page):
        with pytest.raises(ScanCanceled):
            add()


def test_pages_that_are_whole_are_read_before_the_error() -> None:
    handover = Handover()
    handover.page(header())
    handover.put(b"rows")
    handover.end_page()
    handover.page(header())
    handover.put(b"half")
    handover.fail(DeviceGone("unplugged"))
    pages = iter(handover)
    assert list(next(pages).chunks) == [b"rows"]
    rest = next(pages).chunks
    assert next(rest) == b"half"
    with pytest.raises(DeviceGone):
        next(rest)


def test_an_error_without_a_page() -> None:
    handover = Handover()
    handover.fail(FeederEmpty("empty"))
    with pytest.raises(FeederEmpty):
        next(iter(handover))


def test_a_page_left_open_is_cut_short() -> None:
    handover = Handover()
    handover.page(header())
    handover.put(b"half")
    handover.finish()
    page = next(iter(handover))
    with pytest.raises(ScanFailed):
        list(page.chunks)


def test_an_end_before_anything_is_no_page() -> None:
    handover = Handover()
    handover.finish()
    assert list(handover) == []


def test_a_reader_that_takes_no_more_rows_than_there_are_loses_no_page() -> None:
    handover = Handover()
    for rows in (b"one", b"two"):
        handover.page(header())
        handover.put(rows)
        handover.end_page()
    handover.finish()
    # One row is asked for and got; whether there are more is not.
    assert [next(iter(page.chunks)) for page in handover] == [b"one", b"two"]


def test_rows_left_unread_and_pages_left_open_are_bugs_that_are_told() -> None:
    unread = Handover()
    unread.page(header())
    unread.put(b"rows")
    pages = iter(unread)
    next(pages)
    with pytest.raises(TypeError):
        next(pages)
    unclosed = Handover()
    unclosed.page(header())
    unclosed.page(header())
    with pytest.raises(TypeError):
        list(next(iter(unclosed)).chunks)
