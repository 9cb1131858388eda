"""The simulated ESC/I scanner, byte by byte on a hand-turned clock. Layouts from the dossier and SANE's epson2."""

import struct
from dataclasses import replace

import pytest

from drivers.contract.capabilities import Mode, Source
from hil import chart
from hil.devices.esci.parameters import Parameters
from hil.devices.esci.scanner import EsciScanner
from hil.devices.mechanism import Lamp
from hil.devices.stimuli import (
    CancelAtPanel,
    ChangeOriginal,
    Clear,
    Cover,
    DoubleFeed,
    Fatal,
    InUse,
    Jam,
    LoadPaper,
    Plug,
    Press,
    RemovePaper,
    Slow,
    Unplug,
)
from hil.script import read

ESC, FS, ACK, NAK, CAN = b"\x1b", b"\x1c", b"\x06", b"\x15", b"\x18"
SMALL = Parameters(width=40, height=10, color=0x13, block_lines=4)


class Host:
    """A host with a clock it turns itself."""

    def __init__(self, script: str = "warmup=0,feed=0,speed=0") -> None:
        self.now = 1000.0
        self.scanner = EsciScanner(read(script), self.now)

    def messages(self) -> list[bytes]:
        """All that can be read now."""
        self.scanner.update(self.now)
        out = []
        while size := self.scanner.answer:
            out.append(self.scanner.take(size))
        return out

    def say(self, data: bytes) -> list[bytes]:
        self.scanner.write(data, self.now)
        return self.messages()

    def happen(self, *stimuli: object) -> None:
        self.scanner.update(self.now, stimuli)

    def wait(self, seconds: float) -> list[bytes]:
        self.now += seconds
        return self.messages()

    def set(self, parameters: Parameters) -> None:
        assert self.say(FS + b"W") == [ACK]
        assert self.say(parameters.pack()) == [ACK]

    def feeder_byte(self) -> int:
        return self.say(FS + b"F")[0][1]

    def page(self, parameters: Parameters) -> bytes:
        """Scan a whole page by FS G."""
        self.set(parameters)
        head, *rest = self.say(FS + b"G")
        assert head[1] & 0x80 == 0
        data = b""
        while rest:
            (block,) = rest
            assert block[-1] == 0
            data += block[:-1]
            rest = self.say(ACK)
        return data


def bare(script: str) -> Host:
    return Host(f"warmup=0,feed=0,speed=0,{script}")


def announced(head: bytes) -> tuple[int, ...]:
    assert len(head) == 14
    return struct.unpack("<BB3I", head)


# Identity and status.


def test_identity_lists_level_resolutions_and_area():
    head, body = Host().say(ESC + b"I")
    assert head == b"\x02\x12" + struct.pack("<H", len(body))
    assert body[:5] == b"B8R" + struct.pack("<H", 50)
    assert body[-5:] == b"A" + struct.pack("<2H", 10200, 14040)  # 8.5 x 11.7 inch at 1200


def test_extended_identity_has_its_fields_in_place():
    (block,) = Host().say(FS + b"I")
    assert len(block) == 80
    assert block[:2] == b"B8"
    assert struct.unpack_from("<10I", block, 4) == (1200, 50, 1200, 10200, 10200, 14040, 10200, 16800, 0, 0)
    assert block[44] == 0x20 | 0x10 | 0x08 | 0x01  # page feeder, duplex, first sheet, button
    assert block[45] == 0x04 | 0x08  # form feed, senses double feeds
    assert block[46:62] == b"GT-2500         "
    assert block[62:66] == b"1.00"
    assert block[67] == 16


def test_status_is_one_header():
    assert Host().say(ESC + b"F") == [b"\x02\x12\x00\x00"]


def test_extended_status_tells_the_feeder_and_the_areas():
    host = Host()
    head, body = host.say(ESC + b"f")
    assert head == b"\x02\x12\x2a\x00"
    assert body[0] == 0x40 | 0x20 | 0x10 | 0x08 | 0x01
    assert body[1] == 0x80 | 0x08
    assert struct.unpack_from("<2H", body, 2) == (10200, 16800)
    assert struct.unpack_from("<2H", body, 12) == (10200, 14040)
    assert body[0x1A:0x2A] == b"GT-2500         "


@pytest.mark.parametrize(
    ("stimulus", "bit"), [(Jam(), 0x04), (Cover(open=True), 0x02), (DoubleFeed(), 0x20), (RemovePaper(), 0x08)]
)
def test_each_trouble_of_the_feeder_has_its_bit_and_goes_with_it(stimulus, bit):
    host = bare("adf=2")
    assert host.feeder_byte() == 0x80
    host.happen(stimulus)
    assert host.feeder_byte() == 0x80 | bit
    host.happen(Clear(), LoadPaper(1))
    assert host.feeder_byte() == 0x80


