"""When to read which rows of the Job Monitoring MIB: the sentinels with each look, a job's row while it runs.

A finished job may be gone after 15 s (RFC 2707 jmGeneralJobPersistence), and one that came and went between two
looks moves no sentinel: "active" then is 0 before and after. So what stands behind the last index we know is asked
for at least three times in that span, by a request whose answer stays the same while nothing came. Once the rows are
read everything is decided in `follow`.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from drivers.contract.observation import JobKind, JobReport
from drivers.snmp import modem_mib
from drivers.snmp.job_mib import objects, table
from drivers.snmp.job_mib.follow import Track, bad_calls, explained, follow, kind_of, reports, scanning
from drivers.snmp.job_mib.objects import State
from drivers.snmp.job_mib.table import JobRow, JobSet, Key
from drivers.snmp.reading import FEW, Link, Reading, Value, number

SHORTEST, LONGEST = 5.0, 60.0  # seconds between looks behind the last index
MOST_NEW = 200  # jobs that one look takes up
MOST_ACTIVE = 50  # jobs followed at a time
STRIDE, STRIDES = 500, 10  # finished jobs that a device may hold when we come, and in how many walks


class JobMonitor:
    """The jobs of one device."""

    def __init__(self, opened: datetime) -> None:
        self._sets: tuple[JobSet, ...] = ()
        self._last: dict[int, int] = {}  # the greatest index seen, by job set
        self._track = Track(prefix=f"{opened:%Y%m%dT%H%M%S}")
        self._due = 0.0
        self._seen: tuple[Value | None, ...] = ()

    async def begin(self, link: Link) -> None:
        """Find the job sets and what stands in them; finished jobs are history, and not reported. Link's errors."""
        self._sets = table.sets(await link.walk(objects.GENERAL, rows=7 * table.MOST_SETS))
        found: list[Key] = []
        for each in self._sets:
            last = 0
            for _ in range(STRIDES):
                states = await self._behind(link, each, last, STRIDE)
                last = max((index for _, index in states), default=last)
                found += [key for key, state in states.items() if state not in objects.FINAL]
                if len(states) < STRIDE:
                    break
            self._last[each.index] = last
        await self._take(link, found[-MOST_ACTIVE:])

    @property
    def sentinels(self) -> tuple[str, ...]:
        """What each look must read."""
        return tuple(oid for each in self._sets for oid in each.sentinels)

    @property
    def moving(self) -> bool:
        """Whether a job runs or has just ended."""
        return self._track.moving

    @property
    def scanning(self) -> bool:
        """Whether some job uses the scanner now, also one that is not reported."""
        return scanning(self._track)

    @property
    def jobs(self) -> tuple[JobReport, ...]:
        """As of the last look."""
        return reports(self._track)

    def due(self, now: float) -> bool:
        """Whether rows must be read although no sentinel moved. `now`: Clock.monotonic."""
        return bool(self._sets) and (self._track.moving or now >= self._due)

    def stirred(self, reading: Reading) -> bool:
        """Whether the sentinels moved since the last look."""
        return bool(self._sets) and self._told(reading) != self._seen

    def _told(self, reading: Reading) -> tuple[Value | None, ...]:
        return tuple(reading.get(oid) for oid in self.sentinels)

    async def quiet(self, link: Link, now: float) -> bool:
        """Whether nothing stands behind the last indexes, asked when it is due; else `look`. Link's errors."""
        if self._track.active:
            return False
        for each in self._sets:
            if await self._behind(link, each, self._last.get(each.index, 0), FEW):
                return False
        self._put_off(now)
        return True

    async def look(
        self, link: Link, reading: Reading, now: float, today: datetime, uptime: int | None, *, restarted: bool = False
    ) -> None:
        """Read what there is to read and follow it. `uptime` in hundredths of a second. Link's errors."""
        if restarted:
            self._track = replace(self._track, booted=None)
            if not self._sets:
                await self.begin(link)  # a device that boots may have had nothing to say when we came
        if not self._sets:
            return
        if self._track.booted is None and uptime is not None:
            self._track = replace(self._track, booted=(today - timedelta(seconds=uptime / 100)).replace(microsecond=0))
        seen = self._told(reading)
        wanted = list(self._track.active)
        if restarted or seen != self._seen or now >= self._due:
            wanted += await self._new(link, reading, restarted=restarted)
        await self._take(link, list(dict.fromkeys(wanted))[: MOST_ACTIVE + MOST_NEW], restarted=restarted)
        self._seen = seen
        if now >= self._due:
            self._put_off(now)

    def _put_off(self, now: float) -> None:
        least = min(each.persistence for each in self._sets)
        self._due = now + min(max(least / 3, SHORTEST), LONGEST)

    async def _behind(self, link: Link, job_set: JobSet, last: int, rows: int) -> Mapping[Key, State | None]:
        root = f"{objects.STATE}.{job_set.index}"
        return table.states(await link.walk(root, rows=rows, after=f"{root}.{last}"), job_set.index)

    async def _new(self, link: Link, reading: Reading, *, restarted: bool) -> list[Key]:
        """Jobs that we do not follow yet."""
        found: list[Key] = []
        for each in self._sets:
            last = self._last.get(each.index, 0)
            active, oldest, newest = (number(reading, oid) or 0 for oid in each.sentinels)
            known = sum(key[0] == each.index for key in self._track.active)
            pointed = {index for index in (oldest, newest) if 0 < index <= last}
            # Indexes began anew, or jobs hide behind those that we know: look at the whole column.
            anew = restarted or 0 < newest < last or active > known + (newest > last)
            states = dict(await self._behind(link, each, 0 if anew else last, MOST_NEW if anew else FEW))
            if len(states) == FEW and not anew:  # seldom: mostly it is one job, and that there is no other
                states |= await self._behind(link, each, max(index for _, index in states), MOST_NEW)
            fresh = 2**31 if restarted else last  # what stands behind it and is over went by while nobody looked
            found += [key for key, state in states.items() if key[1] > fresh or state not in objects.FINAL]
            found += [(each.index, index) for index in pointed]
            if states or restarted:
                self._last[each.index] = max((index for _, index in states), default=0)
        return found

    async def _take(self, link: Link, keys: list[Key], *, restarted: bool = False) -> None:
        rows: dict[Key, JobRow | None] = {}
        if keys:
            reading: Mapping[str, Value | None] = await link.get([oid for key in keys for oid in table.details(key)])
            rows = {key: table.row(reading, key) for key in keys}
        self._track = follow(self._track, rows, restarted=restarted)
        await self._explain(link)

    async def _explain(self, link: Link) -> None:
        """Ask the modem, where one fax has just ended badly. Of two nobody knows whose call it tells of."""
        bad = bad_calls(self._track)
        if len(bad) != 1:
            return
        reason = await modem_mib.last_failure(link)
        incoming = kind_of(self._track.jobs[bad[0]].row.services) is JobKind.FAX_IN
        if reason is not None:
            self._track = explained(self._track, bad[0], modem_mib.cause(reason, incoming=incoming))
