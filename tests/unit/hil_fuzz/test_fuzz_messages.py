"""The fuzzer's own promises: the same damage for the same number, all kinds of it, and a verdict on what comes back."""

from pathlib import Path
from random import Random

from lxml import etree

from bridge.soap import envelope, fault
from bridge.wsscan import faults
from hil.fuzz import corpus, http, mutate
from hil.fuzz.memory import Growth
from hil.fuzz.paper import CAPABILITIES
from hil.fuzz.verdict import Tally, judged

SEEDS = corpus.ours(CAPABILITIES)


def test_the_corpus_has_every_operation_in_both_years_and_the_messages_around_them() -> None:
    actions = [each.findtext(".//{*}Action") or "" for each in SEEDS]
    scan = {action for action in actions if action.startswith("http://schemas.microsoft.com/")}
    assert len(scan) == 2 * 8
    rest = {action.rpartition("/")[2] for action in actions} - {action.rpartition("/")[2] for action in scan}
    assert rest == {"Subscribe", "Renew", "GetStatus", "Unsubscribe", "Probe", "Resolve", "Get"}


def test_the_same_number_makes_the_same_message_and_another_another() -> None:
    made = [mutate.message(SEEDS, Random(f"1:{number}")) for number in range(300)]
    assert made == [mutate.message(SEEDS, Random(f"1:{number}")) for number in range(300)]
    assert len(set(made)) > 250


def test_every_change_leaves_a_tree_and_most_change_it() -> None:
    for change in mutate.CHANGES:
        changed = 0
        for number in range(60):
            random = Random(number)
            root = etree.fromstring(etree.tostring(random.choice(SEEDS)))
            before = etree.tostring(root)
            change(random.choice(list(root.iter(etree.Element))), random, SEEDS)
            changed += etree.tostring(root) != before
        assert changed > 5, change


def test_recordings_are_taken_with_their_http_head_or_without(tmp_path: Path) -> None:
    (tmp_path / "a.http").write_bytes(b"POST / HTTP/1.1\nHost: x\n\n<a/>")
    (tmp_path / "b.http").write_bytes(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n<b/>")
    (tmp_path / "c.xml").write_bytes(b"<c/>")
    (tmp_path / "d.xml").write_bytes(b"no XML")
    assert sorted(each.tag for each in corpus.recorded(tmp_path)) == ["a", "b", "c"]


def test_http_is_whole_more_often_than_not_and_otherwise_damaged() -> None:
    whole = http.plain("/x/scan", b"<a/>")
    made = [http.request("/x/scan", b"<a/>", Random(number)) for number in range(1000)]
    assert 500 < sum(each.data == whole for each in made) < 700
    assert len({each.data for each in made}) > 200
    assert any(len(each.pieces) > 1 for each in made)


def test_an_internal_error_is_a_finding_and_another_fault_is_none() -> None:
    broken = envelope.write_fault(faults.internal_error().fault, None)
    assert judged(broken)[1] is not None
    assert judged(envelope.write_fault(fault.malformed("x"), None)) == ("fault Sender", None)
    assert judged(b"Internal Server Error")[1] is not None
    assert judged(broken.replace(b"</soap:Envelope>", b" " * 32_767 + b"</soap:Envelope>"))[1] == (
        f"an answer of {len(broken) + 32_767} bytes"
    )


def test_findings_are_kept_as_they_were_sent(tmp_path: Path) -> None:
    tally = Tally()
    tally.find(7, "why", b"\x00sent")
    tally.keep(tmp_path / "findings")
    assert (tmp_path / "findings" / "7.bin").read_bytes() == b"\x00sent"
    assert tally.outcomes["FINDING"] == 1


def test_growth_is_that_of_the_later_half() -> None:
    growth = Growth()
    for number in range(20):
        growth.take(1000 * number, 50.0 + min(number, 10) * 5)  # fills, then stays
    assert growth.grown == 0.0
    assert growth.slope == 0.0
    growth = Growth()
    for number in range(20):
        growth.take(1000 * number, 50.0 + number)
    assert growth.slope is not None
    assert abs(growth.slope - 100.0) < 1e-6
