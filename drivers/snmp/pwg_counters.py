"""Services of an imaging system, their state and what they counted.

Spec: PWG 5106.3-2008 (PWG-IMAGING-COUNTER-MIB): icServiceTable, indexed by type and number; icImageTable and
icMonitorTable, indexed by a key that icServiceKey hands out. Counters have 31 bits. They know no jobs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from drivers.contract.observation import Readiness, Trouble, TroubleKind, Unit
from drivers.snmp.reading import Reading, Value, number
from drivers.snmp.seen import Seen

MIB = "1.3.6.1.4.1.2699.1.3.1"
SERVICE_KEY = f"{MIB}.3.1.1.3"
SERVICE_STATE = f"{MIB}.3.1.1.6"
IMAGES = f"{MIB}.7.1.1.4"  # icImageTotalImages.key.workType.persistence
COMPLETED_JOBS = f"{MIB}.6.1.1.8"  # .key.persistence
TABLES = (SERVICE_KEY, IMAGES, COMPLETED_JOBS)
MOST_SERVICES = 32

WORK_TOTALS = 3  # IcWorkTypeTC


class Persistence(IntEnum):
    """IcPersistenceTC: since when a counter counts. The later two begin anew; only the first is read."""

    LIFETIME = 3
    POWER_ON = 4
    RESET = 5


class ServiceType(IntEnum):
    """IcServiceTypeTC."""

    OTHER = 1
    UNKNOWN = 2
    SYSTEM_TOTALS = 3
    COPY = 4
    EMAIL_IN = 5
    EMAIL_OUT = 6
    FAX_IN = 7
    FAX_OUT = 8
    NETWORK_FAX_IN = 9
    NETWORK_FAX_OUT = 10
    PRINT = 11
    SCAN = 12
    TRANSFORM = 13


# The others neither scan nor fax at this machine.
READ = frozenset({ServiceType.COPY, ServiceType.EMAIL_OUT, ServiceType.FAX_IN, ServiceType.FAX_OUT, ServiceType.SCAN})


class ServiceState(IntEnum):
    """IcServiceStateTC."""

    OTHER = 1
    UNKNOWN = 2
    IDLE = 3
    PROCESSING = 4
    STOPPED = 5
    TESTING = 6
    DOWN = 7


READINESS = {
    ServiceState.IDLE: Readiness.IDLE,
    ServiceState.PROCESSING: Readiness.BUSY,
    ServiceState.STOPPED: Readiness.STOPPED,
    ServiceState.TESTING: Readiness.BUSY,
    ServiceState.DOWN: Readiness.STOPPED,
}


@dataclass(frozen=True, slots=True)
class Service:
    """One row of icServiceTable."""

    type: ServiceType
    index: int

    @property
    def state(self) -> str:
        """Where its icServiceState stands."""
        return f"{SERVICE_STATE}.{self.type.value}.{self.index}"

    @property
    def name(self) -> str:
        return self.type.name.lower().replace("_", "-")


def services(walked: Mapping[str, Value]) -> tuple[Service, ...]:
    """From a walk of icServiceState."""
    found = []
    for oid in walked:
        kind, _, index = oid.removeprefix(SERVICE_STATE + ".").partition(".")
        if kind.isdigit() and index.isdigit() and int(kind) in READ:
            found.append(Service(ServiceType(int(kind)), int(index)))
    return tuple(found[:MOST_SERVICES])


def see(reading: Reading, found: tuple[Service, ...]) -> Seen:
    """The scan service's state, and images and jobs of each service over the device's life."""
    told = next((_readiness(number(reading, each.state)) for each in found if each.type is ServiceType.SCAN), None)
    stopped = told is Readiness.STOPPED
    return Seen(
        source="PWG imaging services",
        readiness=told,
        troubles=frozenset({Trouble(TroubleKind.ATTENTION, Unit.MEDIA_PATH)}) if stopped else frozenset(),
        explanation="the scan service is stopped" if stopped else "",
        counters=_counters(reading, found),
    )


def _readiness(state: int | None) -> Readiness | None:
    return READINESS.get(ServiceState(state)) if state in set(ServiceState) else None


def _counters(reading: Reading, found: tuple[Service, ...]) -> tuple[tuple[str, int], ...]:
    told = []
    for service in found:
        key = number(reading, f"{SERVICE_KEY}.{service.type.value}.{service.index}")
        images = number(reading, f"{IMAGES}.{key}.{WORK_TOTALS}.{Persistence.LIFETIME.value}")
        jobs = number(reading, f"{COMPLETED_JOBS}.{key}.{Persistence.LIFETIME.value}")
        told += [(f"{service.name} images", images)] if images is not None and images >= 0 else []
        told += [(f"{service.name} jobs", jobs)] if jobs is not None and jobs >= 0 else []
    return tuple(told)
