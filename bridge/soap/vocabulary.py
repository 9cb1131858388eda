"""The names that strangers may teach us: so many, and no more for as long as the process lives.

libxml2 keeps every element's and attribute's name, prefix and namespace that it ever parsed, for ever (one dictionary
for each thread, and a dictionary cannot be emptied). Who sends ever new names would fill our memory with messages that
are all refused; 1,000 of 32 KB are 27 MB. Clients use a few hundred names, always the same. So the names are looked at
before libxml2 is: those never met are learnt while there is room, and refused afterwards.
"""

import logging
import re
from typing import Final

from bridge.errors import WireError

_log = logging.getLogger(__name__)

ROOM: Final = 2 * 1024 * 1024  # bytes of names, about 20,000 of them
_PER_NAME: Final = 64  # bytes that a name costs beside its letters

# Markup as XML 1.0 cuts it. What is malformed stops libxml2 too, at the same place or before it.
_MARKUP: Final = re.compile(
    rb"""<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<((?:[^<>"']++|"[^"<]*"|'[^'<]*')*+)""", re.DOTALL
)
_WORD: Final = re.compile(rb""""[^"]*"|'[^']*'|[^\s=/"']++""")
_DECLARED: Final = re.compile(rb"""^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([^"']{0,40})""")
_ENCODINGS: Final = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii", b"utf-16", b"utf-16le", b"utf-16be"})


class Vocabulary:
    """What was learnt so far."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._known: set[bytes] = set()
        self._told = False

    def __len__(self) -> int:
        return len(self._known)

    def learn(self, data: bytes) -> None:
        """Let the names of this XML text in. Raises WireError when they are new and too many, or when it is no text
        in which they can be found."""
        text = _readable(data)
        words = {word for tag in _MARKUP.finditer(text) if tag[1] is not None for word in _WORD.findall(tag[1])}
        new = words - self._known
        if not new:
            return
        cost = sum(len(word) + _PER_NAME for word in new)
        if cost > self._room:
            if not self._told:
                self._told = True
                _log.warning("somebody sends ever new names: from now on messages with names never met are refused")
            raise WireError("", f"{len(new)} names that nobody has used before, and there were too many such names")
        self._room -= cost
        self._known |= new


def _readable(data: bytes) -> bytes:
    """The text in a superset of ASCII. Raises WireError for encodings that would hide names from us."""
    if b"\0" in data[:4] or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        little = data[:2] == b"\xff\xfe" or data[1:2] == b"\0"
        data = data.decode("utf-16-le" if little else "utf-16-be", "replace").encode("utf-8", "replace")
    data = data.removeprefix(b"\xef\xbb\xbf")
    if data.lstrip()[:1] != b"<":
        raise WireError("", "not well-formed XML: it does not begin with a tag")
    declared = _DECLARED.match(data)
    if declared is not None and declared[1].lower() not in _ENCODINGS:
        raise WireError("", f"encoding {declared[1].decode('ascii', 'replace')} is not accepted, UTF-8 or UTF-16 are")
    if b"<!DOCTYPE" in data:
        raise WireError("", "a document type declaration is not accepted")
    return data
