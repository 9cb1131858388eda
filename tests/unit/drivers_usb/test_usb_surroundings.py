"""What an operator is told of drivers in the way and of a device that may be suspended."""

from pathlib import Path

from drivers.usb.surroundings import remarks


def plugged(sysfs: Path, *, control: str, **drivers: str) -> None:
    (sysfs / "1-1.4" / "power").mkdir(parents=True)
    (sysfs / "1-1.4" / "power" / "control").write_text(f"{control}\n")
    for number, driver in enumerate(drivers.values()):
        (sysfs / f"1-1.4:1.{number}").mkdir()
        (sysfs / f"1-1.4:1.{number}" / "driver").symlink_to(f"../../../../bus/usb/drivers/{driver}")


def test_a_device_that_nobody_has_and_that_stays_awake_needs_no_word(tmp_path: Path) -> None:
    plugged(tmp_path, control="on", ours="usbfs")
    assert remarks("1-1.4", tmp_path) == ()
    assert remarks("1-1", tmp_path) == ()


def test_the_kernels_driver_is_named_with_its_interface(tmp_path: Path) -> None:
    plugged(tmp_path, control="on", scanner="usbfs", printer="usblp")
    (said,) = remarks("1-1.4", tmp_path)
    assert "driver usblp has interface 1;" in said.text
    assert not said.act


def test_who_lets_a_scanner_sleep_is_told_what_to_do(tmp_path: Path) -> None:
    plugged(tmp_path, control="auto")
    (said,) = remarks("1-1.4", tmp_path)
    assert "60-wsd-scan-bridge.rules" in said.text
    assert said.act
