"""The jobs of the simulated MFP in the tables of the Job Monitoring MIB: scans and faxes in one job set.

Spec: RFC 2707 (jmGeneralTable, jmJobTable, jmAttributeTable; JmJobStateTC, JmJobStateReasons1TC,
JmJobServiceTypesTC). A job that is over stays PERSISTENCE seconds, the least the RFC allows; indexes are used again
after LAST_INDEX jobs, and after a restart. Pure.
"""

from dataclasses import dataclass
from types import MappingProxyType

from hil.devices.mfp.fax import Fax
from hil.devices.mfp.jobs import Job, JobState, Reason
from hil.devices.mfp.state import State
from hil.snmp.ber import Tag, Typed

MIB = "1.3.6.1.4.1.2699.1.1.1"
JOB_SET = 1
PERSISTENCE = 15  # seconds
LAST_INDEX = 20
OTHER, UNKNOWN = -1, -2

SCAN, FAX_IN, FAX_OUT = 0x8, 0x10, 0x20
STATES = MappingProxyType(
    {
        JobState.PENDING: 3,
        JobState.PROCESSING: 5,
        JobState.CANCELED: 7,
        JobState.ABORTED: 8,
        JobState.COMPLETED: 9,
    }
)
REASONS = MappingProxyType(
    {
        Reason.DONE: 0x80000,  # jobCompletedSuccessfully
        Reason.BY_CLIENT: 0x2000,  # jobCanceledByUser
        Reason.AT_DEVICE: 0x8000,  # jobCanceledAtDevice
        Reason.BY_DEVICE: 0x10000,  # abortedBySystem
        Reason.TIMED_OUT: 0x10000,
    }
)
INCOMING, OUTGOING = 0x4, 0x10  # jobIncoming, jobOutgoing
COMPLETED, ABORTED = 0x80000, 0x10000


def index(number: int) -> int:
    """jmJobIndex of that job."""
    return (number - 1) % LAST_INDEX + 1


@dataclass(frozen=True, slots=True)
class _Listed:
    """One job as the tables have it."""

    index: int
    service: int
    name: str
    state: int
    reasons: int
    pages: int
    wanted: int  # UNKNOWN while nobody knows
    owner: str
    times: tuple[float, float | None, float | None]  # submitted, started, ended


def rows(state: State, booted: float, now: float) -> dict[str, Typed]:
    """The three tables. `booted`: when sysUpTime began, monotonic seconds as `now`."""
    jobs: list[Job | Fax] = sorted((*state.jobs, *state.faxes), key=lambda job: job.number)
    listed = [job for job in jobs if job.ended is None or now - job.ended < PERSISTENCE]
    found = _general([index(job.number) for job in listed if not job.over])
    for job in listed:
        found |= _row(_scan(job) if isinstance(job, Job) else _fax(job), booted)
    return found


def _general(active: list[int]) -> dict[str, Typed]:
    columns = {
        2: _integer(len(active)),
        3: _integer(active[0] if active else 0),
        4: _integer(active[-1] if active else 0),
        5: _integer(PERSISTENCE),
        6: _integer(PERSISTENCE),
        7: _text("jobs"),
    }
    return {f"{MIB}.1.1.1.{column}.{JOB_SET}": value for column, value in columns.items()}


def _scan(job: Job) -> _Listed:
    return _Listed(
        index(job.number),
        SCAN,
        "Scan at the panel" if job.at_panel else "Network scan",
        STATES[job.state],
        REASONS.get(job.reason, 0),
        job.completed,
        UNKNOWN,
        "" if job.at_panel else "network client",
        (job.began, job.images[0].began if job.images else None, job.ended),
    )


def _fax(fax: Fax) -> _Listed:
    under_way = INCOMING if fax.incoming else OUTGOING if fax.state is JobState.PROCESSING else 0
    return _Listed(
        index(fax.number),
        FAX_IN if fax.incoming else FAX_OUT,
        "Incoming fax" if fax.incoming else "Outgoing fax",
        STATES[fax.state],
        {JobState.COMPLETED: COMPLETED, JobState.ABORTED: ABORTED}.get(fax.state, under_way),
        fax.sent,
        UNKNOWN if fax.incoming and not fax.over else fax.wanted,
        "",
        (fax.began, fax.connected, fax.ended),
    )


def _row(job: _Listed, booted: float) -> dict[str, Typed]:
    place = f"{JOB_SET}.{job.index}"
    columns = {
        2: _integer(job.state),
        3: _integer(job.reasons),
        4: _integer(0),
        5: _integer(UNKNOWN),
        6: _integer(UNKNOWN),
        7: _integer(UNKNOWN),
        8: _integer(job.pages),
        9: _text(job.owner),
    }
    found = {f"{MIB}.3.1.1.{column}.{place}": value for column, value in columns.items()}
    for kind, value in _attributes(job, booted).items():
        is_text = value.tag is Tag.OCTETS
        found[f"{MIB}.4.1.1.3.{place}.{kind}.1"] = _integer(OTHER) if is_text else value
        found[f"{MIB}.4.1.1.4.{place}.{kind}.1"] = value if is_text else _text("")
    return found


def _attributes(job: _Listed, booted: float) -> dict[int, Typed]:
    """By JmAttributeTypeTC; a time is in seconds of sysUpTime, and one that has not come is not there."""
    stamps = zip((191, 193, 194), job.times, strict=True)
    return {
        23: _text(job.name),
        24: _integer(job.service),
        130: _integer(job.wanted),
        131: _integer(job.pages),
        **{kind: _integer(max(int(at - booted), 1)) for kind, at in stamps if at is not None},
    }


def _text(value: str) -> Typed:
    return Typed(Tag.OCTETS, value.encode())


def _integer(value: int) -> Typed:
    return Typed(Tag.INTEGER, value)
