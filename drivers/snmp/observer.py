"""The sense organ: one small GET per look, details only when something changed, pace by what is going on.

While nothing moves a look asks only for what would tell that something does: status objects, alert counters, the
vendor's state, the job tables' sentinels. The same answer as last time is the same snapshot, and costs next to nothing
(drivers.snmp.wire). A job or a press that this shows by itself is told at once, its details with the next look. Else
everything is read together, sysUpTime with it, so that it fits one another; tables are walked when a status object or
an alert counter moved, and once a minute. Nothing here changes the device.
"""

import random

from drivers.contract.clock import Clock
from drivers.contract.errors import DeviceGone, DeviceTimeout
from drivers.contract.observation import Readiness, Snapshot
from drivers.snmp import oids, printer_mib, printer_parts, pwg_counters
from drivers.snmp.doubles import Doubles
from drivers.snmp.host_resources import HostDevices
from drivers.snmp.job_mib.monitor import JobMonitor
from drivers.snmp.reading import Link, Reading, Value, number
from drivers.snmp.seen import Seen, add_up, stops
from drivers.snmp.vendors.sense import Sense

IDLE_PACE = 2.0  # seconds; a panel scan lasts longer than this
BUSY_PACE = 0.3
LONGEST_PACE = 30.0  # between looks at a device that does not answer
JITTER = 0.1  # part of the pace, so that many scanners are not asked in step
GONE_AFTER = 3  # looks in a row without an answer
WHOLE_AFTER = (
    60.0  # seconds until all is read again: some agents' counters do not move, and a device that boots is late
)
STANDING_PACE = 5.0  # between walks while an alert stands: not every agent counts one that goes
TABLE_ROWS = 400  # of one table
_WRAPS = 2**32 - 8_640_000  # hundredths of a second: an uptime above this may fall without a restart


