"""The best way to a scanner, in one line its owner understands; what is expected was read in SANE and HPLIP lists."""

from pathlib import Path

import pytest

from drivers import routing
from drivers.routes import firmware, table
from drivers.routes.route import Asked, Kind, Native, choose
from drivers.routes.table import Known, Status, Way
from drivers.usb.families import USB_FAMILIES


def line(ids: str, here: str = "amd64", store: Path | None = None) -> str:
    return routing.of(ids, store, here=here).line


@pytest.mark.parametrize(
    ("asked", "who", "says"),
    [
        ("perfection 3490", "Epson Perfection 3490", "SANE's snapscan needs esfw52.bin or esfw51.bin from the Windows"),
        ("perfection 3490", "Epson Perfection 3490", ": wsd-scan-bridge firmware add esfw52.bin"),
        ("scansnap s510", "Fujitsu ScanSnap S510", "the bridge's own driver fujitsu scans with it."),
        ("scanjet 4100c", "HP ScanJet 4100C", "SANE's hp scans with it."),
        ("04a5:2137", "Benq (Acer) 5150 (04a5:2137)", "wsd-scan-bridge firmware add FILE --for 04a5:2137"),
        ("05d8:4004", "Artec/Ultima E+ Pro", "SANE's artec_eplus48u needs 1200.usb from the Windows driver"),
        ("1234:5678", "USB id 1234:5678", "nobody is known to scan with it without Windows."),
        ("413c:5250", "Dell 1600n", "nobody is known to scan with it without Windows."),
    ],
)
def test_one_line_says_what_its_owner_has_to_do(asked: str, who: str, says: str):
    told = routing.asked(asked)[0].line
    assert told.startswith(f"{who}: ")
    assert says in told


def test_a_closed_plugin_is_for_the_processors_it_exists_for():
    here, there = line("04b8:0119"), line("04b8:0119", "arm64")
    assert "only Epson's Image Scan! (iscan) with a closed plugin (iscan-plugin-gt-x750) scans with it" in here
    assert "exists for i386 and amd64 but not for this machine's arm64" in there
    assert routing.of("04b8:0119", here="amd64").kind is Kind.CLOSED


def test_hps_plugin_exists_for_arm_too():
    assert "M1132" in line("03f0:042a", "arm64")
    assert "HP's closed plugin for HPLIP scans with it" in line("03f0:042a", "arm64")
    assert "would scan with it" in line("03f0:042a", "riscv64")


def test_every_native_scanner_goes_to_the_driver_of_the_catalog():
    for family in USB_FAMILIES:
        for ids in family.ids():
            route = routing.of(ids, here="amd64")
            assert (route.kind is Kind.NATIVE) is family.scans or route.by != family.name
            assert route.line.count("\n") == 0


def test_who_only_looks_is_named_beside_who_scans():
    told = line("04a9:190a")
    assert told.startswith("Canon CanoScan LiDE 210: SANE's genesys scans with it. ")
    assert "own driver genesys looks after it meanwhile" in told


def ways(*texts: str) -> Known:
    return Known("1209:0001", ("X",), tuple(Way(program, Status(status)) for program, status in map(str.split, texts)))


@pytest.mark.parametrize(
    ("known", "by"),
    [
        (ways("epson2 unsupported", "epkowa-plugin good"), "epkowa-plugin"),
        (ways("avision untested", "utsushi good"), "utsushi"),
        (ways("avision minimal", "utsushi good"), "avision"),
        (ways("avision untested", "brother good"), "avision"),
        (ways("epson2 good", "epson complete"), "epson"),
        (ways("brother untested", "hpaio-plugin good"), "hpaio-plugin"),
    ],
)
def test_the_first_rule_that_matches_decides(known: Known, by: str):
    assert choose(Asked(known.ids, known, processor="amd64")).by == by


def test_on_another_processor_a_program_that_exists_there_comes_first():
    known = ways("brother complete", "hpaio-plugin good")
    assert choose(Asked(known.ids, known, processor="arm64")).by == "hpaio-plugin"


def test_a_driver_that_scans_needs_no_list():
    route = choose(Asked("1209:0001", None, Native("esci", scans=True), processor="arm64"))
    assert (route.kind, route.happy) == (Kind.NATIVE, True)


def test_a_file_that_is_there_makes_it_a_happy_route(tmp_path: Path):
    (want,) = firmware.recognised("300_0C00.nal")
    firmware.keep(tmp_path, "300_0C00.nal", bytes(range(256)) * 260, (want,))
    route = routing.of("04c5:1156", tmp_path)
    assert (route.happy, route.file) == (True, "300_0c00.nal")
    assert not routing.of("04c5:11ed", tmp_path).happy


@pytest.mark.parametrize("text", ["04B8:0122", "0x04b8 0x0122", "04b8:0122", " 04b8:0122 "])
def test_an_id_is_understood_as_lsusb_and_the_lists_write_it(text: str):
    assert table.ids_in(text) == "04b8:0122"


@pytest.mark.parametrize("text", ["", "perfection", "04b8", "04b8:01222", "04b8-0122"])
def test_what_is_no_id_is_a_name(text: str):
    assert table.ids_in(text) is None


def test_a_name_is_found_by_its_words_and_the_nearest_is_first():
    names = [route.line.split(":")[0] for route in routing.asked("lide 20")]
    assert names[0] == "Canon CanoScan LiDE 20"
    assert len(names) > 1  # 200, 210, 220
    assert routing.asked("no such scanner") == ()
    assert routing.asked("") == ()


def test_the_whole_table_can_be_read_and_has_a_program_for_each_way():
    backends_with_firmware = {want.backend for want in firmware.wants().values()}
    for known in table.everything():
        assert known.names
        for way in known.ways:
            assert way.program in table.programs() or "-" not in way.program
            assert way.program not in {"airscan", "escl", "net"}
    assert backends_with_firmware == {"snapscan", "gt68xx", "epjitsu", "artec_eplus48u"}


def test_every_scanner_that_wants_firmware_is_in_the_table_with_that_backend():
    absent = {
        ids
        for ids, want in firmware.wants().items()
        if (known := table.known(ids)) is None or all(way.program != want.backend for way in known.ways)
    }
    assert absent == set()


def test_ids_that_one_list_confuses_have_their_right_names():
    assert routing.of("04b8:014d").names == ("Epson DS-760", "Epson DS-860")
    assert routing.of("04b8:0150").names == ("Epson DS-560",)
    assert routing.of("04b8:0152").names == ("Epson DS-40",)
