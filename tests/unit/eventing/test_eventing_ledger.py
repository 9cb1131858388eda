"""Who is subscribed, for how long, and what is owed to whom."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bridge.errors import FaultCode, OperationRefused
from bridge.eventing.ledger import Ledger, Limits, Wish
from bridge.eventing.messages import EndStatus
from bridge.soap.endpoint import EndpointReference, identifier_block

SCAN = "http://schemas.microsoft.com/windows/2006/08/wdp/scan"
WSE = "{http://schemas.xmlsoap.org/ws/2004/08/eventing}"
HOUR = timedelta(hours=1)


class HandClock:
    """Time that stands until it is turned."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def now(self) -> datetime:
        return datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def boottime(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def wish(n: int = 0, peer: str = "192.0.2.9", **more: object) -> Wish:
    notify_to = EndpointReference(f"http://{peer}:5357/{n}", reference_parameters=(identifier_block("sink"),))
    return replace(Wish(notify_to, peer, peer, (f"{SCAN}/JobStatusEvent",)), **more)  # type: ignore[arg-type]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def ledger(clock: HandClock) -> Ledger:
    return Ledger(clock)


def subcode(err: pytest.ExceptionInfo[OperationRefused]) -> str:
    return (err.value.fault.subcode or "").removeprefix(WSE)


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        (None, HOUR),
        (timedelta(seconds=1), timedelta(minutes=10)),
        (timedelta(hours=2, seconds=0.9), timedelta(hours=2)),
        (timedelta(days=400), timedelta(hours=24)),
        (datetime(2030, 1, 1, 0, 16, 40, tzinfo=UTC) + HOUR, HOUR),
    ],
)
def test_the_lease_is_what_was_asked_within_our_bounds(
    ledger: Ledger, clock: HandClock, asked: timedelta | datetime | None, granted: timedelta
) -> None:
    given = ledger.subscribe(wish(expires=asked))
    assert given.expires == granted
    assert ledger.status(given.subscription.identifier) == granted
    clock.seconds += granted.total_seconds() - 1
    assert len(ledger) == 1
    clock.seconds += 1
    assert len(ledger) == 0
    assert ledger.expire() == (given.subscription,)
    assert ledger.expire() == ()


@pytest.mark.parametrize("asked", [timedelta(0), timedelta(seconds=-1), datetime(2029, 1, 1, tzinfo=UTC)])
def test_a_lease_of_nothing_is_refused(ledger: Ledger, asked: timedelta | datetime) -> None:
    with pytest.raises(OperationRefused) as caught:
        ledger.subscribe(wish(expires=asked))
    assert subcode(caught) == "InvalidExpirationTime"
    known = ledger.subscribe(wish()).subscription.identifier
    with pytest.raises(OperationRefused) as caught:
        ledger.renew(known, asked)
    assert subcode(caught) == "InvalidExpirationTime"
    assert ledger.status(known) == HOUR


def test_the_same_subscriber_again_replaces_and_does_not_add(ledger: Ledger) -> None:
    first = ledger.subscribe(wish()).subscription
    second = ledger.subscribe(wish())
    assert second.replaced == first
    assert ledger.everyone() == (second.subscription,)
    with pytest.raises(OperationRefused):
        ledger.status(first.identifier)


@pytest.mark.parametrize("other", [{"slot": "den"}, {"chosen": None}, {"n": 1}, {"peer": "192.0.2.10"}])
def test_another_slot_filter_or_sink_is_another_subscription(ledger: Ledger, other: dict[str, object]) -> None:
    ledger.subscribe(wish())
    assert ledger.subscribe(wish(**other)).replaced is None  # type: ignore[arg-type]
    assert len(ledger) == 2


def test_a_stranger_cannot_push_a_subscriber_out(ledger: Ledger) -> None:
    ours = ledger.subscribe(wish()).subscription
    ledger.subscribe(replace(wish(), peer="192.0.2.66"))
    assert ours in ledger.everyone()


def test_renewing_counts_from_now_and_keeps_the_place(ledger: Ledger, clock: HandClock) -> None:
    first = ledger.subscribe(wish()).subscription
    second = ledger.subscribe(wish(1)).subscription
    clock.seconds += 3_000
    assert ledger.renew(first.identifier, 2 * HOUR).expires == 2 * HOUR
    assert ledger.status(first.identifier) == 2 * HOUR
    assert ledger.status(second.identifier) == timedelta(seconds=600)
    assert [entry.identifier for entry in ledger.everyone()] == [first.identifier, second.identifier]


def test_what_is_unknown_run_out_or_ended_is_an_invalid_message(ledger: Ledger, clock: HandClock) -> None:
    ended = ledger.subscribe(wish()).subscription.identifier
    assert ledger.unsubscribe(ended).identifier == ended
    expired = ledger.subscribe(wish()).subscription.identifier
    clock.seconds += 3_600
    for identifier in (ended, expired, "urn:uuid:never"):
        for ask in (ledger.renew, ledger.status, ledger.unsubscribe):
            with pytest.raises(OperationRefused) as caught:
                ask(identifier)
            assert (subcode(caught), caught.value.fault.code) == ("InvalidMessage", FaultCode.SENDER)


