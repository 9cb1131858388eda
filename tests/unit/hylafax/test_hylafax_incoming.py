"""Receptions: from the call to the file."""

from datetime import UTC, datetime, timedelta

from drivers.contract.fax import Cause, FaxPhase, FaxReport, Operation
from drivers.hylafax.events import Heard
from drivers.hylafax.incoming import FAILED_KEPT, HISTORY, ROUTED_AFTER, Incoming
from drivers.hylafax.listings import ListedFile, ListedModem
from drivers.hylafax.words import Event
from drivers.hylafax.xferfaxlog import Record

NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
MODEMS = {"ttyS0": ListedModem("ttyS0", "Ours", attended=True, status="")}


def hear(incoming: Incoming, event: Event, pages: int | None = None, file: str = "", modem: str = "ttyS0") -> bool:
    return incoming.hear(Heard(event, NOW, modem=modem, pages=pages, sender="Acme", file=file, number="0301"))


def listed(name: str, pages: int = 2, *, receiving: bool = False) -> ListedFile:
    return ListedFile(name, receiving, pages, 4711, NOW, "Acme", "Jane", "0301")


def reports(incoming: Incoming) -> tuple[FaxReport, ...]:
    return incoming.reports(MODEMS)


def received(file: str = "fax1.tif") -> Incoming:
    incoming = Incoming()
    incoming.see((), NOW)
    for event, pages in ((Event.MODEM_CID, None), (Event.RECV_BEGIN, None), (Event.RECV_START, None)):
        hear(incoming, event, pages)
    for page in (1, 2):
        hear(incoming, Event.RECV_PAGE, page)
    hear(incoming, Event.RECV_DOC, 2, file)
    return incoming


def test_a_fax_is_received_routed_and_done_under_one_id():
    incoming = received()
    (before,) = reports(incoming)
    assert (before.phase, before.pages_done, before.line) == (FaxPhase.RECEIVING, 2, "ttyS0")
    assert (before.remote_id, before.local_id, before.caller_id, before.began) == ("Acme", "Ours", "0301", NOW)
    hear(incoming, Event.RECV_END)
    incoming.see((listed("fax1.tif"),), NOW)
    (routed,) = reports(incoming)
    assert (routed.native_id, routed.phase, routed.size, routed.ended) == (
        before.native_id,
        FaxPhase.ROUTING,
        4711,
        NOW,
    )
    assert hear(incoming, Event.MODEM_READY)
    (done,) = reports(incoming)
    assert (done.native_id, done.phase, done.can) == (before.native_id, FaxPhase.DONE, {Operation.VIEW})


def test_routing_ends_by_itself_when_the_modem_does_not_come_back():
    incoming = received()
    hear(incoming, Event.RECV_END)
    incoming.see((listed("fax1.tif"),), NOW + ROUTED_AFTER)
    assert reports(incoming)[0].phase is FaxPhase.ROUTING
    incoming.see((listed("fax1.tif"),), NOW + ROUTED_AFTER + timedelta(seconds=1))
    assert reports(incoming)[0].phase is FaxPhase.DONE


def test_a_call_that_brings_no_document_has_failed():
    incoming = Incoming()
    incoming.see((), NOW)
    hear(incoming, Event.RECV_BEGIN)
    hear(incoming, Event.RECV_END)
    incoming.see((), NOW)
    assert [each.phase for each in reports(incoming)] == [FaxPhase.FAILED]


def test_failed_calls_do_not_pile_up():
    incoming = Incoming()
    for _ in range(FAILED_KEPT + 5):
        hear(incoming, Event.RECV_BEGIN)
        hear(incoming, Event.RECV_END)
    incoming.see((), NOW)
    assert len(reports(incoming)) == FAILED_KEPT


def test_two_modems_receive_at_once():
    incoming = Incoming()
    for modem in ("ttyS0", "ttyS1"):
        hear(incoming, Event.RECV_BEGIN, modem=modem)
    hear(incoming, Event.RECV_PAGE, 1, modem="ttyS1")
    assert {each.line: each.pages_done for each in reports(incoming)} == {"ttyS0": 0, "ttyS1": 1}
    assert incoming.receiving == {"ttyS0", "ttyS1"}


