"""HTTP over the interfaces 7/1/4 of one USB device: each is a connection that never closes.

One request at a time on each. Whoever asked may leave; the answer is read to its end all the same, before the interface
takes the next request. Where only one interface works, a request waits for the answer before it.
A shared device is claimed from the first of requests that overlap to the end of the last one's answer, or as long as
a scan holds it (docs/decisions/0109-ipp-over-usb-shared.md).
Spec: IPP over USB 1.0 (USB-IF); OpenPrinting's ipp-usb for what devices really do.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from drivers.contract.clock import Clock
from drivers.contract.errors import DriverError
from drivers.contract.http_exchange import HttpFailed, HttpTimeout, Incoming, Request
from drivers.usb.exchange import Exchange
from drivers.usb.ipp_usb.answer import PIECE, Head, Reader, body, head
from drivers.usb.link import SLICE, Link

DRAIN_SECONDS: Final = 60.0  # of silence in an answer that nobody waits for, until the device is opened anew
HELD: Final = 8  # pieces of an answer that may wait for whoever wants them

_log = logging.getLogger(__name__)


class IppUsb:
    """An `Http` over a device, opened when it is first asked, and again after it was gone."""

    def __init__(
        self,
        name: str,
        open_links: Callable[[], Sequence[Link]],
        clock: Clock,
        *,
        connection: str = "",
        share: bool = False,
    ) -> None:
        """`open_links` blocks and raises DriverError; they are closed in its order. `connection`: the Connection
        header the device wants. `share`: it is let go of whenever nobody asks anything."""
        self._name, self._open_links, self._clock, self._share = name, open_links, clock, share
        self._headers = {"Host": "localhost", **({"Connection": connection} if connection else {})}
        self._changing = asyncio.Lock()  # it is being opened or let go of
        self._wanted = 0  # requests that are not answered to the end, and blocks that hold it
        self._pairs: list[_Pair] = []
        self._free: asyncio.Queue[_Pair] = asyncio.Queue()
        self._running: set[asyncio.Task[None]] = set()
        self._changes: set[asyncio.Task[None]] = set()
        self._closed = False

    @asynccontextmanager
    async def exchange(self, request: Request, *, wait: float, pause: float) -> AsyncIterator[Incoming]:
        """As `Http`; raises the DriverErrors of opening the device too, which say who must act."""
        try:
            async with asyncio.timeout(wait):
                answer = await self._begun(request, max(wait, pause) + DRAIN_SECONDS, pause)
                try:
                    found = await asyncio.shield(answer.head)
                except BaseException:
                    answer.leave()
                    raise
        except TimeoutError as err:
            raise HttpTimeout(f"{self._name}: no answer to {request.target} in {wait:g} s") from err
        try:
            yield Incoming(found.status, found.headers, answer.chunks())
        finally:
            answer.leave()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """As `drivers.contract.http_exchange.Shared`."""
        self._wanted += 1
        try:
            yield
        finally:
            self._done_with()

    async def close(self) -> None:
        self._closed = True
        async with self._changing:
            await self._let_go()

    async def _begun(self, request: Request, patience: float, pause: float) -> "_Answer":
        """A request on its way; `patience` is for silence in its answer."""
        self._wanted += 1
        try:
            # Who asked may leave meanwhile; what was claimed must not be lost with him.
            await asyncio.shield(self._change(self._open()))
            pair = await self._free.get()
        except BaseException:
            self._done_with()
            raise
        pair.patience = patience
        answer = pair.answer = _Answer(self._name, pause)
        task = asyncio.create_task(self._run(pair, answer, _written(request, self._headers)))
        self._running.add(task)
        task.add_done_callback(partial(self._ended, answer))
        return answer

    async def _open(self) -> None:
        async with self._changing:
            if self._closed:
                raise HttpFailed(f"{self._name}: it was closed")
            if not self._pairs:
                links = await asyncio.to_thread(self._open_links)
                self._pairs = [_Pair(link, self._clock, strange=self._share) for link in links]
                self._free = asyncio.Queue()
                for pair in self._pairs:
                    self._free.put_nowait(pair)

    async def _run(self, pair: "_Pair", answer: "_Answer", request: bytes) -> None:
        """One request and its answer, to the last byte; then the interface is free again."""
        broken = True
        try:
            await answer.read(pair, request)
            broken = pair.reader.rest > 0
        except (HttpFailed, DriverError) as err:
            answer.fail(err)
        if not broken:
            if pair in self._pairs:
                self._free.put_nowait(pair)
            return
        async with self._changing:  # where its next answer begins nobody can tell
            if pair in self._pairs:
                _log.info("device=%s: an answer did not end as it should; the device is opened anew", self._name)
                await self._let_go()

    def _ended(self, answer: "_Answer", task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if task.cancelled():
            answer.fail(HttpFailed(f"{self._name}: it was let go of"))
        self._done_with()

    def _done_with(self) -> None:
        """One request or block less; where it was the last, others may have the device."""
        self._wanted -= 1
        if self._share and not self._wanted:
            self._change(self._give_back())

    async def _give_back(self) -> None:
        async with self._changing:
            if not self._wanted:
                await self._let_go()

    async def _let_go(self) -> None:
        pairs, self._pairs = self._pairs, []
        others = self._running - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for pair in pairs:
            await asyncio.to_thread(pair.close)

    def _change(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Opening or letting go, which nobody cancels."""

        def ended(task: asyncio.Task[None]) -> None:
            self._changes.discard(task)
            if not task.cancelled():
                task.exception()  # told to whoever waits for it, if he still does

        task = asyncio.create_task(work)
        self._changes.add(task)
        task.add_done_callback(ended)
        return task


