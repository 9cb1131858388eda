"""Every recording played as an agent and observed by the real driver over UDP.

The table was written by hand, reading the recordings beside RFC 2790, RFC 3805 and the vendors' MIBs, before anything
was run. `unknown`: nothing in the recording speaks of the scanner's state, so nothing may be concluded.
"""

import json
import os
from pathlib import Path
from typing import NamedTuple

import pytest

from drivers.contract.clock import SystemClock
from drivers.contract.driver import Device
from drivers.contract.observation import Readiness, Snapshot
from drivers.snmp.device import open_device
from drivers.snmp.inspection import Inspection, inspect_agent
from hil.snmp.agent import Agent
from hil.snmp.ber import Tag, Typed
from hil.snmp.mib import Mib, oid, read_recording
from hil.tape import snmpwalk, values
from hil.tape.records import Snmp

ROOT = Path(__file__).parents[3]


class Expected(NamedTuple):
    manufacturer: str
    model: str
    serial: str = ""
    firmware: str = ""
    state: str = "unknown"
    printer: str = ""  # hrDeviceStatus and hrPrinterDetectedErrorState of the printer's row
    counters: dict[str, int] = {}  # noqa: RUF012 never written


HP, KM = "HP", "Konica Minolta"
TABLE = {
    # hrPrinterDetectedErrorState 00; not-ready-source-scanner 00000010: the feeder's empty bit alone; modular hardware
    # 00000002: no feeder; its counters for a feeder are garbage (10884743)
    "jetdirect_m130nw": Expected(
        HP,
        "HP LaserJet MFP M130nw",
        "VNCRC48198",
        "20201023",
        "idle",
        "running",
        {"glass pages": 1190, "glass pages to a host": 230, "feeder jams": 0},
    ),
    "jetdirect_m252dw": Expected(HP, "HP Color LaserJet Pro M252dw", "VNB3J99999", printer="running"),
    "jetdirect_m880": Expected(HP, "HP Color LaserJet flow MFP M880", printer="running"),
    "jetdirect": Expected(HP, "HP Color LaserJet M452nw", "AAA0A00000", printer="running"),
    "jetdirect_context": Expected(HP, "HP Color LaserJet M452nw", "AAA0A00000", printer="running"),
    "jetdirect_context@Jetdirect": Expected(HP, "HP Color LaserJet M452nw"),
    "jetdirect_supplies_context": Expected(HP, "HP Color LaserJet Test", "TEST000000"),
    "jetdirect_supplies_context@Jetdirect": Expected(HP, "HP Color LaserJet Test"),
    # a Kyocera behind an HP network card
    "jetdirect_1": Expected("Kyocera", "HP ETHERNET MULTI-ENVIRONMENT,ROM J.sp.00,JETDIRECT EX,JD28 EEPROM 5.58"),
    "jetdirect_2": Expected(HP, ""),
    # hrDeviceStatus 3; hrPrinterDetectedErrorState 0100: bit 7 of the first octet, serviceRequested
    "konica_c250i": Expected(KM, "KONICA MINOLTA bizhub C250i", "AA2M021115700", printer="warning service-requested"),
    "konica": Expected(KM, "Generic 28C-1", printer="warning"),
    "konica_2": Expected(KM, "Konica Minolta bizhub 25e", printer="running"),
    "developprinter": Expected(KM, "Develop ineo 280"),
    "kyocera": Expected("Kyocera", "FS-1028MFP", "QUV9600664", "2H9_2F00.002.002"),
    "utax": Expected("Kyocera", "P-4532DN", "R9L0309954", "2TP_S000.003.402", printer="running"),
    # hrDeviceStatus 3, hrPrinterDetectedErrorState without any octet
    "epson": Expected("Epson", "EPSON WF-C5790BA", "X3B8022793", printer="warning"),
    "epson-scanner_ds-860": Expected("Epson", "DS-860"),
    "dell-laser_s5830dn": Expected("Dell", "Dell S5830dn 7XQ1R92 LW62.DN4.P636", "7XQ1R92-132-13", printer="running"),
    "dell-laser": Expected("Dell", "Dell B3460dn Laser Printer version NH5.CY.N543 kernel 3.0.0 All-N-1"),
    "dell-laser_color": Expected("Dell", "Dell Color Laser"),
    "dell-laser_mfp": Expected("Dell", "Dell MFP Laser 3115cn; Net 9.26, Controller 200709110910, Engine 05.09.00"),
    "canonprinter_lbp": Expected("Canon", "Canon LBP6670", "MKRA012345", "R7.21", printer="running"),
    "canonprinter_tm": Expected("Canon", "Canon TM-5300", "", "01.21", printer="running"),
    "canonprinter_d1180": Expected("Canon", "Canon D1180/MF6680 /P"),
    "canonprinter_ir-adv": Expected("Canon", "Canon iR-ADV C5235 /P"),
    "canonprinter_mf": Expected("Canon", "Canon MF"),
    "brother": Expected("Brother", "Brother MFC-L2710DW series", "000A5J431816", printer="running"),
    "brother_hl5370dw": Expected("Brother", "Brother HL-5370DW series", "B9J154306", printer="running"),
    "glpi_epson-al-cx11": Expected("Epson", "EPSON Built-in 10Base-T/100Base-TX Print Server"),
    # seven alerts without their group: a door of a printer is open, and none says that it is about scanning
    "excerpt_hp-designjet-z5200_prtAlertTable": Expected("", ""),
}
# The panel's text in the fixtures of a Brother client; a text in another language tells nothing.
PANELS = {
    "dcp-1618w": Expected("Brother", "DCP-1618W", "serial_number", "D1605021248"),
    "dcp-7070dw": Expected("Brother", "DCP-7070DW", "serial_number", "U1307022128VER.J"),
    "dcp-9020cdw": Expected("Brother", "DCP-9020CDW series", "E71833C4J372261", "ZA1811191217"),
    "dcp-j132w": Expected("Brother", "DCP-J132W", "serial_number", "Q1906110144", "idle"),
    "hl-2270dw": Expected("Brother", "HL-2270DW series", "serial_number", "1.16", "asleep"),
    "mfc-5490cn": Expected("Brother", "MFC-5490CN", "serial_number", "U1005271959VER.E", "asleep"),
}


