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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

from drivers.contract.clock import SystemClock
from drivers.contract.observation import ButtonPress, Readiness, Snapshot
from tests.wire.http_rig import KEY, FakeScanner, Hands, Rig, pages, running
from tests.wire.post_scan_rig import PROCESS, SHARE, process_file

NEVER = 0
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


def scan_server(side: "Side", place: Path, port: int, smtp: int, *, early: bool) -> None:
    """Files into `place`/in, and mails. `early`: counted from its start, else from when it serves."""
    (place / "in").mkdir(exist_ok=True)
    (place / "processes").mkdir(exist_ok=True)
    (place / "processes" / "one.toml").write_text(
        f"id = '{PROCESS}'\nname = 'Invoices'\n[[filter]]\nshare = '{SHARE}'\nfolder = '{place}/in'\n"
        + ("[[filter]]\nmail = 'office@example.org'\n" if smtp else "")
    )
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
