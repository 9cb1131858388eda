"""A short, always equal run of damaged messages through the whole service; the long ones are a developer's to start."""

import asyncio

import pytest

from hil.fuzz import corpus, inside
from hil.fuzz.paper import CAPABILITIES
from hil.fuzz.verdict import Tally


async def test_damaged_messages_end_in_answers_faults_or_silence() -> None:
    tally = Tally()
    async with inside.service() as service:
        target = inside.Inside(service, corpus.ours(CAPABILITIES), 1, tally)
        assert await target.run(0, 3_000, 60.0) == 3_000
        assert len(service.ledger) <= 128
    assert tally.findings == []
    # The damage reaches all floors: there are jobs, images, subscriptions, matches, and refusals of every floor.
    reached = set(tally.outcomes)
    assert {"answer CreateScanJobResponse", "answer SubscribeResponse", "UDP answer ProbeMatches", "image"} <= reached
    assert {"fault InvalidArgs", "fault Sender", "fault MessageInformationHeaderRequired"} <= reached


async def test_a_traceback_in_the_log_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    tally = Tally()
    async with inside.service() as service:

        async def broken(*_: object) -> bytes:
            raise KeyError("a bug")

        monkeypatch.setattr(service.endpoint, "answer", broken)
        await inside.Inside(service, corpus.ours(CAPABILITIES), 1, tally).run(0, 200, 60.0)
    assert tally.findings
    assert all("KeyError" in finding.why for finding in tally.findings)


async def test_a_message_that_takes_too_long_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    tally = Tally()
    monkeypatch.setattr(inside, "DEADLINE", 0.05)
    async with inside.service() as service:

        async def endless(*_: object) -> bytes:
            await asyncio.sleep(60)
            return b""

        monkeypatch.setattr(service.endpoint, "answer", endless)
        await inside.Inside(service, corpus.ours(CAPABILITIES)[:1], 1, tally).run(0, 3, 60.0)
    assert any("no answer after" in finding.why for finding in tally.findings)
