"""What the interrupt endpoint says: a press of a button, or that the host should look.

Two layouts; a model has one of them. Source: SANE pixma_mp150.c, `handle_interrupt`; dossier device-protocols (c).
"""

from hil.devices.pixma.product import Product

BYTES = 16
COLOR, MONO = 1, 2  # the numbers of the two buttons
# What the panel is set to: SANE shows them as target, original and scan-resolution.
TARGET_PDF, ORIGINAL_A4, DPI_300 = 3, 1, 3
LOOK = 0x02  # byte 9 of the older layout


def press(button: int, product: Product) -> bytes:
    """A button that is not the second is the first."""
    packet = bytearray(BYTES)
    bit = 0x02 if button == MONO else 0x01
    if product.new_packets:
        packet[7], packet[10], packet[11], packet[12] = bit, ORIGINAL_A4, TARGET_PDF, DPI_300
    else:
        packet[0], packet[1] = bit | ORIGINAL_A4 << 4, TARGET_PDF
    return bytes(packet)


def look(product: Product) -> bytes:
    """Something has changed; empty where the layout has no word for it."""
    packet = bytearray(BYTES)
    packet[9] = LOOK
    return b"" if product.new_packets else bytes(packet)
