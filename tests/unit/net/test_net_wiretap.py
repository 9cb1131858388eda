"""The tap on its socket: everything that passes, in order, with how each device introduced itself."""

import asyncio
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge.net import wiretap
from drivers.contract.clock import SystemClock
from drivers.contract.tap import KEPT_RECORDS, Passed, Tap
from hil.tape import wire
from hil.tape.wire import NoBridge, Told


@asynccontextmanager
async def listening(place: Path, tap: Tap) -> AsyncIterator[tuple[wire.Tapped, list[Told]]]:
    async with wiretap.opened(place, SystemClock(), tap), wire.opened(place) as tapped:
        heard: list[Told] = []

        async def listen() -> None:
            async for told in tapped.told():
                heard.append(told)  # noqa: PERF401

        task = asyncio.create_task(listen())
        try:
            yield tapped, heard
            tapped.end()
            await asyncio.wait_for(task, 5)
        finally:
            task.cancel()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while True:
            if holds():
                return
            await asyncio.sleep(0.01)


async def test_what_passes_is_told_with_its_bytes_until_the_very_end(tmp_path: Path) -> None:
    tap = Tap()
    async with listening(tmp_path, tap) as (tapped, heard):
        await until(tap.wants)
        await asyncio.to_thread(tap.tell, "usb", "scanner", b"\x1cF\n{}", endpoint=2)
        tap.tell("http", data=b"last", way="out")
    assert [(each.lane, each.device, each.data) for each in heard] == [
        ("usb", "scanner", b"\x1cF\n{}"),
        ("http", "", b"last"),
    ]
    assert heard[0].facts == {"endpoint": 2}
    assert tapped.offset is not None
    assert abs(tapped.offset.offset) < 0.5  # one machine, one clock
    assert not tap.wants()


async def test_who_comes_late_still_hears_how_a_device_introduced_itself(tmp_path: Path) -> None:
    tap = Tap()
    tap.opened("usb", "scanner", vendor_id=1)
    tap.tell("usb", "scanner", b"hello", endpoint=2)
    tap.tell("usb", "unknown", b"not kept", endpoint=2)
    async with listening(tmp_path, tap) as (_, heard):
        await until(lambda: len(heard) == 2)
    assert [(each.facts, each.data) for each in heard] == [
        ({"opened": {"vendor_id": 1}}, b""),
        ({"endpoint": 2}, b"hello"),
    ]


def test_only_the_introduction_is_kept() -> None:
    tap = Tap()
    tap.opened("usb", "scanner")
    for n in range(3 * KEPT_RECORDS):
        tap.tell("usb", "scanner", bytes([n % 256]))
    assert not tap.wants("scanner")
    kept = tap.listen(lambda passed: None)
    assert len(kept) == KEPT_RECORDS
    assert [each.data for each in kept[1:4]] == [b"\x00", b"\x01", b"\x02"]


def test_a_link_opened_again_introduces_itself_again() -> None:
    tap = Tap()
    heard: list[Passed] = []
    tap.opened("usb", "scanner")
    tap.tell("usb", "scanner", b"first")
    tap.opened("usb", "scanner")
    tap.tell("usb", "scanner", b"second")
    assert [each.data for each in tap.listen(heard.append)] == [b"", b"second"]
    tap.unlisten(heard.append)


async def test_the_socket_is_for_the_bridges_own_user_and_goes_with_it(tmp_path: Path) -> None:
    async with wiretap.opened(tmp_path, SystemClock(), Tap()):
        mode = (tmp_path / wiretap.SOCKET).stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600
    assert not (tmp_path / wiretap.SOCKET).exists()
    with pytest.raises(NoBridge, match="no bridge is running there"):
        async with wire.opened(tmp_path):
            pass


async def test_a_path_too_long_for_a_socket_and_a_socket_left_behind_do_not_matter(tmp_path: Path) -> None:
    place = tmp_path / ("x" * 150)
    place.mkdir()
    (place / wiretap.SOCKET).touch()
    async with listening(place, Tap()) as (tapped, _):
        assert tapped.bridge


async def test_a_recorder_that_does_not_keep_up_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiretap, "MOST_WAITING", 4096)
    tap = Tap()
    async with wiretap.opened(tmp_path, SystemClock(), tap), wire.opened(tmp_path) as tapped:
        await until(tap.wants)
        for _ in range(100):
            tap.tell("usb", "scanner", bytes(1000))
        async with asyncio.timeout(5):
            heard = [told async for told in tapped.told()]
        assert tapped.lost
        assert len(heard) < 100
