"""One side of DSM as a process that kills itself at the n-th step that anybody outside could tell from the one before.

A step is an operation on a file (open to write, rename, link, remove, make or flush a directory) or something sent to
a peer; the process is gone, by SIGKILL, right before it. What Python's own audit hook does not tell (sending) is
counted on its way to the system. Nothing of the product is replaced.
"""

import asyncio
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar, cast

from drivers.contract.clock import SystemClock
from drivers.contract.observation import ButtonPress, Readiness, Snapshot
from tests.ports import kept_port
from tests.wire.http_rig import KEY, FakeScanner, Hands, Rig, pages, running
from tests.wire.post_scan_rig import PACKAGE, PROCESS, SHARE, Server, create, package, process_file, request

T = TypeVar("T")
NEVER = 0
IMAGES = {1: b"first" * 1000, 2: b"second" * 1000}
FOLDER = f"[[filter]]\nshare = '{SHARE}'\nfolder = '{{place}}/in'\n"
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.sweep.killing"])
_CHANGES = frozenset({"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"})
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_DIRECTORY  # a directory is opened to be flushed


class Child:
    """A side that runs in a process of its own."""

    def __init__(self, run: Callable[..., None], last: int, said: tuple[object, ...], more: dict[str, object]) -> None:
        self._told, tells = _CONTEXT.Pipe(duplex=False)
        side = Side(tells, last)
        self._process = _CONTEXT.Process(target=run, args=(side, *said), kwargs=more, daemon=True)
        self._process.start()
        tells.close()

    @property
    def was_killed(self) -> bool:
        return self._process.exitcode == -signal.SIGKILL

    async def ready(self) -> bool:
        """It serves; False: it was killed before."""
        try:
            while not self._told.poll():  # noqa: ASYNC110 - another process is looked at
                await asyncio.sleep(0.002)
            self._told.recv()
        except EOFError:
            await self.gone()
            assert self.was_killed, "it ended by itself"
            return False
        return True

    async def gone(self) -> None:
        while self._process.is_alive():  # noqa: ASYNC110 - a process is looked at
            await asyncio.sleep(0.002)

    def end(self) -> None:
        """Whatever it is at."""
        self._process.kill()
        self._process.join()
        self._told.close()


@contextmanager
def child(run: Callable[..., None], last: int, *said: object, **more: object) -> Iterator[Child]:
    """`run`: one of those below, and what it is called with. `last`: the step at which it is killed, from 1."""
    started = Child(run, last, said, more)
    try:
        yield started
    finally:
        started.end()


def scan_server(side: "Side", place: Path, port: int, smtp: int, filters: str, *, early: bool) -> None:
    """`filters`: of its process, with {place} in it. `early`: counted from its start, else from when it serves."""
    (place / "in").mkdir(exist_ok=True)
    (place / "processes").mkdir(exist_ok=True)
    (place / "processes" / "one.toml").write_text(f"id = '{PROCESS}'\nname = 'Invoices'\n{filters.format(place=place)}")
    mail = {"host": "127.0.0.1", "port": smtp, "tls": "none", "sender": "scanner@example.org"} if smtp else {}
    said = {"processes": str(place / "processes"), "listen": f"127.0.0.1:{port}"}
    asyncio.run(side.serve(place, {"scan_server": said, "smtp": mail}, early=early))


def device(side: "Side", place: Path, port: int, *, presses: bool) -> None:
    """A scanner with two sheets, and somebody who presses its button once. Counted from then, else from its start."""
    file = process_file(place, port)
    more = {"scanner": [{"key": KEY, "processes": {"": str(file)}}]}

    def press(rig: Rig) -> None:
        rig.scanner.play = pages(2)
        if presses:
            rig.scanner.show(Snapshot("fake", Readiness.IDLE, presses=(ButtonPress("scan", 1),)))

    asyncio.run(side.serve(place, more, press, early=not presses))


@dataclass
class Side:
    """What the process itself has of it."""

    tells: Connection
    last: int
    steps: int = 0

    async def serve(
        self, place: Path, more: dict[str, object], then: Callable[[Rig], None] = lambda _: None, *, early: bool
    ) -> None:
        """Until it is killed."""
        if early:
            self._count(str(place / "state"), str(place / "in"))
        async with running(place, cast("Hands", SystemClock()), (FakeScanner(),), more) as rig:
            self.tells.send("ready")
            if not early:
                self._count(str(place / "state"), str(place / "in"))
            then(rig)
            await asyncio.Event().wait()

    def _count(self, *places: str) -> None:
        """From now on."""

        def heard(event: str, said: tuple[Any, ...]) -> None:
            if event in _CHANGES or (event == "open" and said[2] & _WRITES and str(said[0]).startswith(places)):
                self._step()

        def sends(plain: Callable[..., Any]) -> Callable[..., Any]:
            def sent(*arguments: Any) -> Any:
                self._step()
                return plain(*arguments)

            return sent

        sys.addaudithook(heard)
        for name in ("send", "sendall"):
            setattr(socket.socket, name, sends(getattr(socket.socket, name)))

    def _step(self) -> None:
        self.steps += 1
        if self.steps >= self.last > NEVER:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Finished:
    """A job that a server was killed over."""

    server: Server
    token: str
    state: str
    killed: bool


async def finished(place: Path, last: int, processed: str, filters: tuple[str, ...], smtp: int = 0) -> Finished:
    """One job of a server that is killed at that step, and at an early one of the run after it. `processed`: the
    filters that it offers; `filters`: those that the job asks for."""
    port = kept_port()
    found = Server(port, Hands(), place, FakeScanner())
    job = asyncio.create_task(_whole_job(found, *filters))
    killed = False
    try:
        for step in (last, 1 + last % 29, NEVER):
            with child(scan_server, step, place, port, smtp, processed, early=step != last) as side:
                if await side.ready():
                    gone = asyncio.create_task(side.gone())
                    await asyncio.wait((job, gone), return_when=asyncio.FIRST_COMPLETED)
                    gone.cancel()
                killed = killed or side.was_killed
                if job.done():
                    break
        token, state = await job
    finally:
        job.cancel()
    return Finished(found, token, state, killed)


async def _whole_job(found: Server, *filters: str) -> tuple[str, str]:
    """As a device that repeats each message until it hears an answer: the job's token, and how it ended."""
    said = request("CreatePostScanJob", create(*filters))
    while not found.path:
        await _again(found.find)
    made = await _again(lambda: found.ask(found.path, said))
    token = made.content.findtext("{*}JobToken") or ""
    for number, image in IMAGES.items():
        body = package(token, number, image)
        taken = await _again(lambda body=body: found.ask(found.path, body, Content_Type=PACKAGE))
        assert taken.status == 200, taken.body
    ended = await _again(lambda: found.end(token))
    assert ended.status == 200, ended.body
    while True:
        state = await _again(lambda: found.state(token))
        if state.startswith(("Completed", "Aborted", "Canceled")):
            return token, state
        await asyncio.sleep(0.005)


async def _again(ask: Callable[[], Awaitable[T]]) -> T:
    """Until somebody answers."""
    while True:
        try:
            return await ask()
        except (OSError, asyncio.IncompleteReadError):
            await asyncio.sleep(0.005)
