"""A press of a scanner's own button, whatever tells of it: who is meant is invited in time, comes, and gets the page.

In time is within one look of the driver and 50 ms; where the device tells by itself no look is waited for. Beside each
press a bare handler on loopback is asked all the while: as late as that is, as late is this machine just now.
"""

# ruff: noqa: F811  # fixtures are arguments of the same name

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from bridge import hotplug
from bridge.wsscan.destinations import ScanDestination
from bridge.wsscan.events import EventName, ScanAvailableEvent
from bridge.wsscan.job import JobState
from bridge.wsscan.ticket import Dimensions
from bridge.wsscan.values import ColorEntry, InputSource
from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from drivers.sane.actor import LIVELY, QUIET_PACE, SENSING_PACE
from drivers.usb.actor import IDLE_PACE
from hil import chart, serving
from hil.client import session
from hil.client.session import Session
from hil.client.ticket import Wish, make
from hil.client.timeline import TooLate
from hil.devices.stimuli import LoadPaper, Press
from hil.rig import bench
from tests.system import product
from tests.system.odd_scanner import library, turn  # noqa: F401

SLACK = 0.05
AT_ONCE = 0.0  # an interrupt endpoint tells
SANE = "sane"
SERIAL = "NO1234"
PRESSES = 4
A_LOOK = {"esci": IDLE_PACE, "esci2": AT_ONCE, "fujitsu": IDLE_PACE, "pixma": AT_ONCE, SANE: SENSING_PACE}
# A press costs a look and a message, each there and back, and one of them may meet the worst.
ROUNDS = 3
BARE = """
import asyncio
async def answer(reader, writer):
    while line := await reader.readline():
        writer.write(line)
async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""
SMALL = Dimensions(width=4000, height=3000)


@dataclass
class Beside:
    """A handler that does nothing in a process of its own; `worst` is the longest it has taken since it was set."""

    worst: float = 0.0
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    async def lateness(self) -> float:
        """The worst, that of the question included which is under way just now."""
        self.answered.clear()
        await self.answered.wait()
        return self.worst


@asynccontextmanager
async def bare_handler() -> AsyncIterator[Beside]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", BARE, stdout=asyncio.subprocess.PIPE)
    beside, clock = Beside(), SystemClock()

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            began = clock.monotonic()
            writer.write(b"?\n")
            await reader.readline()
            beside.worst = max(beside.worst, clock.monotonic() - began)
            beside.answered.set()
            began = clock.monotonic()
            await asyncio.sleep(0.005)
            beside.worst = max(beside.worst, clock.monotonic() - began - 0.005)

    try:
        assert process.stdout is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", int(await process.stdout.readline()))
        asking = asyncio.create_task(ask(reader, writer))
        try:
            yield beside
        finally:
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking
            writer.close()
    finally:
        process.kill()
        await process.wait()


@dataclass
class Button:
    """What a test does to a scanner: press, let go, put paper where it is taken from."""

    url: str
    press: Callable[[], None]
    let_go: Callable[[], None]
    load: Callable[[], None]
    source: InputSource
    ppi: int
    page: bytes | None = None  # all its pixels are one; None: the chart lies there


def meant(key: str) -> str:
    return f'[[scanner]]\nkey = "{key}"\ndestination = "Ada"\n'


@asynccontextmanager
async def simulated(family: str, place: Path) -> AsyncIterator[Button]:
    async with serving.scanner(family, f"{product.QUICK},serial={SERIAL}") as rig:
        settings = meant(f"usb-{rig.ids.replace(':', '-')}-{SERIAL}")
        async with product.bridge(place, usbip=[rig], settings=settings) as running:
            source = InputSource.ADF if family == "fujitsu" else InputSource.PLATEN
            load = partial(rig.stimulate, LoadPaper(1))
            yield Button(running.url, partial(rig.stimulate, Press()), lambda: None, load, source, 75)


@asynccontextmanager
async def behind_sane(library: str, turn: Callable[[str], None], place: Path) -> AsyncIterator[Button]:
    served = f'[sane]\nlibrary = "{library}"\nbackends = ["odd"]\n{meant("sane-odd:0")}'
    async with product.bridge(place, settings=served) as running:
        yield Button(
            running.url, partial(turn, "scan 1"), partial(turn, ""), lambda: None, InputSource.PLATEN, 100, b"\x01"
        )


async def invited(client: Session, since: int, seconds: float = 10.0) -> ScanAvailableEvent:
    arrived = await client.timeline.wait_for(lambda each: each.name == EventName.SCAN_AVAILABLE, seconds, since=since)
    assert isinstance(arrived.event, ScanAvailableEvent)
    return arrived.event


async def let_go(button: Button, look: float, beside: Beside) -> None:
    """Until a look has seen that it is up again; that one may be late as well."""
    button.let_go()
    waited = 0.0
    while look and waited < look + 0.2 + 10 * beside.worst:
        waited += 0.02
        await asyncio.sleep(0.02)


async def first_look(button: Button, client: Session, look: float, beside: Beside) -> None:
    """What is pressed before the driver has looked once is an old press to it: until one invites, another is made."""
    for _ in range(5):
        button.press()
        with suppress(TooLate):
            await invited(client, 0, look + 0.5)
            break
        await let_go(button, look, beside)
    await let_go(button, look, beside)


def invitations(client: Session) -> int:
    return [each.name for each in client.timeline.arrived].count(EventName.SCAN_AVAILABLE)


def chart_of(button: Button, size: tuple[int, int]) -> bytes:
    kind = Source.FEEDER if button.source is InputSource.ADF else Source.PLATEN
    return b"".join(chart.rows(1, kind, Mode.GRAY8, (button.ppi, button.ppi), chart.Box(0, 0, *size)))


@pytest.mark.parametrize("family", A_LOOK)
async def test_every_press_invites_the_one_who_is_meant_in_time_and_the_page_arrives(
    library: str, turn: Callable[[str], None], tmp_path: Path, family: str
) -> None:
    clock, look = SystemClock(), A_LOOK[family]
    scanner = behind_sane(library, turn, tmp_path) if family == SANE else simulated(family, tmp_path)
    async with (
        scanner as button,
        bare_handler() as beside,
        session.opened(button.url, clock) as ada,
        session.opened(button.url, clock) as bob,
    ):
        # both offer a place for scans; by default the last one would be meant
        await ada.subscribe(destinations=[ScanDestination(client_display_name="Scan to Ada", client_context="Scan")])
        await bob.subscribe(destinations=[ScanDestination(client_display_name="Scan to Bob", client_context="Scan")])
        await first_look(button, ada, look, beside)
        already = invitations(ada)
        late: list[tuple[float, float]] = []
        asked: ScanAvailableEvent | None = None
        for number in range(PRESSES):
            await asyncio.sleep(look * number / PRESSES)  # in another phase of the looks each time
            since, beside.worst = len(ada.timeline), 0.0
            began = clock.monotonic()
            button.press()
            asked = await invited(ada, since)
            took = clock.monotonic() - began
            late.append((took, await beside.lateness()))
            await let_go(button, look, beside)
        assert [took for took, worst in late if took > look + SLACK + ROUNDS * worst] == [], late
        assert asked is not None
        assert asked.client_context == "Scan"
        button.load()
        wish = Wish(button.source, "png", ColorEntry.GRAYSCALE_8, button.ppi, 1, SMALL)
        job = await ada.create_job(
            make(wish, await ada.configuration()),
            scan_identifier=asked.scan_identifier,
            destination_token=ada.tokens[asked.client_context],
        )
        image = await ada.retrieve(job, tmp_path / "page.png")
        with Image.open(image.path) as picture:
            size, pixels = picture.size, picture.tobytes()
        assert size == (4 * button.ppi, 3 * button.ppi)
        assert pixels == (button.page * len(pixels) if button.page else chart_of(button, size))
        end = await ada.timeline.job_end(job.job_id, 20)
        assert (end.job_completed_state, end.scans_completed.count) == (JobState.COMPLETED, 1)
        assert (invitations(ada) - already, invitations(bob)) == (PRESSES, 0)


class Shifted(SystemClock):
    """The machine's, but for how late it is: a test lets a minute pass at once."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