def test_identifiers_cannot_be_guessed(ledger: Ledger) -> None:
    found = {ledger.subscribe(wish(n)).subscription.identifier for n in range(10)}
    assert len(found) == 10
    assert all(len(identifier) == len("urn:uuid:") + 36 for identifier in found)


def test_an_event_goes_to_those_who_chose_it_in_their_order(ledger: Ledger) -> None:
    jobs = ledger.subscribe(wish(1)).subscription
    everything = ledger.subscribe(wish(2, chosen=None)).subscription
    ledger.subscribe(wish(3, chosen=(f"{SCAN}/ScanAvailableEvent",)))
    namespace = ledger.subscribe(
        wish(4, chosen=("http://schemas.microsoft.com/windows/2006/01/wdp/scan",))
    ).subscription
    spellings = (f"{SCAN}/JobStatusEvent", "http://schemas.microsoft.com/windows/2006/01/wdp/scan/JobStatusEvent")
    assert ledger.select(spellings) == (jobs, everything, namespace)


def test_one_peer_and_all_together_have_a_limit(clock: HandClock) -> None:
    ledger = Ledger(clock, Limits(per_peer=2, total=3))
    for n, peer in enumerate(["192.0.2.9", "192.0.2.9", "192.0.2.10"]):
        ledger.subscribe(wish(n, peer))
    for peer in ("192.0.2.9", "192.0.2.11"):
        with pytest.raises(OperationRefused) as caught:
            ledger.subscribe(wish(7, peer))
        assert (subcode(caught), caught.value.fault.code) == ("EventSourceUnableToProcess", FaultCode.RECEIVER)
    assert ledger.subscribe(wish(0)).replaced is not None
    clock.seconds += 3_600
    assert ledger.subscribe(wish(7)).replaced is None


def test_an_end_of_ours_is_owed_once_to_those_who_named_where(ledger: Ledger) -> None:
    silent = ledger.subscribe(wish(1)).subscription
    told = ledger.subscribe(
        wish(2, end_to=EndpointReference("http://192.0.2.9/end"), end_address="192.0.2.9")
    ).subscription
    for entry in (silent, told):
        assert ledger.end(entry.identifier, EndStatus.SOURCE_SHUTTING_DOWN, "bye") == entry
    assert ledger.end(told.identifier, EndStatus.DELIVERY_FAILURE) is None
    assert [(owed.subscription, owed.status, owed.reason) for owed in ledger.owed()] == [
        (told, "http://schemas.xmlsoap.org/ws/2004/08/eventing/SourceShuttingDown", "bye")
    ]
    assert ledger.owed() == ()


def stored(ledger: Ledger) -> list[dict[str, object]]:
    return json.loads(json.dumps(ledger.to_json()))  # type: ignore[no-any-return]


def test_a_restart_keeps_subscriptions_and_the_lease_ran_on(ledger: Ledger, clock: HandClock) -> None:
    end_to = EndpointReference("http://192.0.2.9/end", ('<k xmlns="urn:k"/>',))
    entry = ledger.subscribe(wish(1, slot="den", speaks=SCAN, end_to=end_to, end_address="192.0.2.9")).subscription
    ledger.subscribe(wish(2, chosen=None, expires=timedelta(minutes=10)))
    kept = stored(ledger)
    clock.seconds += 1_000
    again = Ledger(clock)
    again.restore(kept, same_boot=True)
    assert again.everyone() == (entry,)
    assert again.status(entry.identifier) == timedelta(seconds=2_600)


def test_after_a_reboot_the_remainder_counts(ledger: Ledger) -> None:
    entry = ledger.subscribe(wish()).subscription
    kept = stored(ledger)
    rebooted = HandClock()
    rebooted.seconds = 5.0
    again = Ledger(rebooted)
    again.restore(kept, same_boot=False)
    assert again.status(entry.identifier) == HOUR


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1e30])
def test_a_stored_lease_is_never_longer_than_ours(ledger: Ledger, value: float, clock: HandClock) -> None:
    ledger.subscribe(wish())
    kept = stored(ledger)
    kept[0]["remaining"] = value
    again = Ledger(clock)
    again.restore(kept, same_boot=False)
    assert all(again.status(entry.identifier) <= timedelta(hours=24) for entry in again.everyone())


@pytest.mark.parametrize("damage", [{"peer": None}, {"chosen": [1]}, {"expires_at": "soon"}, {"notify_to": {}}])
def test_a_damaged_store_is_refused_as_a_whole(ledger: Ledger, clock: HandClock, damage: dict[str, object]) -> None:
    ledger.subscribe(wish(1))
    ledger.subscribe(wish(2))
    kept = stored(ledger)
    kept[1].update(damage)
    again = Ledger(clock)
    with pytest.raises((ValueError, TypeError, KeyError)):
        again.restore(kept, same_boot=True)
    assert len(again) == 0
