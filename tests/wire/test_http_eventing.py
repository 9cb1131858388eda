"""Subscriptions over HTTP: granted, renewed, asked about, ended by either side, and what a bad subscriber costs.

Spec: WS-Eventing 2004/08; DPWS 2006 section 6. All pauses and leases pass on a clock whose
hands the tests turn.
"""

import asyncio
import json
from pathlib import Path

import pytest

from bridge import daemon
from tests.wire.http_rig import (
    KEY,
    NS,
    WSE,
    Y01,
    Y08,
    Answer,
    Hands,
    Rig,
    Subscriber,
    keep_state,
    pages,
    running,
    subscription,
    ticket,
)


def identifier(granted: Answer) -> str:
    assert granted.status == 200, granted.body
    (found,) = granted.xml.iter(f"{{{WSE}}}Identifier")
    return found.text or ""


def lease(answer: Answer) -> str:
    assert answer.status == 200, answer.body
    (found,) = answer.xml.iter(f"{{{WSE}}}Expires")
    return found.text or ""


def end_to(place: Subscriber) -> str:
    return f"<e:EndTo><a:Address>http://127.0.0.1:{place.port}/end</a:Address></e:EndTo>"


async def subscribe(rig: Rig, to: Subscriber, ends: Subscriber | None = None, chosen: str | None = None) -> Answer:
    body = subscription(to.notify_to, chosen)
    if ends is not None:
        body = body.replace(b"<e:Subscribe>", b"<e:Subscribe>" + end_to(ends).encode())
    return await rig.ask(rig.scan_path, body)


async def one_job(rig: Rig) -> int:
    job = await rig.create()
    assert (await rig.retrieve(job)).status == 200
    return job.id


async def pausing(rig: Rig, seconds: float) -> None:
    """Wait until somebody has gone to sleep for just so long, and let that time pass."""
    async with asyncio.timeout(5):
        while seconds not in rig.clock.waiting:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    rig.clock.turn(seconds)


# The subscriber's side ----------------------------------------------------------------------------------------------


async def test_a_lease_is_granted_renewed_asked_about_and_given_back(tmp_path: Path) -> None:
    async with Subscriber() as subscriber, running(tmp_path) as rig:
        granted = await rig.subscribe(subscriber, expires="PT30M")
        assert granted.text("s:Header/a:Action") == f"{WSE}/SubscribeResponse"
        assert granted.text("s:Header/a:RelatesTo") == "urn:uuid:11111111-1111-1111-1111-111111111111"
        assert granted.text("s:Body/e:SubscribeResponse/e:SubscriptionManager/a:Address") == f"{rig.url}/scan"
        assert identifier(granted).startswith("urn:uuid:")
        assert lease(granted) == "PT30M"
        rig.clock.turn(60)
        assert lease(await rig.manage("GetStatus", granted)) == "PT29M"
        renewed = await rig.manage("Renew", granted, "<e:Expires>PT2H</e:Expires>")
        assert renewed.text("s:Header/a:Action") == f"{WSE}/RenewResponse"
        assert lease(renewed) == "PT2H"
        rig.clock.turn(3600)
        await one_job(rig)
        await subscriber.until("end:")
        told = subscriber.lines  # the scanner's being idle again may still be on its way
        gone = await rig.manage("Unsubscribe", granted)
        assert gone.status == 200
        assert gone.text("s:Header/a:Action") == f"{WSE}/UnsubscribeResponse"
        assert gone.xml.findall("s:Body/*", NS) == []
        await one_job(rig)
        assert (await rig.manage("GetStatus", granted)).subcode == "e:InvalidMessage"
        assert subscriber.lines == told


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        (None, "PT1H"),
        ("PT1S", "PT10M"),
        ("P30D", "P1D"),
        ("P1Y2M3DT4H5M6.7S", "P1D"),
        ("2024-05-06T09:08:09Z", "PT2H"),  # the clock says 07:08:09
    ],
)
async def test_a_lease_is_between_ten_minutes_and_a_day(tmp_path: Path, asked: str | None, granted: str) -> None:
    async with Subscriber() as subscriber, running(tmp_path) as rig:
        assert lease(await rig.subscribe(subscriber, expires=asked)) == granted


async def test_a_lease_that_ran_out_is_over(tmp_path: Path) -> None:
    async with Subscriber() as subscriber, running(tmp_path) as rig:
        granted = await rig.subscribe(subscriber, expires="PT10M")
        rig.clock.turn(599)
        await one_job(rig)
        await subscriber.until("end:")
        told = subscriber.lines  # the scanner's being idle again may still be on its way
        rig.clock.turn(1)
        await one_job(rig)
        for name in ("Renew", "GetStatus", "Unsubscribe"):
            assert (await rig.manage(name, granted)).subcode == "e:InvalidMessage"
        assert subscriber.lines == told


