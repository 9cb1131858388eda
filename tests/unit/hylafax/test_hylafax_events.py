"""Lines as HylaFAX 6.0.7 wrote them, and damaged ones."""

from datetime import UTC, datetime

import pytest

from drivers.hylafax.events import heard
from drivers.hylafax.words import Event

NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
PARAMS = "<INF, 3.85 line/mm, 2-D MMR, 14400 bit/s, 0 ms/scanline>"


def test_a_page_that_was_sent_has_its_number():
    event = heard(
        f"132736 119 JOB 12 (dest +49302 pri 127 com ): SEND FAX: Page 2 sent in 0:00:00 (file d) {PARAMS}", NOW
    )
    assert event is not None
    assert (event.event, event.job, event.pages, event.at) == (Event.SEND_PAGE, "12", 2, NOW)


def test_a_destination_cannot_pass_for_a_page():
    event = heard("132736 117 JOB 1 (dest SEND FAX: Page 9 sent in pri 1 com ): SEND FAX: Call placed (off-hook)", NOW)
    assert event is not None
    assert (event.event, event.job, event.pages) == (Event.SEND_CALL, "1", None)


def test_a_reception_belongs_to_the_modem_whose_trigger_told_it():
    event = heard(f"132735 134 RECV FAX: From Acme (com ), page 3 in 0:00:11 {PARAMS}", NOW, "ttyS1")
    assert event is not None
    assert (event.event, event.modem, event.pages, event.sender) == (Event.RECV_PAGE, "ttyS1", 3, "Acme")


def test_a_document_has_its_file():
    line = "132744 135 RECV FAX: From  (com 000000007), 3 pages in 0:00:20, file recvq/fax000000001.tif"
    event = heard(line, NOW, "ttyS1")
    assert event is not None
    assert (event.pages, event.file, event.sender) == (3, "fax000000001.tif", "")


def test_a_session_names_its_sender():
    event = heard('132732 133 RECV FAX: Session started (com ), TSI "Acme Inc" <A4, , 2-D MMR, 0 bit/s>', NOW, "m")
    assert event is not None
    assert event.sender == "Acme Inc"


@pytest.mark.parametrize(
    ("said", "number"),
    [('"0301234","Jane Doe"', "0301234"), ("0301234", "0301234"), ('"",""', ""), ("", ""), ('"+49 30 1"', "+49 30 1")],
)
def test_the_caller_is_the_first_field(said: str, number: str):
    event = heard(f"132721 159 MODEM ttyF2: Caller-id information: {said}", NOW)
    assert event is not None
    assert (event.event, event.modem, event.number) == (Event.MODEM_CID, "ttyF2", number)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "garbage",
        "132721 999 MODEM ttyF2: Something",
        "132721 130 JOB 1 (dest 2 pri 1 com ): SEND FAX: Not yet invented",
        "132721 99 JOB 1 (dest 2)",
        "132721 100 JOB",
        "132721 151 MODEM",
        "132721 119 MODEM ttyF2: Page 3 sent in 0:05",
    ],
)
def test_what_is_no_event_is_none(line: str):
    assert heard(line, NOW) is None


def test_a_page_without_a_number_is_still_an_event():
    event = heard("132736 119 JOB 1 (dest 2 pri 1 com ): SEND FAX: Page 99999999 sent in 0:00", NOW)
    assert event is not None
    assert event.pages is None
