"""The simulated iX500 by its bytes: what it refuses to a host that does not know its ways. SANE judges it."""

import pytest

from hil import script
from hil.devices.fujitsu.product import IX100, IX500, IX1300, Product
from hil.devices.fujitsu.scanner import FujitsuScanner
from hil.devices.fujitsu.sense import Answer, Status
from tests.unit.usb_rig import quick

NOW = 1.0
LOAD, EJECT = (bytes([0x31, action, 0, 0, 0, 0, 0, 0, 0, 0]) for action in (1, 0))
SENSORS = bytes([0xC2, 0, 0, 0, 0, 0, 0, 0, 20, 0])
GREY, COLOUR = 2, 5
TABLES = bytes.fromhex("00000000004000400000") + bytes([1] * 128)
OUT_OF_SEQUENCE = (5, 0x2C, 0)


class Bench:
    """The scanner's commands, without their frames."""

    def __init__(self, text: str = "adf=2", product: Product = IX500) -> None:
        self.scanner = FujitsuScanner(script.read(quick(text)), NOW, product)
        self.run(bytes(6))

    def begin(self, cdb: bytes, parameters: bytes = b"", now: float = NOW) -> Answer | None:
        self.scanner.begin(cdb, parameters, now)
        return self.scanner.take()

    def run(self, cdb: bytes, parameters: bytes = b"", now: float = NOW) -> tuple[int, int, int] | bytes:
        """Its data, or the sense of its refusal."""
        answer = self.begin(cdb, parameters, now)
        assert answer is not None
        if answer.status is Status.GOOD:
            return answer.data or b""
        return answer.sense.key, answer.sense.code, answer.sense.qualifier

    def window(self, ppi: int = 75, width: int = 4800, composition: int = COLOUR) -> tuple[int, int, int] | bytes:
        one = bytearray(64)
        one[2:6] = ppi.to_bytes(2, "big") * 2
        one[0x0E:0x16] = width.to_bytes(4, "big") + (2400).to_bytes(4, "big")
        one[0x19:0x1B] = bytes([composition, 8])
        one[0x28:0x2C] = bytes([0xC1, 0, 1, 0]) if composition == COLOUR else bytes(4)
        parameters = bytes(6) + bytes([0, 64]) + bytes(one)
        return self.run(bytes([0x24, 0, 0, 0, 0, 0]) + len(parameters).to_bytes(3, "big") + b"\0", parameters)

    def tables(self, data: bytes = TABLES) -> tuple[int, int, int] | bytes:
        return self.run(bytes([0x2A, 0, 0x88, 0, 0, 0]) + len(data).to_bytes(3, "big") + b"\0", data)

    def pre_read(self, ppi: int) -> tuple[int, int, int] | bytes:
        data = b"SET PRE READMODE" + ppi.to_bytes(2, "big") * 2 + bytes(12)
        return self.run(bytes([0x1D, 0, 0, 0, 32, 0]), data)

    def scan(self, now: float = NOW) -> tuple[int, int, int] | bytes:
        return self.run(bytes([0x1B, 0, 0, 0, 1, 0]), b"\0", now)

    def read(self, size: int, now: float = NOW) -> Answer | None:
        return self.begin(bytes([0x28, 0, 0, 0, 0, 0]) + size.to_bytes(3, "big") + b"\0", now=now)


def test_it_says_who_it_is_as_it_was_captured() -> None:
    bench = Bench()
    told = bench.run(bytes([0x12, 0, 0, 0, 96, 0]))
    assert told == (
        bytes.fromhex("06 00 92 02 5b 00 00 10") + b"FUJITSU ScanSnap iX500  0M00" + bytes(8) + b"\x03\x01" + bytes(50)
    )
    vital = bench.run(bytes([0x12, 1, 0xF0, 0, 204, 0]))
    assert isinstance(vital, bytes)
    assert len(vital) == 204
    assert vital[:18] == bytes.fromhex("06 f0 02 00 8b 02 58 02 58 11 02 58 02 58 00 32 00 32")


def test_without_the_tables_it_does_not_scan() -> None:
    bench = Bench()
    assert bench.window() == b""
    assert bench.run(LOAD) == b""
    assert bench.scan() == OUT_OF_SEQUENCE
    assert bench.tables() == b""
    assert bench.scan() == b""


