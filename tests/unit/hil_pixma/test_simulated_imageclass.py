"""The simulated imageCLASS by its bytes, as a host sees them: expected values by hand from the description."""

import struct

import pytest

from drivers.contract.capabilities import Mode, Source
from hil import chart, script
from hil.devices.pixma.product import D420, IR1020, MF220, MF5730, MF6100, MP730, Product
from hil.devices.pixma.scanner import PixmaScanner
from hil.devices.stimuli import CancelAtPanel, InUse, Jam, LoadPaper, Press, Unplug

OK, FAILED, BUSY = "0606", "1515", "1414"
# DE20 for 64 x 32 pixels of grey at 75 ppi from the top left corner, without what follows the area
AREA = "00000000" + "104b104b" + "00" * 8 + "00000040" + "00000020" + "0408"
PAGE = chart.Box(0, 0, 64, 32)


class Host:
    """Speaks to one scanner, and turns the clock."""

    def __init__(self, product: Product, text: str = "warmup=0,speed=0,feed=0") -> None:
        self.now = 0.0
        self.product = product
        self.scanner = PixmaScanner(script.read(text), self.now, product)
        assert product.imageclass is not None
        self.shape = product.imageclass

    def say(self, command: str, data: bytes = b"", wanted: int = 0) -> str:
        """Send a command; the answer in hex, empty where none has come."""
        code = bytes.fromhex(command)
        self.scanner.write(code + bytes(5) + struct.pack(">Hx", len(data) or wanted) + data, self.now)
        return self.hear()

    def hear(self) -> str:
        return self.scanner.take(1 << 20).hex() if self.scanner.answer else ""

    def data(self, text: str, size: int, *, mirrored: bool = False) -> bytes:
        """So many bytes with the checksum where this model wants it."""
        data = bytearray(bytes.fromhex(text).ljust(size, b"\0"))
        data[-2 if self.shape.tail else -1] = -sum(data) & 0xFF
        if self.shape.tail and mirrored:
            data[-1] = -data[-2] & 0xFF
        return bytes(data)

    def begin(self, source: str = "01") -> str:
        """Up to the page; the answer to its parameters."""
        if self.shape.calibrates:
            assert self.say("e920") == FAILED
        if self.product.generation < 2:
            for step in ("01000000", "01000004"):
                assert self.say("cf60", self.data(step, 10, mirrored=True)) == OK
        assert self.say("db20") == OK
        assert self.say("dd20", self.data(source, 10)) == OK
        return self.page()

    def page(self) -> str:
        told = self.say("de20", self.data(AREA, 46))
        if self.product.generation > 0:
            assert self.read(0) == bytes.fromhex("0606000000000000")
        return told

    def read(self, what: int = 4) -> bytes:
        """The first message of the answer."""
        self.scanner.write(struct.pack(">H6xBxB", self.shape.read, what, 6), self.now)
        return bytes.fromhex(self.hear())


def shown(*, back: bool = False, source: Source = Source.PLATEN) -> bytes:
    return chart.encode(chart.image(1, source, (75, 75), PAGE, back=back), Mode.GRAY8)


def test_a_page_whose_headers_come_alone() -> None:
    host = Host(D420)
    assert host.begin() == OK
    assert host.read() == bytes.fromhex("0606000000000800")
    assert bytes.fromhex(host.hear()) == shown()
    assert host.read() == bytes.fromhex("0606280000000000")
    assert host.say("ef20") == OK


def test_a_page_whose_headers_come_with_data() -> None:
    host = Host(MF220)
    assert host.begin() == OK
    assert host.read() == bytes.fromhex("0606000000000800") + shown()
    assert host.read() == bytes.fromhex("0606380000000000")  # the glass says that there is no more paper


def test_a_page_of_the_forerunner() -> None:
    host = Host(MF5730)
    area = AREA.replace("00000040", "0000003c")  # 60 is a multiple of 12
    host.begin()
    assert host.say("ef20") == OK
    for step in ("01000000", "01000004"):
        assert host.say("cf60", host.data(step, 10)) == OK
    assert host.say("db20") == FAILED  # it wants to calibrate first
    assert host.say("e920") == FAILED
    assert host.say("db20") == OK
    assert host.say("dd20", host.data("01", 10)) == OK
    assert host.say("de20", host.data(AREA, 46)) == FAILED  # 64 is not
    assert host.say("de20", host.data(area, 46)) == OK
    answer = bytes.fromhex(host.say("d420", wanted=0xC004))
    want = chart.encode(chart.image(1, Source.PLATEN, (75, 75), chart.Box(0, 0, 60, 32)), Mode.GRAY8)
    assert answer == bytes.fromhex("060620") + b"\0" + struct.pack(">H", 60 * 32) + want
    assert host.say("d420", wanted=0xC004) == "060628000000"


def test_the_forerunners_session_ends_with_its_page() -> None:
    host = Host(IR1020, "warmup=0,speed=0,feed=0,adf=1")
    assert host.begin("020000000003") == OK
    assert shown(source=Source.FEEDER).hex() in host.say("d420", wanted=0xC004)
    assert host.say("db20") == BUSY
    assert host.say("d420", wanted=0xC004) == "060628000000"
    assert host.say("f320", wanted=12)[6:8] == "00"  # the back waits
    assert host.begin("020000000003") == OK
    assert shown(source=Source.FEEDER, back=True).hex() in host.say("d420", wanted=0xC004)
    assert host.say("d420", wanted=0xC004) == "060638000000"
    assert host.say("f320", wanted=12)[6:8] == "01"


