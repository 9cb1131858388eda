"""What a fax line shows, in the words and numbers of IFaxJobStatus. Expected numbers by hand from the fax dossier."""

from datetime import UTC, datetime

import pytest

from bridge.fax.faxcomex import JobType
from bridge.fax.job_status import FaxJobStatus, Property
from bridge.translate.fax import step
from bridge.translate.fax_queue import FaxQueue, look
from drivers.contract.fax import (
    Cause,
    Direction,
    FaxArchived,
    FaxCall,
    FaxLine,
    FaxPhase,
    FaxReport,
    FaxSnapshot,
    Operation,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
# Status, and ExtendedStatusCode without any cause; None: not known.
PHASES = {
    FaxPhase.QUEUED: (0x001, 0),
    FaxPhase.HELD: (0x011, 0),
    FaxPhase.NO_LINE: (0x021, 7),
    FaxPhase.WAITING: (0x040, None),
    FaxPhase.WAITING_HELD: (0x050, None),
    FaxPhase.INITIALIZING: (0x002, 2),
    FaxPhase.DIALING: (0x002, 3),
    FaxPhase.ANSWERED: (0x002, 5),
    FaxPhase.TRANSMITTING: (0x002, 4),
    FaxPhase.RECEIVING: (0x002, 6),
    FaxPhase.STOPPED: (0x002, None),
    FaxPhase.CANCELLING: (0x400, None),
    FaxPhase.ROUTING: (0x800, None),
    FaxPhase.DONE: (0x100, 18),
    FaxPhase.CANCELED: (0x200, None),
    FaxPhase.FAILED: (0x008, None),
    FaxPhase.GIVEN_UP: (0x080, None),
}
CAUSES = {
    Cause.COMPLETED: 18,
    Cause.BUSY: 8,
    Cause.NO_ANSWER: 9,
    Cause.BAD_ADDRESS: 10,
    Cause.NO_DIAL_TONE: 11,
    Cause.DISCONNECTED: 1,
    Cause.FATAL_ERROR: 12,
    Cause.CALL_DELAYED: 13,
    Cause.CALL_BLACKLISTED: 14,
    Cause.NOT_FAX_CALL: 15,
    Cause.LINE_UNAVAILABLE: 7,
    Cause.CALL_ABORTED: 19,
    Cause.PARTIALLY_RECEIVED: 16,
}


def number(line: str) -> int:
    return {"ttyS0": 1, "ttyS1": 2}[line]


def sent(phase: FaxPhase, **facts: object) -> FaxReport:
    return FaxReport("7", Direction.OUTGOING, phase, **facts)  # type: ignore[arg-type]


def followed(*seens: FaxReport) -> list[FaxJobStatus]:
    status, told = None, []
    for seen in seens:
        transition = step(status, seen, number)
        status = transition.status
        told += transition.told
    return told


@pytest.mark.parametrize("phase", FaxPhase)
def test_every_phase_is_a_status_and_what_it_says_of_the_call(phase: FaxPhase) -> None:
    (told,) = followed(sent(phase))
    status, code = PHASES[phase]
    assert int(told.status) == status
    assert (Property.EXTENDED_STATUS_CODE in told.known) is (code is not None)
    assert int(told.extended_status_code) == (code or 0)


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_of_a_failed_call_has_its_code(cause: Cause) -> None:
    (told,) = followed(sent(FaxPhase.FAILED, cause=cause, detail="words for it"))
    assert int(told.extended_status_code) == CAUSES[cause]
    assert told.extended_status == ""  # text goes with a provider's own code alone


def test_a_cause_nobody_has_a_code_for_is_told_in_the_providers_words() -> None:
    (told,) = followed(sent(FaxPhase.WAITING, detail="Carrier lost in the rain"))
    assert int(told.extended_status_code) == 0x01000000
    assert told.extended_status == "Carrier lost in the rain"


def test_a_fax_of_three_pages_is_followed_page_by_page() -> None:
    told = followed(
        sent(FaxPhase.QUEUED, pages=3),
        sent(FaxPhase.DIALING, pages=3, pages_done=0, line="ttyS0"),
        sent(FaxPhase.TRANSMITTING, pages=3, pages_done=0, remote_id="+49 30 1", began=NOON),
        sent(FaxPhase.TRANSMITTING, pages=3, pages_done=1),
        sent(FaxPhase.TRANSMITTING, pages=3, pages_done=1),  # the second was asked for again
        sent(FaxPhase.TRANSMITTING, pages=3, pages_done=2),
        sent(FaxPhase.TRANSMITTING, pages=3, pages_done=3),
        sent(FaxPhase.DONE, pages=3, pages_done=3, ended=NOON),
    )
    assert [(int(each.status), each.current_page, each.pages) for each in told] == [
        (1, 0, 3),
        (2, 0, 3),
        (2, 1, 3),
        (2, 2, 3),
        (2, 3, 3),
        (256, 3, 3),
    ]
    last = told[-1]
    assert (last.csid, last.device_id, last.transmission_start, last.transmission_end) == ("+49 30 1", 1, NOON, NOON)
    assert last.job_type is JobType.SEND
    assert int(last.extended_status_code) == 18


def test_a_received_fax_counts_what_has_come_and_is_then_routed() -> None:
    def come(phase: FaxPhase, **facts: object) -> FaxReport:
        return FaxReport("fax7", Direction.INCOMING, phase, **facts)  # type: ignore[arg-type]

    told = followed(
        come(FaxPhase.RECEIVING, line="ttyS1", remote_id="+1 555", local_id="+49 30 1", caller_id="15550"),
        come(FaxPhase.RECEIVING, pages_done=1),
        come(FaxPhase.RECEIVING, pages_done=2),
        come(FaxPhase.ROUTING, pages=2, routing="office"),
        come(FaxPhase.DONE, pages=2),
    )
    assert [(int(each.status), int(each.job_type), each.pages, each.current_page) for each in told] == [
        (2, 1, 0, 0),
        (2, 1, 1, 1),
        (2, 1, 2, 2),
        (2048, 2, 2, 2),
        (256, 1, 2, 2),
    ]
    assert (told[0].tsid, told[0].csid, told[0].caller_id) == ("+1 555", "+49 30 1", "15550")
    assert told[-1].routing_information == "office"


def test_a_fax_that_broke_off_after_a_page_is_partially_received() -> None:
    seen = FaxReport("9", Direction.INCOMING, FaxPhase.DONE, cause=Cause.PARTIALLY_RECEIVED, pages=1)
    assert [int(each.extended_status_code) for each in followed(seen)] == [16]


def test_a_look_that_slept_through_the_sending_still_tells_it() -> None:
    told = followed(sent(FaxPhase.QUEUED), sent(FaxPhase.DONE, ended=NOON))
    assert [int(each.status) for each in told] == [1, 2, 256]
    assert told[1].transmission_end is None


def test_what_may_be_done_is_said_only_where_it_is_known() -> None:
    (unknown,) = followed(sent(FaxPhase.QUEUED))
    (known,) = followed(sent(FaxPhase.QUEUED, can=frozenset({Operation.PAUSE, Operation.DELETE, Operation.VIEW})))
    assert Property.AVAILABLE_OPERATIONS not in unknown.known
    assert int(known.available_operations) == 0x13


def test_a_paused_fax_goes_on_as_what_it_was() -> None:
    told = followed(
        sent(FaxPhase.WAITING, retries=1), sent(FaxPhase.WAITING_HELD), sent(FaxPhase.WAITING), sent(FaxPhase.DIALING)
    )
    assert [int(each.status) for each in told] == [0x40, 0x50, 0x40, 2]
    assert {each.retries for each in told} == {1}


def names(queue: FaxQueue, seen: FaxSnapshot) -> tuple[FaxQueue, list[str]]:
    looked = look(queue, seen, number)
    return looked.queue, [str(each.callback) for each in looked.told]


def test_a_job_is_added_changed_and_removed() -> None:
    queue, first = names(FaxQueue(), FaxSnapshot("test", (sent(FaxPhase.QUEUED),)))
    queue, second = names(queue, FaxSnapshot("test", (sent(FaxPhase.DIALING),)))
    queue, third = names(queue, FaxSnapshot("test", (sent(FaxPhase.DONE),)))
    queue, fourth = names(queue, FaxSnapshot("test"))
    assert first == ["OnOutgoingJobAdded", "OnOutgoingJobChanged", "OnServerActivityChange"]
    assert second == ["OnOutgoingJobChanged", "OnServerActivityChange"]
    assert third == ["OnOutgoingJobChanged", "OnServerActivityChange"]
    assert fourth == ["OnOutgoingJobRemoved"]
    assert queue.jobs == {}


def test_a_number_that_is_used_again_is_another_job() -> None:
    queue, _ = names(FaxQueue(), FaxSnapshot("test", (sent(FaxPhase.DONE),)))
    _, told = names(queue, FaxSnapshot("test", (sent(FaxPhase.QUEUED),)))
    assert told[:3] == ["OnOutgoingJobRemoved", "OnOutgoingJobAdded", "OnOutgoingJobChanged"]


def test_lines_calls_archive_and_queues_are_told_when_they_change() -> None:
    seen = FaxSnapshot(
        "test",
        lines=(FaxLine("ttyS0", ringing=True), FaxLine("ttyS1")),
        calls=(FaxCall("ttyS0", "+1 555", 1),),
        archived=(FaxArchived("doc9", Direction.INCOMING),),
        outgoing_paused=True,
    )
    looked = look(FaxQueue(), seen, number)
    assert [each.to_json() for each in looked.told] == [
        {
            "event": "OnDeviceStatusChange",
            "device_id": 1,
            "powered_off": False,
            "sending": False,
            "receiving": False,
            "ringing": True,
        },
        {
            "event": "OnDeviceStatusChange",
            "device_id": 2,
            "powered_off": False,
            "sending": False,
            "receiving": False,
            "ringing": False,
        },
        {"event": "OnNewCall", "call_id": 1, "device_id": 1, "caller_id": "+1 555"},
        {"event": "OnIncomingMessageAdded", "message_id": "doc9"},
        {
            "event": "OnQueuesStatusChange",
            "outgoing_queue_blocked": False,
            "outgoing_queue_paused": True,
            "incoming_queue_blocked": False,
        },
    ]
    again = look(looked.queue, FaxSnapshot("test", lines=seen.lines, outgoing_paused=True), number)
    assert again.told == ()


def test_the_counts_are_of_what_moves() -> None:
    seen = FaxSnapshot(
        "test",
        (
            FaxReport("1", Direction.OUTGOING, FaxPhase.QUEUED),
            FaxReport("2", Direction.OUTGOING, FaxPhase.WAITING),
            FaxReport("3", Direction.OUTGOING, FaxPhase.TRANSMITTING),
            FaxReport("4", Direction.OUTGOING, FaxPhase.DONE),
            FaxReport("1", Direction.INCOMING, FaxPhase.RECEIVING),
            FaxReport("2", Direction.INCOMING, FaxPhase.ROUTING),
        ),
    )
    counted = look(FaxQueue(), seen, number).told[-1]
    assert dict(counted.arguments) == {
        "incoming_messages": 1,
        "routing_messages": 1,
        "outgoing_messages": 1,
        "queued_messages": 2,
    }
