"""The simulated PIXMA by its bytes, as a host sees them: expected values by hand from the published description."""

import struct

import pytest

from drivers.contract.capabilities import Mode, Source
from hil import chart, script
from hil.devices.pixma import pixels
from hil.devices.pixma.mp150 import packets
from hil.devices.pixma.product import MP530, MX850, MX870, MX920, Product
from hil.devices.pixma.scanner import PixmaScanner
from hil.devices.pixma.usb import BULK_IN, INTERRUPT_IN, pixma_usb
from hil.devices.stimuli import CancelAtPanel, InUse, Jam, LoadPaper, Press, Unplug
from hil.devices.usb.device import Refusal

OK, FAILED, BUSY = "0606000000000000", "1515000000000000", "1414002100000000"
# D820 for 64 x 32 pixels of grey at 75 ppi from the top left corner of the platen, its checksum included
AREA = "804b804b000000000000000000000040000000200408"


class Host:
    """Speaks to one scanner, and turns the clock."""

    def __init__(self, text: str = "warmup=0,speed=0,feed=0", product: Product = MX850) -> None:
        self.now = 0.0
        self.scanner = PixmaScanner(script.read(text), self.now, product)

    def say(self, text: str, data: bytes = b"") -> str:
        """Send a command given in hex without its zeros; the answer in hex, empty where none has come."""
        command = bytes.fromhex(text)
        self.scanner.write(command[:2] + bytes(16 - len(command)) + command[2:] + data, self.now)
        return self.hear()

    def hear(self) -> str:
        return self.scanner.take(1 << 20).hex() if self.scanner.answer else ""

    def parameters(self, source: int = 1, sides: int = 1) -> str:
        data = bytes([source, 1, sides, 0, 0, 1, 0, 0]) + bytes.fromhex(AREA) + bytes(25)
        return self.say("d8200038", checked(data))

    def read(self) -> tuple[int, bytes]:
        """One block: flags and data."""
        answer = bytes.fromhex(self.say("d42000010008"))
        flags, size = struct.unpack_from(">B3xI", answer, 8)
        assert len(answer) == 16 + size
        return flags, answer[16:]


def checked(data: bytes) -> bytes:
    return data + bytes([-sum(data) & 0xFF])


def begin(host: Host, source: int = 1, sides: int = 1) -> None:
    assert host.say("db200000") == OK
    assert host.parameters(source, sides) == OK
    assert host.say("d9200000") == OK


def test_the_status_says_whether_paper_is_in_the_feeder() -> None:
    host = Host()
    empty = host.say("f3200010")
    assert empty[:16] == OK
    assert (empty[18:20], sum(bytes.fromhex(empty[16:])) % 256) == ("01", 0)
    host.scanner.update(0.0, (LoadPaper(1),))
    assert host.say("f3200010")[18:20] == "00"


def test_a_page_comes_whole_and_its_end_is_told() -> None:
    host = Host()
    begin(host)
    assert host.say("da200008")[16:18] == "01"
    flags, data = host.read()
    assert (flags, data) == (
        0x20,
        chart.encode(chart.image(1, Source.PLATEN, (75, 75), chart.Box(0, 0, 64, 32)), Mode.GRAY8),
    )
    assert host.read() == (0x28, b"")
    assert host.say("ef200000") == OK


def test_the_last_sheet_says_that_there_is_no_more_paper() -> None:
    host = Host("warmup=0,speed=0,feed=0,adf=2")
    begin(host, source=2)
    host.read()
    assert host.read()[0] == 0x28
    assert host.parameters(2) == OK
    assert host.say("d9200000") == OK
    host.read()
    assert host.read()[0] == 0x38


def test_the_back_waits_in_the_path() -> None:
    host = Host("warmup=0,speed=0,feed=0,adf=1")
    begin(host, source=2, sides=3)
    host.read()
    assert host.read()[0] == 0x28
    assert host.say("f3200010")[18:22] == "0100"  # no further sheet, but a back
    assert host.parameters(2, 3) == OK
    assert host.say("d9200000") == OK
    host.read()
    assert host.read()[0] == 0x38


def test_a_host_that_waits_is_told_that_there_is_nothing_yet() -> None:
    host = Host("warmup=0,speed=10,feed=0")
    begin(host)
    assert host.say("d42000010008") == ""
    host.now = 0.5
    host.scanner.update(host.now)
    assert host.hear() == OK + "00" * 8
    host.now = 3.3
    assert host.read()[1]


def test_cancel_at_the_panel_and_a_jam_fail_the_next_block_until_the_session_ends() -> None:
    for stimulus, text in ((CancelAtPanel(), ""), (Jam(), ",adf=1")):
        host = Host(f"warmup=0,speed=0,feed=0{text}")
        begin(host, source=2 if text else 1)
        host.scanner.update(0.0, (stimulus,))
        assert host.say("d42000010008") == FAILED
        assert host.say("d42000010008") == FAILED
        assert host.say("ef200000") == OK
        assert host.say("db200000") == OK