def test_both_sides_of_a_sheet_in_one_session() -> None:
    host = Host(MF220, "warmup=0,speed=0,feed=0,adf=1")
    assert host.begin("020000000003") == OK
    assert host.read()[8:] == shown(source=Source.FEEDER)
    assert host.read() == bytes.fromhex("0606280000000000")
    assert host.say("f320", wanted=12)[6:8] == "51"
    assert host.page() == OK
    assert host.read()[8:] == shown(source=Source.FEEDER, back=True)
    assert host.read() == bytes.fromhex("0606380000000000")


def test_generation_1_keeps_the_sheet_whose_back_waits_until_somebody_wants_another_source() -> None:
    host = Host(D420, "warmup=0,speed=0,feed=0,adf=1")
    assert host.begin("020000000003") == OK
    host.read()
    host.hear()
    host.read()
    assert host.say("ef20") == OK
    assert host.say("f320", wanted=12)[6:8] == "51"
    assert host.begin() == OK
    assert host.say("f320", wanted=12)[6:8] == "01"


@pytest.mark.parametrize(("product", "loaded"), [(MP730, "00"), (D420, "00"), (MF220, "10")])
def test_the_status_says_whether_paper_is_in_the_feeder(product: Product, loaded: str) -> None:
    host = Host(product)
    answer = host.say("f320", wanted=12)
    assert (answer[:4], answer[6:8], len(answer), sum(bytes.fromhex(answer[4:])) % 256) == (OK, "01", 28, 0)
    host.scanner.update(0.0, (LoadPaper(1),))
    assert host.say("f320", wanted=12)[6:8] == loaded


def test_a_session_needs_an_activation_and_a_source_and_a_right_sum() -> None:
    host = Host(D420)
    assert host.say("db20") == FAILED
    assert host.say("cf60", host.data("01000004", 10)) == FAILED  # the last byte is not the opposite
    assert host.say("cf60", host.data("01000004", 10, mirrored=True)) == OK
    assert host.say("db20") == OK
    assert host.say("de20", host.data(AREA, 46)) == FAILED
    assert host.say("dd20", bytes(9) + b"\1") == FAILED


def test_one_side_is_asked_for_as_the_model_wants_it() -> None:
    host = Host(MF6100)
    assert host.say("db20") == OK
    assert host.say("dd20", host.data("02", 10)) == FAILED
    assert host.say("dd20", host.data("020000000001", 10)) == OK


def test_cancel_and_jam_end_the_page() -> None:
    for product, told in ((MP730, FAILED), (D420, "1515280000000000"), (MF220, "1515380000000000")):
        for stimulus, text in ((CancelAtPanel(), ""), (Jam(), ",adf=1")):
            host = Host(product, f"warmup=0,speed=0,feed=0{text}")
            assert host.begin("02" if text else "01") == OK
            host.scanner.update(0.0, (stimulus,))
            answer = host.say("d420", wanted=0xC004) if product is MP730 else host.read().hex()
            assert answer == told
            assert host.say("ef20") == OK


def test_a_session_waits_for_the_carriage_and_for_nobody_else() -> None:
    host = Host(MF220, "warmup=0,speed=0,feed=2")
    assert host.begin() == OK
    assert host.say("db20") == BUSY
    assert host.say("ef20") == OK
    assert host.say("db20") == ""
    assert host.scanner.update(1.0) == 2.0
    host.now = 2.0
    host.scanner.update(host.now)
    assert host.hear() == OK
    host.scanner.update(host.now, (InUse(taken=True),))
    assert host.say("f320", wanted=12) == BUSY


def test_an_abort_ends_a_read_that_waits_and_what_is_not_understood_is_not_answered() -> None:
    host = Host(MF220, "warmup=0,speed=1,feed=0")
    assert host.begin() == OK
    assert host.read() == b""
    assert host.say("ef20") == OK
    assert host.say("1234") == ""
    assert host.say("cf60", host.data("01000004", 10)) == ""  # generation 2 knows no activation
    host.scanner.write(struct.pack(">H6xBxB", 0xD420, 4, 6), host.now)
    assert host.hear() == ""  # it has a read of its own


@pytest.mark.parametrize(
    ("product", "button", "want"),
    [
        (MP730, 1, "00" * 7 + "10"),
        (MF5730, 1, "00" * 15 + "02"),
        (MF5730, 2, "00" * 15 + "01"),
        (D420, 2, "00" * 15 + "01"),
    ],
)
def test_a_press_is_a_packet(product: Product, button: int, want: str) -> None:
    host = Host(product)
    host.scanner.update(0.0, (Press(button),))
    assert host.scanner.take_packet().hex() == want


def test_paper_is_a_packet_that_asks_for_a_look_where_there_is_such_a_word() -> None:
    for product, want in ((MF220, "00" * 12 + "40" + "00" * 3), (MP730, "")):
        host = Host(product)
        host.scanner.update(0.0, (LoadPaper(1),))
        assert host.scanner.take_packet().hex() == want


def test_what_is_unplugged_forgets_its_session_and_that_it_was_activated() -> None:
    host = Host(D420)
    assert host.begin() == OK
    host.scanner.update(0.0, (Unplug(),))
    assert not host.scanner.scanning
