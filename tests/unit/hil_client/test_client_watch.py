"""`watch` against a scanner made of messages: what is printed, and what survives the scanner's moods."""

import asyncio
import io
import json
import os
import signal
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from bridge import watch as watching
from bridge.eventing.messages import EndStatus
from bridge.watch import watch


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(8):
        while not true():  # noqa: ASYNC110 - what is printed makes no event
            await asyncio.sleep(0.01)


class Watch:
    def __init__(self, scanner: Any, *, as_json: bool = False) -> None:
        self.out = io.StringIO()
        self.task = asyncio.create_task(watch(scanner.url, json=as_json, out=self.out))

    @property
    def lines(self) -> list[str]:
        return self.out.getvalue().splitlines()

    async def stop(self) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        return await asyncio.wait_for(self.task, 8)


async def test_every_event_is_one_line_and_sigint_gives_the_subscription_back(scanner: Any, events: ModuleType) -> None:
    run = Watch(scanner)
    await until(lambda: bool(scanner.subscriptions))
    await scanner.tell(events.status_event(253, "Processing", 2, "JobScanning"))
    await scanner.tell(events.end_event(253, "Completed", 3))
    await until(lambda: len(run.lines) == 3)
    assert await run.stop() == 0
    assert run.lines[0] == f"# The fake scanner at {scanner.base}/scan"
    assert run.lines[1][14:] == "JobStatusEvent    job 253  Processing   2 scanned  JobScanning"
    assert run.lines[2][14:] == "JobEndStateEvent  job 253  Completed    3 scanned  JobCompletedSuccessfully  scan"
    assert not scanner.subscriptions


async def test_json_is_one_object_per_line(scanner: Any, events: ModuleType) -> None:
    run = Watch(scanner, as_json=True)
    await until(lambda: bool(scanner.subscriptions))
    await scanner.tell(events.status_event(253, "Processing", 2, "JobScanning"))
    await until(lambda: len(run.lines) == 2)
    await run.stop()
    record = json.loads(run.lines[1])
    del record["time"]
    assert record == {
        "event": "JobStatusEvent",
        "job": 253,
        "state": "Processing",
        "reasons": ["JobScanning"],
        "scans": 2,
        "year": "2006/08",
    }


async def test_a_strangers_text_stays_in_its_line(scanner: Any, events: ModuleType) -> None:
    run = Watch(scanner)
    await until(lambda: bool(scanner.subscriptions))
    event = events.end_event(1, "Completed", 0)
    event = event.model_copy(
        update={"job_end_state": event.job_end_state.model_copy(update={"job_name": "a\nb\x85[red]c"})}
    )
    await scanner.tell(event)
    await until(lambda: len(run.lines) == 2)
    await run.stop()
    assert run.lines[1].endswith("a?b?[red]c")


async def test_an_ended_subscription_is_asked_for_again(scanner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "PAUSES", (0.05,))
    run = Watch(scanner)
    await until(lambda: bool(scanner.subscriptions))
    await scanner.end_all(EndStatus.SOURCE_CANCELING)
    await until(lambda: bool(scanner.subscriptions))
    await run.stop()
    assert scanner.asked.count("Subscribe") == 2
    assert "SourceCanceling" in run.lines[1]


async def test_a_scanner_that_comes_back_without_memory_is_subscribed_to_again(
    scanner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "CHECK", 0.05)
    monkeypatch.setattr(watching, "PAUSES", (0.05,))
    run = Watch(scanner)
    await until(lambda: bool(scanner.subscriptions))
    await scanner.vanish()
    await until(lambda: any("waiting for the scanner" in line for line in run.lines))
    await scanner.listen(scanner.port)
    await until(lambda: bool(scanner.subscriptions))
    assert await run.stop() == 0


async def test_a_scanner_that_only_held_its_breath_keeps_its_one_subscription(
    scanner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "CHECK", 0.05)
    monkeypatch.setattr(watching, "PAUSES", (0.05,))
    run = Watch(scanner)
    await until(lambda: bool(scanner.subscriptions))
    await scanner.runner.cleanup()
    await until(lambda: any("waiting for the scanner" in line for line in run.lines))
    await scanner.listen(scanner.port)
    await until(lambda: any("answers again" in line for line in run.lines))
    await run.stop()
    assert scanner.asked.count("Subscribe") == 1


async def test_a_scanner_without_get_status_is_not_asked_twice(scanner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "CHECK", 0.02)
    scanner.get_status = False
    run = Watch(scanner)
    await until(lambda: "GetStatus" in scanner.asked)
    await asyncio.sleep(0.1)
    await run.stop()
    assert scanner.asked.count("GetStatus") == 1
    assert scanner.asked.count("Subscribe") == 1


async def test_nobody_there_is_exit_1_and_no_url_is_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert await watch("http://127.0.0.1:1/", json=False, out=io.StringIO()) == 1
    assert await watch("scanner", json=False, out=io.StringIO()) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("wsd-scan-bridge: http://127.0.0.1:1")
    assert "http://HOST" in second
