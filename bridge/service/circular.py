"""One message on its way to many: written once, then for each of them only the head's three differing parts.

The blocks of a subscriber are the text that bridge.soap.endpoint made of what it sent: bounded, well-formed, and
declaring what it names. Spec: WS-Eventing 2004/08, notifications.
"""

from typing import Final
from xml.sax.saxutils import escape

from lxml import etree

from bridge.soap import envelope, names
from bridge.soap.addressing import Addressing, new_message_id
from bridge.soap.endpoint import EndpointReference

_TO: Final = "urn:to"
_ID: Final = "urn:id"


class Circular:
    """The body is moved into it, not copied."""

    def __init__(self, action: str, body: etree._Element) -> None:
        # The blocks of most subscribers are wse:Identifier.
        written = envelope.write(Addressing(action, _TO, _ID), body, declare=(names.WSE,)).decode()
        # Both stand in the head, before all that anybody else has a word in.
        self._start, _, rest = written.partition(_TO)
        self._middle, _, rest = rest.partition(_ID)
        closing, tag, self._end = rest.partition(">")
        self._close = closing + tag

    def to(self, who: EndpointReference) -> bytes:
        """The message to one of them, under a MessageID of its own."""
        parts = (
            self._start,
            escape(who.address),
            self._middle,
            new_message_id(),
            self._close,
            *who.reference_properties,
            *who.reference_parameters,
            self._end,
        )
        return "".join(parts).encode()
