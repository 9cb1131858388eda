"""What passes the tap while a scenario runs, as short lines for the timeline."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from drivers.contract.tap import TAP, Passed
from hil.scenario.seen import Lane, Passage
from hil.tape.gloss import gloss

MOST: Final = 20_000  # of a long run the first; a timeline of more is no help to anybody
SHOWN: Final = 4_000  # characters of a message
_ASKING: Final = re.compile(rb"<(?:\w+:)?ReplyTo\b")
_ACTION: Final = re.compile(rb"<(?:\w+:)?Action\b[^>]*>\s*([^<\s]*)")


class Tapped:
    """Fed by the tap, from any thread."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.passed: list[tuple[float, Passed]] = []

    def heard(self, passed: Passed) -> None:
        """By the rig's own clock: the tap's is the machine's."""
        if len(self.passed) < MOST:
            self.passed.append((self._now(), passed))

    def between(self, began: float, ended: float) -> tuple[Passage, ...]:
        """What passed in that time, counted from `began`."""
        return tuple(passage(passed, at - began) for at, passed in tuple(self.passed) if began <= at <= ended)


@contextmanager
def tapped(now: Callable[[], float]) -> Iterator[Tapped]:
    """Listen while the block lasts."""
    here = Tapped(now)
    TAP.listen(here.heard)
    try:
        yield here
    finally:
        TAP.unlisten(here.heard)


def passage(passed: Passed, at: float) -> Passage:
    """One line of it."""
    facts, size = passed.facts, len(passed.data)
    error = str(facts.get("error") or "")
    match passed.lane:
        case "usb" if "opened" in facts:
            return Passage(at, Lane.USB, "opened", str(facts["opened"]))
        case "usb":
            end = facts.get("endpoint")
            inward = isinstance(end, int) and bool(end & 0x80)
            text = error or (f"{gloss(passed.data)}" if size <= 64 else f"{size} bytes")
            where = f"{facts.get('transfer')} {end:02x}" if isinstance(end, int) else ""
            return Passage(
                at, Lane.USB, text or "0 bytes", f"{where}: {passed.data[:64].hex(' ')}", size, inward, bool(error)
            )
        case "snmp" if "opened" in facts:
            return Passage(at, Lane.SNMP, "opened")
        case "snmp":
            oids = facts.get("oids")
            names = [str(each) for each in oids] if isinstance(oids, list | tuple) else []
            binds = facts.get("binds")
            found = [f"{each[0]} = {each[2]}" for each in binds] if isinstance(binds, list | tuple) else []
            text = error or f"{facts.get('request')} {len(names)} objects"
            return Passage(at, Lane.SNMP, text, "\n".join(found or names)[:SHOWN], len(found), True, bool(error))
        case _ if "exchange" in facts or "opened" in facts:
            return _exchanged(passed, at)
        case _:
            return _message(passed, at)


def _exchanged(passed: Passed, at: float) -> Passage:
    facts, size = passed.facts, len(passed.data)
    error, status = str(facts.get("error") or ""), facts.get("status")
    said = f"{facts.get('method')} {facts.get('path')}" if "method" in facts else f"{status or ''} {size} bytes".strip()
    bad = bool(error) or (isinstance(status, int) and status >= 400)
    detail = passed.data[:SHOWN].decode(errors="replace")
    return Passage(
        at, Lane.HTTP, error or ("opened" if "opened" in facts else said), detail, size, facts.get("way") == "in", bad
    )


def _message(passed: Passed, at: float) -> Passage:
    facts, data = passed.facts, passed.data
    said = _ACTION.search(data)
    word = said[1].decode(errors="replace").rpartition("/")[2] if said else str(facts.get("type") or "message")
    status = facts.get("status")
    bad = isinstance(status, int) and status >= 400
    inward = facts.get("way") == "in"
    # What a client in this process asks is told twice, by it and by the service: the service's word is enough.
    asked = bool(facts.get("url")) and not facts.get("peer")
    kind = Lane.HTTP
    if asked:
        kind = Lane.OWN if _ASKING.search(data) or (inward and not bad) else Lane.EVENT if not inward else Lane.HTTP
    text = f"{word} {status}" if bad else word
    detail = data[:SHOWN].decode(errors="replace")
    return Passage(at, kind, text, detail, len(data), inward, bad)
