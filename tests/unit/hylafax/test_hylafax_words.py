"""HylaFAX's numbers, one by one as its pages and the fax dossier's section 4.4 have them."""

from drivers.contract.fax import Cause, FaxPhase
from drivers.hylafax import words
from drivers.hylafax.words import Event, JobState

EVENTS = {
    "JOB": (
        """CREATE SUSPEND READY SLEEP DEAD PROCESS REAP ACTIVE REJECT KILL BLOCKED DELAYED ALTERED TIMEDOUT
        PREP_BEGIN PREP_END""",
        0,
    ),
    "SEND": ("BEGIN CALL CONNECTED PAGE DOC POLLRCVD POLLDONE END REFORMAT REQUEUE DONE", 16),
    "RECV": ("BEGIN START PAGE DOC END", 32),
    "MODEM": (
        "ASSIGN RELEASE DOWN READY BUSY WEDGED INUSE DATA_BEGIN DATA_END VOICE_BEGIN VOICE_END CID",
        48,
    ),
}


def test_every_event_has_its_number():
    expected = {
        f"{kind}_{name}": number
        for kind, (names, first) in EVENTS.items()
        for number, name in enumerate(names.split(), first)
    }
    assert {event.name: event.value for event in Event} == expected


def test_the_state_letters_are_in_their_order():
    assert "".join(JobState) == "?TPSBWRDF"


def test_every_state_but_the_undefined_is_a_phase():
    assert dict(words.PHASES) == {
        JobState.SUSPENDED: FaxPhase.HELD,
        JobState.PENDING: FaxPhase.QUEUED,
        JobState.SLEEPING: FaxPhase.QUEUED,
        JobState.BLOCKED: FaxPhase.NO_LINE,
        JobState.READY: FaxPhase.NO_LINE,
        JobState.ACTIVE: FaxPhase.INITIALIZING,
        JobState.DONE: FaxPhase.DONE,
        JobState.FAILED: FaxPhase.FAILED,
    }
    assert dict(words.TRIED) == {JobState.SLEEPING: FaxPhase.WAITING, JobState.SUSPENDED: FaxPhase.WAITING_HELD}
    assert words.OPERATIONS.keys() == words.PHASES.keys()


def test_every_code_of_the_table_has_its_cause():
    expected = {
        0: Cause.COMPLETED,
        1: Cause.BUSY,
        2: Cause.NO_ANSWER,
        3: Cause.NO_ANSWER,
        4: Cause.NO_DIAL_TONE,
        5: Cause.BAD_ADDRESS,
        7: Cause.FATAL_ERROR,
        8: Cause.NOT_FAX_CALL,
        9: Cause.LINE_UNAVAILABLE,
        10: Cause.CALL_BLACKLISTED,
        11: Cause.NO_ANSWER,
        12: Cause.LINE_UNAVAILABLE,
        51: Cause.CALL_ABORTED,
        103: Cause.DISCONNECTED,
        128: Cause.DISCONNECTED,
        129: Cause.CALL_ABORTED,
        213: Cause.CALL_ABORTED,
        344: Cause.CALL_ABORTED,
        345: Cause.CALL_ABORTED,
    }
    found = {code: cause for code in range(1000) if (cause := words.cause(code, "")) is not None}
    assert {code: cause for code, cause in found.items() if code in expected} == expected
    assert {found[code] for code in found.keys() - expected.keys()} == {Cause.FATAL_ERROR}
    assert found.keys() - expected.keys() == set(range(100, 300)) - expected.keys()


def test_a_call_shows_how_far_it_is():
    assert dict(words.CALLING) == {
        Event(16): FaxPhase.INITIALIZING,
        Event(17): FaxPhase.DIALING,
        Event(18): FaxPhase.ANSWERED,
        Event(19): FaxPhase.TRANSMITTING,
        Event(20): FaxPhase.TRANSMITTING,
    }


def test_when_the_tries_are_spent_the_last_call_is_still_the_cause():
    assert words.cause(333, "Busy signal detected; too many attempts to dial") is Cause.BUSY
    assert words.cause(334, "No local dialtone; too many attempts to transmit") is Cause.NO_DIAL_TONE
    assert words.cause(333, "Something new; too many attempts to dial") is None
    assert words.cause(1, "") is Cause.BUSY
    assert words.cause(None, "Busy signal detected") is None


def test_the_texts_of_call_failures_have_their_numbers():
    assert sorted(words.CALL_FAILURES.values()) == [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12]