def test_it_is_busy_in_a_session_on_its_way_home_and_for_another_host() -> None:
    host = Host("warmup=0,speed=0,feed=2")
    begin(host)
    assert host.say("db200000") == BUSY
    assert host.say("ef200000") == OK
    assert host.say("db200000") == BUSY
    host.now = 2.0
    assert host.say("db200000") == OK
    host.scanner.update(host.now, (InUse(taken=True),))
    assert host.say("f3200010") == BUSY


def test_an_abort_ends_a_read_that_waits() -> None:
    host = Host("warmup=0,speed=1,feed=0")
    begin(host)
    assert host.say("d42000010008") == ""
    assert host.say("ef200000") == OK
    assert not host.scanner.scanning


@pytest.mark.parametrize(
    "spoiled", ["00000000", AREA.replace("804b804b", "804b8096"), AREA.replace("00000020", "00007fff")]
)
def test_parameters_it_cannot_do_are_refused(spoiled: str) -> None:
    host = Host()
    assert host.say("db200000") == OK
    area = bytes.fromhex(spoiled).ljust(22, b"\0")
    assert host.say("d8200038", checked(bytes([1, 1, 1, 0, 0, 1, 0, 0]) + area + bytes(25))) == FAILED
    assert host.say("d9200000") == FAILED


def test_a_wrong_sum_is_refused_and_what_is_not_understood_is_not_answered() -> None:
    host = Host()
    assert host.say("db200000") == OK
    assert host.say("d8200038", bytes(55) + b"\1") == FAILED
    assert host.say("12340000") == ""
    assert host.say("f320000f") == ""


def test_half_a_command_is_forgotten_after_a_while() -> None:
    host = Host()
    host.scanner.write(bytes.fromhex("f320000000"), host.now)
    host.now = 1.0
    assert host.say("f3200010")[:16] == OK


def test_later_generations_take_commands_in_their_envelope_only() -> None:
    host = Host(product=MX870)
    assert host.say("f3200010") == FAILED
    for operation in ("<ivec:operation>StartJob</", "<vcn:ijoperation>ModeShift</"):
        host.scanner.write(f"<?xml version='1.0'?><cmd>{operation}cmd>".encode(), host.now)
        assert b"<ivec:response>OK</ivec:response>" in bytes.fromhex(host.hear())
    assert host.say("f3200010")[:16] == OK


def test_generation_1_tells_in_12_bytes_and_says_when_to_look() -> None:
    host = Host("warmup=1,speed=0,feed=0", MP530)
    assert len(host.say("f320000c")) == 2 * 20
    assert host.scanner.take_packet() == b""
    host.scanner.update(1.0)  # the lamp is warm
    assert host.scanner.take_packet() == bytes(9) + b"\2" + bytes(6)


@pytest.mark.parametrize(
    ("product", "want"), [(MX850, "12030000" + "00" * 12), (MX920, "00" * 7 + "020000010303000000")]
)
def test_a_press_is_a_packet(product: Product, want: str) -> None:
    host = Host(product=product)
    usb = pixma_usb(host.scanner)
    assert usb.read(INTERRUPT_IN, 64, 0.0) is None
    host.scanner.update(0.0, (Press(2), Press(1)))
    assert usb.read(INTERRUPT_IN, 64, 0.0) == bytes.fromhex(want)
    assert usb.read(INTERRUPT_IN, 8, 0.0) is Refusal.OVERFLOW
    assert packets.press(2, product) != packets.press(1, product)


def test_a_message_is_read_in_parts_and_lost_when_it_does_not_fit() -> None:
    host = Host()
    usb = pixma_usb(host.scanner)
    begin(host)
    host.scanner.write(bytes.fromhex("d420" + "00" * 10 + "00010008"), 0.0)
    first = usb.read(BULK_IN, 512, 0.0)
    rest = usb.read(BULK_IN, 1 << 16, 0.0)
    assert isinstance(first, bytes)
    assert isinstance(rest, bytes)
    assert (len(first), len(first + rest)) == (512, 16 + 64 * 32)


def test_what_is_unplugged_forgets_its_session() -> None:
    host = Host()
    begin(host)
    host.scanner.update(0.0, (Unplug(),))
    assert not host.scanner.scanning
    assert not pixma_usb(host.scanner).plugged


def test_a_table_of_2_2_gives_the_chart_and_an_even_one_the_light() -> None:
    steps = [round(65535 * (each / 1023) ** (1 / 2.2)) for each in range(1024)]
    assert pixels.toned(struct.pack("<1024H", *steps)) == bytes(range(256))
    coarse = bytes(round(255 * (each / 4095) ** (1 / 2.2)) for each in range(4096))
    assert pixels.toned(coarse) == bytes(range(256))
    even = pixels.toned(struct.pack("<1024H", *(65535 * each // 1023 for each in range(1024))))
    assert (even[0], even[128], even[255]) == (0, 56, 255)  # 255 * (128 / 255) ** 2.2 = 56


def test_lines_of_high_resolution_come_in_parts() -> None:
    assert pixels.parted(b"abcdefgh", 2, 1) == b"acegbdfh"
    assert pixels.parted(b"RGBrgbXYZxyz", 2, 3) == b"RGBXYZrgbxyz"
