"""The scanner's USB plug: vendor class, one bulk endpoint each way, high speed (dossier: device-protocols (a))."""

from hil.devices.esci.scanner import EsciScanner
from hil.devices.usb.descriptors import Description, Interface
from hil.devices.usb.messages import MessagePlug, pair

BULK_IN, BULK_OUT = 0x81, 0x02


def esci_usb(scanner: EsciScanner, serial: str = "") -> MessagePlug:
    """What is plugged in."""
    product = scanner.product
    description = Description(
        vendor_id=product.vendor_id,
        product_id=product.product_id,
        release=0x0100,
        manufacturer="EPSON",
        product=f"EPSON Scanner {product.model}",
        serial=serial,
        interfaces=(Interface(0, 0xFF, 0xFF, 0xFF, pair(BULK_IN, BULK_OUT)),),
    )
    return MessagePlug(scanner, description)