def test_a_second_document_of_one_call_is_another_fax():
    incoming = received("fax1.tif")
    hear(incoming, Event.RECV_PAGE, 1)
    hear(incoming, Event.RECV_DOC, 1, "fax2.tif")
    hear(incoming, Event.RECV_END)
    assert [(each.phase, each.pages_done) for each in reports(incoming)] == [
        (FaxPhase.ROUTING, 2),
        (FaxPhase.ROUTING, 1),
    ]
    incoming.see((listed("fax1.tif"), listed("fax2.tif", 1)), NOW)
    assert len(reports(incoming)) == 2


def test_a_file_that_nobody_saw_coming_is_a_fax_of_its_own():
    incoming = Incoming()
    incoming.see((listed("fax9.tif"),), NOW)
    (only,) = reports(incoming)
    assert (only.native_id, only.phase, only.pages_done, only.caller_id) == ("fax9.tif", FaxPhase.DONE, 2, "0301")


def test_a_file_that_grows_without_events_is_received():
    incoming = Incoming()
    incoming.see((listed("fax9.tif", 1, receiving=True),), NOW)
    assert (reports(incoming)[0].phase, incoming.archived) == (FaxPhase.RECEIVING, frozenset())
    incoming.see((listed("fax9.tif", 2),), NOW)
    assert (reports(incoming)[0].phase, incoming.archived) == (FaxPhase.DONE, {"fax9.tif"})


def test_a_file_that_grows_is_not_a_second_fax():
    incoming = Incoming()
    incoming.see((listed("fax8.tif"),), NOW)
    hear(incoming, Event.RECV_BEGIN)
    hear(incoming, Event.RECV_PAGE, 1)
    incoming.see((listed("fax8.tif"), listed("fax9.tif", 1)), NOW)
    assert [each.phase for each in reports(incoming)] == [FaxPhase.DONE, FaxPhase.RECEIVING]
    assert incoming.archived == {"fax8.tif"}
    hear(incoming, Event.RECV_DOC, 1, "fax9.tif")
    hear(incoming, Event.RECV_END)
    incoming.see((listed("fax8.tif"), listed("fax9.tif", 1)), NOW)
    assert [each.phase for each in reports(incoming)] == [FaxPhase.DONE, FaxPhase.ROUTING]
    assert incoming.archived == {"fax8.tif", "fax9.tif"}


def test_a_file_that_is_taken_away_is_gone():
    incoming = Incoming()
    incoming.see((listed("fax9.tif"),), NOW)
    incoming.see((), NOW)
    assert reports(incoming) == ()


def test_when_events_were_lost_nothing_is_said_to_be_received():
    incoming = Incoming()
    hear(incoming, Event.RECV_BEGIN)
    incoming.deaf()
    assert reports(incoming) == ()
    incoming.see((listed("fax1.tif"),), NOW)
    assert [each.native_id for each in reports(incoming)] == ["fax1.tif"]


def test_pages_that_are_heard_after_a_loss_begin_a_fax():
    incoming = Incoming()
    assert hear(incoming, Event.RECV_PAGE, 2)
    assert [(each.phase, each.pages_done) for each in reports(incoming)] == [(FaxPhase.RECEIVING, 2)]


def test_the_log_tells_that_a_fax_is_not_whole():
    incoming = Incoming()
    incoming.see((listed("fax1.tif"), listed("fax2.tif")), NOW)
    incoming.explain([Record("RECV", "ttyS0", "", "fax2.tif", "Acme", 2, "COMREC received DCN (sender abort)")])
    first, second = reports(incoming)
    assert (first.cause, first.line) == (None, None)
    assert (second.cause, second.line) == (Cause.PARTIALLY_RECEIVED, "ttyS0")
    assert second.detail == "COMREC received DCN (sender abort)"


def test_the_history_at_the_start_is_bounded():
    incoming = Incoming()
    files = tuple(listed(f"fax{number:09}.tif") for number in range(HISTORY + 20))
    incoming.see(files, NOW)
    incoming.see(files, NOW)
    assert [each.native_id for each in reports(incoming)] == [each.name for each in files[20:]]
    assert len(incoming.archived) == HISTORY + 20


def test_what_is_not_about_receptions_changes_nothing():
    incoming = Incoming()
    assert not hear(incoming, Event.JOB_CREATE)
    assert not hear(incoming, Event.MODEM_CID)
    assert not hear(incoming, Event.MODEM_READY)
    assert reports(incoming) == ()
