from drivers.contract.identity import Identity
from drivers.contract.ieee1284 import fields
from drivers.snmp.host_resources import DeviceRow
from drivers.snmp.identity import identify, objects
from drivers.snmp.vendors.known import vendor

ROW = DeviceRow(1, "1.3.6.1.2.1.25.3.1.5", "HP LaserJet MFP M130nw")
HP = "1.3.6.1.4.1.11.2.3.9.1"


def test_ieee_1284_keys_have_short_names() -> None:
    assert fields("MANUFACTURER:HP;MDL: LaserJet 3 ;COMMAND SET:PJL,PML;junk;:x") == {
        "MFG": "HP",
        "MDL": "LaserJet 3",
        "CMD": "PJL,PML",
    }


def test_the_row_names_the_model_and_the_printer_mib_the_serial_number() -> None:
    reading = {
        "1.3.6.1.2.1.1.2.0": HP,
        "1.3.6.1.2.1.43.5.1.1.17.1": b"VNCRC48198",
        "1.3.6.1.4.1.11.2.3.9.4.2.1.1.3.5.0": bytes.fromhex("01153230323031303233"),
    }
    assert identify("snmp-h:161", reading, ROW) == Identity(
        "snmp-h:161", "HP", "HP LaserJet MFP M130nw", "VNCRC48198", "20201023"
    )


def test_hps_own_serial_number_and_sys_descr_serve_where_the_printer_mib_is_missing() -> None:
    pml = {"1.3.6.1.2.1.1.2.0": HP, "1.3.6.1.4.1.11.2.3.9.4.2.1.1.3.3.0": bytes.fromhex("0115564e4352433438313938")}
    assert identify("k", pml, ROW).serial == "VNCRC48198"
    descr = {"1.3.6.1.2.1.1.1.0": b"HP ETHERNET,SN:ABC1,FN:X,PID:HP LaserJet 9"}
    assert identify("k", descr, None) == Identity("k", "HP", "HP LaserJet 9", "ABC1")


def test_an_agent_that_says_nothing_still_has_a_model() -> None:
    assert identify("k", {}, None) == Identity("k", "", "SNMP device")


def test_a_vendor_is_known_by_its_enterprise_number() -> None:
    assert vendor(HP).name == "HP"
    assert vendor("1.3.6.1.4.1.2435.2.3.9.1").name == "Brother"
    assert vendor("1.3.6.1.4.1.999999").name == ""
    assert vendor("").name == ""
    assert vendor("1.3.6.1.2.1.11").name == ""


def test_the_row_in_hand_decides_which_serial_number_is_asked_for() -> None:
    assert "1.3.6.1.2.1.43.5.1.1.17.3" in objects(DeviceRow(3, "", ""), vendor(HP))
