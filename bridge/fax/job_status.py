"""IFaxJobStatus: the dynamic information of one fax job, as a value. Its job id is not in it; it goes beside it.

COM cannot say that a property is not known: 0 may be a fact or nothing at all. `known` tells which are facts; what is
not known has the value COM would have (0, an empty text, no date). Spec: IFaxJobStatus (faxcomex.h), Fax Job Status,
FAX_JOB_STATUS_ENUM; where two of these pages disagree on the modifiers, the stricter one is followed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from bridge.errors import WireError
from bridge.fax.faxcomex import MODIFIED, MODIFIERS, JobExtendedStatus, JobOperations, JobStatus, JobType

LONG_MAX: Final = 2**31 - 1
TEXT_MAX: Final = 1024  # characters of one property that we take from others; BSTR itself has no bound worth having
_EPOCH: Final = datetime(1899, 12, 30, tzinfo=UTC)  # DATE 0.0


class Property(StrEnum):
    """The seventeen, in the order of the interface."""

    STATUS = "Status"
    PAGES = "Pages"
    SIZE = "Size"
    CURRENT_PAGE = "CurrentPage"
    DEVICE_ID = "DeviceId"
    CSID = "CSID"
    TSID = "TSID"
    EXTENDED_STATUS_CODE = "ExtendedStatusCode"
    EXTENDED_STATUS = "ExtendedStatus"
    AVAILABLE_OPERATIONS = "AvailableOperations"
    RETRIES = "Retries"
    JOB_TYPE = "JobType"
    SCHEDULED_TIME = "ScheduledTime"
    TRANSMISSION_START = "TransmissionStart"
    TRANSMISSION_END = "TransmissionEnd"
    CALLER_ID = "CallerId"
    ROUTING_INFORMATION = "RoutingInformation"

    @property
    def field(self) -> str:
        """Its name in `FaxJobStatus`."""
        if self.isupper():
            return self.lower()  # CSID, TSID
        return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in self.value)[1:]


_NO_OPERATIONS: Final = JobOperations(0)
ALWAYS: Final = frozenset({Property.STATUS, Property.JOB_TYPE})


def check_status(status: JobStatus) -> JobStatus:
    """Raises ValueError for bits that cannot stand together: one status, PAUSED and NOLINE only with Pending or
    Retrying."""
    base = status & ~MODIFIERS
    if len(tuple(base)) != 1 or int(base) not in {int(word) for word in JobStatus}:
        raise ValueError(f"Status {int(status):#x} is not one status of FAX_JOB_STATUS_ENUM")
    if status & MODIFIERS and base not in MODIFIED:
        raise ValueError(f"Status {status.name}: PAUSED and NOLINE go with PENDING and RETRYING alone")
    return status


def base(status: JobStatus) -> JobStatus:
    """The status without its modifiers."""
    return status & ~MODIFIERS


@dataclass(frozen=True, slots=True)
class FaxJobStatus:
    """One snapshot. Numbers are LONG (0…2³¹-1); times are aware. Raises ValueError for what COM could not hold or
    the pages forbid."""

    status: JobStatus
    job_type: JobType
    pages: int = 0
    size: int = 0  # bytes of the fax TIFF
    current_page: int = 0
    device_id: int = 0
    csid: str = ""
    tsid: str = ""
    extended_status_code: JobExtendedStatus | int = JobExtendedStatus.NONE
    extended_status: str = ""  # only beside a code that is the provider's own
    available_operations: JobOperations = _NO_OPERATIONS
    retries: int = 0
    scheduled_time: datetime | None = None
    transmission_start: datetime | None = None
    transmission_end: datetime | None = None
    caller_id: str = ""
    routing_information: str = ""
    known: frozenset[Property] = ALWAYS

    def __post_init__(self) -> None:
        check_status(self.status)
        if not self.known.issuperset(ALWAYS):
            raise ValueError("Status and JobType are always known")
        for name in Property:
            value = getattr(self, name.field)
            _check(name, value)
            if name not in self.known and value not in _UNKNOWN:
                raise ValueError(f"{name} is {value!r}, yet not among the known")
        if self.extended_status and _listed(self.extended_status_code):
            raise ValueError("ExtendedStatus goes with a code of the provider's own alone")
        if {Property.PAGES, Property.CURRENT_PAGE} <= self.known and self.current_page > self.pages:
            raise ValueError(f"CurrentPage {self.current_page} is above Pages {self.pages}")

    def to_json(self) -> dict[str, Any]:
        """Plain data under the interface's own names, and `Known`; times as ISO 8601 or null."""
        found: dict[str, Any] = {}
        for name in Property:
            value = getattr(self, name.field)
            match value:
                case datetime():
                    found[name] = value.astimezone(UTC).isoformat()
                case int():
                    found[name] = int(value)
                case _:
                    found[name] = value
        return found | {"Known": [str(name) for name in Property if name in self.known]}

    @classmethod
    def from_json(cls, data: object) -> "FaxJobStatus":
        """What `to_json` made. Raises WireError naming the property."""
        if not isinstance(data, dict):
            raise WireError("FaxJobStatus", "is not an object")
        if strange := set(data) - set(Property) - {"Known"}:
            raise WireError(f"FaxJobStatus/{min(map(str, strange))[:60]}", "there is no such property")
        values: dict[str, Any] = {}
        for name in Property:
            if name not in data:
                raise WireError(f"FaxJobStatus/{name}", "is missing")
            try:
                values[name.field] = _read(name, data[name])
            except ValueError as err:
                raise WireError(f"FaxJobStatus/{name}", str(err)) from err
        try:
            values["known"] = frozenset(Property(name) for name in data["Known"])
            return cls(**values)
        except (KeyError, TypeError) as err:
            raise WireError("FaxJobStatus/Known", "is not a list of properties") from err
        except ValueError as err:
            raise WireError("FaxJobStatus", str(err)) from err


