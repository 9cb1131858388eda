"""The simulated ESC/I-2 scanner, byte by byte on a hand-turned clock. Layouts from SANE's epsonds and utsushi."""

from dataclasses import replace

import pytest

from drivers.contract.capabilities import Mode, Source
from hil import chart
from hil.devices.esci2.product import DS_530, WF_8590, Product
from hil.devices.esci2.scanner import Esci2Scanner
from hil.devices.esci2.usb import BULK_IN, BULK_OUT, INTERRUPT, esci2_usb
from hil.devices.stimuli import (
    At,
    CancelAtPanel,
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
from hil.devices.usb.device import Refusal
from hil.script import read

CONTROL, INQUIRY, ACK, NAK = b"\x1cX", b"\x1cY", b"\x06", b"\x15"
SMALL = b"#FB #COLM008#FMTRAW #RSMd100#RSSd100#PAGd000#BSZi0000100#ACQi0000008i0000004i0000040i0000010"
FED = SMALL.replace(b"#FB ", b"#ADF")


class Host:
    """A host with a clock it turns itself."""

    def __init__(self, script: str = "", product: Product = WF_8590) -> None:
        self.now = 1000.0
        self.scanner = Esci2Scanner(read(f"warmup=0,feed=0,speed=0,{script}"), self.now, product)

    def messages(self) -> list[bytes]:
        self.scanner.update(self.now)
        out = []
        while size := self.scanner.answer:
            out.append(self.scanner.take(size))
        return out

    def say(self, data: bytes) -> list[bytes]:
        self.scanner.write(data, self.now)
        return self.messages()

    def ask(self, code: bytes, block: bytes = b"") -> tuple[bytes, bytes]:
        """The answer's code and tokens, and its data."""
        found = self.say(b"%sx%07X" % (code, len(block)) + block)
        head, data = found[0], b"".join(found[1:])
        assert len(head) == 64
        assert int(head[5:12], 16) == len(data)
        return head[:4] + head[12:].split(b"#---")[0], data

    def happen(self, *stimuli: object) -> None:
        self.scanner.update(self.now, stimuli)  # type: ignore[arg-type]

    def status(self) -> bytes:
        return self.ask(b"STAT")[1]

    def begin(self, block: bytes = SMALL) -> None:
        assert self.say(CONTROL) == [ACK]
        assert self.ask(b"PARA", block) == (b"PARA#parOK  ", b"")
        assert self.ask(b"TRDT") == (b"TRDT", b"")

    def images(self) -> tuple[list[bytes], bytes]:
        """The tokens of all answers up to one that ends the data state or has an error, and all data."""
        heads, everything = [], b""
        while True:
            head, data = self.ask(b"IMG ")
            heads.append(head[4:])
            everything += data
            if not self.scanner._engine.transferring:
                return heads, everything


def test_nothing_is_said_outside_a_session_but_no():
    host = Host()
    assert host.say(b"INFOx0000000") == [NAK]
    assert host.say(b"\x1cZ") == [NAK]
    assert host.say(CONTROL) == [ACK]
    assert host.ask(b"FIN ") == (b"FIN ", b"")
    assert host.say(b"STATx0000000") == [NAK]


def test_information_and_capabilities_are_whole_groups_of_four():
    host = Host()
    host.say(INQUIRY)
    _, info = host.ask(b"INFO")
    _, capa = host.ask(b"CAPA")
    assert (len(info) % 4, len(capa) % 4) == (0, 0)
    for part in (
        b"#ADFDPLX1SCN",
        b"#ADFALGNCNTR",
        b"#ADFAREAi0001170i0001700",
        b"#FB RESOi0001200",
        b"#PRDh010PID 08BC",
    ):
        assert part in info
    assert b"#PB " not in info
    for part in (
        b"#ADFDPLX",
        b"#COLLISTC024M001M008",
        b"#FMTLISTRAW JPG ",
        b"#RSMLISTd075d100d150d200d300d600i0001200",
    ):
        assert part in capa


def test_a_session_for_asking_sets_and_moves_nothing():
    host = Host()
    host.say(INQUIRY)
    for code in (b"PARA", b"TRDT", b"MECH", b"IMG "):
        assert host.ask(code)[0] == b"INVD"
    assert host.ask(b"WHAT")[0] == b"UNKN"


def test_small_letters_in_a_size_are_understood():
    host = Host()
    host.say(CONTROL)
    [head] = host.say(b"PARAx000005c" + SMALL)
    assert len(SMALL) == 0x5C
    assert head[12:20] == b"#parOK  "


@pytest.mark.parametrize(
    "change",
    [
        (b"d100#RSS", b"d101#RSS"),  # no such resolution
        (b"M008", b"C048"),
        (b"i0000040i", b"i0001170i0000001i"),  # five numbers
        (b"i0000040", b"i0009999"),
        (b"#FMTRAW ", b"#FMTTIFF"),
        (b"#COL", b"#XXX"),
    ],
)
def test_parameters_that_it_cannot_do_are_refused_and_the_old_ones_stay(change: tuple[bytes, bytes]):
    host = Host()
    host.say(CONTROL)
    host.ask(b"PARA", SMALL)
    before = host.scanner.parameters
    assert host.ask(b"PARA", SMALL.replace(*change)) == (b"PARA#parFAIL", b"")
    assert host.scanner.parameters == before


def test_what_was_set_is_told_again():
    host = Host()
    host.say(CONTROL)
    table = bytes(range(255, -1, -1))
    host.ask(b"PARA", SMALL + b"#GMTMONOh100" + table)
    _, told = host.ask(b"RESA")
    assert b"#GMTMONOh100" + table in told
    assert b"#ACQd008d004d040d010" in told


def test_a_page_is_its_beginning_its_pieces_and_its_end():
    host = Host("original=3")
    host.begin()
    heads, data = host.images()
    assert heads[0] == b"#psti0000040i0000000i0000010#typIMGA"
    assert heads[1:-1] == [b"#typIMGA"] * 3  # 400 bytes, 100 at a time
    assert heads[-1] == b"#peni0000040i0000010#typIMGA"
    box = chart.Box(8, 4, 40, 10)
    assert data == b"".join(chart.rows(3, Source.PLATEN, Mode.GRAY8, (100, 100), box))
    assert host.ask(b"IMG ")[0] == b"INVD"


def test_both_sides_of_a_sheet_come_by_turns_and_the_last_page_says_so():
    host = Host("adf=1")
    host.begin(FED.replace(b"#ADF", b"#ADFDPLX"))
    heads, _ = host.images()
    assert [head[-4:] for head in heads[:4]] == [b"IMGA", b"IMGB", b"IMGA", b"IMGB"]
    assert heads[-2] == b"#peni0000040i0000010#typIMGA"
    assert heads[-1] == b"#peni0000040i0000010#typIMGB#lftd000"


def test_no_more_sheets_are_fed_than_were_wanted():
    host = Host("adf=3")
    host.begin(FED.replace(b"#PAGd000", b"#PAGd002"))
    heads, _ = host.images()
    assert [head for head in heads if b"#pen" in head] == [
        b"#peni0000040i0000010#typIMGA#lftd001",
        b"#peni0000040i0000010#typIMGA#lftd000",
    ]
    assert host.scanner.state.sheets == 1


def test_an_empty_feeder_is_an_error_of_the_first_image():
    host = Host()
    host.begin(FED)
    assert host.ask(b"IMG ") == (b"IMG #errADF PE  ", b"")
    assert host.ask(b"STAT") == (b"STAT", b"#ERRADF PE  ")


@pytest.mark.parametrize(
    ("stimulus", "cause"),
    [(Jam(), b"PJ  "), (DoubleFeed(), b"DFED"), (Cover(open=True), b"OPN "), (Fatal(), b"ERR ")],
)
def test_each_trouble_is_told_by_status_and_image_until_it_is_cleared(stimulus: object, cause: bytes):
    host = Host("adf=2")
    host.say(INQUIRY)
    host.happen(stimulus)
    assert host.status().startswith(b"#ERRADF " + cause)
    host.ask(b"FIN ")
    host.begin(FED)
    assert host.ask(b"IMG ") == (b"IMG #errADF " + cause, b"")
    host.happen(Clear(), LoadPaper(1))
    assert host.status() == b""
    host.happen(RemovePaper())


def test_a_jam_at_half_a_page_comes_when_half_of_it_has_passed():
    host = Host("adf=2")
    host.happen(At(1, 50, Jam()))
    host.begin(FED)
    heads, data = host.images()
    assert heads[-1] == b"#errADF PJ  "
    assert len(data) == 100


def test_cancel_at_the_panel_is_said_until_the_host_cancels():
    host = Host("adf=2")
    host.begin(FED)
    host.ask(b"IMG ")
    host.happen(CancelAtPanel())
    assert host.ask(b"IMG ") == (b"IMG #atnCAN ", b"")
    assert host.ask(b"IMG ") == (b"IMG #atnCAN ", b"")
    assert host.ask(b"CAN ") == (b"CAN ", b"")
    assert not host.scanner.scanning


def test_the_motor_takes_its_time_and_an_image_asked_for_too_early_is_empty():
    host = Host()
    host.scanner = Esci2Scanner(read("warmup=0,feed=0,speed=1"), host.now)  # a row a second
    host.begin()  # pieces of two and a half rows
    assert host.say(b"IMG x0000000") == []
    assert host.scanner.owes
    host.now += 0.5
    [head] = host.messages()
    assert head[:16] == b"IMG x0000000#---"
    host.now += 1.9
    assert host.say(b"IMG x0000000") == []
    host.now += 0.1
    assert len(host.messages()) == 2
    host.happen(Slow(2))
    host.now += 4.9
    assert host.say(b"IMG x0000000") == []
    host.now += 0.1
    assert len(host.messages()) == 2


def test_a_lamp_that_warms_is_said_so():
    host = Host()
    host.scanner = Esci2Scanner(read("warmup=5,feed=0,speed=0"), host.now)
    host.begin()
    assert host.ask(b"IMG ") == (b"IMG #nrdWUP ", b"")
    host.now += 5
    assert host.ask(b"IMG ")[0].startswith(b"IMG #pst")


def test_looking_does_not_wake_it():
    host = Host("sleep=1")
    host.now += 2
    host.say(INQUIRY)
    host.status()
    assert host.scanner.state.asleep


def test_another_host_is_in_the_way():
    host = Host()
    host.happen(InUse(taken=True))
    assert host.say(CONTROL) == [NAK]
    assert host.say(INQUIRY) == [ACK]
    assert host.ask(b"STAT") == (b"STAT#nrdRSVD", b"")


def test_a_request_out_of_step_loses_what_came_with_it():
    host = Host()
    host.say(CONTROL)
    assert host.say(b"TATx0000000INFOx0000000")[0][:4] == b"UNKN"
    assert host.ask(b"STAT")[0] == b"STAT"
    assert host.say(b"PARAx0FFFFFF")[0][:4] == b"INVD"


def test_pulling_the_cable_forgets_the_session():
    host = Host()
    host.begin()
    host.happen(Unplug())
    host.happen(Plug())
    assert not host.scanner.session
    assert not host.scanner.scanning


def test_a_jpeg_that_ends_with_its_paper_does_not_know_its_height():
    host = Host("adf=1", replace(DS_530, truncates=True))
    block = b"#ADF#COLM008#FMTJPG #JPGd090#RSMd050#RSSd050#BSZi0065536#ACQi0000000i0000500i0000400i0000200"
    host.begin(block)
    heads, data = host.images()
    assert heads[0].startswith(b"#psti0000400i0000000i0000200")
    assert heads[-1].startswith(b"#peni0000400i0000084")  # 11.693 inch at 50 ppi are 584 rows
    frame = data.index(b"\xff\xc0")
    assert data[frame + 5 : frame + 7] == b"\xff\xff"


def test_a_press_is_one_packet_on_the_interrupt_endpoint():
    scanner = Esci2Scanner(read(""), 0.0)
    plug = esci2_usb(scanner)
    assert plug.read(INTERRUPT, 8, 0.0) is None
    plug.update(0.0, (Press(2),))
    assert plug.read(INTERRUPT, 8, 0.0) == bytes([1, 2, 0, 0, 0, 0, 0, 0])
    assert plug.read(INTERRUPT, 8, 0.0) is None


def test_without_that_endpoint_a_press_is_in_the_status_once():
    host = Host(product=replace(WF_8590, interrupts=False))
    host.happen(Press(3), LoadPaper(1))
    host.say(INQUIRY)
    assert host.status() == b"#PB d003"
    assert host.status() == b""
    plug = esci2_usb(host.scanner)
    assert plug.read(INTERRUPT, 8, 0.0) is Refusal.STALL
    assert b"#PB " in host.ask(b"INFO")[1]


def test_head_and_data_are_read_apart_over_usb():
    plug = esci2_usb(Esci2Scanner(read("warmup=0"), 0.0))
    plug.write(BULK_OUT, INQUIRY, 0.0)
    assert plug.read(BULK_IN, 512, 0.0) == ACK
    plug.write(BULK_OUT, b"STATx0000000", 0.0)
    assert len(plug.read(BULK_IN, 512, 0.0)) == 64  # type: ignore[arg-type]
    assert plug.read(BULK_IN, 512, 0.0) == b"#ERRADF PE  "
    assert plug.read(BULK_IN, 512, 0.0) is None
