"""A tape as a run to look at: what passed, the events that went out, the notes that were made. Nothing is judged."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from drivers.contract.tap import Passed
from hil.scenario.model import Scenario
from hil.scenario.runs import Outcome, Run
from hil.scenario.seen import Deed, Event, Lane, Passage, Seen, Sort
from hil.scenario.tapping import passage
from hil.tape import soap
from hil.tape.file import Tape
from hil.tape.records import Http, Note, Open, Snmp, Usb, unhex

_LEAF: Final = re.compile(r"<(?:\w+:)?(\w+)(?:\s[^<>]*)?>([^<]*)</")
_PERCENT: Final = re.compile(r"""Percent=["'](\d+)["']""")


def run_of(tape: Tape) -> Run:
    """Drawn from its first record on."""
    began = min((record.t for record in tape.records), default=0.0)
    events: list[Event] = []
    passages: list[Passage] = []
    deeds: list[Deed] = []
    for record in tape.records:
        at = record.t - began
        match record:
            case Note(text=text):
                deeds.append(Deed(at, Sort.STIMULUS, "note", text))
            case Open():
                passages.append(Passage(at, Lane.SNMP if record.device.startswith("snmp") else Lane.USB, "opened"))
            case Usb():
                passages.append(_transfer(record, at))
            case Snmp():
                facts = {"request": record.request, "oids": record.oids, "binds": record.binds, "error": record.error}
                passages.append(passage(Passed(record.t, "snmp", record.device, facts), at))
            case Http():
                said = passage(Passed(record.t, "http", "", _facts(record), (record.text or "").encode()), at)
                passages.append(said)
                if said.lane is Lane.EVENT:
                    events += _event(record, at)
    seconds = max((record.t - began for record in tape.records), default=0.0)
    names = ", ".join(f"{each.name} {getattr(each, 'product', '')}".strip() for each in tape.header.devices)
    when = (tape.header.wall + timedelta(seconds=began)).isoformat(timespec="seconds")
    # A scenario is what a run is of; one that was written down by a tape expects nothing, so it is not validated.
    scenario = Scenario.model_construct(title=f"Tape {tape.path.name}", about=f"Begun {when}; {names}")
    seen = Seen(tuple(events), tuple(deeds), tuple(passages), seconds=seconds)
    return Run(tape.path.stem, scenario, Outcome.NOT_JUDGED, f"tape {tape.path}", seen=seen)


def _transfer(record: Usb, at: float) -> Passage:
    facts = {
        "transfer": record.transfer,
        "endpoint": record.address,
        **({"error": record.error} if record.error else {}),
    }
    if record.size is None:
        return passage(Passed(record.t, "usb", record.device, facts, unhex(record.hex or "")), at)
    detail = f"{record.transfer} {record.endpoint}: {record.head} … {record.tail}"
    return Passage(at, Lane.USB, f"{record.size} bytes", detail, record.size, record.inward, bool(record.error))


def _facts(record: Http) -> Mapping[str, object]:
    said = {"way": record.way, "peer": record.peer, "url": record.url, "type": record.type}
    return said if record.status is None else {**said, "status": record.status}


def _event(record: Http, at: float) -> Iterator[Event]:
    text = record.text or ""
    leaves: dict[str, list[str]] = {}
    for name, value in _LEAF.findall(text.partition("Body>")[2]):
        leaves.setdefault(name, []).append(value)

    def first(*names: str) -> str | None:
        return next((leaves[name][0] for name in names if name in leaves), None)

    job, scans, percent = first("JobId"), first("ScansCompleted"), _PERCENT.search(text)
    yield Event(
        at,
        record.url.rpartition("/")[2][:8] or "subscriber",
        soap.action(text),
        int(job) if job is not None and job.isdecimal() else None,
        first("JobState", "JobCompletedState", "ScannerState"),
        tuple(value for name, values in leaves.items() if name.endswith("StateReason") for value in values),
        int(scans) if scans is not None and scans.isdecimal() else None,
        int(percent[1]) if percent else None,
        first("Name"),
        first("Component"),
        raw=text.encode(),
    )
