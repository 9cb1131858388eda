"""What libxml2 learns it never forgets: names are bounded before it sees them."""

import pytest

from bridge.errors import WireError
from bridge.soap.vocabulary import Vocabulary


def learnt(text: str, encoding: str = "utf-8") -> int:
    vocabulary = Vocabulary()
    vocabulary.learn(text.encode(encoding))
    return len(vocabulary)


def test_names_are_learnt_and_text_is_not() -> None:
    assert learnt("<a><b>one two three</b><b/></a>") == 2
    assert learnt('<p:a xmlns:p="urn:x y"><p:a/></p:a>') == 3  # p:a, xmlns:p, "urn:x y"
    assert learnt("<?xml version='1.0'?><!-- <x y='1'/> ' --><a><![CDATA[<z w='2'>]]></a>") == 1


def test_an_angle_in_a_value_hides_nothing() -> None:
    assert learnt("""<a b=">"><c d='>"' e="'"/></a>""") == 8  # a b ">" c d '>"' e "'"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_names_are_found_in_every_encoding_that_is_read(encoding: str) -> None:
    assert learnt("<a><\u4e2d/><\u4e2e/></a>", encoding) == 3


def test_new_names_are_refused_when_there_is_no_room_and_known_ones_are_not() -> None:
    vocabulary = Vocabulary(room=200)
    vocabulary.learn(b"<a><b/></a>")
    with pytest.raises(WireError, match="2 names that nobody has used before"):
        vocabulary.learn(b"<a><c/><d/></a>")
    vocabulary.learn(b"<b><a>text</a></b>")
    assert len(vocabulary) == 2


@pytest.mark.parametrize(
    "data",
    [
        b'<?xml version="1.0" encoding="utf-7"?>+ADw-a/+AD4-',
        b"\x4c\xa7\x94",
        b"<!DOCTYPE a [<!ENTITY n 'x'>]><a/>",
        b"",
        b"text",
    ],
)
def test_what_could_hide_names_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        Vocabulary().learn(data)