class _Pair:
    """One interface: two bulk endpoints, and a thread of its own that waits for them."""

    def __init__(self, link: Link, clock: Clock, *, strange: bool) -> None:
        """`strange`: another program may have left an answer unread."""
        self._link, self._clock, self._strange = link, clock, strange
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ipp-usb")
        self.patience = DRAIN_SECONDS  # seconds of silence, while somebody waits
        self.answer: _Answer | None = None  # that is read
        self.reader = Reader(self._more)

    async def write(self, data: bytes) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._write, data)

    def _write(self, data: bytes) -> None:
        if self._strange:
            self._strange = False
            Exchange(self._link, self._clock.monotonic).drain()
        self._link.write(data)

    async def _more(self) -> bytes:
        loop, began = asyncio.get_running_loop(), self._clock.monotonic()
        while not (data := await loop.run_in_executor(self._thread, self._link.read, PIECE, SLICE)):
            patience = self.patience if self.answer is None or self.answer.wanted else DRAIN_SECONDS
            if self._clock.monotonic() - began > patience:
                raise HttpTimeout(f"no answer in {patience:g} s")
        return data

    def close(self) -> None:
        """Blocks until the thread has let go of the interface."""
        self._thread.submit(self._link.close)
        self._thread.shutdown(wait=True)


class _Answer:
    """One answer on its way from the interface to whoever asked, as long as he is there."""

    def __init__(self, name: str, pause: float) -> None:
        self._name, self._pause = name, pause
        self.head: asyncio.Future[Head] = asyncio.get_running_loop().create_future()
        self._pieces: asyncio.Queue[bytes | HttpFailed] = asyncio.Queue(HELD)
        self.wanted = True

    async def read(self, pair: _Pair, request: bytes) -> None:
        """All of it. Raises HttpFailed, DriverError."""
        await pair.write(request)
        found = await head(pair.reader)
        if not self.head.done():
            self.head.set_result(found)
        async for piece in body(pair.reader, found):
            await self._put(piece)
        await self._put(b"")

    def fail(self, error: Exception) -> None:
        """It ends by `error`."""
        failed = error if isinstance(error, HttpFailed) else HttpFailed(f"{self._name}: {error}")
        if self.head.done():
            if self._pieces.full():
                self._pieces.get_nowait()  # what is incomplete is of no use
            self._pieces.put_nowait(failed)
        elif self.wanted:
            self.head.set_exception(failed)

    def leave(self) -> None:
        """Nobody wants the rest."""
        self.wanted = False
        if not self.head.done():
            self.head.cancel()
        while not self._pieces.empty():
            self._pieces.get_nowait()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body. Raises HttpFailed, HttpTimeout."""
        while True:
            try:
                async with asyncio.timeout(self._pause):
                    piece = await self._pieces.get()
            except TimeoutError as err:
                raise HttpTimeout(f"{self._name}: silence of {self._pause:g} s in an answer") from err
            if isinstance(piece, HttpFailed):
                raise piece
            if not piece:
                return
            yield piece

    async def _put(self, piece: bytes) -> None:
        if self.wanted:
            await self._pieces.put(piece)


def _written(request: Request, headers: Mapping[str, str]) -> bytes:
    """Its bytes; `headers` are those it has besides its own."""
    all_of_them = {**headers, **request.headers}
    lines = [
        f"{request.method} {request.target} HTTP/1.1",
        *(f"{name}: {value}" for name, value in all_of_them.items()),
    ]
    if request.body or request.method == "POST":
        lines.append(f"Content-Length: {len(request.body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + request.body
