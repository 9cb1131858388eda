"""Jobs of the Job Monitoring MIB, expected values from RFC 2707 by hand; time is turned by hand."""

from datetime import UTC, datetime

import pytest

from drivers.contract.observation import JobKind, Phase
from drivers.snmp.job_mib.follow import moment, phase_of
from drivers.snmp.job_mib.monitor import JobMonitor
from drivers.snmp.job_mib.objects import Reason, Service, State, spelled
from drivers.snmp.job_mib.table import JobRow, details, row, sets
from hil.snmp.ber import Tag, Typed
from hil.snmp.mib import Mib, oid

JM = "1.3.6.1.4.1.2699.1.1.1"
SCAN, FAX_IN, FAX_OUT, PRINT = 0x8, 0x10, 0x20, 0x4


class Agent:
    """The tables of one job set, as an agent that follows the RFC would show them."""

    def __init__(self, persistence: int = 15) -> None:
        self.objects: dict[str, int | bytes] = {
            f"{JM}.1.1.1.5.1": persistence,
            f"{JM}.1.1.1.6.1": persistence,
            f"{JM}.1.1.1.7.1": b"all",
        }
        self._actives()

    def job(self, index: int, state: int, services: int | None = None, pages: int | None = None, **more) -> None:
        job = f"1.{index}"
        self.objects[f"{JM}.3.1.1.2.{job}"] = state
        self.objects[f"{JM}.3.1.1.3.{job}"] = more.get("reasons", 0)
        if services is not None:
            self.objects[f"{JM}.4.1.1.3.{job}.24.1"] = services
        if pages is not None:
            self.objects[f"{JM}.3.1.1.8.{job}"] = pages
        for name, number in (("asked", 130), ("submitted", 191), ("started", 193), ("completed", 194)):
            if name in more:
                self.objects[f"{JM}.4.1.1.3.{job}.{number}.1"] = more[name]
        if "owner" in more:
            self.objects[f"{JM}.3.1.1.9.{job}"] = more["owner"]
        if "name" in more:
            self.objects[f"{JM}.4.1.1.4.{job}.23.1"] = more["name"]
        self._actives()

    def forget(self, index: int) -> None:
        job = f".1.{index}"
        self.objects = {
            name: value for name, value in self.objects.items() if not (name.endswith(job) or f"{job}." in name)
        }
        self._actives()

    def _actives(self) -> None:
        states = {int(n.rpartition(".")[2]): v for n, v in self.objects.items() if n.startswith(f"{JM}.3.1.1.2.1.")}
        active = sorted(index for index, state in states.items() if state in (3, 5, 6))
        self.objects |= {
            f"{JM}.1.1.1.2.1": len(active),
            f"{JM}.1.1.1.3.1": min(active, default=0),
            f"{JM}.1.1.1.4.1": max(active, default=0),
        }

    def mib(self) -> Mib:
        return Mib(
            {
                oid(name): Typed(Tag.OCTETS if isinstance(value, bytes) else Tag.INTEGER, value)
                for name, value in self.objects.items()
            }
        )


class Watched:
    """A monitor and the agent it looks at."""

    def __init__(self, link_to, clock, agent: Agent) -> None:
        self.agent, self.clock = agent, clock
        self.link = link_to(agent.mib)
        self.monitor = JobMonitor(clock.now())
        self.uptime = 0.0  # seconds of the agent's, less the clock's

    async def begin(self) -> "Watched":
        await self.monitor.begin(self.link)
        return self

    async def look(self, **more):
        """The jobs as (kind, phase, pages)."""
        reading = await self.link.get(self.monitor.sentinels)
        ticks = int((self.clock.monotonic() - self.uptime) * 100)
        await self.monitor.look(self.link, reading, self.clock.monotonic(), self.clock.now(), ticks, **more)
        return [(job.kind, job.phase, job.pages) for job in self.monitor.jobs]


@pytest.fixture
async def watched(link_to, clock):
    return await Watched(link_to, clock, Agent()).begin()