class SnmpObserver:
    """`drivers.contract.driver.Observer` over a link."""

    def __init__(
        self,
        link: Link,
        clock: Clock,
        *,
        senses: tuple[Sense, ...],
        devices: HostDevices,
        services: tuple[pwg_counters.Service, ...],
        jobs: JobMonitor,
        dice: random.Random | None = None,
    ) -> None:
        self._link, self._clock = link, clock
        self._senses, self._devices, self._services, self._jobs = senses, devices, services, jobs
        self._dice = dice or random.Random()  # noqa: S311 it spreads load, it hides nothing
        self._tables = [table for sense in senses for table in sense.tables]
        self._tables += printer_parts.TABLES if devices.printer else ()
        self._tables += pwg_counters.TABLES if services else ()
        self._missing: set[str] = set()  # objects the agent has not; a v1 agent costs one request for each
        self._misses = 0
        self._whole_at = 0.0  # Clock.monotonic
        self._watched: tuple[object, ...] | None = None
        self._walked: dict[str, Value] = {}
        self._alerts: tuple[printer_mib.Alert, ...] = ()
        self._alerts_at = 0.0  # Clock.monotonic
        self._uptime: int | None = None
        self._doubles = Doubles()
        self._glance: Reading = {}  # what the last look had of the objects that tell a change
        self._parts: tuple[Seen, ...] = ()
        self._last: Snapshot | None = None
        self._owed = False  # what was told of the last change is not all of it

    @property
    def parts(self) -> tuple[Seen, ...]:
        """What each source told in the last look."""
        return self._parts

    async def poll(self) -> Snapshot:
        """Look once. A device that is silent GONE_AFTER times in a row is DeviceGone, before that DeviceTimeout."""
        try:
            if self._last is None or not await self._glanced(self._last):
                self._last = add_up(await self._look())
                self._owed = False
        except DeviceTimeout as err:
            self._misses += 1
            if self._misses >= GONE_AFTER:
                raise DeviceGone(str(err)) from err
            raise
        except DeviceGone:
            self._misses += 1
            raise
        self._misses = 0
        return self._last

    async def rest(self, seen: Snapshot) -> None:  # noqa: ARG002 the pace follows what we know, errors included
        await self._clock.sleep(self.pace() * (1 + JITTER * self._dice.uniform(-1, 1)))

    def pace(self) -> float:
        """Seconds to the next look, without jitter."""
        if self._misses >= GONE_AFTER:
            return min(IDLE_PACE * 2.0 ** (self._misses - GONE_AFTER), LONGEST_PACE)
        return BUSY_PACE if self._moving else IDLE_PACE

    @property
    def _moving(self) -> bool:
        return self._owed or self._jobs.moving or any(sense.moving for sense in self._senses)

    async def _glanced(self, last: Snapshot) -> bool:
        """Whether a small look was enough; none is taken while there is a reason to read everything."""
        now = self._clock.monotonic()
        if self._misses or self._moving or last.presses or now >= self._whole_at or self._stands(now):
            return False
        reading = await self._link.get(tuple(self._glance))
        if reading == self._glance:
            return not self._jobs.due(now) or await self._jobs.quiet(self._link, now)
        if self._news(reading, last):
            return True
        if not self._jobs.stirred(reading):
            return False
        await self._jobs.look(self._link, reading, now, self._clock.now(), None)
        return self._news(reading, last)

    def _news(self, reading: Reading, last: Snapshot) -> bool:
        """Whether this shows a job or a press; then it is told, and all is read with the next look."""
        parts = self._seen(reading)
        told = add_up(parts)
        if (told.jobs, told.presses) == (last.jobs, last.presses):
            return False
        self._parts, self._last, self._owed = parts, told, True
        return True

    async def _look(self) -> tuple[Seen, ...]:
        now = self._clock.monotonic()
        whole = now >= self._whole_at
        if self._misses or whole:
            self._missing.clear()
        wanted = [oid for oid in (oids.SYS_UPTIME, *self._telling()) if oid not in self._missing]
        reading = await self._link.get(wanted)
        self._missing |= {oid for oid, value in reading.items() if value is None}
        restarted = self._restarted(number(reading, oids.SYS_UPTIME))
        await self._details(reading, whole=whole or restarted)
        await self._jobs.look(self._link, reading, now, self._clock.now(), self._uptime, restarted=restarted)
        if whole:
            # The first span is half of it or more, so that devices opened together are not read whole together.
            spread = self._dice.uniform(-JITTER, JITTER) if self._last else -self._dice.random() / 2
            self._whole_at = now + WHOLE_AFTER * (1 + spread)
        self._glance = {oid: reading.get(oid) for oid in self._telling() if oid not in self._missing}
        self._parts = self._seen(reading)
        return self._parts

    def _telling(self) -> list[str]:
        """All that tells a change; sysUpTime always moves and is none of it."""
        return [
            *(oid for sense in self._senses for oid in sense.objects),
            *self._devices.objects,
            *(service.state for service in self._services),
            *self._jobs.sentinels,
        ]

    def _restarted(self, uptime: int | None) -> bool:
        before, self._uptime = self._uptime, self._uptime if uptime is None else uptime
        return before is not None and uptime is not None and uptime < before < _WRAPS

    async def _details(self, reading: Reading, *, whole: bool) -> None:
        watched = tuple(reading.get(oid) for oid in (*self._devices.objects, *(each.state for each in self._services)))
        now = self._clock.monotonic()
        if not whole and watched == self._watched and not self._stands(now):
            return
        self._alerts_at = now
        if self._devices.printer is not None or self._watched is None:
            walked = await self._link.walk(oids.PRT_ALERT_ENTRY, rows=TABLE_ROWS)
            self._alerts = printer_mib.alerts(walked)
        found = {table: await self._link.walk(table, rows=TABLE_ROWS) for table in self._tables}
        if self._watched is None:
            self._tables = [table for table in self._tables if found[table]]  # the others are not there to stay
        self._walked = {oid: value for rows in found.values() for oid, value in rows.items()}
        asked = await self._link.get([oid for sense in self._senses for oid in sense.asked])
        self._walked.update((oid, value) for oid, value in asked.items() if value is not None)
        self._watched = watched

    def _stands(self, now: float) -> bool:
        """Whether an alert keeps from scanning, and it is time to see if it still does."""
        return now - self._alerts_at >= STANDING_PACE and any(alert.trouble is not None for alert in self._alerts)

    def _seen(self, reading: Reading) -> tuple[Seen, ...]:
        together = {**self._walked, **reading}
        sensed = tuple(sense.see(together) for sense in self._senses)
        # That no job scans does not make it idle: not every agent lists its scans.
        jobs = Seen("Job Monitoring MIB", Readiness.BUSY if self._jobs.scanning else None, jobs=self._jobs.jobs)
        services = (pwg_counters.see(together, self._services),) if self._services else ()
        return self._doubles.without((*sensed, jobs, *services, self._devices.see(reading), self._printer(reading)))

    def _printer(self, reading: Reading) -> Seen:
        troubles = printer_mib.troubles(self._alerts) | printer_parts.troubles(self._walked)
        about = [alert.description for alert in self._alerts if alert.trouble is not None]
        faxes = ", ".join(alert.description or str(alert.code) for alert in self._alerts if alert.fax)
        index = 1 if self._devices.printer is None else self._devices.printer.index
        return Seen(
            "Printer MIB",
            stops(troubles) or (Readiness.ASLEEP if printer_mib.asleep(self._alerts) else None),
            troubles=troubles,
            explanation="; ".join(filter(None, about)),
            facts=(*printer_parts.facts(reading, self._walked, index), *((("fax", faxes),) if faxes else ())),
        )
