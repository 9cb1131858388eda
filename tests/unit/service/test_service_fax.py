"""Who listens to fax events is told everything once and in order, a snapshot first; nobody harms another."""

import pytest

from bridge.fax.faxcomex import AccessRights, ServerEvents
from bridge.fax.job_status import FaxJobStatus
from bridge.service import fax
from bridge.service.fax import FaxFull, FaxRefused, FaxService, Stream, Told
from drivers.contract.fax import Direction, FaxPhase, FaxReport, FaxSnapshot
from drivers.contract.observation import JobKind, JobReport, Phase, Readiness, Snapshot

ALL = AccessRights(0x7FF)
QUEUES = ServerEvents.IN_QUEUE | ServerEvents.OUT_QUEUE


@pytest.fixture
def service() -> FaxService:
    return FaxService(7, lambda source, line: 1)


def sent(number: int, phase: FaxPhase = FaxPhase.QUEUED, **facts: object) -> FaxReport:
    return FaxReport(str(number), Direction.OUTGOING, phase, **facts)  # type: ignore[arg-type]


def seen(*jobs: FaxReport) -> FaxSnapshot:
    return FaxSnapshot("hylafax", jobs)


def drained(stream: Stream) -> list[Told]:
    found: list[Told] = []
    while stream.news.is_set():
        found += stream.take()
    return found


class Notes:
    """A listener that writes down what it is told."""

    def __init__(self, *, fails: bool = False) -> None:
        self.told: list[tuple[str, str]] = []
        self._fails = fails

    def on_outgoing_job_added(self, job_id: str) -> None:
        self.told.append(("added", job_id))
        if self._fails:
            raise RuntimeError("a bug of the listener's")

    def on_outgoing_job_changed(self, job_id: str, job_status: FaxJobStatus) -> None:
        self.told.append((str(job_status.status.name), job_id))

    def on_outgoing_job_removed(self, job_id: str) -> None:
        self.told.append(("removed", job_id))


def test_a_listener_in_the_process_is_called_in_order(service: FaxService) -> None:
    notes = Notes()
    service.listen(notes, ServerEvents.OUT_QUEUE, ALL)  # type: ignore[arg-type]
    service.see(seen(sent(1)))
    service.see(seen(sent(1, FaxPhase.DONE)))
    service.see(seen())
    name = "hylafax:outgoing:1"
    assert notes.told == [
        ("added", name),
        ("PENDING", name),
        ("INPROGRESS", name),
        ("COMPLETED", name),
        ("removed", name),
    ]


def test_a_listener_that_fails_is_told_nothing_more_and_others_everything(service: FaxService) -> None:
    bad, good = Notes(fails=True), Notes()
    for each in (bad, good):
        service.listen(each, ServerEvents.OUT_QUEUE, ALL)  # type: ignore[arg-type]
    service.see(seen(sent(1), sent(2)))
    assert len(bad.told) == 1
    assert len(good.told) == 4


def test_listening_ends_when_it_is_ended_and_never_begins_with_a_mask_of_nothing(service: FaxService) -> None:
    notes, never = Notes(), Notes()
    end = service.listen(notes, ServerEvents.OUT_QUEUE, ALL)  # type: ignore[arg-type]
    service.listen(never, 0, AccessRights(0))  # type: ignore[arg-type]
    end()
    service.see(seen(sent(1)))
    assert notes.told == never.told == []


@pytest.mark.parametrize(
    ("wanted", "rights", "why"),
    [
        (0x400, ALL, "bits that no event"),
        (-1, ALL, "bits that no event"),
        (ServerEvents.CONFIG, AccessRights.QUERY_JOBS, "listen to CONFIG"),
        (0x3FF, AccessRights.QUERY_JOBS, "CONFIG, ACTIVITY, IN_ARCHIVE, OUT_ARCHIVE, DEVICE_STATUS, INCOMING_CALL"),
    ],
)
def test_a_mask_that_is_wrong_or_too_much_is_refused(
    service: FaxService, wanted: int, rights: AccessRights, why: str
) -> None:
    with pytest.raises(FaxRefused, match=why):
        service.stream(wanted, rights)


def test_a_stream_begins_with_how_things_stand(service: FaxService) -> None:
    service.see(seen(sent(1)))
    (first,) = drained(service.stream(QUEUES, ALL))
    assert first.name == "Snapshot"
    assert first.data["complete"] is True
    assert [(job["job_id"], job["job_status"]["Status"]) for job in first.data["jobs"]] == [("hylafax:outgoing:1", 1)]