@pytest.mark.parametrize(("reasons", "at_panel"), [(0x8000, True), (0x2000, False), (0x4000, False), (0, False)])
async def test_only_who_cancels_at_the_device_does_it_at_the_panel(watched, reasons: int, at_panel: bool) -> None:
    watched.agent.job(4, 5, SCAN, 1)
    await watched.look()
    watched.agent.job(4, 7, SCAN, 1, reasons=reasons)
    assert await watched.look() == [(JobKind.SCAN, Phase.CANCELED, 1)]
    assert [job.at_panel for job in watched.monitor.jobs] == [at_panel]


async def test_a_scan_is_followed_from_its_beginning_to_its_end(watched) -> None:
    assert await watched.look() == []
    watched.agent.job(4, 3, SCAN, 0, owner=b"anna", name=b"Scan to folder", submitted=1000)
    assert await watched.look() == [(JobKind.SCAN, Phase.QUEUED, 0)]
    watched.agent.job(4, 5, SCAN, 2, started=1002)
    assert await watched.look() == [(JobKind.SCAN, Phase.SCANNING, 2)]
    watched.agent.job(4, 9, SCAN, 3, reasons=0x80000, completed=1010)
    assert await watched.look() == [(JobKind.SCAN, Phase.DONE, 3)]
    (job,) = watched.monitor.jobs
    assert (job.user, job.name, job.reasons) == ("anna", "Scan to folder", ("jobCompletedSuccessfully",))
    # the agent was switched on at 06:51:29, and the hand clock says 07:08:09 at 1000 s
    assert job.submitted == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert job.ended == datetime(2024, 5, 6, 7, 8, 19, tzinfo=UTC)
    for _ in range(3):
        await watched.look()
    assert watched.monitor.jobs == ()
    assert not watched.monitor.moving


async def test_a_job_that_came_and_went_between_two_looks_is_found_before_it_is_gone(watched, clock) -> None:
    await watched.look()
    watched.agent.job(7, 9, SCAN, 1, reasons=0x80000)  # the sentinels are 0, 0, 0 as before
    told = []
    for _ in range(8):  # 16 s at the idle pace of 2 s
        clock.turn(2.0)
        if watched.monitor.due(clock.monotonic()):
            told += await watched.look()
    assert (JobKind.SCAN, Phase.DONE, 1) in told


async def test_looks_behind_the_last_index_come_three_times_in_the_persistence(link_to, clock) -> None:
    seen = await Watched(link_to, clock, Agent(persistence=60)).begin()
    await seen.look()
    assert [seen.monitor.due(clock.monotonic() + seconds) for seconds in (1, 19, 20)] == [False, False, True]


async def test_an_idle_look_costs_no_walk(watched) -> None:
    await watched.look()
    watched.link.walked.clear()
    assert not watched.monitor.due(watched.clock.monotonic() + 1)
    await watched.look()
    assert watched.link.walked == []


async def test_what_was_over_when_we_came_is_history(link_to, clock) -> None:
    agent = Agent()
    agent.job(1, 9, SCAN, 5)
    agent.job(2, 5, SCAN, 1)
    seen = await Watched(link_to, clock, agent).begin()
    assert await seen.look() == [(JobKind.SCAN, Phase.SCANNING, 1)]


@pytest.mark.parametrize(
    ("services", "kind"),
    [
        (SCAN, JobKind.SCAN),
        (SCAN | 0x100, JobKind.SCAN),  # to e-mail
        (SCAN | FAX_OUT, JobKind.FAX_OUT),
        (FAX_OUT, JobKind.FAX_OUT),
        (FAX_IN | PRINT, JobKind.FAX_IN),
    ],
)
async def test_the_kind_is_read_from_the_service_types(watched, services, kind) -> None:
    watched.agent.job(1, 5, services, 1)
    assert await watched.look() == [(kind, Phase.SCANNING, 1)]


@pytest.mark.parametrize("services", [PRINT, SCAN | PRINT, 0x2, 0x40, None])
async def test_a_print_a_copy_and_a_job_of_unknown_kind_are_no_scans(watched, services) -> None:
    watched.agent.job(1, 5, services, 1)
    assert await watched.look() == []
    assert watched.monitor.scanning is (services == SCAN | PRINT)  # a copy keeps the scanner busy
    assert watched.monitor.moving is watched.monitor.scanning


