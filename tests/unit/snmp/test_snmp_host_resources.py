from drivers.snmp.host_resources import (
    DeviceRow,
    DeviceStatus,
    PrinterError,
    printer_errors,
    printer_row,
    rows,
    scanner_row,
    status,
)

TYPE = "1.3.6.1.2.1.25.3.2.1.2"
DESCR = "1.3.6.1.2.1.25.3.2.1.3"
PRINTER = DeviceRow(1, "1.3.6.1.2.1.25.3.1.5", "MFP")
OTHER = DeviceRow(1, "1.3.6.1.2.1.25.3.1.1", "DS-860")
SHARP = DeviceRow(4, "1.3.6.1.4.1.2385.1.1.3.1.1", "Scanner Unit")
SHARP_NETWORK = DeviceRow(5, "1.3.6.1.4.1.2385.1.1.3.1.2", "Network Scanner")


def test_the_device_table_joins_types_and_descriptions() -> None:
    types = {f"{TYPE}.1": "1.3.6.1.2.1.25.3.1.5", f"{TYPE}.7": "1.3.6.1.2.1.25.3.1.1"}
    assert rows(types, {f"{DESCR}.1": b"A  printer\0"}) == (
        DeviceRow(1, "1.3.6.1.2.1.25.3.1.5", "A printer"),
        DeviceRow(7, "1.3.6.1.2.1.25.3.1.1", ""),
    )


def test_an_other_device_is_the_scanner_only_where_no_printer_is() -> None:
    assert scanner_row((OTHER,)) == OTHER
    assert scanner_row((PRINTER, OTHER)) is None
    assert scanner_row((PRINTER, OTHER, SHARP)) == SHARP
    assert scanner_row((PRINTER, SHARP_NETWORK)) == SHARP_NETWORK
    assert printer_row((OTHER, PRINTER)) == PRINTER


def test_hr_device_status_is_read_and_strange_values_are_none() -> None:
    assert status({"1.3.6.1.2.1.25.3.2.1.5.1": 5}, 1) is DeviceStatus.DOWN
    assert status({"1.3.6.1.2.1.25.3.2.1.5.1": 9}, 1) is None
    assert status({"1.3.6.1.2.1.25.3.2.1.5.1": b"5"}, 1) is None


def test_printer_errors_count_bits_from_the_highest_of_the_first_octet() -> None:
    errors = "1.3.6.1.2.1.25.3.5.1.2.1"
    assert printer_errors({errors: b"\x44"}, 1) == PrinterError.NO_PAPER | PrinterError.JAMMED
    assert printer_errors({errors: b"\x08\x08"}, 1) == PrinterError.DOOR_OPEN | PrinterError.OUTPUT_FULL
    assert printer_errors({errors: b""}, 1) == PrinterError(0)
    assert printer_errors({errors: None}, 1) == PrinterError(0)