@pytest.fixture
def recordings() -> Path:
    folder = ROOT / os.environ.get("WSD_REALDATA", "../shared/realdata") / "snmp"
    if not folder.is_dir():
        pytest.skip(f"no recordings in {folder}: set WSD_REALDATA")
    return folder


def played(path: Path) -> Mib:
    """A recording as the objects of an agent."""
    match path.suffix:
        case ".snmprec":
            return read_recording(path)
        case ".walk":
            lines = (record for record in snmpwalk.read(path, path.read_text()).records if isinstance(record, Snmp))
            return Mib({oid(name): values.typed(kind, value) for line in lines for name, kind, value in line.binds})
        case _:
            told = json.loads(path.read_text())
            return Mib({oid(name): text(name, value) for name, value in told.items() if isinstance(value, str)})


def text(name: str, value: str) -> Typed:
    """The fixtures have everything as text."""
    if value.isdigit():
        return Typed(Tag.TIME_TICKS if name == "1.3.6.1.2.1.1.3.0" else Tag.INTEGER, int(value))
    return Typed(Tag.OCTETS, value.encode())


async def observed(mib: Mib) -> tuple[Inspection, Device, Snapshot]:
    agent = Agent(lambda: mib)
    host, port = await agent.start()
    try:
        shown = await inspect_agent(host, port, clock=SystemClock())
        device = await open_device(host, port, clock=SystemClock())
        try:
            first = await device.observers[0].poll()
            assert await device.observers[0].poll() == first
        finally:
            await device.close()
    finally:
        agent.close()
    return shown, device, first


def path_of(recordings: Path, name: str) -> Path:
    return next(path for path in (recordings, recordings / "brother-json") for path in path.glob(f"{name}.*"))


@pytest.mark.parametrize(("name", "expected"), [*TABLE.items(), *PANELS.items()])
async def test_a_recording_shows_what_its_mibs_say(recordings: Path, name: str, expected: Expected) -> None:
    shown, device, snapshot = await observed(played(path_of(recordings, name)))
    said = shown.words
    assert (
        Expected(
            said.manufacturer.value,
            said.model.value,
            said.serial.value,
            said.firmware.value,
            "unknown" if shown.state is None else str(shown.state),
            next((value for name, value, _ in shown.facts if name == "printer"), ""),
            {name: value for name, value, _ in shown.counters},
        )
        == expected
    )
    assert (shown.troubles, shown.jobs, snapshot.troubles, snapshot.jobs) == ((), (), frozenset(), ())
    assert device.identity.model == (expected.model or "SNMP device")
    assert snapshot.readiness is (Readiness.IDLE if expected.state == "unknown" else Readiness(expected.state))


def test_no_recording_is_left_out(recordings: Path) -> None:
    there = {path.stem for path in recordings.iterdir() if path.suffix in (".snmprec", ".walk")}
    assert there <= TABLE.keys()
    assert {path.stem for path in (recordings / "brother-json").iterdir()} <= PANELS.keys()
