"""What sense data, sensors and vital data mean; expected values from the published tables, written by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract.capabilities import Mode
from drivers.contract.errors import DeviceGarbled, DeviceRefused
from drivers.contract.observation import Feeder, Readiness, Trouble, TroubleKind, Unit
from drivers.quirks import of
from drivers.usb.fujitsu import model, observe
from drivers.usb.fujitsu.hardware import hardware
from drivers.usb.fujitsu.sense import Sense, Verdict, sense

# key, code, qualifier → verdict, kind of trouble; every line of the published list.
LISTED = {
    "0 00 00": ("fine", None),
    "0 80 91": ("fine", None),
    "2 00 00": ("again", None),
    "3 80 01": ("trouble", TroubleKind.JAM),
    "3 80 02": ("trouble", TroubleKind.COVER_OPEN),
    "3 80 03": ("empty", None),
    "3 80 04": ("trouble", TroubleKind.ATTENTION),
    "3 80 07": ("trouble", TroubleKind.DOUBLE_FEED),
    "3 80 08": ("trouble", TroubleKind.ATTENTION),
    "3 80 09": ("trouble", TroubleKind.ATTENTION),
    "3 80 0c": ("trouble", TroubleKind.ATTENTION),
    "3 80 10": ("trouble", TroubleKind.ATTENTION),
    "3 80 13": ("again", None),
    "3 80 14": ("trouble", TroubleKind.ATTENTION),
    "3 80 20": ("stopped", None),
    "3 80 22": ("halted", None),
    "3 80 30": ("empty", None),
    "3 80 31": ("trouble", TroubleKind.ATTENTION),
    "3 80 32": ("paused", TroubleKind.PAUSED),
    "3 80 33": ("trouble", TroubleKind.ATTENTION),
    "4 44 00": ("trouble", TroubleKind.ATTENTION),
    "4 80 01": ("trouble", TroubleKind.ATTENTION),
    "4 80 02": ("trouble", TroubleKind.ATTENTION),
    "4 80 03": ("trouble", TroubleKind.LAMP_FAILED),
    "4 80 04": ("trouble", TroubleKind.ATTENTION),
    "4 80 05": ("trouble", TroubleKind.ATTENTION),
    "4 80 06": ("trouble", TroubleKind.LAMP_FAILED),
    "4 80 07": ("trouble", TroubleKind.ATTENTION),
    "4 80 08": ("trouble", TroubleKind.ATTENTION),
    "4 80 10": ("trouble", TroubleKind.ATTENTION),
    "4 80 11": ("trouble", TroubleKind.ATTENTION),
    "4 80 80": ("trouble", TroubleKind.ATTENTION),
    "4 80 81": ("trouble", TroubleKind.ATTENTION),
    "4 80 82": ("trouble", TroubleKind.ATTENTION),
    "5 00 00": ("broken", None),
    "5 1a 00": ("refused", None),
    "5 20 00": ("refused", None),
    "5 24 00": ("refused", None),
    "5 25 00": ("refused", None),
    "5 26 00": ("refused", None),
    "5 2c 00": ("refused", None),
    "5 2c 02": ("refused", None),
    "6 00 00": ("at once", None),
    "6 80 01": ("at once", None),
    "b 43 00": ("broken", None),
    "b 45 00": ("broken", None),
    "b 47 00": ("broken", None),
    "b 48 00": ("broken", None),
    "b 4e 00": ("broken", None),
    "b 80 01": ("broken", None),
    "b 80 03": ("broken", None),
}


def made(numbers: str) -> bytes:
    key, code, qualifier = (int(each, 16) for each in numbers.split())
    return bytes([0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, code, qualifier, 0, 0, 0, 0])


@pytest.mark.parametrize("numbers", LISTED)
def test_every_published_sense_has_its_meaning(numbers: str) -> None:
    verdict, kind = LISTED[numbers]
    meaning = sense(made(numbers)).meaning
    assert meaning.verdict.value == verdict
    assert (meaning.trouble.kind if meaning.trouble else None) is kind
    assert meaning.words


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        ("3 81 01", "trouble"),
        ("3 80 77", "trouble"),
        ("4 01 02", "trouble"),
        ("5 99 00", "refused"),
        ("7 00 00", "broken"),
    ],
)
def test_what_nobody_has_listed_is_judged_by_its_key_and_told_with_its_numbers(numbers: str, verdict: str) -> None:
    found = sense(made(numbers))
    assert found.meaning.verdict.value == verdict
    assert numbers.replace(" ", "/") in found.words


def test_a_reason_behind_no_sense_is_no_success() -> None:
    assert sense(made("0 3b 00")).meaning.verdict is Verdict.BROKEN


def test_end_of_paper_and_residual_are_read() -> None:
    data = bytearray(made("0 00 00"))
    data[0], data[2], data[3:7] = 0xF0, 0x60, (1234).to_bytes(4, "big")
    found = sense(bytes(data))
    assert found == Sense(0, 0, 0, eom=True, ili=True, residual=1234)
    assert found.meaning.verdict is Verdict.FINE


@given(st.binary(max_size=40))
def test_any_bytes_are_sense_data_or_garbled(data: bytes) -> None:
    try:
        assert sense(data).meaning.words
    except DeviceGarbled:
        assert len(data) < 14 or data[0] & 0x7E != 0x70


def test_a_jam_in_the_feeder_is_there() -> None:
    assert sense(made("3 80 01")).meaning.trouble == Trouble(TroubleKind.JAM, Unit.FEEDER)


def status(**bits: int) -> bytes:
    """Bytes of GET HARDWARE STATUS by their number: `b3=0x80`."""
    data = bytearray(12)
    for name, value in bits.items():
        data[int(name[1:])] = value
    return bytes(data)


def test_the_hopper_bit_means_empty() -> None:
    assert hardware(status()).paper
    assert not hardware(status(b3=0x80)).paper
    assert observe.idle(hardware(status(b3=0x80))).feeder is Feeder.EMPTY
    assert observe.idle(hardware(status()), feeder=False).feeder is Feeder.UNKNOWN


def test_covers_and_double_feed_are_troubles_and_the_flatbeds_lid_is_none() -> None:
    seen = hardware(status(b3=0x20 | 0x10 | 0x08, b6=0x01))
    assert seen.flatbed_open
    found = observe.idle(seen)
    assert found.readiness is Readiness.STOPPED
    assert found.troubles == {
        Trouble(TroubleKind.COVER_OPEN, Unit.FEEDER),
        Trouble(TroubleKind.COVER_OPEN, Unit.MEDIA_PATH),
        Trouble(TroubleKind.DOUBLE_FEED, Unit.FEEDER),
    }
    assert found.explanation == (
        "cover open in the document feeder, cover open at the endorser, two sheets at once in the document feeder"
    )


def test_sleep_is_told_and_a_trouble_comes_before_it() -> None:
    assert observe.idle(hardware(status(b4=0x80))).readiness is Readiness.ASLEEP
    assert observe.idle(hardware(status(b4=0x80, b3=0x20))).readiness is Readiness.STOPPED


def test_switches_dial_error_and_worn_parts_are_read() -> None:
    assert hardware(status(b4=0x01)).switches == {"scan"}
    assert hardware(status(b4=0x04)).switches == {"send"}
    assert hardware(status(b4=0x21)).switches == {"scan-long"}
    assert hardware(status(b4=0x05)).switches == {"scan", "send"}
    seen = hardware(status(b5=0xA7, b6=0x80, b7=0x42))
    assert observe.idle(seen).facts == (
        ("function", "7"),
        ("error code", "0x42"),
        ("worn", "pick roller, brake roller, ink"),
    )


@given(st.binary(max_size=32))
def test_any_bytes_are_a_hardware_status_or_garbled(data: bytes) -> None:
    try:
        observe.idle(hardware(data))
    except DeviceGarbled:
        assert len(data) < 8


def vital(**numbers: int) -> bytes:
    """A page F0: 300 ppi basic, 50…600 ppi, 8.5 x 14 inch, all modes, duplex feeder; words by their offset."""
    data = bytearray(0x64)
    data[1], data[4] = 0xF0, 0x5F
    for at, word in {0x05: 300, 0x07: 300, 0x0A: 600, 0x0C: 600, 0x0E: 50, 0x10: 50, 0x16: 2550, 0x1A: 4200}.items():
        data[at : at + 2] = word.to_bytes(2, "big")
    data[0x09], data[0x1C], data[0x20], data[0x2B] = 0x11, 0x8A, 0x90, 0x04
    for name, value in numbers.items():
        data[int(name[1:], 16)] = value
    return bytes(data)


def test_capabilities_are_read_from_the_vital_data() -> None:
    can = model.capabilities(model.vital(vital()), of(0x04C5, 0x1155))
    assert can.platen is None
    assert can.feeder is not None
    assert can.feeder == can.feeder_back
    assert (can.feeder.maximum.width, can.feeder.maximum.height) == (8500, 14000)
    assert can.feeder.resolutions == (50, 75, 100, 150, 200, 240, 300, 400, 600)
    assert can.feeder.modes == (Mode.RGB24, Mode.GRAY8, Mode.LINEART)
    assert can.buttons == ("scan", "send", "scan-long")


def test_a_scanner_without_steps_has_the_resolutions_it_lists() -> None:
    found = model.vital(vital(x09=0, x12=0x01 | 0x20, x13=0x40 | 0x04))  # 200 and 100; 300 and 600
    can = model.capabilities(found, of(0x04C5, 0x1155))
    assert can.feeder is not None
    assert can.feeder.resolutions == (100, 200, 300, 600)


def test_a_simplex_scanner_without_sensors_says_so() -> None:
    can = model.capabilities(model.vital(vital(x20=0x80, x2b=0)), of(0x04C5, 0x1155))
    assert (can.feeder_back, can.buttons) == (None, ())


def test_a_flatbeds_size_that_is_not_told_is_a_quirk() -> None:
    can = model.capabilities(model.vital(vital(x20=0xD0)), of(0x04C5, 0x1150, "fi-6230dj"))
    assert can.platen is not None
    assert (can.platen.maximum.width, can.platen.maximum.height) == (8970, 11693)


def test_a_scanner_that_can_nothing_is_refused() -> None:
    with pytest.raises(DeviceRefused):
        model.capabilities(model.vital(vital(x1c=0)), of(0x04C5, 0x1155))


@given(st.binary(max_size=220))
def test_any_bytes_are_vital_data_garbled_or_useless(data: bytes) -> None:
    try:
        found = model.capabilities(model.vital(data), of(0x04C5, 0x1155))
    except (DeviceGarbled, DeviceRefused):
        return
    for source in (found.platen, found.feeder):
        assert source is None or (source.resolutions and source.maximum.width >= 0)