async def test_after_a_quiet_minute_a_press_behind_sane_is_seen_at_the_next_rarer_look(
    library: str, turn: Callable[[str], None], tmp_path: Path
) -> None:
    clock = Shifted()
    config = bench.configured(tmp_path, {"sane": {"library": library, "backends": ["odd"]}})
    async with (
        bench.real(config, partial(hotplug.find, config, clock), clock) as here,
        bare_handler() as beside,
        session.opened(here.url, clock) as ada,
    ):
        await ada.subscribe(destinations=[ScanDestination(client_display_name="Scan to Ada", client_context="Scan")])
        button = Button(here.url, partial(turn, "scan 1"), partial(turn, ""), lambda: None, InputSource.PLATEN, 100)
        await first_look(button, ada, SENSING_PACE, beside)
        late = []
        for phase in (0.1, 1.3):
            clock.ahead += LIVELY + 1
            await asyncio.sleep(SENSING_PACE + phase)
            since, beside.worst, began = len(ada.timeline), 0.0, clock.monotonic()
            button.press()
            await invited(ada, since)
            took = clock.monotonic() - began
            late.append((took, await beside.lateness()))
            await let_go(button, SENSING_PACE, beside)
        assert [took for took, worst in late if took > QUIET_PACE + SLACK + ROUNDS * worst] == [], late
