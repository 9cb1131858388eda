"""What the Printer MIB, the PWG's MIBs and the vendors' tables say, expected values from the MIBs."""

import pytest

from drivers.contract.observation import Readiness, Trouble, TroubleKind, Unit
from drivers.snmp import printer_parts, pwg_counters
from drivers.snmp.printer_mib import Alert, asleep, troubles
from drivers.snmp.vendors.known import vendor
from drivers.snmp.vendors.table import TableSense, vendors

CRITICAL, WARNING = 3, 4
JAM = Trouble(TroubleKind.JAM, Unit.FEEDER)


@pytest.mark.parametrize(
    ("alert", "trouble"),
    [
        # PWG 5107.3: groups scanDevice 50, scanner 51, scanMediaPath 52
        (Alert(1, CRITICAL, 52, 5206, ""), JAM),
        (Alert(1, CRITICAL, 52, 5212, ""), JAM),
        (Alert(1, CRITICAL, 51, 5103, ""), Trouble(TroubleKind.LAMP_FAILED, Unit.PLATEN)),
        (Alert(1, WARNING, 51, 5101, ""), None),  # scannerLightLifeAlmostOver
        (Alert(1, WARNING, 51, 24, ""), Trouble(TroubleKind.LAMP_WARMING, Unit.PLATEN)),
        (Alert(1, CRITICAL, 52, 5210, ""), Trouble(TroubleKind.FEEDER_EMPTY, Unit.FEEDER)),
        # codes that are about scanning in a group that is not
        (Alert(1, CRITICAL, 13, 5206, ""), JAM),
        # subunits that printers have too: by the index range for the scan function, or by their own words
        (Alert(1, CRITICAL, 13, 8, "", 0x101), JAM),
        (Alert(1, CRITICAL, 13, 8, "Paper jam", 1), None),
        (Alert(1, CRITICAL, 13, 8, "Jam in ADF", 1), JAM),
        (Alert(1, CRITICAL, 6, 3, "Document feeder cover open", 1), Trouble(TroubleKind.COVER_OPEN, Unit.FEEDER)),
        (Alert(1, CRITICAL, 1, 30, "Scanner failure", 1), Trouble(TroubleKind.ATTENTION, Unit.MEDIA_PATH)),
        (Alert(1, CRITICAL, 11, 12, "Scanner toner", 1), None),  # a supply is none of it, whatever it is called
        # fax is not scanning
        (Alert(1, CRITICAL, 61, 6101, ""), None),
    ],
)
def test_an_alert_is_a_trouble_when_it_is_about_scanning(alert, trouble) -> None:
    assert troubles((alert,)) == (frozenset() if trouble is None else {trouble})
    assert alert.fax is (alert.group == 61)


def test_a_power_saver_alert_of_the_whole_device_is_sleep() -> None:
    assert asleep((Alert(1, 1, 5, 23, ""),))
    assert not asleep((Alert(1, 1, 10, 23, ""),))


PRT = "1.3.6.1.2.1.43"


def test_covers_console_and_lights_are_what_a_person_would_see() -> None:
    walked = {
        f"{PRT}.6.1.1.2.1.1": b"Front cover",
        f"{PRT}.6.1.1.2.1.2": b"ADF cover",
        f"{PRT}.6.1.1.3.1.1": 4,
        f"{PRT}.6.1.1.3.1.2": 3,
        f"{PRT}.16.5.1.2.1.1": b"Scanning   ",
        f"{PRT}.16.5.1.2.1.2": b"\xa0",
        f"{PRT}.17.6.1.2.1.1": 500,
        f"{PRT}.17.6.1.3.1.1": 500,
        f"{PRT}.17.6.1.5.1.1": b"Attention",
        f"{PRT}.17.6.1.2.1.2": 0,
        f"{PRT}.17.6.1.3.1.2": 0,
        f"{PRT}.17.6.1.5.1.2": b"Ready",
        f"{PRT}.17.6.1.5.1.3": b"Half a row",
    }
    assert dict(printer_parts.facts({f"{PRT}.5.1.1.16.1": b"Hall"}, walked, 1)) == {
        "name": "Hall",
        "covers": "Front cover closed, ADF cover open",
        "console": "Scanning",
        "lights": "Attention blinks, Ready off",
    }
    assert printer_parts.troubles(walked) == {Trouble(TroubleKind.COVER_OPEN, Unit.FEEDER)}
    assert printer_parts.troubles(walked | {f"{PRT}.6.1.1.2.1.2": b"Scanner lid"}) == frozenset()


