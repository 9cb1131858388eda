from datetime import UTC, datetime

from drivers.contract.observation import ButtonPress, Feeder, Phase, Readiness, Trouble, TroubleKind, Unit
from drivers.snmp.reading import Value
from drivers.snmp.seen import Seen
from drivers.snmp.vendors.hp import HpSense, feeder, pml_text

STATE = "1.3.6.1.4.1.11.2.3.9.4.2.1.2.2.1.12.0"
ERROR = "1.3.6.1.4.1.11.2.3.9.4.2.1.2.2.1.6.0"
NOT_READY = "1.3.6.1.4.1.11.2.3.9.4.2.1.2.2.2.1.0"
BUTTON = "1.3.6.1.4.1.11.2.3.9.4.2.1.2.2.2.7.0"
HARDWARE = "1.3.6.1.4.1.11.2.3.9.4.2.1.2.2.1.75.0"
UPTIME = "1.3.6.1.2.1.1.3.0"

JAM = Trouble(TroubleKind.JAM, Unit.FEEDER)
OPEN = Trouble(TroubleKind.COVER_OPEN, Unit.FEEDER)


def sense() -> HpSense:
    return HpSense(datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC))


def see(*readings: dict[str, Value | None]) -> Seen:
    one = sense()
    return [one.see(reading) for reading in readings][-1]


def test_bit_10_is_an_empty_feeder_and_no_trouble() -> None:
    seen = see({NOT_READY: bytes.fromhex("00000010"), HARDWARE: bytes.fromhex("00000001")})
    assert (seen.feeder, seen.troubles, seen.readiness) == (Feeder.EMPTY, frozenset(), Readiness.IDLE)


def test_a_device_that_says_it_has_no_feeder_has_none_that_is_empty() -> None:
    # As the recorded M130nw does: a flatbed model, modular hardware 00000002, and the empty bit set.
    seen = see({NOT_READY: bytes.fromhex("00000010"), HARDWARE: bytes.fromhex("00000002")})
    assert seen.feeder is Feeder.UNKNOWN
    assert feeder(0x10, None) is Feeder.EMPTY
    assert feeder(0, 1) is Feeder.LOADED
    assert feeder(None, 1) is Feeder.UNKNOWN


def test_jam_and_open_feeder_stop_the_scanner() -> None:
    seen = see({NOT_READY: bytes.fromhex("0000000c")})
    assert seen.troubles == {JAM, OPEN}
    assert seen.readiness is Readiness.STOPPED
    assert seen.explanation == "the document feeder is open; paper jam in the document feeder"


def test_other_bits_ask_for_attention() -> None:
    assert see({NOT_READY: 3}).troubles == {
        Trouble(TroubleKind.ATTENTION, Unit.MEDIA_PATH),
        Trouble(TroubleKind.ATTENTION, Unit.FEEDER),
    }


def test_error_207_is_a_jam_even_where_the_bit_is_missing_while_the_job_is_reported() -> None:
    one = sense()
    for state, error in ((1, 0), (3, 0), (4, 207)):
        seen = one.see({STATE: state, ERROR: error})
    assert seen.troubles == {JAM}
    assert seen.readiness is Readiness.STOPPED
    assert [job.phase for job in seen.jobs] == [Phase.FAILED]
    for _ in range(3):
        seen = one.see({STATE: 1, ERROR: 207})
    assert seen == Seen("HP scan objects", Readiness.IDLE, facts=(("scan-upload", "idle"),))


def test_error_211_is_an_empty_feeder_that_does_not_stop_the_scanner() -> None:
    seen = see({STATE: 1}, {STATE: 2}, {STATE: 4, ERROR: 211})
    assert seen.troubles == {Trouble(TroubleKind.FEEDER_EMPTY, Unit.FEEDER)}
    assert seen.readiness is Readiness.IDLE
    assert seen.explanation == "no document in the feeder"


def test_native_ids_carry_the_time_of_opening() -> None:
    assert [job.native_id for job in see({STATE: 1}, {STATE: 3}).jobs] == ["20240506T070809-1"]


def test_a_press_is_told_once_and_counted() -> None:
    one = sense()
    presses = [one.see({BUTTON: value}).presses for value in (1, 2, 2, 1, 2)]
    assert presses == [(), (ButtonPress("scan", 1),), (), (), (ButtonPress("scan", 2),)]
    assert one.buttons == ("scan",)


def test_a_button_that_was_lit_before_we_looked_is_no_press() -> None:
    assert see({BUTTON: 2}).presses == ()


def test_an_uptime_that_falls_is_a_restart_and_one_that_wraps_is_not() -> None:
    running: dict[str, Value | None] = {STATE: 3, UPTIME: 90_000}
    assert [job.phase for job in see({STATE: 1, UPTIME: 80_000}, running, {STATE: 1, UPTIME: 100}).jobs] == [
        Phase.FAILED
    ]
    wrapped = see({STATE: 1, UPTIME: 2**32 - 500}, {STATE: 3, UPTIME: 2**32 - 100}, {STATE: 3, UPTIME: 100})
    assert [job.phase for job in wrapped.jobs] == [Phase.SCANNING]


def test_a_pml_string_loses_its_symbol_set() -> None:
    assert pml_text(bytes.fromhex("0115564e4352433438313938")) == "VNCRC48198"
    assert pml_text(b"plain") == "plain"
    assert pml_text(b"") == ""


def test_values_of_the_wrong_type_are_as_good_as_none() -> None:
    assert see({STATE: b"3", ERROR: "1.3", NOT_READY: "1.3", BUTTON: b"", HARDWARE: b""}) == Seen("HP scan objects")
    assert see({STATE: 99}) == Seen("HP scan objects")