def test_a_fatal_error_shows_everywhere_until_cleared():
    host = Host()
    host.happen(Fatal())
    assert host.say(ESC + b"F") == [b"\x02\x92\x00\x00"]
    assert host.say(FS + b"F")[0][0] == 0x80
    assert host.say(ESC + b"@") == [ACK]
    assert host.say(FS + b"F")[0][0] == 0x80
    host.happen(Clear())
    assert host.say(FS + b"F")[0][0] == 0


def test_another_host_makes_it_not_ready():
    host = Host()
    host.happen(InUse(taken=True))
    assert host.say(ESC + b"F") == [b"\x02\x52\x00\x00"]
    assert host.say(FS + b"F")[0][0] == 0x40
    host.happen(InUse(taken=False))
    assert host.say(FS + b"F")[0][0] == 0


def test_a_press_is_told_once():
    host = Host()
    assert host.say(ESC + b"!") == [b"\x02\x12\x01\x00", b"\x00"]
    host.happen(Press(2))
    assert host.say(ESC + b"!")[1] == b"\x02"
    assert host.say(ESC + b"!")[1] == b"\x00"


@pytest.mark.parametrize("command", [b"\x1bi", b"\x1bq", b"\x1b\xff", b"\x1cZ", b"x", b"\x00"])
def test_what_it_does_not_know_is_refused(command):
    assert Host().say(command) == [NAK]


def test_commands_may_come_in_any_pieces():
    host = Host()
    assert host.say(ESC) == []
    assert host.say(b"F") == [b"\x02\x12\x00\x00"]
    assert host.say(ESC + b"e\x01" + ESC + b"D" + b"\x08") == [ACK] * 4
    assert host.scanner.parameters.option == 1


# Sleep and warming.


def test_looking_neither_wakes_it_nor_keeps_it_awake():
    host = Host("warmup=3,sleep=60")
    assert host.scanner.state.lamp is Lamp.WARMING
    assert host.say(FS + b"F")[0][0] == 0x02
    host.wait(3)
    assert host.say(FS + b"F")[0][0] == 0
    for _ in range(40):
        host.wait(2)
        for look in (b"\x1bF", b"\x1bf", b"\x1cF", b"\x1b!", b"\x1bI", b"\x1cI", b"\x1cS", b"\x1bS"):
            host.say(look)
    assert host.scanner.state.asleep
    assert host.scanner.state.lamp is Lamp.OFF
    assert host.say(FS + b"F")[0][0] == 0


@pytest.mark.parametrize("command", [b"\x1b@", b"\x1cW", b"\x1be", b"\x1cG", b"\x1bR", b"\x0c"])
def test_using_it_wakes_the_lamp(command):
    host = Host("warmup=3,sleep=60")
    host.wait(64)
    assert host.scanner.state.asleep
    host.say(command)
    assert host.scanner.state.warming
    host.wait(3)
    assert host.scanner.state.lamp is Lamp.ON


def test_a_scan_while_warming_fails_and_works_later():
    host = Host("warmup=3,speed=0")
    host.set(SMALL)
    assert announced(host.say(FS + b"G")[0])[1:] == (0x92, 0, 0, 0)
    assert host.say(FS + b"F")[0][0] == 0x02
    host.wait(3)
    assert announced(host.say(FS + b"G")[0])[1] == 0x12


def test_the_time_to_look_again_is_told():
    scanner = EsciScanner(read("warmup=3,sleep=60"), 100.0)
    assert scanner.update(100.0) == 103.0
    assert scanner.update(103.0) == 160.0
    assert scanner.update(160.0) is None


# Parameters.


def test_parameters_are_remembered_and_reset():
    host = Host()
    wanted = replace(SMALL, main_resolution=300, sub_resolution=300, left=16, top=5, threshold=90)
    host.set(wanted)
    assert host.say(FS + b"S") == [wanted.pack()]
    assert host.say(ESC + b"@") == [ACK]
    assert host.say(FS + b"S") == [Parameters().pack()]


def test_the_block_of_64_bytes_is_laid_out_as_epson2_sends_it():
    packed = replace(SMALL, main_resolution=300, sub_resolution=150, left=8, top=9, lamp=1).pack()
    assert len(packed) == 64
    assert struct.unpack_from("<6I", packed) == (300, 150, 8, 9, 40, 10)
    assert (packed[24], packed[25], packed[28], packed[33], packed[38]) == (0x13, 8, 4, 128, 1)