def test_a_new_window_wants_them_again() -> None:
    bench = Bench()
    assert (bench.window(), bench.tables(), bench.window(), bench.run(LOAD)) == (b"", b"", b"", b"")
    assert bench.scan() == OUT_OF_SEQUENCE


@pytest.mark.parametrize("told", [None, 300])
def test_above_300_ppi_it_wants_to_know_before(told: int | None) -> None:
    bench = Bench()
    if told is not None:
        assert bench.pre_read(told) == b""
    assert (bench.window(600), bench.tables(), bench.run(LOAD)) == (b"", b"", b"")
    assert bench.scan() == OUT_OF_SEQUENCE
    assert bench.pre_read(600) == b""
    assert bench.scan() == b""


@pytest.mark.parametrize(
    "data", [b"", TABLES[:-1], bytes.fromhex("00000000004000410000") + TABLES[10:], TABLES[:-1] + b"\0"]
)
def test_what_are_no_tables_are_refused(data: bytes) -> None:
    found = Bench().tables(data)
    assert isinstance(found, tuple)
    assert found[0] == 5


def test_what_it_has_not_got_is_refused_although_it_tells_it() -> None:
    assert Bench().window(composition=GREY) == (5, 0x26, 0)
    assert Bench(product=IX100).window(composition=GREY) == b""
    assert Bench().window(width=4816) == (5, 0x26, 0)  # 301 pixels


def test_an_empty_feeder_is_an_error_before_the_first_sheet_and_the_end_of_paper_after_it() -> None:
    bench = Bench("adf=1")
    assert (bench.window(), bench.tables(), bench.run(LOAD), bench.scan()) == (b"", b"", b"", b"")
    assert bench.read(300 * 3 * 150) is not None
    assert bench.run(LOAD) == (3, 0x80, 0x03)
    assert bench.window() == b""
    assert bench.run(LOAD) == OUT_OF_SEQUENCE


def test_between_loading_and_scanning_it_is_not_ready() -> None:
    bench = Bench()
    assert (bench.run(bytes(6)), bench.run(LOAD)) == (b"", b"")
    assert bench.run(bytes(6)) == (2, 0, 0)
    assert bench.run(EJECT) == b""
    assert bench.run(bytes(6)) == b""


def test_what_has_not_come_yet_is_a_block_of_nothing() -> None:
    bench = Bench("adf=1,speed=100")
    assert (bench.window(), bench.tables(), bench.run(LOAD), bench.scan()) == (b"", b"", b"", b"")
    early = bench.read(9000)  # ten rows
    assert early is not None
    assert (early.status, early.data, early.sense.key, early.sense.qualifier) == (Status.CHECK, bytes(9000), 3, 0x13)
    late = bench.read(9000, NOW + 0.2)
    assert late is not None
    assert late.status is Status.GOOD
    assert late.data != bytes(9000)


def test_asked_for_the_lamps_timer_it_never_answers() -> None:
    bench = Bench()
    assert bench.begin(bytes([0x1A, 0, 0x3D, 0, 20, 0])) is None
    bench.scanner.update(NOW + 1000)
    assert bench.scanner.take() is None
    bench.scanner.detach(NOW + 1000)
    assert bench.run(SENSORS) != b""


def test_its_long_status_has_the_wireless_switch_and_an_ix100s_battery() -> None:
    told = Bench().run(SENSORS)
    assert isinstance(told, bytes)
    assert (len(told), told[0x10], told[0x11], told[0x12]) == (20, 0x80, 0, 0)
    told = Bench(product=IX100).run(SENSORS)
    assert isinstance(told, bytes)
    assert (told[0x11], told[0x12]) == (0x80, 80)
    assert len(Bench().run(bytes([0xC2, 0, 0, 0, 0, 0, 0, 0, 12, 0]))) == 12


def test_a_sheet_comes_from_the_card_slot_unless_the_feeder_is_named() -> None:
    def control(function: int) -> bytes:
        return bytes([0xF1, function & 0x0F, function >> 4]) + bytes(7)

    bench = Bench(product=IX1300)
    assert bench.run(LOAD) == (3, 0x80, 0x03)
    assert (bench.run(control(0)), bench.run(LOAD), bench.run(EJECT)) == (b"", b"", b"")
    assert bench.run(control(0x2F)) == b""
    assert bench.run(LOAD) == (3, 0x80, 0x03)
    assert Bench().run(control(0x2F)) == (5, 0x24, 0)