@pytest.mark.parametrize(
    ("state", "reasons", "phase"),
    [
        (State.UNKNOWN, 0, None),
        (State.PENDING, 0, Phase.QUEUED),
        (State.PENDING, Reason.JOB_INCOMING, Phase.ARRIVING),
        (State.PENDING_HELD, Reason.JOB_HOLD_SPECIFIED, Phase.HELD),
        (State.PROCESSING, 0, Phase.SCANNING),
        (State.PROCESSING, Reason.JOB_OUTGOING, Phase.SENDING),
        (State.PROCESSING, Reason.DEVICE_STOPPED, Phase.STOPPED),
        (State.PROCESSING, Reason.PROCESSING_TO_STOP_POINT | Reason.JOB_CANCELED_AT_DEVICE, Phase.CANCELLING),
        (State.PROCESSING, Reason.PROCESSING_TO_STOP_POINT | Reason.ABORTED_BY_SYSTEM, Phase.ABORTING),
        (State.PROCESSING_STOPPED, 0, Phase.STOPPED),
        (State.CANCELED, Reason.JOB_CANCELED_BY_USER, Phase.CANCELED),
        (State.ABORTED, Reason.ABORTED_BY_SYSTEM, Phase.FAILED),
        (State.COMPLETED, Reason.JOB_COMPLETED_WITH_ERRORS, Phase.DONE),
    ],
)
def test_states_and_reasons_are_phases(state, reasons, phase) -> None:
    assert phase_of(JobRow((1, 1), state, Reason(reasons), Service.SCAN)) is phase


async def test_a_cancel_at_the_device_is_one_at_the_panel(watched) -> None:
    watched.agent.job(1, 5, SCAN, 1)
    await watched.look()
    watched.agent.job(1, 7, SCAN, 1, reasons=0x8000)
    await watched.look()
    (job,) = watched.monitor.jobs
    assert (job.phase, job.at_panel, job.reasons) == (Phase.CANCELED, True, ("jobCanceledAtDevice",))


async def test_pages_never_fall_and_an_unknown_state_keeps_the_last(watched) -> None:
    watched.agent.job(1, 5, SCAN, 3)
    await watched.look()
    watched.agent.job(1, 2, SCAN, -2)
    assert await watched.look() == [(JobKind.SCAN, Phase.SCANNING, 3)]
    watched.agent.job(1, 5, SCAN, 1)
    assert await watched.look() == [(JobKind.SCAN, Phase.SCANNING, 3)]


async def test_an_index_that_is_used_again_is_another_job(watched) -> None:
    watched.agent.job(1, 5, SCAN, 1, owner=b"anna", submitted=100)
    await watched.look()
    first = watched.monitor.jobs[0].native_id
    watched.agent.job(1, 9, SCAN, 2)
    await watched.look()
    watched.agent.job(1, 5, SCAN, 0, owner=b"ben", submitted=200)
    assert await watched.look() == [(JobKind.SCAN, Phase.DONE, 2), (JobKind.SCAN, Phase.SCANNING, 0)]
    assert watched.monitor.jobs[1].native_id != first


async def test_an_index_given_on_before_the_end_was_seen_ends_the_first_job(watched) -> None:
    watched.agent.job(1, 5, FAX_OUT, 1, submitted=100)
    await watched.look()
    watched.agent.job(1, 5, FAX_OUT, 0, submitted=300)
    assert await watched.look() == [(JobKind.FAX_OUT, Phase.DONE, 1), (JobKind.FAX_OUT, Phase.SCANNING, 0)]
    assert watched.monitor.jobs[0].reasons == ("endNotSeen",)


@pytest.mark.parametrize(("asked", "phase"), [(2, Phase.DONE), (5, Phase.FAILED)])
async def test_a_job_that_is_gone_unseen_was_good_unless_pages_are_missing(watched, asked, phase) -> None:
    watched.agent.job(1, 5, SCAN, 2, asked=asked)
    await watched.look()
    watched.agent.forget(1)
    assert await watched.look() == [(JobKind.SCAN, phase, 2)]


