"""Word of plugged devices: which messages count, and that a burst is one look."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from drivers.usb import uevents
from drivers.usb.uevents import Uevents, concerns_usb


def kernel(action: str, **properties: str) -> bytes:
    """As lib/kobject_uevent.c writes it."""
    head = f"{action}@/devices/pci0000:00/usb1/1-1"
    return b"\0".join(
        part.encode() for part in (head, f"ACTION={action}", *map("=".join, properties.items()), "SEQNUM=9", "")
    )


def udev(**properties: str) -> bytes:
    """As libudev writes it: a head of 40 bytes, then the properties."""
    body = b"".join(f"{name}={value}\0".encode() for name, value in properties.items())
    return struct.pack("=8sIIIIIIII", b"libudev", 0xCAFEFEED, 40, 40, len(body), 0x41414141, 0x42424242, 0, 0) + body


DEVICE = {"SUBSYSTEM": "usb", "DEVTYPE": "usb_device"}


@pytest.mark.parametrize(
    ("message", "counts"),
    [
        (kernel("add", **DEVICE), True),
        (kernel("remove", **DEVICE), True),
        (kernel("bind", SUBSYSTEM="usb", DEVTYPE="usb_interface"), False),
        (kernel("change", SUBSYSTEM="power_supply"), False),
        (kernel("add", SUBSYSTEM="usbmon", DEVTYPE="usb_device"), False),
        (udev(**DEVICE, ACTION="add"), True),
        (udev(SUBSYSTEM="block", DEVTYPE="disk"), False),
        (b"libudev\0", False),
        (udev(**DEVICE)[:44], False),
        (b"libudev\0" + b"\xff" * 32, False),
        (b"", False),
        (bytes(range(256)), False),
    ],
)
def test_only_what_is_about_a_whole_usb_device_counts(message: bytes, counts: bool) -> None:
    assert concerns_usb(message) is counts


@asynccontextmanager
async def heard(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Uevents, socket.socket]]:
    monkeypatch.setattr(uevents, "SETTLE", 0.1)
    theirs, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    events = Uevents(ours)
    try:
        yield events, theirs
    finally:
        events.close()
        theirs.close()


async def test_a_burst_is_one_change_and_all_who_wait_learn_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with heard(monkeypatch) as (events, theirs):
        monkeypatch.setattr(uevents, "SETTLE", 0.5)
        waiting = [asyncio.create_task(events.changed()) for _ in range(3)]
        for _ in range(5):
            theirs.send(kernel("add", **DEVICE))
            await asyncio.sleep(0.02)
            assert not any(task.done() for task in waiting)
        async with asyncio.timeout(8):
            await asyncio.gather(*waiting)
        again = asyncio.create_task(events.changed())
        done, _ = await asyncio.wait([again], timeout=0.7)
        assert not done
        again.cancel()


async def test_what_does_not_concern_usb_wakes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    async with heard(monkeypatch) as (events, theirs):
        waiting = asyncio.create_task(events.changed())
        theirs.send(kernel("change", SUBSYSTEM="power_supply"))
        theirs.send(b"noise" * 100)
        done, _ = await asyncio.wait([waiting], timeout=0.3)
        assert not done
        waiting.cancel()


async def test_where_udev_is_at_work_its_word_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    control = tmp_path_factory.mktemp("udev") / "control"
    control.touch()
    monkeypatch.setattr(uevents, "UDEV_CONTROL", str(control))
    monkeypatch.setattr(uevents, "UDEV_SECONDS", 60.0)
    async with heard(monkeypatch) as (events, theirs):
        waiting = asyncio.create_task(events.changed())
        theirs.send(kernel("add", **DEVICE))
        done, _ = await asyncio.wait([waiting], timeout=0.3)
        assert not done
        theirs.send(udev(**DEVICE))
        async with asyncio.timeout(8):
            await waiting