IC = "1.3.6.1.4.1.2699.1.3.1"


@pytest.mark.parametrize(
    ("state", "readiness"),
    [(3, "idle"), (4, "busy"), (5, "stopped"), (6, "busy"), (7, "stopped"), (1, None), (2, None), (99, None)],
)
def test_the_scan_service_tells_its_state(state, readiness) -> None:
    walked = {f"{IC}.3.1.1.6.11.1": 4, f"{IC}.3.1.1.6.12.1": state, f"{IC}.3.1.1.6.7.1": 3}
    found = pwg_counters.services(walked)
    assert [service.name for service in found] == ["scan", "fax-in"]
    reading = walked | {
        f"{IC}.3.1.1.3.12.1": 5,
        f"{IC}.7.1.1.4.5.3.3": 812,  # key 5, workTotals, lifetime
        f"{IC}.7.1.1.4.5.3.4": 7,  # since power-on
        f"{IC}.6.1.1.8.5.3": 91,
    }
    seen = pwg_counters.see(reading, found)
    assert seen.readiness == (None if readiness is None else Readiness(readiness))
    assert bool(seen.troubles) is (readiness == "stopped")
    assert dict(seen.counters) == {"scan images": 812, "scan jobs": 91}


ARC = "1.3.6.1.4.1"


def sensed(enterprise: int, reading):
    return TableSense(vendors()[enterprise]).see(reading)


def test_lexmark_alerts_and_counts_by_type() -> None:
    seen = sensed(
        641,
        {
            f"{ARC}.641.6.5.1.1.5.1.4": 604,
            f"{ARC}.641.6.5.1.1.6.1.4": b"Scanner ADF jam",
            f"{ARC}.641.6.5.1.1.5.1.5": 101,
            **{f"{ARC}.641.6.4.3.1.1.2.1.{row}": kind for row, kind in enumerate((1, 5, 259, 773), 1)},
            **{f"{ARC}.641.6.4.3.1.1.4.1.{row}": sides for row, sides in enumerate((10, 20, 3, 8), 1)},
        },
    )
    assert (seen.readiness, seen.troubles, seen.explanation) == (Readiness.STOPPED, {JAM}, "Scanner ADF jam")
    assert dict(seen.counters) == {"feeder scans": 30, "glass scans": 3, "duplex scans": 8}


@pytest.mark.parametrize("code", [605, 606, 607])  # stalled, locked, disabled
def test_a_scanner_of_lexmark_that_stands_still_needs_somebody(code) -> None:
    seen = sensed(641, {f"{ARC}.641.6.5.1.1.5.1.1": code})
    assert (seen.readiness, seen.troubles) == (Readiness.STOPPED, {Trouble(TroubleKind.ATTENTION, Unit.MEDIA_PATH)})


def test_ricohs_error_object() -> None:
    error = f"{ARC}.367.3.2.1.2.2.13.0"
    assert sensed(367, {error: 2}).troubles == {JAM}
    assert sensed(367, {error: 3}).troubles == {Trouble(TroubleKind.ATTENTION, Unit.MEDIA_PATH)}
    assert sensed(367, {error: 0}).troubles == frozenset()
    assert sensed(367, {error: 0}).readiness is None


