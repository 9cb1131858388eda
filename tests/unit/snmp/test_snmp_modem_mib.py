"""Why a fax of an MFP ended badly, from the modem's last failure; by hand from RFC 1696 and faxcomex."""

import pytest

from bridge.translate.fax import step
from bridge.translate.fax_report import fax
from drivers.contract.errors import DeviceTimeout
from drivers.contract.fax import Cause
from drivers.contract.observation import JobReport, Phase
from drivers.snmp.device import open_on
from drivers.snmp.modem_mib import CAUSES, CONNECTION_FAIL_REASON, FailReason, agreed, cause
from hil.devices.mfp.model import Mfp
from hil.devices.mfp.objects import mib
from hil.devices.stimuli import FaxCall, HangUp
from hil.script import read
from hil.snmp.ber import Tag, Typed
from hil.snmp.mib import Mib, oid, overlay

JM = "1.3.6.1.4.1.2699.1.1.1"
REASONS = "1.3.6.1.2.1.38.1.1.7.1.6"
NUMBERS = {
    "UNKNOWN": 1, "OTHER": 2, "MANAGEMENT_COMMAND": 3, "INACTIVITY_TIMEOUT": 4, "MNP_INCOMPATIBILITY": 5,
    "PROTOCOL_ERROR": 6, "POWER_LOSS": 10, "EQUIPMENT_FAILURE": 11, "DTR_DROP": 20, "NO_DIAL_TONE": 30, "LINE_BUSY": 31,
    "NO_ANSWER": 32, "VOICE_DETECTED": 33, "CARRIER_LOST": 40, "TRAINING_FAILED": 41, "FAX_DETECTED": 42,
}  # fmt: skip
# Number, and ExtendedStatusCode of an outgoing and of an incoming fax.
ROWS = [
    (1, 0, 0), (2, 0, 0), (3, 19, 19), (4, 0, 0), (5, 0, 0), (6, 12, 12), (10, 0, 0), (11, 0, 0), (20, 0, 0),
    (30, 11, 0), (31, 8, 0), (32, 9, 0), (33, 15, 15), (40, 1, 1), (41, 12, 12), (42, 0, 0), (99, 0, 0),
]  # fmt: skip


def test_every_number_is_the_published_one() -> None:
    assert CONNECTION_FAIL_REASON == REASONS
    assert {reason.name: reason.value for reason in FailReason} == NUMBERS
    assert {reason.value for reason in CAUSES} == {number for number, code, _ in ROWS if code}


class Slow:
    """A link whose walk of one table takes too long."""

    def __init__(self, link) -> None:
        self._link, self.slow = link, ""
        self.get, self.close, self.asked, self.walked = link.get, link.close, link.asked, link.walked
        self.bounds: list[tuple[int, float]] = []

    async def walk(self, root: str, *, rows: int = 500, seconds: float = 10.0, after: str = "") -> dict:
        if root == self.slow:
            self.bounds.append((rows, seconds))
            raise DeviceTimeout(f"walking {root} took more than {seconds:g} s")
        return await self._link.walk(root, rows=rows, seconds=seconds, after=after)


class Line:
    """The simulated MFP with modems behind it, and what the product's observer saw of its faxes."""

    def __init__(self, link_to, clock) -> None:
        self.model, self.clock = Mfp(read("warmup=1,speed=3508,feed=0.25"), clock.seconds), clock
        self.modems: dict[int, int | bytes] = {}
        self.jobs: dict[str, int] = {}  # rows of job tables beside the MFP's own
        self.link = Slow(link_to(self._mib))

    def _mib(self) -> Mib:
        rows = [
            (oid(f"{REASONS}.{modem}"), Typed(Tag.OCTETS if isinstance(reason, bytes) else Tag.INTEGER, reason))
            for modem, reason in self.modems.items()
        ]
        rows += [(oid(name), Typed(Tag.INTEGER, value)) for name, value in self.jobs.items()]
        return overlay(mib(self.model, self.clock.seconds) or Mib({}), rows)

    async def open(self) -> "Line":
        self.observer = (await open_on(self.link, "k", self.clock)).observers[0]
        return self

    def all_are(self, state: int, *indexes: int) -> None:
        """Outgoing faxes of these indexes; 3 pending, 5 processing, 7 canceled, 8 aborted."""
        active = indexes if state in (3, 5) else ()
        for column, value in enumerate((len(active), min(active, default=0), max(active, default=0)), 2):
            self.jobs[f"{JM}.1.1.1.{column}.1"] = value
        for index in indexes:
            self.jobs |= {f"{JM}.3.1.1.2.1.{index}": state, f"{JM}.4.1.1.3.1.{index}.24.1": 32}

    async def until(self, *phases: Phase, within: float = 40) -> JobReport:
        end = self.clock.seconds + within
        while self.clock.seconds < end:
            snapshot = await self.observer.poll()
            for job in snapshot.jobs:
                if job.phase in phases:
                    return job
            await self.observer.rest(snapshot)
        raise AssertionError(snapshot.jobs)

    async def broken(self, *, incoming: bool) -> JobReport:
        """A fax that was on the line when it broke."""
        self.model.update(self.clock.seconds, [FaxCall(incoming=incoming, pages=9)])
        await self.until(Phase.SCANNING, Phase.SENDING)
        self.model.update(self.clock.seconds, [HangUp()])
        return await self.until(Phase.FAILED)

    @property
    def asked(self) -> int:
        return self.link.walked.count(REASONS)