_UNKNOWN: Final[tuple[object, ...]] = (0, "", None)
_ENUMS: Final[dict[Property, Any]] = {
    Property.STATUS: JobStatus,
    Property.AVAILABLE_OPERATIONS: JobOperations,
    Property.JOB_TYPE: JobType,
}
_TIMES: Final = frozenset({Property.SCHEDULED_TIME, Property.TRANSMISSION_START, Property.TRANSMISSION_END})
_TEXTS: Final = frozenset(
    {
        Property.CSID,
        Property.TSID,
        Property.EXTENDED_STATUS,
        Property.CALLER_ID,
        Property.ROUTING_INFORMATION,
    }
)


def _check(name: Property, value: object) -> None:
    if name in _TIMES:
        good = value is None or (isinstance(value, datetime) and value.tzinfo is not None)
    elif name in _TEXTS:
        good = isinstance(value, str) and len(value) <= TEXT_MAX
    elif name in _ENUMS:
        good = isinstance(value, _ENUMS[name])
    else:
        good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LONG_MAX
    if not good:
        raise ValueError(f"{name} cannot be {value!r:.100}")


def _read(name: Property, value: object) -> object:
    if name in _TIMES:
        if value is None:
            return None
        if not isinstance(value, str):
            raise ValueError("is neither a time nor null")
        return datetime.fromisoformat(value)
    if name in _TEXTS:
        if not isinstance(value, str):
            raise ValueError("is not text")
        return value
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LONG_MAX:
        raise ValueError("is no LONG from 0")
    if name is Property.EXTENDED_STATUS_CODE:
        return JobExtendedStatus(value) if _listed(value) or value == JobExtendedStatus.PROPRIETARY else value
    return _ENUMS[name](value) if name in _ENUMS else value


def _listed(code: int) -> bool:
    return JobExtendedStatus.NONE <= code <= JobExtendedStatus.CALL_ABORTED


def to_date(moment: datetime) -> float:
    """COM's DATE: days since 30 December 1899, here in UTC; the pages leave the zone open. Before that day the
    fraction counts forward from a negative whole day, as OLE has it."""
    days, rest = divmod(moment - _EPOCH, timedelta(days=1))
    fraction = rest / timedelta(days=1)
    return days + fraction if days >= 0 else days - fraction


def from_date(date: float) -> datetime:
    """The moment of a DATE, to the millisecond that its precision allows. Raises ValueError outside years 100…9999."""
    days = int(date)
    try:
        return _EPOCH + timedelta(days=days, milliseconds=round(abs(date - days) * 86_400_000))
    except OverflowError as err:
        raise ValueError(f"DATE {date!r} is outside the calendar") from err