async def test_who_subscribes_again_is_told_once(tmp_path: Path) -> None:
    async with Subscriber() as subscriber, running(tmp_path) as rig:
        first = await rig.subscribe(subscriber)
        second = await rig.subscribe(subscriber)
        assert identifier(first) != identifier(second)
        await one_job(rig)
        await subscriber.until("end:")
        await asyncio.sleep(0.05)
        assert len([line for line in subscriber.lines if line.startswith("end:")]) == 1
        assert (await rig.manage("GetStatus", first)).subcode == "e:InvalidMessage"
        assert lease(await rig.manage("GetStatus", second)) == "PT1H"


async def test_a_filter_chooses_the_events(tmp_path: Path) -> None:
    async with Subscriber() as all_of_them, Subscriber() as ends, Subscriber() as old, running(tmp_path) as rig:
        await rig.subscribe(all_of_them, Y08)
        await rig.subscribe(ends, f"\n {Y08}/ScanAvailableEvent\n{Y08}/JobEndStateEvent ")
        await rig.subscribe(old, f"{Y01}/JobStatusEvent")
        await one_job(rig)
        await all_of_them.until("end:")
        await ends.until("end:")
        await old.until("Completed")
        assert len(ends.letters) == 1
        assert not [line for line in old.lines if line.startswith("end:")]
        assert [line for line in all_of_them.lines if line.startswith("Started")] == ["Started 0"]


async def test_a_subscriber_with_a_name_is_reached_where_it_asked_from(tmp_path: Path) -> None:
    async with Subscriber() as subscriber, running(tmp_path) as rig:
        place = f"<a:Address>http://no-such-host.invalid:{subscriber.port}/a/b?c=d</a:Address>"
        assert (await rig.ask(rig.scan_path, subscription(place, None))).status == 200
        await one_job(rig)
        await subscriber.until("end:")
        assert {letter.path for letter in subscriber.letters} == {"/a/b?c=d"}
        assert {letter.headers["host"] for letter in subscriber.letters} == {f"no-such-host.invalid:{subscriber.port}"}


async def test_one_peer_cannot_have_all_the_subscriptions(tmp_path: Path) -> None:
    async with Subscriber() as subscriber, running(tmp_path) as rig:
        for number in range(64):
            place = f"<a:Address>{subscriber.url}/{number}</a:Address>"
            assert (await rig.ask(rig.scan_path, subscription(place, None))).status == 200
        answer = await rig.ask(rig.scan_path, subscription(f"<a:Address>{subscriber.url}/x</a:Address>", None))
        assert (answer.status, answer.subcode) == (500, "e:EventSourceUnableToProcess")
        # Sixty-four on one port do not wait for each other.
        subscriber.answering.clear()
        await one_job(rig)
        async with asyncio.timeout(5):
            while subscriber.tries < 64:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        subscriber.answering.set()
        await subscriber.until("end:", count=64)


# What a bad subscriber costs --------------------------------------------------------------------------------------


async def test_a_subscriber_that_refuses_is_tried_for_half_a_minute_and_then_told_elsewhere(tmp_path: Path) -> None:
    async with Subscriber() as dead, Subscriber() as alive, Subscriber() as ends, running(tmp_path) as rig:
        granted = await subscribe(rig, dead, ends)
        await rig.subscribe(alive)
        dead.status = 503
        await one_job(rig)
        for pause in (0.5, 1.0, 2.0, 4.0, 8.0, 16.0):
            await pausing(rig, pause)
        await ends.until("SubscriptionEnd")
        assert dead.tries == 7
        (end,) = ends.letters
        assert end.path == "/end"
        assert end.action == f"{WSE}/SubscriptionEnd"
        assert end.content.findtext("e:Status", None, NS) == f"{WSE}/DeliveryFailure"
        assert end.content.findtext(".//e:Identifier", None, NS) == identifier(granted)
        assert (await rig.manage("GetStatus", granted)).subcode == "e:InvalidMessage"
        # The other one heard everything all the while, and the dead one is left alone from now on.
        await alive.until("end:")
        await one_job(rig)
        await alive.until("end:", count=2)
        assert dead.tries == 7


async def test_a_subscriber_that_was_away_for_a_moment_misses_nothing(tmp_path: Path) -> None:
    async with Subscriber() as steady, running(tmp_path) as rig:
        restarting = Subscriber()
        async with restarting:
            await rig.subscribe(restarting, f"{Y08}/JobStatusEvent")
            await rig.subscribe(steady, f"{Y08}/JobStatusEvent")
        await one_job(rig)
        await pausing(rig, 0.5)
        await pausing(rig, 1.0)
        async with restarting:
            await pausing(rig, 2.0)
            await restarting.until("Completed")
            await steady.until("Completed")
            assert restarting.lines == steady.lines