def test_letters_set_the_same_parameters():
    host = Host()
    for command, value in [
        (b"R", struct.pack("<2H", 300, 300)),
        (b"A", struct.pack("<4H", 8, 4, 80, 20)),
        (b"C", b"\x13"),
        (b"D", b"\x08"),
        (b"d", b"\x05"),
        (b"L", b"\xff"),
        (b"t", b"\x40"),
    ]:
        assert host.say(ESC + command) == [ACK]
        assert host.say(value) == [ACK]
    got = host.scanner.parameters
    assert (got.main_resolution, got.left, got.top, got.width, got.height) == (300, 8, 4, 80, 20)
    assert (got.color, got.depth, got.block_lines, got.brightness, got.threshold) == (0x13, 8, 5, 255, 0x40)
    _, conditions = host.say(ESC + b"S")
    assert len(conditions) == 45
    assert (conditions[1], conditions[17], conditions[40], conditions[38]) == (0x13, 8, 5, 0x40)


@pytest.mark.parametrize(
    "wrong",
    [
        {"main_resolution": 40},
        {"sub_resolution": 2400},
        {"width": 0},
        {"height": 0},
        {"width": 41},
        {"width": 856},  # 8.56 inch at 100 ppi
        {"height": 1171},
        {"left": 8, "width": 848},
        {"color": 0x05},
        {"depth": 12},
        {"depth": 1, "color": 0x13},
        {"option": 3},
        {"brightness": 4},
        {"halftone": 7},
    ],
)
def test_a_scan_it_cannot_do_is_refused_and_nothing_changes(wrong):
    host = Host()
    host.set(SMALL)
    assert host.say(FS + b"W") == [ACK]
    assert host.say(replace(SMALL, **wrong).pack()) == [NAK]
    assert host.say(FS + b"S") == [SMALL.pack()]


def test_the_feeder_takes_longer_pages_than_the_platen():
    host = bare("adf=1")
    host.set(replace(SMALL, height=1400, option=1))
    assert host.say(FS + b"W") == [ACK]
    assert host.say(replace(SMALL, height=1400).pack()) == [NAK]


@pytest.mark.parametrize(("letter", "value"), [(b"D", b"\x0c"), (b"C", b"\x99"), (b"e", b"\x05"), (b"H", b"\x32\x32")])
def test_a_letter_with_a_wrong_value_is_refused(letter, value):
    host = Host()
    assert host.say(ESC + letter) == [ACK]
    assert host.say(value) == [NAK]


# Pages.


def test_blocks_are_announced_and_sized_as_asked():
    host = Host()
    host.set(SMALL)  # 10 rows of 120 bytes, 4 to a block
    head, first = host.say(FS + b"G")
    assert announced(head) == (0x02, 0x12, 480, 2, 240)
    assert len(first) == 481
    (second,) = host.say(ACK)
    (third,) = host.say(ACK)
    assert (len(second), len(third)) == (481, 241)
    assert host.say(ACK) == []
    assert not host.scanner.scanning


@pytest.mark.parametrize(
    ("height", "lines", "word", "sizes"),
    [
        (8, 4, "apart", (480, 1, 480)),
        (8, 4, "rest", (480, 2, 0)),
        (9, 4, "rest", (480, 2, 120)),
        (3, 4, "apart", (0, 0, 360)),
        (3, 4, "rest", (0, 0, 360)),
        (4, 4, "rest", (480, 1, 0)),
        (2, 0, "apart", (120, 1, 120)),
    ],
)
def test_the_last_block_is_announced_as_the_firmware_likes(height, lines, word, sizes):
    host = bare(f"lastblock={word}")
    parameters = replace(SMALL, height=height, block_lines=lines)
    host.set(parameters)
    assert announced(host.say(FS + b"G")[0])[2:] == sizes
    host.say(CAN)
    assert len(host.page(parameters)) == height * 120


@pytest.mark.parametrize(
    ("color", "depth", "mode"),
    [(0x13, 8, Mode.RGB24), (0, 8, Mode.GRAY8), (0, 1, Mode.LINEART)],
)
def test_a_page_is_the_chart(color, depth, mode):
    host = Host()
    host.happen(ChangeOriginal(9))
    parameters = Parameters(left=100, top=90, width=400, height=333, color=color, depth=depth, block_lines=100)
    box = chart.Box(100, 90, 400, 333)
    assert host.page(parameters) == b"".join(chart.rows(9, Source.PLATEN, mode, (100, 100), box))


