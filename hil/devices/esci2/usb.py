"""The scanner's USB plug: vendor class, one bulk endpoint each way, and one that tells of buttons. High speed.

Source of the interrupt packets: Epson Scan 2. Eight bytes: what (1: button, 2: stop), which one, and six more.
"""

from hil.devices.esci2.scanner import Esci2Scanner
from hil.devices.usb.descriptors import Description, Endpoint, Interface, Transfer
from hil.devices.usb.messages import MessagePlug, pair

BULK_IN, BULK_OUT, INTERRUPT = 0x81, 0x02, 0x83
EVENT_PACKET = 8


def esci2_usb(scanner: Esci2Scanner, serial: str = "") -> MessagePlug:
    """What is plugged in."""
    product = scanner.product
    ends: tuple[Endpoint, ...] = pair(BULK_IN, BULK_OUT)
    if product.interrupts:
        ends += (Endpoint(INTERRUPT, Transfer.INTERRUPT, EVENT_PACKET, interval=8),)
    description = Description(
        vendor_id=product.vendor_id,
        product_id=product.product_id,
        release=0x0100,
        manufacturer="EPSON",
        product=product.name,
        serial=serial or product.serial,
        interfaces=(Interface(0, 0xFF, 0xFF, 0xFF, ends),),
    )
    return MessagePlug(scanner, description, scanner.event)
