"""Who a Fujitsu scanner is and what it can do: INQUIRY and its vital product data, and the contract's words for them.

Only commands that move nothing are used. Facts: spec dossier on device protocols (b), SANE fujitsu (`init_vpd`).
"""

import struct
from dataclasses import dataclass

from drivers import quirks
from drivers.contract.capabilities import Capabilities, Mode, Size, SourceCapabilities
from drivers.contract.errors import DeviceBusy, DeviceGarbled, DeviceRefused
from drivers.usb.fujitsu import wire
from drivers.usb.fujitsu.dialogue import Dialogue, Reply
from drivers.usb.fujitsu.hardware import BUTTONS
from drivers.usb.fujitsu.sense import Verdict
from drivers.usb.fujitsu.window import UNIT

SCANNER = 0x06  # peripheral device type
MAKERS = ("FUJITSU", "PFU", "RICOH")
LEAST_VITAL = 0x32  # bytes: up to the command bits that are looked at
# Offered where any resolution within the limits can be had.
USUAL_RESOLUTIONS = (50, 75, 100, 150, 200, 240, 300, 400, 600, 1200)
# Bits of bytes 12 and 13 (hex), highest bit first.
_STANDARD = (60, 75, 100, 120, 150, 160, 180, 200, 240, 300, 320, 400, 480, 600, 800, 1200)
LEAST = Size(500, 500)


@dataclass(frozen=True, slots=True)
class Vital:
    """Page F0, as far as it is used. Areas are in pixels of `basic`."""

    basic: tuple[int, int]
    steps: bool  # any resolution between the limits, not only the standard ones
    highest: tuple[int, int]
    lowest: tuple[int, int]
    standard: tuple[int, ...]
    area: tuple[int, int]
    modes: tuple[Mode, ...]
    feeder: bool
    flatbed: bool
    duplex: bool
    memory: int  # bytes
    mode_select: bool
    hardware_status: int  # bytes of it that are asked for; 0: it has none
    control: bool
    card_slot: bool  # a second way in, so the source must be said


@dataclass(frozen=True, slots=True)
class Model:
    """One identified scanner."""

    maker: str
    name: str
    firmware: str
    vital: Vital
    quirk: quirks.Quirk
    capabilities: Capabilities


def identify(dialogue: Dialogue, vendor_id: int, product_id: int) -> Model:
    """Ask the scanner who it is. Raises DeviceRefused, DeviceGarbled, DeviceTimeout, DeviceGone."""
    told = _good(dialogue.command(wire.INQUIRY, size=wire.INQUIRY_SIZE)).data
    if len(told) < 36:
        raise wire.garbled("INQUIRY data", told)
    maker, name, firmware = (_text(told[start:end]) for start, end in ((8, 16), (16, 32), (32, 36)))
    if told[0] & 0x1F != SCANNER or maker.upper() not in MAKERS:
        raise DeviceRefused(f"it says that it is a {maker} {name}, which is no Fujitsu scanner")
    found = vital(_good(dialogue.command(wire.VITAL, size=wire.VITAL_SIZE)).data)
    quirk = quirks.of(vendor_id, product_id, name)
    return Model(maker, name, firmware, found, quirk, capabilities(found, quirk))


def vital(data: bytes) -> Vital:
    """Page F0. Raises DeviceGarbled."""
    if len(data) < LEAST_VITAL or data[1] != 0xF0:
        raise wire.garbled("the vital product data", data)
    across, down, steps, *limits = struct.unpack_from(">HHB4H", data, 5)
    bits = int.from_bytes(data[0x12:0x14], "big")
    standard = tuple(ppi for at, ppi in enumerate(_STANDARD) if bits >> (15 - at) & 1)
    if not across or not down or not all(limits):
        raise wire.garbled("resolutions", data[:0x1C])
    kinds = data[0x1C]
    offered = ((0x80, Mode.RGB24), (0x08, Mode.GRAY8), (0x02, Mode.LINEART))
    units, commands = data[0x20], data[0x29]
    page = data[: data[4] + 5]  # what comes behind it is filling
    longer = page[0x71] if len(page) > 0x71 else 0  # bytes of a hardware status that tells more than the usual one
    status = min(longer, wire.HARDWARE_MOST) if longer >= wire.HARDWARE_LONG else wire.HARDWARE_SIZE
    return Vital(
        basic=(across, down),
        steps=bool(steps & 0x11),
        highest=(limits[0], limits[1]),
        lowest=(limits[2], limits[3]),
        standard=standard,
        area=struct.unpack_from(">II", data, 0x14),
        modes=tuple(mode for bit, mode in offered if kinds & bit),
        feeder=bool(units & 0x80),
        flatbed=bool(units & 0x40),
        duplex=bool(units & 0x10),
        memory=int.from_bytes(data[0x22:0x26], "big"),
        mode_select=bool(commands & 0x08),
        hardware_status=status if data[0x2B] & 0x04 else 0,
        control=bool(data[0x31] & 0x02),
        card_slot=len(page) > 0x7C and bool(page[0x7C] & 0x80),
    )


def capabilities(found: Vital, quirk: quirks.Quirk) -> Capabilities:
    """The contract's words for it. Raises DeviceRefused where it can do nothing that we can use."""
    resolutions = _resolutions(found)
    modes = tuple(mode for mode in found.modes if mode is Mode.RGB24 or not quirk.colour_only)
    if not resolutions or not modes or not all(found.area) or not (found.feeder or found.flatbed):
        raise DeviceRefused("it tells no resolution, mode, area or source that could be used")
    optical = found.highest
    size = Size(*(pixels * 1000 // ppi for pixels, ppi in zip(found.area, found.basic, strict=True)))
    glass = Size(*(length * 1000 // UNIT for length in quirk.glass)) if quirk.glass else size
    feeder = SourceCapabilities(optical, resolutions, modes, LEAST, size) if found.feeder else None
    return Capabilities(
        platen=SourceCapabilities(optical, resolutions, modes, LEAST, glass) if found.flatbed else None,
        feeder=feeder,
        feeder_back=feeder if found.duplex else None,
        buttons=BUTTONS if found.hardware_status else (),
        stall_limit=quirk.stall_limit,
    )


def _resolutions(found: Vital) -> tuple[int, ...]:
    lowest, highest = max(found.lowest), min(found.highest)
    told = set(found.standard) | ({*USUAL_RESOLUTIONS, highest} if found.steps else set())
    return tuple(sorted(ppi for ppi in told if lowest <= ppi <= highest))


def _good(reply: Reply) -> Reply:
    if reply.busy:
        raise DeviceBusy("the scanner is in use over another interface")
    if reply.verdict is not Verdict.FINE:
        raise DeviceGarbled(f"the scanner does not say who it is: {reply.sense.words}")
    return reply


def _text(data: bytes) -> str:
    return data.decode("ascii", "replace").replace("\0", " ").strip()
