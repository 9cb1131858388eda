"""Faxes of an MFP, from its job tables to a listener: the simulated MFP, the SNMP driver, the fax service.

The clock is turned by whoever sleeps. A call rings 4 s and a page takes 6 s; a row is gone 15 s after its job's end.
"""

from datetime import UTC, datetime, timedelta

from bridge.fax.faxcomex import AccessRights, JobExtendedStatus
from bridge.fax.job_status import FaxJobStatus, Property
from bridge.following import Overheard
from bridge.service.fax import FaxService
from drivers.contract.errors import DriverError
from drivers.snmp.device import open_on
from hil.devices.mfp.model import Mfp
from hil.devices.mfp.objects import mib
from hil.devices.stimuli import After, FaxCall, HangUp, Happening, Plug, Restart, Unplug
from hil.rig.snmp_link import AgentLink
from hil.script import read
from hil.snmp import agent

MFP = "mfp"
RINGS, SENDS = FaxCall(incoming=True, pages=2), FaxCall(incoming=False, pages=2)


class Clock:
    """Time that passes while somebody sleeps."""

    seconds = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def boottime(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Listener:
    """Writes down what it is told: `INPROGRESS receiving 1/1`."""

    def __init__(self) -> None:
        self.told: list[list[str]] = []  # by job, oldest first
        self._jobs: dict[str, list[str]] = {}

    def _tell(self, job_id: str, word: str) -> None:
        if word == "added":
            assert job_id.startswith(("mfp:incoming:", "mfp:outgoing:"))
            assert job_id not in self._jobs
            self._jobs[job_id] = []
            self.told.append(self._jobs[job_id])
        self._jobs[job_id].append(word)
        if word == "removed":
            del self._jobs[job_id]

    def _changed(self, job_id: str, status: FaxJobStatus) -> None:
        code = JobExtendedStatus(status.extended_status_code)
        pages = "/".join(
            str(getattr(status, name.field)) if name in status.known else "?"
            for name in (Property.CURRENT_PAGE, Property.PAGES)
        )
        self._tell(job_id, f"{status.status.name} {code.name} {pages}")

    def on_incoming_job_added(self, job_id: str) -> None:
        self._tell(job_id, "added")

    def on_incoming_job_removed(self, job_id: str) -> None:
        self._tell(job_id, "removed")

    def on_incoming_job_changed(self, job_id: str, job_status: FaxJobStatus) -> None:
        self._changed(job_id, job_status)

    on_outgoing_job_added = on_incoming_job_added
    on_outgoing_job_removed = on_incoming_job_removed
    on_outgoing_job_changed = on_incoming_job_changed


async def heard(seconds: float, *happenings: tuple[float, Happening]) -> tuple[Listener, FaxService]:
    """What a listener is told in so many seconds, while that happens then."""
    clock, listener = Clock(), Listener()
    model = Mfp(read(""), clock.monotonic())

    def answer(datagram: bytes) -> bytes | None:
        objects = mib(model, clock.monotonic())
        return None if objects is None else agent.answer(datagram, objects, b"public")

    service = FaxService(7, lambda source, line: 1)
    service.listen(listener, 3, AccessRights.QUERY_JOBS)  # type: ignore[arg-type]
    device = await open_on(AgentLink("snmp", answer, clock), MFP, clock)
    observer = Overheard(device.observers[0], MFP, service)
    begun = clock.seconds
    model.update(begun, [After(when, what) for when, what in happenings])
    while clock.seconds < begun + seconds:
        try:
            seen = await observer.poll()
        except DriverError:
            await clock.sleep(1)
        else:
            await observer.rest(seen)
    return listener, service


async def test_an_incoming_fax_is_told_from_the_ring_until_its_row_is_gone() -> None:
    listener, service = await heard(60, (1, RINGS))
    (told,) = listener.told
    assert told == [
        "added",
        "PENDING NONE 0/0",
        "INPROGRESS RECEIVING 0/0",
        "INPROGRESS RECEIVING 1/1",
        "COMPLETED CALL_COMPLETED 2/2",
        "removed",
    ]
    assert service.jobs() == []


async def test_an_outgoing_fax_waits_for_the_line_and_tells_the_page_that_is_on_it() -> None:
    listener, _ = await heard(90, (1, SENDS), (2, FaxCall(incoming=False, pages=1)))
    first, second = listener.told
    assert first == [
        "added",
        "PENDING NONE 0/2",
        "INPROGRESS TRANSMITTING 1/2",
        "INPROGRESS TRANSMITTING 2/2",
        "COMPLETED CALL_COMPLETED 2/2",
        "removed",
    ]
    assert second == [
        "added",
        "PENDING NONE 0/1",
        "INPROGRESS TRANSMITTING 1/1",
        "COMPLETED CALL_COMPLETED 1/1",
        "removed",
    ]


async def test_a_call_that_breaks_off_is_a_fax_that_failed() -> None:
    listener, _ = await heard(40, (1, RINGS), (13, HangUp()))
    (told,) = listener.told
    assert told[-3:] == ["INPROGRESS RECEIVING 1/1", "FAILED NONE 1/2", "removed"]


async def test_a_restart_of_the_agent_fails_what_was_on_the_line_and_its_number_is_another_fax() -> None:
    listener, service = await heard(60, (1, RINGS), (7, Restart()), (12, RINGS))
    lost, second = listener.told
    assert [word.split()[0] for word in lost] == ["added", "PENDING", "INPROGRESS", "FAILED", "removed"]
    assert [word.split()[0] for word in second[:3]] == ["added", "PENDING", "INPROGRESS"]
    assert second[-2:] == ["COMPLETED CALL_COMPLETED 2/2", "removed"]
    assert service.jobs() == []


async def test_a_number_that_is_used_again_is_another_fax() -> None:
    calls = [(1 + 20.0 * number, FaxCall(incoming=True, pages=1)) for number in range(22)]
    listener, service = await heard(460, *calls)
    assert len(listener.told) == 22
    for told in listener.told:
        assert (told[0], told[-2:]) == ("added", ["COMPLETED CALL_COMPLETED 1/1", "removed"])
    assert service.jobs() == []


async def test_a_fax_that_ended_while_nobody_saw_it_is_gone_without_a_word_of_how() -> None:
    listener, service = await heard(90, (1, RINGS), (13, Unplug()), (60, Plug()))
    (told,) = listener.told
    assert told[-2:] == ["INPROGRESS RECEIVING 1/1", "removed"]
    assert service.jobs() == []


async def test_while_the_cable_is_out_its_fax_stands_there_and_is_called_stale() -> None:
    _, service = await heard(40, (1, FaxCall(incoming=True, pages=20)), (20, Unplug()))
    (job,) = service.jobs()
    assert (job["stale"], job["job_status"]["Status"]) == (True, 2)
