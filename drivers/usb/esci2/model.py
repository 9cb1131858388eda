"""Who an ESC/I-2 scanner is and what it can do: INFO and CAPA, and their result as the contract's words.

Only questions that move nothing are asked. Areas are told in 1/100 inch, resolutions in ppi.
Facts: utsushi (the tables of a dozen scanners), SANE epsonds.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from drivers import quirks
from drivers.contract.capabilities import Capabilities, Mode, Size, Source, SourceCapabilities
from drivers.contract.errors import DeviceGarbled
from drivers.usb.esci2 import wire
from drivers.usb.esci2.dialogue import Dialogue
from drivers.usb.esci2.tokens import Token

# Offered of a range; every scanner of this family known by list has most of them.
USUAL_RESOLUTIONS = (50, 75, 100, 150, 200, 240, 300, 400, 600, 800, 1200, 2400, 4800)
LEAST_WIDTH = 8  # pixels
MOST_RESOLUTION = 20_000
BUTTONS = ("1", "2", "3")  # as many as the protocol has room for

TABLES = ("RED ", "GRN ", "BLU ", "MONO")
# 16 bits are in the protocol, but no scanner on record has them.
MODES = {"C024": Mode.RGB24, "M008": Mode.GRAY8, "M001": Mode.LINEART}


@dataclass(frozen=True, slots=True)
class Path:
    """The glass, or the feeder's path."""

    width: int  # 1/100 inch
    height: int
    optical: int
    alignment: str  # where paper lies in it: "LEFT", "CNTR", "RIGT"
    truncates: bool = False  # a page may end where the paper does
    rotated_back: bool = False  # the back is scanned in a second pass, and comes upside down


@dataclass(frozen=True, slots=True)
class Model:
    """One identified scanner."""

    name: str
    firmware: str | None
    serial: str | None
    raw: bool  # rows of pixels can be had; else JPEG
    button: bool  # STAT tells of a button
    tables: tuple[str, ...]  # gamma tables that can be set
    matrix: bool  # a colour matrix can be set
    quirk: quirks.Quirk
    glass: Path | None
    feeder: Path | None
    capabilities: Capabilities

    def path(self, source: Source) -> Path | None:
        return self.glass if source is Source.PLATEN else self.feeder


def identify(dialogue: Dialogue, vendor_id: int, product_id: int, *, speaks: bool = False) -> Model:
    """Ask the scanner who it is. `speaks`: it has an interrupt endpoint, on which presses come by themselves.

    Raises DeviceGarbled, DeviceTimeout, DeviceGone, DeviceBusy.
    """
    with dialogue.session(asking=True):
        _, information = dialogue.table(wire.INFO)
        _, capability = dialogue.table(wire.CAPABILITIES)
    name = _text(information, "PRD")
    quirk = quirks.of(vendor_id, product_id, name)
    glass, feeder = _path(information, "FB "), _path(information, "ADF")
    button = not speaks and any(token.tag == "PB " for token in information)
    if feeder is not None:
        feeder = replace(feeder, rotated_back=_word(information, "ADF", "DPLX") == "2SCN")
    raw = "RAW " in _list(capability, "FMT")
    return Model(
        name=name,
        firmware=_text(information, "VER") or None,
        serial=_text(information, "S/N") or None,
        raw=raw,
        button=button,
        tables=tuple(name for name in TABLES if name in _list(capability, "GMT")),
        matrix="UNIT" in _list(capability, "CMX"),
        quirk=quirk,
        glass=glass,
        feeder=feeder,
        capabilities=_capabilities(capability, glass, feeder, raw=raw, button=button or speaks, quirk=quirk),
    )


def _path(information: Iterable[Token], unit: str) -> Path | None:
    """What INFO tells of the glass or the feeder; None where there is none."""
    tokens = [token for token in information if token.tag == unit]
    areas = [token.numbers for token in tokens if token.words[:1] == ("AREA",) and len(token.numbers) == 2]
    if not areas or min(areas[0]) <= 0:
        return None
    optical = [token.numbers[0] for token in tokens if token.words[:1] == ("RESO",) and token.numbers]
    width, height = areas[0]
    return Path(
        width,
        height,
        optical[0] if optical else 0,
        _word(tokens, unit, "ALGN") or ("CNTR" if unit == "ADF" else "LEFT"),
        any(token.tag == "DLS" for token in information),
    )


def _capabilities(
    capability: tuple[Token, ...],
    glass: Path | None,
    feeder: Path | None,
    *,
    raw: bool,
    button: bool,
    quirk: quirks.Quirk,
) -> Capabilities:
    coded = "JPG " in _list(capability, "FMT")
    # Black and white comes as rows whatever the format (utsushi).
    modes = tuple(
        mode for word, mode in MODES.items() if word in _list(capability, "COL") and (raw or coded or word == "M001")
    )
    across, down = (_numbers(capability, tag) for tag in ("RSM", "RSS"))
    resolutions = tuple(sorted(across & down if down else across))

    def source(path: Path | None) -> SourceCapabilities | None:
        if path is None:
            return None
        usable = tuple(ppi for ppi in resolutions if not path.optical or ppi <= path.optical)
        if not usable or not modes:
            raise DeviceGarbled("the scanner tells no resolution, or no kind of pixel that can be used")
        best = path.optical or usable[-1]
        least = Size(-(-LEAST_WIDTH * 1000 // usable[0]), -(-1000 // usable[0]))
        return SourceCapabilities((best, best), usable, modes, least, Size(path.width * 10, path.height * 10))

    platen, front = source(glass), source(feeder)
    if platen is None and front is None:
        raise DeviceGarbled("the scanner tells neither of a glass nor of a feeder")
    duplex = any(token.tag == "ADF" and "DPLX" in token.words for token in capability)
    return Capabilities(
        platen=platen,
        feeder=front,
        feeder_back=front if duplex else None,
        buttons=tuple(dict.fromkeys(quirk.buttons.get(number, number) for number in BUTTONS)) if button else (),
        stall_limit=quirk.stall_limit,
    )


def _numbers(tokens: Iterable[Token], tag: str) -> set[int]:
    """The resolutions of a list, or the usual ones of a range."""
    found: set[int] = set()
    for token in tokens:
        if token.tag != tag:
            continue
        numbers = [number for number in token.numbers if 0 < number <= MOST_RESOLUTION]
        if token.words[:1] == ("RANG",) and len(numbers) == 2:
            low, high = numbers
            found |= {low, high} | {ppi for ppi in USUAL_RESOLUTIONS if low <= ppi <= high}
        else:
            found |= set(numbers)
    return found


def _list(tokens: Iterable[Token], tag: str) -> set[str]:
    return {word for token in tokens if token.tag == tag for word in token.words[1:]}


def _word(tokens: Iterable[Token], tag: str, key: str) -> str:
    """The word behind a key, as `#ADFALGNCNTR`."""
    for token in tokens:
        if token.tag == tag and token.words[:1] == (key,) and len(token.words) > 1:
            return token.words[1]
    return ""


def _text(tokens: Iterable[Token], tag: str) -> str:
    return next((token.text for token in tokens if token.tag == tag), "")