async def test_a_restart_of_the_agent_fails_what_ran_and_begins_anew(watched) -> None:
    watched.agent.job(9, 5, SCAN, 2)
    await watched.look()
    watched.agent.forget(9)
    watched.agent.job(1, 5, SCAN, 0)
    watched.uptime = watched.clock.monotonic()
    assert await watched.look(restarted=True) == [(JobKind.SCAN, Phase.FAILED, 2), (JobKind.SCAN, Phase.SCANNING, 0)]


async def test_the_same_index_after_a_restart_is_another_job_unless_it_has_the_same_name(watched) -> None:
    watched.agent.job(1, 5, SCAN, 2)
    watched.agent.job(2, 4, FAX_OUT, 0, name=b"Offer", owner=b"anna")
    await watched.look()
    assert await watched.look(restarted=True) == [
        (JobKind.SCAN, Phase.FAILED, 2),
        (JobKind.SCAN, Phase.SCANNING, 2),
        (JobKind.FAX_OUT, Phase.HELD, 0),
    ]


async def test_indexes_that_wrapped_are_followed(watched) -> None:
    watched.agent.job(2_000_000_000, 9, SCAN, 1)
    await watched.look()
    watched.agent.job(1, 5, SCAN, 0)
    assert (JobKind.SCAN, Phase.SCANNING, 0) in await watched.look()


async def test_attributes_that_go_before_the_row_are_remembered(watched) -> None:
    watched.agent.job(1, 5, FAX_IN, 1, name=b"in")
    await watched.look()
    for name in [name for name in watched.agent.objects if name.startswith(f"{JM}.4.")]:
        del watched.agent.objects[name]
    watched.agent.job(1, 9, None, 1)
    assert await watched.look() == [(JobKind.FAX_IN, Phase.DONE, 1)]
    assert watched.monitor.jobs[0].name == "in"


async def test_an_agent_without_the_mib_has_no_jobs_and_no_sentinels(link_to, clock) -> None:
    seen = Watched(link_to, clock, Agent())
    seen.agent.objects.clear()
    await seen.begin()
    assert seen.monitor.sentinels == ()
    assert not seen.monitor.due(1e9)
    assert await seen.look() == []


async def test_an_agent_that_lists_thousands_is_not_followed_without_bounds(link_to, clock) -> None:
    agent = Agent()
    agent.objects |= {f"{JM}.3.1.1.2.1.{index}": 5 for index in range(1, 2000)}
    seen = await Watched(link_to, clock, agent).begin()
    for _ in range(8):
        await seen.look()
    assert len(seen.monitor._track.jobs) <= 250


def test_a_job_set_without_persistence_has_the_least_of_the_rfc() -> None:
    walked = {f"{JM}.1.1.1.2.3": 0, f"{JM}.1.1.1.6.2": 40, f"{JM}.1.1.1.5.2": 90, f"{JM}.1.1.1.7.2": b"fax\0"}
    assert [(each.index, each.persistence, each.name) for each in sets(walked)] == [(2, 40, "fax"), (3, 15, "")]


def test_values_of_a_wrong_type_are_not_known() -> None:
    asked = details((1, 1))
    nonsense = dict.fromkeys(asked, b"\xff\xfe") | {f"{JM}.3.1.1.2.1.1": 5}
    assert row(nonsense, (1, 1)).services is None
    assert row(dict.fromkeys(asked, 2**31 - 1), (1, 1)).state is None
    assert row(dict.fromkeys(asked), (1, 1)) is None


def test_a_reason_is_spelled_as_the_rfc_spells_it() -> None:
    assert spelled(Reason.RESOURCES_ARE_NOT_READY) == "resourcesAreNotReady"


BOOTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (60, datetime(2026, 1, 2, 3, 5, 5, tzinfo=UTC)),
        (0, None),
        (2**31 - 1, datetime(2094, 1, 20, 6, 18, 12, tzinfo=UTC)),
        (bytes((0x07, 0xEA, 3, 1, 13, 0, 30, 0)) + b"+\x02\x00", datetime(2026, 3, 1, 11, 0, 30, tzinfo=UTC)),
        (bytes((0x07, 0xEA, 3, 1, 13, 0, 30, 0)), None),  # whose 13 o'clock?
        (b"+" * 11, None),
    ],
)
def test_times_are_seconds_of_uptime_or_a_date(told, expected) -> None:
    assert moment(told, BOOTED) == expected
