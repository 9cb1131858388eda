"""Who an SNMP device is, from what its agent says of itself, and where each word comes from.

Sources, best first: hrDeviceDescr of the device's row, an IEEE 1284 id (HP's and Brother's object, or PWG 5107.1's
ppmPrinterIEEE1284DeviceId), sysDescr; the serial number of the Printer MIB (RFC 3805), then of the maker's own
objects (vendors/tables.toml), then of HP's, which others answer too. Pure.
"""

import re
from dataclasses import dataclass

from drivers.contract import ieee1284
from drivers.contract.identity import Identity
from drivers.snmp import oids
from drivers.snmp.host_resources import DeviceRow
from drivers.snmp.reading import Reading, octets, text
from drivers.snmp.vendors import hp
from drivers.snmp.vendors.known import Known, vendor

BROTHER_DEVICE_ID = "1.3.6.1.4.1.2435.2.3.9.1.1.7.0"
PORT_MONITOR_DEVICE_ID = "1.3.6.1.4.1.2699.1.2.1.2.1.1.3.1"
DEVICE_IDS = (hp.DEVICE_ID, BROTHER_DEVICE_ID, PORT_MONITOR_DEVICE_ID)
VENDOR_OBJECTS = (*DEVICE_IDS, hp.SERIAL_NUMBER, hp.FIRMWARE_DATE)
LONGEST = 80


@dataclass(frozen=True, slots=True)
class Word:
    """What an agent says of itself, and in which object; both empty where it does not."""

    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Words:
    """All that makes an identity."""

    manufacturer: Word
    model: Word
    serial: Word
    firmware: Word


# What `who_made` reads.
FIRST = (oids.SYS_OBJECT_ID, oids.SYS_DESCR, *DEVICE_IDS)


def who_made(reading: Reading) -> Known:
    """The maker, by sysObjectID, else by the name in an IEEE 1284 id, else by how sysDescr begins."""
    said = _device_id(reading).get("MFG", "") or text(reading, oids.SYS_DESCR)
    return vendor(str(reading.get(oids.SYS_OBJECT_ID) or ""), said)


def _device_id(reading: Reading) -> dict[str, str]:
    return next((found for oid in DEVICE_IDS if (found := ieee1284.fields(text(reading, oid)))), {})


def objects(row: DeviceRow | None, maker: Known) -> tuple[str, ...]:
    """What must be read for `words`."""
    index = 1 if row is None else row.index
    serial = f"{oids.PRT_SERIAL_NUMBER}.{index}"
    return (oids.SYS_DESCR, oids.SYS_OBJECT_ID, serial, *VENDOR_OBJECTS, *maker.names.values())


def words(reading: Reading, row: DeviceRow | None) -> Words:
    """What the agent says, each from its best source."""
    index = 1 if row is None else row.index
    descr = text(reading, oids.SYS_DESCR)
    device_id = _device_id(reading)
    maker = who_made(reading)
    own = {word: text(reading, oid) for word, oid in maker.names.items()}
    whose = f"{maker.name} objects"
    return Words(
        manufacturer=_first(
            (vendor(str(reading.get(oids.SYS_OBJECT_ID) or "")).name, "sysObjectID"),
            (maker.name, "IEEE 1284 id" if device_id.get("MFG") else "sysDescr"),
            (device_id.get("MFG", ""), "IEEE 1284 id"),
        ),
        model=_first(
            (row.description if row else "", "hrDeviceDescr"),
            (own.get("model", ""), whose),
            (device_id.get("MDL", ""), "IEEE 1284 id"),
            (_field(descr, "PID") or descr, "sysDescr"),
        ),
        serial=_first(
            (text(reading, f"{oids.PRT_SERIAL_NUMBER}.{index}"), "prtGeneralSerialNumber"),
            (own.get("serial", ""), whose),
            (hp.pml_text(octets(reading, hp.SERIAL_NUMBER) or b""), "HP serial-number"),
            (device_id.get("SN", "") or device_id.get("SERN", ""), "IEEE 1284 id"),
            (_field(descr, "SN"), "sysDescr"),
        ),
        firmware=_first(
            (own.get("firmware", ""), whose),
            (hp.pml_text(octets(reading, hp.FIRMWARE_DATE) or b""), "HP fw-rom-datecode"),
        ),
    )


def identify(key: str, reading: Reading, row: DeviceRow | None) -> Identity:
    """The identity under `key`; the model is never empty."""
    said = words(reading, row)
    return Identity(
        key,
        said.manufacturer.value,
        said.model.value or "SNMP device",
        said.serial.value or None,
        said.firmware.value or None,
    )


def _first(*told: tuple[str, str]) -> Word:
    return next((Word(value[:LONGEST], source) for value, source in told if value), Word("", ""))


def _field(descr: str, name: str) -> str:
    found = re.search(rf"(?:^|,){name}:([^,]*)", descr)
    return found[1].strip() if found else ""
