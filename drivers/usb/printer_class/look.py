"""One look at the printer of an MFP, over endpoint 0. Blocks.

The device id can be asked for at any time. For the port status the interface has to be claimed, which is done for that
one request and only where it is free: usblp, CUPS or SANE are not disturbed. Where they have it, that is what is told.
"""

from typing import Final

from drivers.contract import ieee1284
from drivers.contract.errors import DeviceBusy, DeviceGarbled, DeviceRefused, DeviceTimeout
from drivers.usb.descriptors import CLASS_PRINTER
from drivers.usb.printer_class.answers import MOST, device_id, printer
from drivers.usb.zero import Place, Zero

IN: Final = 0xA1  # bmRequestType: class, interface, towards us
GET_DEVICE_ID, GET_PORT_STATUS = 0, 1  # bRequest
SUBCLASS: Final = 1
PROTOCOLS: Final = (2, 3, 1, 4)  # bidirectional, 1284.4, unidirectional, IPP over USB: the likeliest to answer first
TAKEN: Final = "not known while another program or the kernel's usblp has it"
SILENT: Final = "not told"
KEYS: Final = (("printer made by", "MFG"), ("printer model", "MDL"), ("printer serial", "SN"), ("languages", "CMD"))
LONGEST: Final = 80  # of a fact


def prints(interfaces: tuple[tuple[int, int, int], ...]) -> bool:
    """Whether the device has an interface of the printer class."""
    return any(each[:2] == (CLASS_PRINTER, SUBCLASS) and each[2] in PROTOCOLS for each in interfaces)


def look(zero: Zero) -> tuple[tuple[str, str], ...]:
    """Facts: who it is, and how its printer is. Raises DeviceGone, and DeviceRefused where there is no printer."""
    place = _place(zero)
    return (*_identity(zero, place), ("printer", _status(zero, place)))


def _place(zero: Zero) -> Place:
    found = [each for each in zero.places() if prints((each.kind,))]
    if not found:
        raise DeviceRefused("it has no interface of the printer class")
    return min(found, key=lambda each: (PROTOCOLS.index(each.kind[2]), each.number, each.alternate))


def _identity(zero: Zero, place: Place) -> tuple[tuple[str, str], ...]:
    try:
        told = device_id(zero.ask(IN, GET_DEVICE_ID, 0, place.number << 8 | place.alternate, MOST))
    except (DeviceGarbled, DeviceTimeout, DeviceBusy):
        return ()
    fields = ieee1284.fields(told)
    return tuple((name, fields[key][:LONGEST]) for name, key in KEYS if fields.get(key))


def _status(zero: Zero, place: Place) -> str:
    try:
        with zero.claimed(place.number):
            answer = zero.ask(IN, GET_PORT_STATUS, 0, place.number, 1)
    except DeviceBusy:
        return TAKEN
    except (DeviceGarbled, DeviceTimeout):
        return SILENT
    return printer(answer[0]) if answer else SILENT
