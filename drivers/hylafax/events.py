"""The lines that a trigger tells: `HHMMSS 1EE text`, EE being the event's number (hfaxd, triggers in ASCII).

They say when something happened and how far a call is; what a job is, the listings say. A line that is none is told
as None: a newer HylaFAX may have more.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from drivers.hylafax.words import Event

TEXT_MAX: Final = 256  # of what the other machine or the exchange says
_LINE = re.compile(r"\d{6} (\d{3}) (.*)")
_JOB = re.compile(r"JOB (\w+) \(")
_SENT = re.compile(r"SEND FAX: Page (\d{1,6}) sent in ")
_MODEM = re.compile(r"MODEM (\S+): ")
_NUMBER = re.compile(r"Caller-id information: (.*)")
_STARTED = re.compile(r'TSI "(.*)" <')
_PAGE = re.compile(r"From (.*) \(com \d*\), page (\d{1,6}) in ")
_DOCUMENT = re.compile(r"From (.*) \(com \d*\), (\d{1,6}) pages in .*, file (\S+)$")


@dataclass(frozen=True, slots=True)
class Heard:
    """One event."""

    event: Event
    at: datetime  # aware, ours
    job: str = ""
    modem: str = ""
    pages: int | None = None
    sender: str = ""
    file: str = ""  # the name in recvq
    number: str = ""  # of the caller


def heard(line: str, at: datetime, modem: str = "") -> Heard | None:
    """The event of a line. `modem` is the one that the trigger was set on: a reception does not name its own."""
    found = _LINE.match(line)
    if found is None:
        return None
    try:
        event = Event(int(found[1]) - 100)
    except ValueError:
        return None
    text = found[2]
    if event < Event.RECV_BEGIN:
        job = _JOB.match(text)
        page = _SENT.search(text) if event is Event.SEND_PAGE else None
        return Heard(event, at, job=job[1], pages=int(page[1]) if page else None) if job else None
    if event >= Event.MODEM_ASSIGN:
        named = _MODEM.match(text)
        caller = _NUMBER.search(text) if event is Event.MODEM_CID else None
        return Heard(event, at, modem=named[1], number=_number(caller[1]) if caller else "") if named else None
    return _received(Heard(event, at, modem=modem), text)


def _received(plain: Heard, text: str) -> Heard:
    if plain.event is Event.RECV_START and (found := _STARTED.search(text)):
        return Heard(plain.event, plain.at, modem=plain.modem, sender=found[1].strip()[:TEXT_MAX])
    if plain.event is Event.RECV_PAGE and (found := _PAGE.search(text)):
        return Heard(plain.event, plain.at, "", plain.modem, int(found[2]), found[1].strip()[:TEXT_MAX])
    if plain.event is Event.RECV_DOC and (found := _DOCUMENT.search(text)):
        name = found[3].rpartition("/")[2][:TEXT_MAX]
        return Heard(plain.event, plain.at, "", plain.modem, int(found[2]), found[1].strip()[:TEXT_MAX], name)
    return plain


def _number(said: str) -> str:
    """The first of the quoted fields is the caller's number, as the modem's CallIDPatterns are ordered."""
    first = re.match(r'\s*"([^"]*)"', said)
    return (first[1] if first else said).strip()[:TEXT_MAX]
