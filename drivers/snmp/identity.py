"""Who an SNMP device is, from what its agent says of itself.

Sources, best first: hrDeviceDescr of the device's row, the IEEE 1284 id, `PID:` of an HP sysDescr; the serial number of
the Printer MIB (RFC 3805), of HP's own object, `SN:` of sysDescr. Pure.
"""

import re

from drivers.contract.identity import Identity
from drivers.snmp import ieee1284, oids
from drivers.snmp.host_resources import DeviceRow
from drivers.snmp.reading import Reading, octets, text
from drivers.snmp.vendors import hp
from drivers.snmp.vendors.known import vendor

VENDOR_OBJECTS = (hp.DEVICE_ID, hp.SERIAL_NUMBER, hp.FIRMWARE_DATE)


def objects(row: DeviceRow | None) -> tuple[str, ...]:
    """What must be read for `identify`."""
    index = 1 if row is None else row.index
    return (oids.SYS_DESCR, oids.SYS_OBJECT_ID, f"{oids.PRT_SERIAL_NUMBER}.{index}", *VENDOR_OBJECTS)


def identify(key: str, reading: Reading, row: DeviceRow | None) -> Identity:
    """The identity under `key`; the model is never empty."""
    index = 1 if row is None else row.index
    descr = text(reading, oids.SYS_DESCR)
    device_id = ieee1284.fields(text(reading, hp.DEVICE_ID))
    maker = vendor(str(reading.get(oids.SYS_OBJECT_ID) or "")).name or device_id.get("MFG", "")
    model = (row.description if row else "") or device_id.get("MDL", "") or _field(descr, "PID") or descr
    serial = (
        text(reading, f"{oids.PRT_SERIAL_NUMBER}.{index}")
        or hp.pml_text(octets(reading, hp.SERIAL_NUMBER) or b"")
        or device_id.get("SN", "")
        or _field(descr, "SN")
    )
    firmware = hp.pml_text(octets(reading, hp.FIRMWARE_DATE) or b"")
    return Identity(key, maker, model[:80] or "SNMP device", serial or None, firmware or None)


def _field(descr: str, name: str) -> str:
    found = re.search(rf"(?:^|,){name}:([^,]*)", descr)
    return found[1].strip() if found else ""
