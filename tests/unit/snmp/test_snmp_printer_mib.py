from drivers.contract.observation import Trouble, TroubleKind, Unit
from drivers.snmp.printer_mib import Alert, alerts, troubles

ENTRY = "1.3.6.1.2.1.43.18.1.1"


def test_the_alert_table_is_rows_by_index() -> None:
    walked = {
        f"{ENTRY}.2.1.231": 3,
        f"{ENTRY}.2.1.12": 4,
        f"{ENTRY}.4.1.231": 52,
        f"{ENTRY}.7.1.231": 8,
        f"{ENTRY}.8.1.231": b"Jam in document feeder",
        f"{ENTRY}.99.1.231": 1,
        f"{ENTRY}.x.1.231": 1,
    }
    assert alerts(walked) == (Alert(12, 4, -1, -1, ""), Alert(231, 3, 52, 8, "Jam in document feeder"))


def test_a_jam_of_the_scanners_path_is_a_trouble_and_a_jam_of_the_printers_is_not() -> None:
    assert troubles((Alert(1, 3, 52, 8, ""),)) == {Trouble(TroubleKind.JAM, Unit.FEEDER)}
    assert troubles((Alert(1, 3, 13, 8, ""),)) == frozenset()


def test_an_unknown_critical_scan_alert_asks_for_attention_and_a_warning_does_not() -> None:
    assert troubles((Alert(1, 3, 50, 30, ""),)) == {Trouble(TroubleKind.ATTENTION, Unit.PLATEN)}
    assert troubles((Alert(1, 4, 50, 30, ""),)) == frozenset()
