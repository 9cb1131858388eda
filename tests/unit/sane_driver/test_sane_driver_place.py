"""USB devices behind SANE's names, in a sysfs made by hand, and the backends that a child may load."""

from pathlib import Path

import pytest

from drivers.sane import backends, place


def plug(sysfs: Path, path: str, ids: str, bus: int, address: int, *, serial: str = "") -> None:
    entry = sysfs / path
    entry.mkdir(parents=True)
    vendor, _, product = ids.partition(":")
    told = {"idVendor": vendor, "idProduct": product, "busnum": str(bus), "devnum": str(address)}
    for name, value in (told | ({"serial": serial} if serial else {})).items():
        (entry / name).write_text(f"{value}\n")
    (sysfs / f"{path}:1.0").mkdir()


def test_a_name_leads_to_its_device(tmp_path: Path):
    plug(tmp_path, "1-1.4", "04b8:0110", 1, 4)
    plug(tmp_path, "2-1", "04a9:1912", 2, 4, serial="4C1A36")
    (tmp_path / "usb1").mkdir()  # a root hub whose files cannot be read
    devices = place.plugged(tmp_path)
    assert [each.path for each in devices] == ["1-1.4", "2-1"]
    for name, path in (
        ("epson2:libusb:001:004", "1-1.4"),
        ("pixma:04A91912_4C1A36", "2-1"),
        ("epson2:libusb:001:005", None),
        ("test:0", None),
        ("net:host:epson2:net:198.51.100.7", None),
    ):
        found = place.of(name, devices)
        assert (found.path if found is not None else None) == path


def test_a_device_plugged_in_again_has_a_new_name(tmp_path: Path):
    plug(tmp_path / "a", "1-1", "04b8:0110", 1, 4)
    plug(tmp_path / "b", "1-1", "04b8:0110", 1, 9)
    (before,), now = place.plugged(tmp_path / "a"), place.plugged(tmp_path / "b")
    found = place.again(before, now)
    assert found is not None
    assert place.renamed("epson2:libusb:001:004", found) == "epson2:libusb:001:009"


@pytest.mark.parametrize(("serial", "there"), [("S1", True), ("", False)])
def test_at_another_port_only_a_serial_number_tells_that_it_is_the_same(tmp_path: Path, serial: str, there: bool):
    plug(tmp_path / "a", "1-1", "04b8:0110", 1, 4, serial=serial)
    plug(tmp_path / "b", "1-2", "04b8:0110", 1, 5, serial=serial)
    (before,) = place.plugged(tmp_path / "a")
    assert (place.again(before, place.plugged(tmp_path / "b")) is not None) is there


def test_without_usb_nothing_is_plugged_in(tmp_path: Path):
    assert place.plugged(tmp_path / "none") == ()


def test_backends_that_find_other_machines_are_left_out_unless_they_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "dll.conf").write_text("# a comment\nnet\nepson2 # and why\n\nescl\nv4l\n")
    (tmp_path / "dll.d").mkdir()
    (tmp_path / "dll.d" / "airscan").write_text("airscan\n")
    (tmp_path / "dll.d" / "hplip").write_text("hpaio\n")
    (tmp_path / "epson2.conf").write_text("usb\n")
    monkeypatch.setenv("SANE_CONFIG_DIR", str(tmp_path))
    own = tmp_path / "own"
    own.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(own))
    assert backends.allowed([tmp_path], ()) == ["epson2", "hpaio"]
    assert backends.allowed([tmp_path], ("escl", "epson2")) == ["epson2", "hpaio", "escl"]
    made = backends.private(("test",))
    assert (made / "dll.conf").read_text() == "epson2\nhpaio\ntest\n"
    assert (made / "epson2.conf").read_text() == "usb\n"
    assert not (made / "dll.d").exists()
    assert made.stat().st_mode & 0o077 == 0


def test_naming_a_backend_of_the_network_lets_sane_look_there():
    assert backends.look_outside(("test", "airscan"))
    assert not backends.look_outside(("test",))
    assert not backends.look_outside(())
