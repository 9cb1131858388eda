"""A small scan through a SANE child that fails at each single message it sends, in every way a process can.

Each time the scan ends in a final state and the next one is as good as ever; no process, thread or open file is left.
"""

# ruff: noqa: F811  # fixtures are arguments of the same name

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from drivers.contract.document import Document, Raster, Region, ScanRequest
from drivers.contract.driver import Device
from drivers.contract.errors import DriverError
from drivers.contract.observation import Phase, Snapshot
from drivers.sane.actor import Actor
from drivers.sane.listing import Listing
from drivers.sane.open import key, open_device
from tests.system.odd_scanner import library, turn  # noqa: F401

# The child as it is, but that the message counted down to in $ODD_FAULT goes wrong, once.
FAULTY = """
import os, signal, sys, time
sys.path.append(sys.argv.pop())
from drivers.sane import child, protocol
whole = child.Child._frame
def frame(self, kind, payload):
    try:
        how, left = open(os.environ["ODD_FAULT"]).read().split()
    except OSError:
        return whole(self, kind, payload)
    if int(left):
        open(os.environ["ODD_FAULT"], "w").write(f"{how} {int(left) - 1}")
        return whole(self, kind, payload)
    os.unlink(os.environ["ODD_FAULT"])
    bytes_of = protocol.HEAD.pack(kind, len(payload)) + bytes(payload)
    match how:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(60)
        case "half":
            os.write(self._target, bytes_of[: len(bytes_of) // 2])
            os._exit(3)
        case "stuck":
            os.write(self._target, bytes_of[: len(bytes_of) // 2])
            time.sleep(60)
        case "lost":
            pass
        case "twice":
            os.write(self._target, bytes_of * 2)
        case "garble":
            os.write(self._target, b"\\xa5" * len(bytes_of))
        case "huge":
            os.write(self._target, protocol.HEAD.pack(kind, 2**32 - 1) + bytes(payload))
        case "kind":
            other = protocol.JSON if kind == protocol.DATA else protocol.DATA
            os.write(self._target, protocol.HEAD.pack(other, len(payload)) + bytes(payload))
child.Child._frame = frame
child.main()
"""
HOW = ("kill", "hang", "half", "stuck", "lost", "twice", "garble", "huge", "kind")
SMALL = ScanRequest("wsd-1", Source.FEEDER_DUPLEX, Mode.GRAY8, (200, 200), Region(0, 0, 1000, 500), 2)
SCALED = 0.4  # s, all deadlines of the driver
FINAL = {Phase.DONE, Phase.FAILED, Phase.CANCELED}


@asynccontextmanager
async def opened(path: str) -> AsyncIterator[tuple[Device, Actor]]:
    listing = Listing(path)
    (listed,) = await asyncio.to_thread(listing.devices)
    device = await open_device(listed, key(listed), listing.library, listing.config_dir, SystemClock())
    (actor,) = device.observers
    assert isinstance(actor, Actor)
    try:
        yield device, actor
    finally:
        await device.close()


async def scanned(device: Device, actor: Actor) -> tuple[list[bytes] | None, Snapshot | None]:
    """The pages, or None where there was an error; and the last that was told of the job, if it began."""
    assert device.acquirer is not None
    try:
        document = await device.acquirer.scan(SMALL)
    except DriverError:
        return None, None
    found: list[bytes] | None = None
    with suppress(DriverError):
        found = await asyncio.to_thread(pages, document)
    last = None
    async with asyncio.timeout(5):
        while last is None or last.jobs[0].phase not in FINAL:
            seen = await actor.poll()
            last = seen if seen.jobs else last
    return found, last


def pages(document: Document) -> list[bytes]:
    found = []
    for page in document:
        assert isinstance(page, Raster)
        found.append(b"".join(page.chunks))
    return found


def threads() -> int:
    """Without those that asyncio keeps for `to_thread`."""
    return len([thread for thread in threading.enumerate() if not thread.name.startswith("asyncio_")])


def processes() -> set[str]:
    return {each for task in Path("/proc/self/task").iterdir() for each in (task / "children").read_text().split()}


@pytest.mark.parametrize("how", HOW)
async def test_a_child_that_fails_at_any_message_costs_one_scan(
    library: str,
    turn: Callable[[str], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    fault = tmp_path / "fault"
    monkeypatch.setenv("ODD_FAULT", str(fault))
    monkeypatch.setattr("drivers.sane.process._PROGRAM", FAULTY)
    for name in (
        "scan.SILENCE",
        "scan.START_SECONDS",
        "model.OPTION_SECONDS",
        "process.CANCEL_SECONDS",
        "process.QUIT_SECONDS",
    ):
        monkeypatch.setattr(f"drivers.sane.{name}", SCALED)
    turn("sides 2")
    before = processes()
    async with opened(library) as (device, actor):
        good, last = await scanned(device, actor)
        assert good == [bytes([side]) * 200 * 100 for side in (1, 2)]
        assert last is not None
        assert last.jobs[0].phase is Phase.DONE
        level = None
        for message in range(100):
            fault.write_text(f"{how} {message}")
            _, last = await scanned(device, actor)
            if fault.exists():  # it sends no more messages than that
                fault.unlink()
                break
            assert (await scanned(device, actor))[0] == good, message
            now = (threads(), len(os.listdir("/proc/self/fd")), len(processes()))
            level = level or now
            assert now == level, message
        else:
            raise AssertionError("the scan does not end")
        assert message >= 6
    assert processes() == before
