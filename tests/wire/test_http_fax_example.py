"""The program in docs/fax.md does what the page says, also when the bridge goes away in between; and the page's tables
say what the code does.
"""

import asyncio
import re
import sys
from contextlib import suppress
from pathlib import Path

from bridge.fax.faxcomex import AccessRights, ServerEvents
from bridge.net.listening import listen
from bridge.net.serving import serving
from bridge.net.sse import FaxEvents, Pass
from bridge.service.fax import MAX_STREAMS, REMEMBERED, FaxService
from drivers.contract.fax import Direction, FaxPhase, FaxReport, FaxSnapshot

PAGE = (Path(__file__).parents[2] / "docs" / "fax.md").read_text("utf-8")
TOKEN = "a-token-that-is-long"


def fax(number: int, phase: FaxPhase, direction: Direction = Direction.OUTGOING) -> FaxReport:
    return FaxReport(str(number), direction, phase, pages=number, pages_done=number)


class Cable:
    """Between the program and the bridge; it can be pulled."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []
        self.plugged = 0  # times

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers += [writer, to]
        self.plugged += 1
        await asyncio.gather(self._carry(reader, to), self._carry(there, writer))

    async def _carry(self, source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(4096):
                to.write(data)
                await to.drain()

    def pull(self) -> None:
        while self._writers:
            self._writers.pop().transport.abort()


async def test_the_worked_example_tells_each_end_once(tmp_path: Path) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len([line for line in program.splitlines() if line]) <= 20
    (tmp_path / "program.py").write_text(program)
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    service = FaxService(7, lambda source, line: 1)
    sockets = listen("127.0.0.1", 0)
    cable = Cable(int(sockets[0].getsockname()[1]))
    passes = (Pass("", TOKEN, AccessRights.QUERY_JOBS),)
    async with asyncio.timeout(60), serving(FaxEvents(service, passes).application(), [(sockets[0], None)]):
        there = await asyncio.start_server(cable.join, "127.0.0.1", 0)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", str(tmp_path / "program.py"),
            f"http://127.0.0.1:{there.sockets[0].getsockname()[1]}", str(tmp_path / "token"),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            while not service._streams:  # noqa: ASYNC110 - until it listens
                await asyncio.sleep(0.02)
            service.see(FaxSnapshot("line", tuple(fax(number, FaxPhase.QUEUED) for number in (1, 2, 3, 4, 5))))
            ends = {1: FaxPhase.DONE, 2: FaxPhase.GIVEN_UP, 3: FaxPhase.CANCELED, 4: FaxPhase.FAILED, 5: FaxPhase.DONE}
            heard = []
            for number in ends:
                if number == 4:  # the last two end while it hears nothing
                    cable.pull()
                shown = [fax(each, ends[each] if each <= number else FaxPhase.QUEUED) for each in ends]
                service.see(FaxSnapshot("line", tuple(shown)))
                if number in (1, 2, 5):
                    heard.append((await process.stdout.readline()).decode().strip())
            heard.append((await process.stdout.readline()).decode().strip())
            service.see(FaxSnapshot("line", (fax(6, FaxPhase.DONE, Direction.INCOMING),)))
            heard.append((await process.stdout.readline()).decode().strip())
        finally:
            process.kill()
            await process.wait()
            there.close()
            cable.pull()
            service.close()
    assert cable.plugged == 2
    assert heard == [
        "line:outgoing:1 is through 1 pages",
        "line:outgoing:2 failed 2 pages",
        "line:outgoing:4 failed 4 pages",
        "line:outgoing:5 is through 5 pages",
        "line:incoming:6 is through 6 pages",
    ]


def test_the_table_of_events_has_every_bit() -> None:
    found = dict(re.findall(r"^\| ([A-Z_]+) \| (0x[0-9a-f]+) \|", PAGE, re.MULTILINE))
    assert {name: int(bit, 16) for name, bit in found.items()} == {str(each.name): int(each) for each in ServerEvents}


def test_the_bounds_are_the_real_ones() -> None:
    assert f"the last {REMEMBERED} notifications" in PAGE
    assert f"{MAX_STREAMS} listeners are connected" in PAGE
