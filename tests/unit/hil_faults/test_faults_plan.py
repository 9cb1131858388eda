"""Faults as people write them, and when they strike."""

import pytest

from hil.faults import plan
from hil.faults.plan import Fault, FaultError, Plan, Planned, read


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("cut@17", Planned(Fault.CUT, 17, 17)),
        ("stall", Planned(Fault.STALL, 5, 5)),
        ("delay 0.5@3-8", Planned(Fault.DELAY, 3, 8, seconds=0.5)),
        ("loss@4-", Planned(Fault.LOSS, 4, None)),
        ("garble@=1c47", Planned(Fault.GARBLE, begins=b"\x1cG")),
        ("loss 10%", Planned(Fault.LOSS, chance=0.1)),
        ("delay 2 50%", Planned(Fault.DELAY, chance=0.5, seconds=2.0)),
    ],
)
def test_a_line_is_a_fault(text: str, meant: Planned) -> None:
    assert read(text, after=4) == meant


@pytest.mark.parametrize(
    "text", ["explode", "cut@0", "cut@9-3", "delay@3", "cut 3@4", "loss 101%", "garble@=1", "loss 10%@3", "cut@", ""]
)
def test_what_is_no_fault_is_refused(text: str) -> None:
    with pytest.raises(FaultError):
        read(text)


def test_a_fault_strikes_once_at_its_transfer_and_is_told() -> None:
    planned = Plan(read("cut@2"))
    struck = [planned.take(bytes([n]), inward=n > 1) is not None for n in range(1, 5)]
    assert struck == [False, True, False, False]
    assert [(each.number, each.fault, each.inward, each.data) for each in planned.struck] == [
        (2, Fault.CUT, True, b"\x02")
    ]
    assert planned.count == 4


def test_a_fault_for_good_strikes_until_it_is_cleared() -> None:
    planned = Plan(read("loss@2-"))
    assert [planned.take(b"", inward=False) is not None for _ in range(4)] == [False, True, True, True]
    assert planned.say("clear") == "ok"
    assert planned.take(b"", inward=False) is None


def test_a_fault_by_its_bytes_waits_for_them() -> None:
    planned = Plan(read("stall@=1c47"))
    assert [planned.take(data, inward=False) is not None for data in (b"\x1cF", b"\x1cG", b"\x1cG")] == [
        False,
        True,
        False,
    ]


def test_arming_counts_anew_and_count_is_said() -> None:
    planned = Plan()
    planned.take(b"", inward=False)
    assert planned.say("count") == "1"
    planned.say("arm")
    assert planned.say("count") == "0"


def test_one_bit_is_another_and_always_the_same_one() -> None:
    one, other = Plan(), Plan()
    data = bytes(64)
    assert one.garbled(data) == other.garbled(data)
    assert sum(byte.bit_count() for byte in one.garbled(data)) == 1
    assert one.garbled(b"") == b""


def test_a_chance_is_a_chance_and_can_be_repeated() -> None:
    def run() -> list[bool]:
        planned = Plan(read("loss 30%"), seed=1)
        return [planned.take(b"", inward=False) is not None for _ in range(200)]

    assert run() == run()
    assert 30 < sum(run()) < 90


def test_a_link_that_has_no_such_fault_says_so() -> None:
    with pytest.raises(FaultError, match="reorder is not for this link"):
        Plan(read("reorder@1"), allowed=plan.USB)
