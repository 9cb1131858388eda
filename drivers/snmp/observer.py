"""The sense organ: one small GET per look, details only when something changed, pace by what is going on.

A look reads sysUpTime, the vendor's objects and the standard status objects together, so that they fit one another.
The alert table is walked when a status object or an alert counter moved, else once a minute. Nothing here
changes the device.
"""

import random

from drivers.contract.clock import Clock
from drivers.contract.errors import DeviceGone, DeviceTimeout
from drivers.contract.observation import Readiness, Snapshot, Trouble, TroubleKind, Unit
from drivers.snmp import host_resources, oids, printer_mib
from drivers.snmp.host_resources import DeviceRow, DeviceStatus
from drivers.snmp.reading import Link, Reading, number
from drivers.snmp.vendors.sense import Seen, Sense

IDLE_PACE = 2.0  # seconds; a panel scan lasts longer than this
BUSY_PACE = 0.3
LONGEST_PACE = 30.0  # between looks at a device that does not answer
JITTER = 0.1  # part of the pace, so that many scanners are not asked in step
GONE_AFTER = 3  # looks in a row without an answer
ASK_AGAIN = 30  # looks after which missing objects are asked for again: a device that boots has them late
ALERT_OBJECTS = 400  # of the alert table: 50 rows


class SnmpObserver:
    """`drivers.contract.driver.Observer` over a link."""

    def __init__(
        self, link: Link, sense: Sense, table: tuple[DeviceRow, ...], clock: Clock, dice: random.Random | None = None
    ) -> None:
        self._link = link
        self._sense = sense
        self._printer = host_resources.printer_row(table)
        self._scanner = host_resources.scanner_row(table)
        self._clock = clock
        self._dice = dice or random.Random()  # noqa: S311 it spreads load, it hides nothing
        self._missing: set[str] = set()  # objects the agent has not; a v1 agent costs one request for each
        self._misses = 0
        self._looks = 0
        self._watched: tuple[object, ...] = ()
        self._alerts: tuple[printer_mib.Alert, ...] = ()

    async def poll(self) -> Snapshot:
        """Look once. A device that is silent GONE_AFTER times in a row is DeviceGone, before that DeviceTimeout."""
        try:
            reading = await self._read()
            await self._details(reading)
        except DeviceTimeout as err:
            self._misses += 1
            if self._misses >= GONE_AFTER:
                raise DeviceGone(str(err)) from err
            raise
        except DeviceGone:
            self._misses += 1
            raise
        self._misses = 0
        return self._snapshot(reading, self._sense.see(reading))

    async def rest(self, seen: Snapshot) -> None:  # noqa: ARG002 the pace follows what we know, errors included
        await self._clock.sleep(self.pace() * (1 + JITTER * self._dice.uniform(-1, 1)))

    def pace(self) -> float:
        """Seconds to the next look, without jitter."""
        if self._misses >= GONE_AFTER:
            return min(IDLE_PACE * 2.0 ** (self._misses - GONE_AFTER), LONGEST_PACE)
        return BUSY_PACE if self._sense.moving else IDLE_PACE

    async def _read(self) -> Reading:
        self._looks += 1
        if self._misses or self._looks % ASK_AGAIN == 0:
            self._missing.clear()
        wanted = [oids.SYS_UPTIME, *self._sense.objects, *self._status_objects()]
        reading = await self._link.get([oid for oid in wanted if oid not in self._missing])
        self._missing |= {oid for oid, value in reading.items() if value is None}
        return reading

    def _status_objects(self) -> list[str]:
        wanted = [f"{oids.HR_DEVICE_STATUS}.{row.index}" for row in (self._printer, self._scanner) if row is not None]
        if self._printer is not None:
            columns = (oids.HR_PRINTER_ERRORS, oids.PRT_ALERT_CRITICAL_EVENTS, oids.PRT_ALERT_ALL_EVENTS)
            wanted += [f"{column}.{self._printer.index}" for column in columns]
        return wanted

    async def _details(self, reading: Reading) -> None:
        watched = tuple(reading.get(oid) for oid in self._status_objects())
        due = self._looks % ASK_AGAIN == 0  # some agents have neither alert counters nor a status that moves
        if watched and (due or watched != self._watched):
            self._alerts = printer_mib.alerts(await self._link.walk(oids.PRT_ALERT_ENTRY, rows=ALERT_OBJECTS))
            self._watched = watched

    def _snapshot(self, reading: Reading, seen: Seen) -> Snapshot:
        troubles = seen.troubles | printer_mib.troubles(self._alerts)
        down = self._scanner and host_resources.status(reading, self._scanner.index) is DeviceStatus.DOWN
        if down and not troubles:
            troubles = frozenset({Trouble(TroubleKind.ATTENTION, Unit.MEDIA_PATH)})
        stopped = bool(down) or bool(printer_mib.troubles(self._alerts))
        return Snapshot(
            source="snmp",
            readiness=Readiness.STOPPED if stopped else seen.readiness,
            troubles=troubles,
            feeder=seen.feeder,
            jobs=seen.jobs,
            presses=seen.presses,
            explanation=seen.explanation or self._explanation(down=bool(down)),
            facts=(*seen.facts, *self._printer_facts(reading)),
        )

    def _explanation(self, *, down: bool) -> str:
        about = [alert.description for alert in self._alerts if alert.group in printer_mib.SCAN_GROUPS]
        return "; ".join(about) or ("the device reports that its scanner is down" if down else "")

    def _printer_facts(self, reading: Reading) -> tuple[tuple[str, str], ...]:
        if self._printer is None or number(reading, f"{oids.HR_DEVICE_STATUS}.{self._printer.index}") is None:
            return ()
        status = host_resources.status(reading, self._printer.index)
        errors = host_resources.printer_errors(reading, self._printer.index)
        names = [error.name.lower().replace("_", "-") for error in errors if error.name]
        return (("printer", " ".join([status.name.lower() if status else "unknown", *names])),)
