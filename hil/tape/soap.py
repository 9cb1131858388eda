"""What was said over SOAP, with ids, times and addresses taken out, so that two sessions can be laid side by side.

Questions to our services stand with their answers in the order they were asked. Of what a subscriber was told every
fact has a strand of its own (JobState: Started, Processing, Completed; ScansCompleted: 0, 1, 2): scanning and handing
images out go on side by side, and which of two messages two milliseconds apart leaves first is nobody's promise.
What only repeats (a client that asks again, an event whose only news is the percentage, which is a matter of time)
is left out.
"""

import re

from hil.tape.difference import lines
from hil.tape.file import Tape
from hil.tape.records import Http
from hil.tape.redact import ALIASES

_SOAP = "soap+xml"
_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|\b[0-9a-fA-F]{32}\b"
_OUT = (
    (re.compile(_UUID), "UUID"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?"), "TIME"),
    (re.compile(r"\bPT?\d[\dYMDHST.]*"), "DURATION"),
    (re.compile(r"(https?://)[^/<>\s\"']+:\d+"), r"\1ADDRESS"),
    (re.compile(r"(<(?:\w+:)?(JobId|JobToken|DestinationToken|ScanIdentifier|Identifier)\b[^>]*>)[^<]*"), r"\1ID"),
    (re.compile(r"""\s[\w:]*Percent=["'][^"']*["']"""), ""),
    (re.compile(r"""((?:InstanceId|MessageNumber|SequenceId)=)["'][^"']*["']"""), r'\1"N"'),
    (re.compile(r"\sxmlns:\w+=\"[^\"]*wsd-scan-bridge[^\"]*\""), ""),  # of Percent, where nothing else needs it
    (re.compile(r"--[\w=.:-]{8,}"), "--BOUNDARY"),
    (re.compile(r"\s+"), " "),
)
_LEAF = re.compile(r"<(?:\w+:)?(\w+)(?:\s[^<>]*)?>([^<]*)</")
# Whether an image is on its way just then is the client's doing.
_FETCHED: dict[str, str | None] = {"JobScanningAndTransfering": "JobScanning", "JobTransfering": None}
_ASKING = re.compile(r"<(?:\w+:)?ReplyTo\b")
_ACTION = re.compile(r"<(?:\w+:)?Action\b[^>]*>\s*([^<\s]*)")


def plain(text: str, *, aliases: bool = False) -> str:
    """One message without what differs from session to session; without `aliases`, which differ from tape to tape."""
    if not aliases:
        text = ALIASES.sub(r"\1ALIAS", text)
    for pattern, instead in _OUT:
        text = pattern.sub(instead, text)
    return text.strip()


def action(text: str) -> str:
    """The last word of its Action."""
    found = _ACTION.search(text)
    return found[1].rpartition("/")[2] if found else "message"


def operations(tape: Tape, *, aliases: bool = False) -> list[str]:
    """Each question to us with its answer, in the order they were asked. `aliases`: names are comparable."""
    asked: list[list[str]] = []
    open_: dict[str, list[str]] = {}
    for _, record in tape.numbered():
        if not isinstance(record, Http) or (record.url and not record.peer):
            continue
        said = plain(record.text or "", aliases=aliases)
        if record.way == "in":
            entry = open_[record.peer] = [f"{action(record.text or '')}: {said}"]
            asked.append(entry)
        elif record.peer in open_:
            open_.pop(record.peer).append(f"{record.status} {said}")
    return _without_repeats([" → ".join(each) for each in asked])


def events(tape: Tape, *, aliases: bool = False) -> list[dict[str, list[str]]]:
    """What each subscriber was told, strand by strand, by the order in which they were told first."""
    told: dict[str, dict[str, list[str]]] = {}
    for _, record in tape.numbered():
        if isinstance(record, Http) and record.url and not record.peer and record.way == "out" and _SOAP in record.type:
            text = record.text or ""
            if _ASKING.search(text):
                continue  # a client of a WSD scanner in this very process
            strands = told.setdefault(record.url, {})
            for name, value in _facts(plain(text, aliases=aliases)):
                strand = strands.setdefault(f"{action(text)}/{name}", [])
                if not strand or strand[-1] != value:
                    strand.append(value)
    return list(told.values())


def _facts(text: str) -> list[tuple[str, str]]:
    """The leaves of a message's body, those of one name together; of a job also how far it was in which state."""
    body = text.partition("Body>")[2]
    leaves: dict[str, list[str]] = {}
    value: str | None
    for name, value in _LEAF.findall(body):
        if value in _FETCHED:
            value = _FETCHED[value]  # noqa: PLW2901
        if value is not None:
            leaves.setdefault(name, []).append(value)
    facts = [(name, ", ".join(values)) for name, values in leaves.items()]
    if "JobState" in leaves and "ScansCompleted" in leaves:
        facts.append(("JobState with ScansCompleted", f"{leaves['JobState'][0]} {leaves['ScansCompleted'][0]}"))
    return facts


def differences(tape: Tape, now: Tape) -> list[str]:
    """Where two sessions part; empty when they are the same apart from ids and times."""
    aliases = not (tape.header.redacted or now.header.redacted)
    questions = operations(tape, aliases=aliases), operations(now, aliases=aliases)
    found = list(lines(*questions, "question"))
    before, after = events(tape, aliases=aliases), events(now, aliases=aliases)
    if len(before) != len(after):
        found.append(f"subscribers: {len(before)} on the tape and {len(after)} now")
    for number, (one, other) in enumerate(zip(before, after, strict=False), start=1):
        for strand in sorted({*one, *other}):
            found += lines(one.get(strand, []), other.get(strand, []), f"subscriber {number}, {strand}: value")
    return found


def _without_repeats(said: list[str]) -> list[str]:
    return [each for at, each in enumerate(said) if at == 0 or said[at - 1] != each]
