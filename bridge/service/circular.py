"""Messages that are written once and said often: what differs each time is put between parts that are kept as text.

A mark stands where something differs. Those in the head come first, before all that anybody else has a word in; the one
in the body is a comment, and no text can look like that.
"""

from html import escape
from typing import Final

from lxml import etree

from bridge.soap import envelope, names
from bridge.soap.addressing import Addressing, new_message_id
from bridge.soap.endpoint import EndpointReference

_TO: Final = "urn:to"
_ID: Final = "urn:id"
_QUESTION: Final = "urn:question"
_OMISSION: Final = "omitted"
_OMITTED: Final = f"<!--{_OMISSION}-->"


def cut(text: str, *marks: str) -> tuple[str, ...]:
    """The parts around the first of each mark, in order; one more than there are marks."""
    parts = []
    for mark in marks:
        part, _, text = text.partition(mark)
        parts.append(part)
    return (*parts, text)


class Circular:
    """One event on its way to many. The body is moved into it, not copied. Spec: WS-Eventing 2004/08.

    The blocks of a subscriber are the text that bridge.soap.endpoint made of what it sent: bounded, well-formed, and
    declaring what it names.
    """

    def __init__(self, action: str, body: etree._Element) -> None:
        # The blocks of most subscribers are wse:Identifier.
        written = envelope.write(Addressing(action, _TO, _ID), body, declare=(names.WSE,)).decode()
        self._start, self._middle, close, self._end = cut(written, _TO, _ID, ">")
        self._close = f"{close}>"

    def to(self, who: EndpointReference) -> bytes:
        """The message to one of them, under a MessageID of its own."""
        parts = (
            self._start,
            escape(who.address, quote=False),
            self._middle,
            new_message_id(),
            self._close,
            *who.reference_properties,
            *who.reference_parameters,
            self._end,
        )
        return "".join(parts).encode()


class Refrain:
    """One answer to many questions. The body is moved into it; an `omission()` may stand in it once."""

    def __init__(self, action: str, body: etree._Element) -> None:
        written = envelope.write(Addressing(action, names.ANONYMOUS, _ID, _QUESTION), body).decode()
        self._start, self._middle, *self._rest = cut(written, _ID, _QUESTION, _OMITTED)

    def to(self, question: str, said: str) -> bytes:
        """The answer to the message of that id, with `said` in the place of the omission."""
        rest = escape(said, quote=False).join(each for each in self._rest if each)
        return f"{self._start}{new_message_id()}{self._middle}{escape(question, quote=False)}{rest}".encode()


def omission() -> etree._Element:
    """Where a text is to stand that differs each time."""
    return etree.Comment(_OMISSION)
