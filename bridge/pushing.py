"""The device's side of a scan server: a press of the scanner's button scans, and pushes the pages there.

Pages lie on the disk until the server has them, so that one is sent while the next is scanned, and what was not
acknowledged is sent again, also after a restart. What the server says of the job is logged, and `watch` shows it
(docs/decisions/0081-pushing.md).
"""

import asyncio
import logging
import uuid
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from bridge.config import Config
from bridge.dsm.job import JobStatus
from bridge.errors import BridgeError, ConfigError
from bridge.event_line import line
from bridge.jobs.post_scan_store import Store
from bridge.log import kept_short
from bridge.net.asking import Refused
from bridge.net.post_scan_link import Link, linked
from bridge.scanner.acquisition import Acquisition
from bridge.scanner.hosted import HostedScanner
from bridge.service import push_scan
from bridge.service.post_scan_process_files import ProcessFile, read
from bridge.soap import addressing
from bridge.tasks import Tasks
from bridge.translate.post_scan_request import request
from bridge.wsscan.job import FINAL_STATES, JobState
from drivers.contract.clock import Clock

_log = logging.getLogger(__name__)

_MB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Push:
    """One press, as the disk has it under `place`."""

    place: str
    scanner: str  # its key
    file: str  # of the scan process
    message_id: str = ""  # of its CreatePostScanJob
    token: str = ""  # empty: the answer was not noted
    word: str = ""  # the format of its pages
    scanned: bool = False  # all pages are on the disk

    @property
    def to_json(self) -> dict[str, Any]:
        """What Push(**…) takes."""
        return {each: getattr(self, each) for each in self.__slots__}