def test_a_snapshot_shows_only_the_queues_that_were_asked_for(service: FaxService) -> None:
    service.see(seen(sent(1), FaxReport("2", Direction.INCOMING, FaxPhase.RECEIVING)))
    (first,) = drained(service.stream(ServerEvents.IN_QUEUE, ALL))
    assert [job["job_id"] for job in first.data["jobs"]] == ["hylafax:incoming:2"]


def test_who_comes_back_gets_what_he_missed_once_and_in_order(service: FaxService) -> None:
    stream = service.stream(ServerEvents.OUT_QUEUE, ALL)
    service.see(seen(sent(1)))
    before = drained(stream)
    stream.close()
    service.see(seen(sent(1, FaxPhase.DIALING)))
    service.see(seen(sent(1, FaxPhase.TRANSMITTING, pages=2, pages_done=0)))
    after = drained(service.stream(ServerEvents.OUT_QUEUE, ALL, before[-1].id))
    assert [each.name for each in after] == ["OnOutgoingJobChanged"] * 2
    assert [each.data["job_status"]["ExtendedStatusCode"] for each in after] == [3, 4]
    assert drained(service.stream(ServerEvents.OUT_QUEUE, ALL, after[-1].id)) == []


@pytest.mark.parametrize("after", ["", "6-1", "7-99", "7-", "7-x", "nonsense", "7-" + "9" * 30, "-1"])
def test_an_id_that_nobody_knows_gets_a_snapshot_that_says_so(service: FaxService, after: str) -> None:
    service.see(seen(sent(1)))
    (first,) = drained(service.stream(QUEUES, ALL, after))
    assert (first.name, first.data["complete"]) == ("Snapshot", False)


def test_who_is_too_slow_for_the_memory_gets_a_snapshot_and_then_goes_on() -> None:
    service = FaxService(7, lambda source, line: 1, remembered=8)
    stream = service.stream(ServerEvents.OUT_QUEUE, ALL)
    drained(stream)
    for number in range(20):
        service.see(seen(*(sent(each) for each in range(number + 1))))
    told = drained(stream)
    assert (told[0].name, told[0].data["complete"], len(told[0].data["jobs"])) == ("Snapshot", False, 20)
    service.see(seen(*(sent(each) for each in range(21))))
    assert [each.name for each in drained(stream)] == ["OnOutgoingJobAdded", "OnOutgoingJobChanged"]


def test_twenty_listeners_lose_none_of_two_thousand_changes(service: FaxService) -> None:
    streams = [service.stream(ServerEvents.OUT_QUEUE, ALL) for _ in range(20)]
    heard: list[list[Told]] = [[] for _ in streams]
    for page in range(2000):
        service.see(seen(sent(1, FaxPhase.TRANSMITTING, pages=3000, pages_done=page)))
        stream = page % len(streams)  # each comes when it likes
        heard[stream] += drained(streams[stream])
    for told, stream in zip(heard, streams, strict=True):
        everything = told + drained(stream)
        changes = [each.data["job_status"]["CurrentPage"] for each in everything if each.name == "OnOutgoingJobChanged"]
        first = everything[0].data["jobs"]
        begun = first[0]["job_status"]["CurrentPage"] if first else 0
        assert changes == list(range(begun + 1, 2001))


def test_there_are_only_so_many_streams(service: FaxService) -> None:
    streams = [service.stream(QUEUES, ALL) for _ in range(fax.MAX_STREAMS)]
    with pytest.raises(FaxFull):
        service.stream(QUEUES, ALL)
    streams[0].close()
    service.stream(QUEUES, ALL).close()


def test_the_last_word_is_that_the_server_shuts_down(service: FaxService) -> None:
    stream = service.stream(ServerEvents.FXSSVC_ENDED, AccessRights(0))
    drained(stream)
    assert not stream.ended
    service.close()
    service.close()
    assert [each.name for each in drained(stream)] == ["OnServerShutDown"]
    assert stream.ended


def test_the_fax_jobs_of_an_mfp_are_followed_and_its_scans_are_not(service: FaxService) -> None:
    def mfp(*jobs: JobReport) -> Snapshot:
        return Snapshot("snmp", Readiness.IDLE, jobs=jobs)

    service.see_mfp("office", mfp(JobReport("1", Phase.SCANNING)))
    assert service.jobs() == []
    service.see_mfp("office", mfp(JobReport("2", Phase.SCANNING, pages=1, kind=JobKind.FAX_IN)))
    assert [(job["job_id"], job["job_status"]["ExtendedStatusCode"]) for job in service.jobs()] == [
        ("office:incoming:2", 6)
    ]
    service.see_mfp("office", mfp())
    assert service.jobs() == []
