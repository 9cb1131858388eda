"""Between a simulated scanner and its host: nothing grows without end, nothing is read twice."""

from hil.devices.talk import MOST_HEARD, Talk


def test_messages_are_read_one_by_one_in_pieces_of_any_size() -> None:
    talk = Talk()
    talk.say(b"abc", b"", b"de")
    assert (talk.answer, talk.take(2), talk.answer, talk.take(9)) == (3, b"ab", 1, b"c")
    assert (talk.answer, talk.take(2), talk.answer) == (2, b"de", 0)


def test_what_was_understood_is_done_with() -> None:
    talk = Talk()
    talk.hear(b"12")
    talk.hear(b"345")
    assert (talk.understood(4), bytes(talk.heard)) == (b"1234", b"5")


def test_a_host_that_never_stops_is_not_listened_to() -> None:
    talk = Talk()
    for _ in range(3):
        talk.hear(bytes(MOST_HEARD // 2 + 1))
    assert len(talk.heard) == MOST_HEARD


def test_what_was_not_read_can_be_lost_alone_or_with_all_else() -> None:
    talk = Talk()
    talk.hear(b"1")
    talk.say(b"2")
    talk.unsay()
    assert (bytes(talk.heard), talk.answer) == (b"1", 0)
    talk.say(b"2")
    talk.forget()
    assert (bytes(talk.heard), talk.answer) == (b"", 0)
