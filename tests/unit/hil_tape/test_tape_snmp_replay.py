"""An SNMP agent played from its tape."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hil.snmp import ber, message
from hil.snmp.ber import Tag, Typed
from hil.snmp.message import Pdu
from hil.snmp.mib import oid
from hil.tape import records
from hil.tape.file import Tape, TapeError
from hil.tape.records import Snmp, SnmpIdentity
from hil.tape.snmp import TapeAgent

DESCR, TICKS, STATUS = "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.25.3.2.1.5.1"


def agent(*lines: dict[str, object], now: Callable[[], float] = lambda: 0.0, **more: object) -> TapeAgent:
    identity = SnmpIdentity(name="snmp1")
    header = records.header(datetime(2026, 11, 21, tzinfo=UTC), devices=(identity,))
    said = tuple(Snmp.model_validate({"device": "snmp1", **line}) for line in lines)
    return TapeAgent(Tape(header, said, Path("mfp.tape")), identity, now, **more)  # type: ignore[arg-type]


def look(t: float, status: int) -> dict[str, object]:
    return {"t": t, "request": "get", "oids": [STATUS], "binds": [[STATUS, "integer", status]]}


def question(
    pdu: Pdu, *names: str, first: int = 0, second: int = 0, community: bytes = b"public", number: int = 7
) -> bytes:
    pairs = b"".join(
        ber.wrap(Tag.SEQUENCE, ber.wrap(Tag.OID, ber.encode_oid(oid(name))) + ber.encode(Typed(Tag.NULL)))
        for name in names
    )
    numbers = b"".join(ber.encode(Typed(Tag.INTEGER, value)) for value in (number, first, second))
    head = ber.encode(Typed(Tag.INTEGER, 1)) + ber.wrap(Tag.OCTETS, community)
    return ber.wrap(Tag.SEQUENCE, head + ber.wrap(pdu, numbers + ber.wrap(Tag.SEQUENCE, pairs)))


def values(reply: bytes | None) -> list[bytes]:
    """The encoded values of an answer's bindings."""
    assert reply is not None
    body, _ = ber.expect(reply, Tag.SEQUENCE)
    _, body = ber.expect(body, Tag.INTEGER)
    _, body = ber.expect(body, Tag.OCTETS)
    pdu, _ = ber.expect(body, Pdu.RESPONSE)
    for _ in range(3):
        _, pdu = ber.expect(pdu, Tag.INTEGER)
    binds, _ = ber.expect(pdu, Tag.SEQUENCE)
    found = []
    while binds:
        bind, binds = ber.expect(binds, Tag.SEQUENCE)
        _, value = ber.expect(bind, Tag.OID)
        found.append(value)
    return found


def test_each_look_gets_the_next_answer_and_then_the_last_again() -> None:
    played = agent(look(0, 2), look(1, 3), look(2, 5))
    said = [values(played.answer(question(Pdu.GET, STATUS))) for _ in range(5)]
    assert said == [[bytes([2, 1, each])] for each in (2, 3, 5, 5, 5)]


def test_at_a_pace_no_answer_comes_before_its_time() -> None:
    clock = [0.0]
    played = agent(look(0, 2), look(1, 3), look(2, 5), now=lambda: clock[0], pace=1.0)
    said = []
    for at in (0.0, 0.5, 1.1, 1.2, 2.5):
        clock[0] = at
        said.append(values(played.answer(question(Pdu.GET, STATUS)))[0][-1])
    assert said == [2, 2, 3, 3, 5]


def test_at_a_pace_what_is_asked_for_the_first_time_before_its_time_hears_what_was_true_then() -> None:
    clock = [0.0]
    both = {"t": 5.0, "request": "get", "oids": [STATUS, TICKS],
            "binds": [[STATUS, "integer", 3], [TICKS, "ticks", 77]]}  # fmt: skip
    played = agent(look(-1, 2), both, look(6, 5), now=lambda: clock[0], pace=1.0)
    assert values(played.answer(question(Pdu.GET, STATUS))) == [b"\x02\x01\x02"]
    # the clock of the device was there before somebody asked for it
    assert values(played.answer(question(Pdu.GET, STATUS, TICKS))) == [b"\x02\x01\x02", b"\x43\x01\x4d"]
    assert values(played.answer(question(Pdu.GET, STATUS))) == [b"\x02\x01\x02"]
    clock[0] = 5.5
    assert values(played.answer(question(Pdu.GET, STATUS, TICKS))) == [b"\x02\x01\x03", b"\x43\x01\x4d"]
    clock[0] = 6.5
    assert values(played.answer(question(Pdu.GET, STATUS))) == [b"\x02\x01\x05"]


def test_an_answer_that_another_question_passed_over_is_known_all_the_same() -> None:
    clock = [0.0]
    played = agent(look(0, 2), walk(1, 1), look(2, 5), walk(3, 1, 2), now=lambda: clock[0], pace=1.0)
    assert values(played.answer(question(Pdu.GET, STATUS))) == [b"\x02\x01\x02"]
    clock[0] = 4.0
    for _ in range(2):
        played.answer(question(Pdu.GET_BULK, "1.3.6.1.4.1.9", second=20))
    assert values(played.answer(question(Pdu.GET, STATUS))) == [b"\x02\x01\x05"]


def walk(t: float, *rows: int) -> dict[str, object]:
    binds = [*([f"1.3.6.1.4.1.9.{row}", "integer", row] for row in rows), ["1.3.6.1.4.2", "end-of-mib", None]]
    return {"t": t, "request": "bulk", "oids": ["1.3.6.1.4.1.9"], "numbers": [0, 20], "binds": binds}