@pytest.fixture
async def line(link_to, clock) -> Line:
    return await Line(link_to, clock).open()


def code(job: JobReport) -> tuple[int, int]:
    """Status and ExtendedStatusCode, as who listens is told."""
    report = fax(job)
    assert report is not None
    last = step(None, report, lambda _: 1).told[-1]
    return int(last.status), int(last.extended_status_code)


@pytest.mark.parametrize(("reason", "outgoing", "incoming"), ROWS)
async def test_each_reason_is_one_code_of_a_fax_that_failed(line, reason, outgoing, incoming) -> None:
    line.modems = {1: reason}
    assert code(await line.broken(incoming=False)) == (0x008, outgoing)
    assert line.asked == 1
    await line.until(Phase.FAILED)
    assert line.asked == 1
    line.clock.turn(60)
    assert code(await line.broken(incoming=True)) == (0x008, incoming)


async def test_a_modem_is_asked_neither_in_quiet_nor_while_a_fax_goes_well(line) -> None:
    line.modems = {1: 31}
    for _ in range(100):
        await line.observer.rest(await line.observer.poll())
    line.model.update(line.clock.seconds, [FaxCall(incoming=False, pages=2)])
    job = await line.until(Phase.DONE)
    assert (code(job), job.cause) == ((0x100, 18), None)
    for _ in range(100):
        await line.observer.rest(await line.observer.poll())
    assert line.asked == 0
    assert not any(name.startswith(REASONS) for names in line.link.asked for name in names)


async def test_without_the_table_nobody_knows_why(line) -> None:
    assert code(await line.broken(incoming=False)) == (0x008, 0)
    assert line.asked == 1


async def test_a_modem_that_does_not_answer_in_time_does_not_keep_the_end_back(line) -> None:
    line.link.slow = REASONS
    assert code(await line.broken(incoming=False)) == (0x008, 0)
    assert line.link.bounds == [(16, 2.0)]


async def test_of_two_faxes_that_end_at_once_none_is_given_the_reason(line) -> None:
    line.modems = {1: 40}
    line.all_are(5, 3, 4)
    await line.until(Phase.SCANNING)
    line.all_are(8, 3, 4)
    await line.until(Phase.FAILED)
    assert [(job.phase, job.cause) for job in (await line.observer.poll()).jobs] == [(Phase.FAILED, None)] * 2
    assert line.asked == 0


async def test_a_fax_that_is_canceled_on_the_line_has_the_modems_reason(line) -> None:
    line.modems = {1: 3}
    line.all_are(5, 3)
    await line.until(Phase.SCANNING)
    line.all_are(7, 3)
    assert code(await line.until(Phase.CANCELED)) == (0x200, 19)


async def test_a_fax_that_is_canceled_while_it_waits_made_no_call(line) -> None:
    line.modems = {1: 3}
    line.all_are(3, 3)
    await line.until(Phase.QUEUED)
    line.all_are(7, 3)
    assert code(await line.until(Phase.CANCELED)) == (0x200, 0)
    assert line.asked == 0


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ([], None),
        ([31], FailReason.LINE_BUSY),
        ([1, 31, 1], FailReason.LINE_BUSY),
        ([31, 31], FailReason.LINE_BUSY),
        ([31, 40], None),
        ([1, 1], None),
        ([b"31"], None),
        ([31, b"x"], None),
        (["1.3.6"], None),
        ([7], None),
        ([-1], None),
    ],
)
def test_modems_that_do_not_agree_tell_nothing(told: list[object], reason: FailReason | None) -> None:
    assert agreed(told) is reason


def test_who_is_called_meets_no_busy_line() -> None:
    assert cause(FailReason.LINE_BUSY, incoming=False) is Cause.BUSY
    assert cause(FailReason.LINE_BUSY, incoming=True) is None
