"""The scanner's USB plug: vendor class, bulk both ways and an interrupt endpoint (dossier: device-protocols (c)).

As on the real ones the scanner is interface 0 of a device that also prints; the printer's interface is only described.
"""

from hil.devices.pixma.scanner import PixmaScanner
from hil.devices.usb.descriptors import Description, Endpoint, Interface, Transfer
from hil.devices.usb.messages import MessagePlug, pair

VENDOR = 0x04A9
BULK_OUT, BULK_IN, INTERRUPT_IN = 0x07, 0x88, 0x89
PRINT_OUT, PRINT_IN = 0x01, 0x82
INTERRUPT_PACKET = 64
INTERVAL = 11  # 2^10 microframes: 128 ms


def pixma_usb(scanner: PixmaScanner, serial: str = "") -> MessagePlug:
    """What is plugged in."""
    scan = (*pair(BULK_IN, BULK_OUT), Endpoint(INTERRUPT_IN, Transfer.INTERRUPT, INTERRUPT_PACKET, INTERVAL))
    description = Description(
        vendor_id=VENDOR,
        product_id=scanner.product.product_id,
        release=0x0100,
        manufacturer="Canon",
        product=scanner.product.model,
        serial=serial,
        interfaces=(
            Interface(0, 0xFF, 0x00, 0xFF, scan),
            Interface(1, 0x07, 0x01, 0x02, pair(PRINT_IN, PRINT_OUT)),
        ),
    )
    return MessagePlug(scanner, description, scanner.take_packet)