def test_colour_orders_are_what_their_codes_say():
    # one pixel group within the red patch: 1.3 inch right, 2.8 inch down
    at = {"left": 128, "top": 280, "width": 8, "height": 1}
    host = Host()
    assert host.page(Parameters(color=0x13, **at)) == b"\xff\x00\x00" * 8
    assert host.page(Parameters(color=0x03, **at)) == b"\x00\xff\x00" * 8
    assert host.page(Parameters(color=0x12, **at)) == b"\xff" * 8 + b"\x00" * 16
    assert host.page(Parameters(color=0x02, **at)) == b"\x00" * 8 + b"\xff" * 8 + b"\x00" * 8
    assert host.page(Parameters(color=0x10, **at)) == b"\xff" * 8
    assert host.page(Parameters(color=0x20, **at)) == b"\x00" * 8
    assert host.page(Parameters(color=0x13, depth=16, **at)) == b"\x00\xff\xff\x00\xff\x00" * 8  # low byte first


def test_a_users_gamma_table_and_brightness_change_the_samples():
    host = Host()
    at = {"left": 688, "top": 280, "width": 8, "height": 1}  # the grey patch, 128
    assert host.page(Parameters(**at)) == b"\x80" * 8
    assert host.say(ESC + b"z") == [ACK]
    assert host.say(b"M" + bytes(255 - each for each in range(256))) == [ACK]
    assert host.page(Parameters(gamma=3, **at)) == b"\x7f" * 8
    assert host.page(Parameters(brightness=1, **at)) == b"\x90" * 8
    assert host.say(ESC + b"z") == [ACK]
    assert host.say(b"X" + bytes(256)) == [NAK]


def test_halftones_keep_the_mean():
    host = Host()
    page = host.page(Parameters(left=664, top=256, width=40, height=40, depth=1, halftone=0x80))
    assert sum(each.bit_count() for each in page) == 800  # half of 1600 dots of the grey patch


def test_blocks_come_with_the_speed_of_the_carriage():
    host = Host("warmup=0,speed=100")
    host.set(replace(SMALL, height=20, block_lines=10))
    head = host.say(FS + b"G")
    assert len(head) == 1
    assert host.wait(0.09) == []
    assert host.scanner.owes
    assert len(host.wait(0.02)) == 1
    host.happen(Slow(4))
    assert host.say(ACK) == []
    assert host.wait(0.3) == []
    assert len(host.wait(0.11)) == 1


def test_the_carriage_stops_ahead_of_a_slow_host():
    host = Host("warmup=0,speed=100")
    host.set(replace(SMALL, height=200, block_lines=10))
    assert len(host.say(FS + b"G")) == 1
    assert len(host.wait(100)) == 1  # the carriage has long scanned what fits its memory
    ready = 0
    while host.say(ACK):
        ready += 1
    assert ready == 7
    assert len(host.wait(0.1)) == 1


def test_cancel_by_the_host_is_acknowledged_and_ends_the_page():
    host = Host()
    host.set(SMALL)
    host.say(FS + b"G")
    assert host.say(CAN) == [ACK]
    assert not host.scanner.scanning
    assert host.say(ESC + b"F") == [b"\x02\x12\x00\x00"]


def test_cancel_at_the_panel_is_a_bit_behind_the_next_block():
    host = Host()
    host.set(SMALL)
    host.say(FS + b"G")
    host.happen(CancelAtPanel())
    (block,) = host.say(ACK)
    assert len(block) == 481
    assert block[-1] == 0x10
    assert host.say(CAN) == [ACK]
    assert len(host.page(SMALL)) == 1200


def test_cancel_at_the_panel_of_an_idle_scanner_is_nothing():
    host = Host()
    host.happen(CancelAtPanel())
    assert len(host.page(SMALL)) == 1200


def test_a_fatal_error_in_mid_page_is_a_bit_behind_a_whole_block():
    host = bare("fatal@1:60%")
    host.set(SMALL)
    (_, first) = host.say(FS + b"G")
    assert first[-1] == 0
    (second,) = host.say(ACK)
    assert (len(second), second[-1]) == (481, 0x80)
    assert not host.scanner.scanning


def test_a_host_that_forgets_the_scan_gets_its_answer():
    host = Host()
    host.set(SMALL)
    host.say(FS + b"G")
    assert host.say(ESC + b"@") == [ACK]
    assert not host.scanner.scanning


