"""Rows of the Job Monitoring MIB out of readings: pure, total on whatever an agent says.

Spec: RFC 2707 §4. A value that is missing, of another type, -1 or -2 is None: "not known".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from drivers.snmp.job_mib import objects
from drivers.snmp.job_mib.objects import KNOWN_REASONS, KNOWN_SERVICES, Attribute, Reason, Service, State
from drivers.snmp.reading import Reading, Value, number, octets, printable

MOST_SETS = 16
LONGEST_TEXT = 127
_NO_REASON = Reason(0)

Key = tuple[int, int]  # jmGeneralJobSetIndex, jmJobIndex


@dataclass(frozen=True, slots=True)
class JobSet:
    """One row of jmGeneralTable; its changing columns are read by `sentinels`."""

    index: int
    name: str = ""
    persistence: int = objects.LEAST_PERSISTENCE  # seconds that a finished job stays, with its attributes

    @property
    def sentinels(self) -> tuple[str, ...]:
        """Objects that move when a job comes or goes."""
        return tuple(
            f"{column}.{self.index}" for column in (objects.ACTIVE_JOBS, objects.OLDEST_ACTIVE, objects.NEWEST_ACTIVE)
        )


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job. Times are as the agent has them: seconds of its uptime, or octets of a DateAndTime."""

    key: Key
    state: State | None
    reasons: Reason = _NO_REASON
    services: Service | None = None
    pages: int | None = None
    pages_requested: int | None = None
    owner: str = ""
    name: str = ""
    message: str = ""
    submitted: int | bytes | None = None
    started: int | bytes | None = None
    completed: int | bytes | None = None


def sets(walked: Mapping[str, Value]) -> tuple[JobSet, ...]:
    """Job sets from a walk of jmGeneralTable."""
    found: dict[int, dict[str, Value]] = {}
    for oid, value in walked.items():
        column, _, index = oid.rpartition(".")
        if index.isdigit():
            found.setdefault(int(index), {})[column] = value
    return tuple(_set(index, row) for index, row in sorted(found.items())[:MOST_SETS])


def _set(index: int, row: Mapping[str, Value]) -> JobSet:
    name = row.get(objects.SET_NAME)
    kept = [row.get(column) for column in (objects.JOB_PERSISTENCE, objects.ATTRIBUTE_PERSISTENCE)]
    # An agent that says less than the least the RFC allows is taken at its word, zero and below are no answer.
    seconds = [value for value in kept if isinstance(value, int) and value > 0]
    return JobSet(
        index,
        printable(name)[:LONGEST_TEXT] if isinstance(name, bytes) else "",
        min(seconds, default=objects.LEAST_PERSISTENCE),
    )


def states(walked: Mapping[str, Value], job_set: int) -> dict[Key, State | None]:
    """Jobs of one set from a walk of its jmJobState."""
    found = {}
    for oid, value in walked.items():
        index = oid.removeprefix(f"{objects.STATE}.{job_set}.")
        if index.isdigit():
            found[job_set, int(index)] = _state(value if isinstance(value, int) else None)
    return found


def details(key: Key) -> tuple[str, ...]:
    """What must be read for `row`."""
    job = f"{key[0]}.{key[1]}"
    columns = (
        objects.STATE,
        objects.REASONS,
        objects.IMPRESSIONS_REQUESTED,
        objects.IMPRESSIONS_COMPLETED,
        objects.OWNER,
    )
    # A time may be told either way; which one, the agent chooses once for all its jobs.
    times = (Attribute.JOB_SUBMISSION_TIME, Attribute.JOB_STARTED_PROCESSING_TIME, Attribute.JOB_COMPLETION_TIME)
    return (
        *(f"{column}.{job}" for column in columns),
        *(_integer(key, each) for each in objects.NUMBERS_READ),
        *(_octets(key, each) for each in (*objects.TEXTS_READ, *times)),
    )


def row(reading: Reading, key: Key) -> JobRow | None:
    """One job; None where the agent has no such row (any more)."""
    job = f"{key[0]}.{key[1]}"
    if number(reading, f"{objects.STATE}.{job}") is None:
        return None
    services = _known(number(reading, _integer(key, Attribute.JOB_SERVICE_TYPES)))
    counts = (f"{objects.IMPRESSIONS_COMPLETED}.{job}", _integer(key, Attribute.PAGES_COMPLETED))
    expected = (_integer(key, Attribute.PAGES_REQUESTED), f"{objects.IMPRESSIONS_REQUESTED}.{job}")
    return JobRow(
        key,
        _state(number(reading, f"{objects.STATE}.{job}")),
        reasons=Reason((number(reading, f"{objects.REASONS}.{job}") or 0) & KNOWN_REASONS),
        services=None if services is None else Service(services & KNOWN_SERVICES),
        pages=max((count for oid in counts if (count := _known(number(reading, oid))) is not None), default=None),
        pages_requested=next((count for oid in expected if (count := _known(number(reading, oid)))), None),
        owner=_text(reading, f"{objects.OWNER}.{job}"),
        name=_text(reading, _octets(key, Attribute.JOB_NAME)),
        message=_text(reading, _octets(key, Attribute.PROCESSING_MESSAGE)),
        submitted=_time(reading, key, Attribute.JOB_SUBMISSION_TIME)
        or _time(reading, key, Attribute.JOB_SUBMISSION_TO_SERVER_TIME),
        started=_time(reading, key, Attribute.JOB_STARTED_PROCESSING_TIME),
        completed=_time(reading, key, Attribute.JOB_COMPLETION_TIME),
    )


def _integer(key: Key, attribute: Attribute) -> str:
    return f"{objects.AS_INTEGER}.{key[0]}.{key[1]}.{attribute.value}.1"


def _octets(key: Key, attribute: Attribute) -> str:
    return f"{objects.AS_OCTETS}.{key[0]}.{key[1]}.{attribute.value}.1"


def _time(reading: Reading, key: Key, attribute: Attribute) -> int | bytes | None:
    return octets(reading, _octets(key, attribute)) or _known(number(reading, _integer(key, attribute)))


def _text(reading: Reading, oid: str) -> str:
    return printable(octets(reading, oid) or b"")[:LONGEST_TEXT]


def _state(value: int | None) -> State | None:
    return State(value) if value in set(State) else None


def _known(value: int | None) -> int | None:
    return value if value is not None and value >= 0 else None  # -1 other, -2 unknown