@pytest.mark.parametrize(
    ("panel", "sleep", "readiness"),
    [
        (b"Scanning        ", None, Readiness.BUSY),
        (b"Sleep Mode", None, Readiness.ASLEEP),
        (b"Ready", None, Readiness.IDLE),
        ("TRYB UŚPIENIA".encode(), None, None),
        ("TRYB UŚPIENIA".encode(), 1, Readiness.ASLEEP),
        (None, None, None),
    ],
)
def test_brothers_panel_tells_what_it_says_in_english_and_its_sleep_in_a_number(panel, sleep, readiness) -> None:
    objects = {f"{ARC}.2435.2.3.9.4.2.1.5.4.5.2.0": panel, f"{ARC}.2435.2.3.9.4.2.1.5.6.1.0": sleep}
    assert sensed(2435, objects).readiness is readiness


def rows(place: str, kinds: str, counts: str, told: dict[int, int]) -> dict[str, int]:
    """A table of counters by kind: what is counted, and how often."""
    found = {}
    for row, (kind, count) in enumerate(told.items(), 1):
        found |= {f"{place}.{kinds}.{row}": kind, f"{place}.{counts}.{row}": count}
    return found


@pytest.mark.parametrize(
    ("enterprise", "objects", "counters"),
    [
        (
            253,
            {"8.53.13.2.1.6.10.20.11": 5, "8.53.13.2.1.6.10.20.12": 6},
            {"scans by e-mail": 5, "scans to network": 6},
        ),
        (
            367,
            rows("3.2.1.2.19.5.1", "2", "9", {300: 7, 870: 10, 871: 20, 8: 999}),
            {"scans": 30, "faxes": 7},
        ),
        (1347, {"46.10.1.1.5.3": 8, "42.3.1.1.1.1.4": 9}, {"scans": 8, "faxes": 9}),
        (1602, {"1.11.1.3.1.4.501": 77, "1.11.1.3.1.4.101": 999}, {"scans": 77}),
        (1602, {"1.11.1.3.1.4.501.0": 78}, {"scans": 78}),  # with an instance
        (
            2385,
            {f"1.1.19.2.1.3.{function}.4.50": count for function, count in ((7, 40), (8, 3), (1, 999))},
            {"scans": 40, "faxes": 3},
        ),
        (2385, {"1.1.19.2.1.3.9.4.50": 41}, {"scans by newer models": 41}),
        (
            2435,
            rows("2.3.9.4.2.1.5.5.54.2.2.1", "2", "3", {1: 11, 2: 12, 3: 13}),
            {"feeder scans": 11, "glass scans": 12, "duplex scans": 13},
        ),
        (18334, {f"1.1.1.5.7.2.3.1.5.1.{n}": n for n in (1, 2)}, {"scans": 3}),
    ],
)
def test_what_is_counted_is_told_by_name(enterprise: int, objects: dict[str, int], counters: dict[str, int]) -> None:
    seen = sensed(enterprise, {f"{ARC}.{enterprise}.{below}": value for below, value in objects.items()})
    assert dict(seen.counters) == counters


@pytest.mark.parametrize("enterprise", sorted(vendors()))
def test_every_vendors_sense_takes_nothing_and_nonsense(enterprise) -> None:
    sense = TableSense(vendors()[enterprise])
    nothing = sense.see({})
    assert (nothing.readiness, nothing.troubles, nothing.counters, nothing.facts) == (None, frozenset(), (), ())
    roots = (*sense.objects, *sense.asked, *(f"{table}.1.1" for table in sense.tables))
    for value in (-5, 2**64, b"\xff\0", b"", "1.3.6"):
        assert sense.see(dict.fromkeys(roots, value)).troubles == frozenset()


def test_the_maker_is_known_by_number_and_else_by_name() -> None:
    assert vendor("1.3.6.1.4.1.367.1.1").name == "Ricoh"
    assert vendor("1.3.6.1.4.1.99999.1").name == ""
    assert vendor("1.3.6.1.4.1.8072.3.2.10", "Hewlett-Packard").name == "HP"
    assert vendor("", "KONICA MINOLTA bizhub C3110").name == "Konica Minolta"
    assert vendor("", "Linux box").enterprise is None