async def test_a_slow_subscriber_delays_nobody_else(tmp_path: Path) -> None:
    async with Subscriber() as slow, Subscriber() as quick, running(tmp_path) as rig:
        await rig.subscribe(slow)
        await rig.subscribe(quick)
        slow.answering.clear()
        await one_job(rig)
        await quick.until("end:")
        assert slow.letters == []
        assert slow.tries == 1
        slow.answering.set()
        await slow.until("end:")
        assert slow.lines == quick.lines


# The end of the bridge, and its next beginning ----------------------------------------------------------------------


async def test_a_stop_is_told_to_who_wants_to_know_after_the_last_event(tmp_path: Path) -> None:
    async with Subscriber() as both, Subscriber() as events_only:
        async with running(tmp_path) as rig:
            granted = await subscribe(rig, both, both)
            await rig.subscribe(events_only)
            await rig.create()
            await both.until("Processing/JobTransfering 1")
        assert both.lines[-2:] == ["end:Aborted/None 1", "SubscriptionEnd"]
        end = both.letters[-1]
        assert end.content.findtext("e:Status", None, NS) == f"{WSE}/SourceShuttingDown"
        assert end.content.findtext(".//e:Identifier", None, NS) == identifier(granted)
        assert events_only.lines[-1] == "end:Aborted/None 1"


async def test_a_subscriber_that_does_not_answer_does_not_keep_the_bridge_from_stopping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon, "GRACE", 0.2)
    async with Subscriber() as silent, Subscriber() as heard:
        silent.answering.clear()
        loop = asyncio.get_running_loop()
        async with running(tmp_path) as rig:
            await subscribe(rig, silent, silent)
            await subscribe(rig, heard, heard)
            await one_job(rig)
            begun = loop.time()
        assert loop.time() - begun < 2
        assert heard.lines[-1] == "SubscriptionEnd"
        silent.answering.set()


async def test_subscriptions_survive_a_restart(tmp_path: Path) -> None:
    clock = Hands()
    async with Subscriber() as new, Subscriber() as old:
        new.reference = "<e:Identifier>mine</e:Identifier>"
        async with running(tmp_path, clock) as rig:
            granted = await rig.subscribe(new)
            await rig.subscribe(old, f"{Y01}/JobStatusEvent")
            first = await one_job(rig)
            await new.until("end:")
        clock.turn(600)
        async with running(tmp_path, clock) as rig:
            assert lease(await rig.manage("GetStatus", granted)) == "PT50M"
            rig.scanner.play = pages(2)
            job = await rig.create(ticket("ADF"))
            assert job.id > first
            for _ in range(2):
                await rig.retrieve(job)
            await new.until("end:", count=2)
            await old.until("Completed", count=2)
            assert new.letters[-1].xml.findtext("s:Header/e:Identifier", None, NS) == "mine"
            assert {letter.action for letter in old.letters} == {f"{Y01}/JobStatusEvent"}
            assert (await rig.manage("Unsubscribe", granted)).status == 200
        async with running(tmp_path, clock) as rig:
            assert (await rig.manage("GetStatus", granted)).subcode == "e:InvalidMessage"


async def test_a_lease_runs_on_while_the_bridge_does_not(tmp_path: Path) -> None:
    clock = Hands()
    async with Subscriber() as subscriber:
        async with running(tmp_path, clock) as rig:
            granted = await rig.subscribe(subscriber)
        clock.turn(3600)
        async with running(tmp_path, clock) as rig:
            assert (await rig.manage("Renew", granted)).subcode == "e:InvalidMessage"


async def test_what_ran_out_is_struck_from_the_disk(tmp_path: Path) -> None:
    """After a reboot the stored remainder counts: what ran out before it must not be stored."""
    state = tmp_path / "state" / "state.json"
    async with Subscriber() as subscriber, running(tmp_path) as rig:
        granted = identifier(await rig.subscribe(subscriber))
        assert granted in state.read_text()
        rig.clock.turn(3601)
        async with asyncio.timeout(5):
            while granted in state.read_text():  # noqa: ASYNC110
                await asyncio.sleep(0.005)


async def test_damaged_subscriptions_on_the_disk_cost_nothing_else(tmp_path: Path) -> None:
    keep_state(tmp_path / "state", subscriptions=[{"identifier": 7}])
    async with Subscriber() as subscriber, running(tmp_path) as rig:
        granted = identifier(await rig.subscribe(subscriber))
        kept = json.loads((tmp_path / "state" / "state.json").read_text())
        assert [entry["identifier"] for entry in kept["scanners"][KEY]["subscriptions"]] == [granted]


async def test_a_disk_that_is_full_costs_no_events(tmp_path: Path) -> None:
    async with Subscriber() as subscriber, running(tmp_path) as rig:
        job = await rig.create()  # reserves ids while the disk still takes them
        (tmp_path / "state").rename(tmp_path / "gone")
        granted = await rig.subscribe(subscriber)
        assert granted.status == 200
        await rig.retrieve(job)
        await subscriber.until("end:")
        assert (await rig.manage("Unsubscribe", granted)).status == 200