def test_a_row_that_comes_or_goes_is_not_there_at_other_times() -> None:
    clock = [0.0]
    played = agent(walk(-1, 1), walk(2, 1, 2), walk(4, 2), now=lambda: clock[0], pace=1.0)
    walked = question(Pdu.GET_BULK, "1.3.6.1.4.1.9", second=20)
    rows, said = question(Pdu.GET, "1.3.6.1.4.1.9.1", "1.3.6.1.4.1.9.2"), []
    for at in (0.0, 3.0, 5.0):
        clock[0] = at
        played.answer(walked)
        said.append(values(played.answer(rows)))
    assert said == [[b"\x02\x01\x01", b"\x81\x00"], [b"\x02\x01\x01", b"\x02\x01\x02"], [b"\x81\x00", b"\x02\x01\x02"]]


@pytest.mark.parametrize("pace", [0.0, 1.0])
def test_time_that_is_held_stands_until_it_begins(pace: float) -> None:
    clock = [100.0]
    played = agent(look(0, 2), look(1, 3), now=lambda: clock[0], pace=pace, held=True)
    for _ in range(3):
        clock[0] += 10
        assert values(played.answer(question(Pdu.GET, STATUS))) == [b"\x02\x01\x02"]
    played.begin()
    played.answer(question(Pdu.GET, STATUS))
    clock[0] += 1
    assert values(played.answer(question(Pdu.GET, STATUS))) == [b"\x02\x01\x03"]


def test_what_was_never_asked_then_is_answered_from_what_is_known() -> None:
    walk = {"t": 0.0, "request": "walk", "oids": ["1.3.6.1.2.1.1"],
            "binds": [[DESCR, "text", "scanner"], [TICKS, "ticks", 77]]}  # fmt: skip
    played = agent(walk)
    assert values(played.answer(question(Pdu.GET, TICKS))) == [b"\x43\x01\x4d"]
    assert values(played.answer(question(Pdu.GET_NEXT, "1.3.6.1.2.1.1"))) == [b"\x04\x07scanner"]
    bulk = question(Pdu.GET_BULK, "1.3.6.1.2.1.1", first=0, second=5)
    assert values(played.answer(bulk)) == [b"\x04\x07scanner", b"\x43\x01\x4d", b"\x82\x00"]


def test_strict_names_the_object_that_differs() -> None:
    played = agent(look(0, 2), strict=True)
    assert played.answer(question(Pdu.GET, TICKS)) is None
    assert played.failure == f"mfp.tape, line 2: object 1 of the question differs: tape {STATUS}, now {TICKS}"


@pytest.mark.parametrize("strict", [True, False])
def test_a_question_before_its_turn_is_answered_unless_all_must_come_in_order(strict: bool) -> None:
    uptime = {"t": 1, "request": "get", "oids": [TICKS], "binds": [[TICKS, "ticks", 77]]}
    played = agent(look(0, 2), uptime, look(2, 5), strict=strict)
    assert values(played.answer(question(Pdu.GET, STATUS))) == [b"\x02\x01\x02"]
    early = played.answer(question(Pdu.GET, STATUS))
    if strict:
        assert early is None
        assert played.failure == f"mfp.tape, line 3: object 1 of the question differs: tape {TICKS}, now {STATUS}"
    else:
        assert values(early) == [b"\x02\x01\x05"]
        assert played.failure is None


def test_strict_has_no_answer_twice() -> None:
    played = agent(look(0, 2), look(1, 3), strict=True)
    said = [values(played.answer(question(Pdu.GET, STATUS))) for _ in range(2)]
    assert (said, played.failure) == ([[b"\x02\x01\x02"], [b"\x02\x01\x03"]], None)
    assert played.answer(question(Pdu.GET, STATUS)) is None
    assert played.failure == f"mfp.tape: the tape has no more questions; now GET {STATUS} is asked"


def test_a_walk_of_unknown_questions_holds_nobody_up_in_strict_order() -> None:
    walk = {"t": 0.0, "request": "walk", "oids": ["1.3.6.1.2.1.1"], "binds": [[DESCR, "text", "scanner"]]}
    played = agent(walk, look(1, 3), strict=True)
    assert values(played.answer(question(Pdu.GET, STATUS))) == [b"\x02\x01\x03"]
    assert played.failure is None


def test_a_question_that_was_not_answered_then_is_not_answered_now() -> None:
    played = agent({"t": 0, "request": "get", "oids": [STATUS], "error": "RequestTimedOut"}, look(1, 3))
    for _ in range(3):  # it is sent again, as long as it is not answered
        assert played.answer(question(Pdu.GET, STATUS)) is None
    assert values(played.answer(question(Pdu.GET, STATUS, number=8))) == [bytes([2, 1, 3])]


def test_a_foreign_community_and_garbage_get_silence() -> None:
    played = agent(look(0, 2))
    assert played.answer(question(Pdu.GET, STATUS, community=b"private")) is None
    assert played.answer(b"\x30\x05hello") is None


def test_an_error_status_is_played_with_its_index_and_asked_again_once_more() -> None:
    played = agent({"t": 0, "request": "get", "oids": [STATUS], "status": 2, "index": 1,
                    "binds": [[STATUS, "null", None]]})  # fmt: skip
    for _ in range(2):
        reply = played.answer(question(Pdu.GET, STATUS))
        assert reply is not None
        assert reply.endswith(message.response(message.parse(question(Pdu.GET, STATUS)),
                              [(oid(STATUS), Typed(Tag.NULL))], message.Status.NO_SUCH_NAME, 1)[-30:])  # fmt: skip


def test_a_value_that_is_not_of_its_type_is_an_error_with_its_line() -> None:
    with pytest.raises(TapeError, match=r"mfp\.tape, line 2: integer is a number, not 'two'"):
        agent({"t": 0, "request": "get", "oids": [STATUS], "binds": [[STATUS, "integer", "two"]]})