def test_the_old_start_sends_headers_with_line_counts():
    host = Host()
    host.set(SMALL)
    head, data = host.say(ESC + b"G")
    assert head == b"\x02\x12" + struct.pack("<2H", 120, 4)
    assert len(data) == 480
    assert host.say(ACK)[0] == b"\x02\x12" + struct.pack("<2H", 120, 4)
    head, data = host.say(ACK)
    assert head == b"\x02\x32" + struct.pack("<2H", 120, 2)  # area end
    assert len(data) == 240
    assert not host.scanner.scanning


def test_the_old_start_without_blocks_sends_rows():
    host = Host()
    host.set(replace(SMALL, block_lines=0, height=2))
    assert host.say(ESC + b"G")[0] == b"\x02\x12" + struct.pack("<H", 120)
    assert host.say(ACK)[0] == b"\x02\x32" + struct.pack("<H", 120)


# The feeder.


def test_sheets_come_one_by_one_with_their_numbers():
    host = bare("adf=3")
    parameters = Parameters(left=500, top=110, width=224, height=40, option=1, block_lines=255)
    box = chart.Box(500, 110, 224, 40)
    for number in (1, 2, 3):
        assert host.feeder_byte() & 0x08 == 0
        page = host.page(parameters)
        assert page == b"".join(chart.rows(number, Source.FEEDER, Mode.GRAY8, (100, 100), box))
    assert host.feeder_byte() == 0xC0 | 0x08
    assert announced(host.say(FS + b"G")[0])[1] == 0x92
    host.happen(LoadPaper(1))
    assert host.page(parameters) == b"".join(chart.rows(1, Source.FEEDER, Mode.GRAY8, (100, 100), box))


def test_duplex_brings_front_then_back_of_each_sheet():
    host = bare("adf=1")
    parameters = Parameters(left=100, top=190, width=200, height=40, option=2, block_lines=255)
    box = chart.Box(100, 190, 200, 40)
    for back in (False, True):
        assert host.feeder_byte() & 0x08 == 0
        want = b"".join(chart.rows(1, Source.FEEDER, Mode.GRAY8, (100, 100), box, back=back))
        assert host.page(parameters) == want
    assert host.feeder_byte() & 0x08


def test_feeding_takes_its_time_and_is_acknowledged_after():
    host = Host("adf=1,warmup=0,feed=0.5,speed=0")
    host.set(replace(SMALL, option=1))
    assert host.say(b"\x19") == []
    assert host.scanner.owes
    assert host.wait(0.5) == [ACK]
    assert len(host.say(FS + b"G")) == 2  # already fed


def test_feeding_nothing_is_refused_and_ejecting_nothing_is_not():
    host = Host()
    assert host.say(ESC + b"e") == [ACK]
    assert host.say(b"\x01") == [ACK]
    assert host.say(b"\x19") == [NAK]
    assert host.say(b"\x0c") == [ACK]


def test_a_jam_in_mid_page_breaks_it_and_stays_until_cleared():
    host = bare("adf=3,jam@2")
    parameters = replace(SMALL, option=1)
    assert len(host.page(parameters)) == 1200
    host.set(parameters)
    (_, first) = host.say(FS + b"G")
    (second,) = host.say(ACK)
    assert (first[-1], second[-1]) == (0, 0x80)
    assert host.feeder_byte() == 0xC0 | 0x04
    assert announced(host.say(FS + b"G")[0])[1] == 0x92
    host.happen(Cover(open=True))
    assert host.feeder_byte() == 0xC0 | 0x04 | 0x02
    host.happen(Cover(open=False))
    assert host.feeder_byte() == 0xC0
    assert host.scanner.state.sheets == 1
    assert len(host.page(parameters)) == 1200


def test_an_open_feeder_does_not_stop_the_platen():
    host = bare("adf=1")
    host.happen(Cover(open=True))
    assert len(host.page(SMALL)) == 1200


# The cable.


def test_unplugged_in_mid_page_nothing_more_comes_and_the_scan_is_gone():
    host = bare("adf=2,unplug@1:70%")
    host.set(replace(SMALL, option=1))
    (_, first) = host.say(FS + b"G")
    assert first[-1] == 0
    assert host.say(ACK) == []
    assert not host.scanner.state.plugged
    assert not host.scanner.scanning
    host.happen(Plug())
    assert host.say(ESC + b"F") == [b"\x02\x12\x00\x00"]


def test_a_script_can_pull_the_cable_at_a_time():
    host = bare("unplug@2s,plug@3s")
    host.wait(2)
    assert not host.scanner.state.plugged
    host.wait(1)
    assert host.scanner.state.plugged
    host.happen(Unplug())
    assert not host.scanner.state.plugged