class Pushes:
    """All presses of one bridge that push, and those of earlier runs that are not over."""

    def __init__(self, config: Config, clock: Clock, directory: Path) -> None:
        """`directory`: where pages are kept until a server has them. Raises ConfigError."""
        self._config, self._clock = config, clock
        quota = config.service.cache_quota_mb * _MB
        self._store = Store(directory, quota, quota)
        self._busy: set[str] = set()  # keys of scanners
        self._tasks = Tasks(_log, "a push broke")
        self._closing = False

    def recover(self) -> None:
        """Take up what an earlier run left: all that was scanned goes on, the rest is canceled."""
        for place, record in self._store.load().items():
            try:
                push = Push(**record)
            except TypeError as err:
                _log.error("push %s: its record is damaged and left alone: %s", place, err)
                continue
            self._tasks.start(self._resume(push))

    def takes(self, scanner: HostedScanner, acquisition: Acquisition, button: str) -> bool:
        """Whether a press of that button pushes, which is then under way."""
        key = scanner.identity.key
        processes = self._config.of(key).processes
        file = processes.get(button, processes.get(""))
        if file is None:
            return False
        if key in self._busy:
            _log.warning("device=%s: button %s: the scan of the last press is not over", key, button)
        elif not self._closing:
            self._busy.add(key)
            self._tasks.start(self._press(scanner, acquisition, file))
        return True

    async def close(self) -> None:
        """What is not over is taken up by the next run."""
        self._closing = True
        await self._tasks.cancel()

    # One press.

    async def _press(self, scanner: HostedScanner, acquisition: Acquisition, file: Path) -> None:
        key = scanner.identity.key
        try:
            said = await asyncio.to_thread(read, file)
            async with self._linked(said) as server:
                push = await self._scan(scanner, acquisition, said, file, server)
                self._busy.discard(key)
                await self._finish(push, server)
        except (BridgeError, OSError) as err:
            _log.warning("device=%s: %s: not pushed: %s", key, file.name, kept_short(str(err), 300))
        finally:
            self._busy.discard(key)

    async def _scan(
        self, scanner: HostedScanner, acquisition: Acquisition, said: ProcessFile, file: Path, server: Link
    ) -> Push:
        """The pages are scanned, and sent as they come. Raises BridgeError, OSError: there is nothing to go on with."""
        key = scanner.identity.key
        push = Push(str(uuid.uuid4()), key, str(file), message_id=addressing.new_message_id())
        await self._note(push)
        try:
            push = await self._create(push, said, server)
        except Refused:
            await self._forget(push)
            raise
        try:
            job, plan = await push_scan.begin(scanner, acquisition, said)
        except BridgeError as err:
            _log.warning("device=%s: %s: cannot scan: %s", key, file.name, kept_short(str(err), 300))
            return push
        push = replace(push, word=plan.target.format.name)
        await self._note(push)
        _log.info("device=%s job=%d post-scan job=%s: %s", key, job.id, push.token, said.name)
        new: asyncio.Queue[int | None] = asyncio.Queue()
        sending = asyncio.create_task(self._send_each(push, server, new))
        sending.add_done_callback(lambda _: self._give_up(acquisition, job.id, sending))
        try:
            ended = await push_scan.fetch(
                scanner, acquisition, job, self._store, place=push.place, word=push.word, kept=new.put_nowait
            )
            if ended is not None and ended.state is JobState.COMPLETED and not self._closing:
                push = replace(push, scanned=True)
                await self._note(push)
            new.put_nowait(None)
            with suppress(BridgeError, OSError):  # what was not sent is tried once more at the end, or given up
                await sending
        except (BridgeError, OSError) as err:
            _log.error("device=%s job=%d: the scan is given up: %s", key, job.id, err)
            with suppress(BridgeError):
                acquisition.cancel(job.id)
        finally:
            sending.cancel()
        return push

    async def _create(self, push: Push, said: ProcessFile, server: Link) -> Push:
        """With the token, which is noted. Asked again after a restart: it is the same message, and so the same job."""
        filters = [(each.dialect, each.targets) for each in said.filter]
        user = said.user or push.scanner
        asked = request(str(said.id), user, said.document, filters, goes_on=said.continue_on_error)
        push = replace(push, token=await server.insist(lambda: server.client.create(asked, push.message_id)))
        await self._note(push)
        return push

    async def _note(self, push: Push) -> None:
        await asyncio.to_thread(self._store.put, push.place, push.to_json)

    async def _forget(self, push: Push) -> None:
        await asyncio.to_thread(self._store.empty, push.place)
        await asyncio.to_thread(self._store.forget, push.place)

    def _give_up(self, acquisition: Acquisition, job: int, sending: "asyncio.Task[None]") -> None:
        """There is no use in further pages when one was refused."""
        if not sending.cancelled() and sending.exception() is not None:
            _log.warning("job=%d: %s", job, kept_short(str(sending.exception()), 300))
            with suppress(BridgeError):
                acquisition.cancel(job)

    async def _send_each(self, push: Push, server: Link, new: "asyncio.Queue[int | None]") -> None:
        while (number := await new.get()) is not None:
            await self._send(push, server, number)

    async def _send(self, push: Push, server: Link, number: int) -> None:
        """One image, until it is acknowledged. Raises BridgeError, OSError."""
        path = next(each.path for each in self._store.images(push.place) if each.document_id == number)
        asked = False

        async def once() -> None:
            nonlocal asked
            # The answer to the try before may have been lost on its way, and not the image.
            if asked and number in await server.client.received(push.token):
                return
            asked = True
            await server.client.send_image(push.token, number, push.word, path)

        await server.insist(once)

    async def _finish(self, push: Push, server: Link) -> None:
        """To the end that the server tells of. Raises BridgeError, OSError: it is kept for the next start."""
        try:
            if push.scanned:
                await self._hand_over(push, server)
            else:
                await server.insist(lambda: server.client.cancel(push.token))
        except Refused as err:
            _log.warning("post-scan job=%s: %s", push.token, kept_short(str(err), 300))
            with suppress(BridgeError):
                await server.client.cancel(push.token)
        status = await self._follow(push, server)
        if status is not None:
            log = _log.info if status.job_state is JobState.COMPLETED else _log.warning
            reasons = () if status.job_state_reasons is None else status.job_state_reasons.job_state_reason
            log("post-scan job=%s: %s %s", push.token, status.job_state, " ".join(map(str, reasons)))
        await self._forget(push)

    async def _hand_over(self, push: Push, server: Link) -> None:
        """What the server does not have yet, and that this was all. Raises BridgeError, OSError."""
        status = await server.insist(lambda: server.client.status(push.token))
        if status.job_state is not JobState.CREATING:
            return  # an earlier run ended it, or the server did
        there = await server.insist(lambda: server.client.received(push.token))
        for image in self._store.images(push.place):
            if image.document_id not in there:
                await self._send(push, server, image.document_id)
        await server.insist(lambda: server.client.end(push.token))

    async def _follow(self, push: Push, server: Link) -> JobStatus | None:
        """How the job ended; None: the server does not know it any more."""
        while True:
            try:
                status = await server.insist(lambda: server.client.status(push.token))
            except Refused as err:
                _log.warning("post-scan job=%s: %s", push.token, kept_short(str(err)))
                return None
            if status.job_state in FINAL_STATES:
                return status
            await server.until_news(push.token)

    async def _resume(self, push: Push) -> None:
        try:
            said = await asyncio.to_thread(read, Path(push.file))
            async with self._linked(said) as server:
                if not push.token:
                    push = await self._create(push, said, server)
                await self._finish(push, server)
        except (BridgeError, OSError) as err:
            _log.warning("post-scan job=%s: kept for the next start: %s", push.token, kept_short(str(err), 300))

    def _linked(self, said: ProcessFile) -> AbstractAsyncContextManager[Link]:
        """Raises ConfigError."""
        if said.server is None:
            raise ConfigError(said.name, "server", "is missing")
        trust = (said.authority, said.certificate, said.key)
        return linked(said.server, trust, self._clock, lambda arrived: _log.info("%s", line(arrived)))
