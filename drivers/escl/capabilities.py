"""ScannerCapabilities → what the contract says of a scanner. Pure.

Only what JPEG can carry is offered: 8 bits a sample, grey or colour. A setting profile holds its modes and resolutions
together, so one profile speaks for a source: the first with colour; grey is added where all its resolutions have it.
Spec: eSCL as Mopria publishes it; sizes are in 1/300 inch.
"""

from dataclasses import dataclass, replace
from typing import Final

from lxml import etree

from drivers.contract.capabilities import Capabilities, Mode, Size, SourceCapabilities
from drivers.escl import words

JPEG: Final = "image/jpeg"
MODES: Final = {"RGB24": Mode.RGB24, "Grayscale8": Mode.GRAY8}  # ColorMode, best first
LARGEST: Final = 100 * 300  # 1/300 inch; nothing scans a hundred inches
LOWEST: Final = 25  # ppi; one server offers 1
HIGHEST: Final = 9600
# Where a device tells a range, these are offered of it.
USUAL: Final = (75, 100, 150, 200, 240, 300, 400, 600, 1200, 2400, 4800)


@dataclass(frozen=True, slots=True)
class Model:
    """What a device says of itself."""

    manufacturer: str
    model: str
    serial: str
    version: str
    capabilities: Capabilities
    extended_formats: bool  # it wants the format as scan:DocumentFormatExt too


def read(data: bytes, where: str) -> Model:
    """The device behind a ScannerCapabilities document. Raises DeviceGarbled."""
    root = words.read(data, "ScannerCapabilities", where)
    named = {
        profile.get("name", ""): profile for profile in words.descendants(root, "SettingProfile") if profile.get("name")
    }
    adf = words.child(root, "Adf")
    simplex = _source(_caps(adf, "AdfSimplexInputCaps"), named)
    duplex = _source(_caps(adf, "AdfDuplexInputCaps"), named)
    full = words.text(root, "MakeAndModel") or words.text(root, "ModelName")
    manufacturer = words.text(root, "Manufacturer") or full.partition(" ")[0]
    return Model(
        manufacturer=manufacturer,
        model=full or words.text(root, "ModelName") or "eSCL scanner",
        serial=words.text(root, "SerialNumber"),
        version=words.text(root, "Version"),
        capabilities=Capabilities(
            platen=_source(_caps(words.child(root, "Platen"), "PlatenInputCaps"), named),
            feeder=simplex or duplex,
            feeder_back=duplex,
        ),
        extended_formats=next(words.descendants(root, "DocumentFormatExt"), None) is not None,
    )


def bounded(able: Capabilities, highest: int) -> Capabilities:
    """The same without resolutions above `highest`, which the device tells and has not."""

    def less(source: SourceCapabilities | None) -> SourceCapabilities | None:
        if source is None:
            return None
        resolutions = tuple(ppi for ppi in source.resolutions if ppi <= highest)
        optical = (min(source.optical[0], highest), min(source.optical[1], highest))
        return replace(source, resolutions=resolutions, optical=optical) if resolutions else source

    return replace(
        able, platen=less(able.platen), feeder=less(able.feeder), feeder_back=less(able.feeder_back)
    )  # fmt: skip


def _caps(unit: etree._Element | None, name: str) -> etree._Element | None:
    return words.child(unit, name)


def _source(caps: etree._Element | None, named: dict[str, etree._Element]) -> SourceCapabilities | None:
    """None where there is no such source, or none that is any use to us."""
    if caps is None:
        return None
    minimum, maximum = _size(caps, "Min", up=True), _size(caps, "Max", up=False)
    profiles = [_profile(each) for each in _profiles(caps, named)]
    chosen = _chosen([each for each in profiles if each is not None])
    if maximum is None or chosen is None:
        return None
    modes, resolutions = chosen
    optical = tuple(words.number(caps, f"MaxOptical{axis}Resolution") or resolutions[-1] for axis in "XY")
    return SourceCapabilities(
        optical=(optical[0], optical[1]),
        resolutions=resolutions,
        modes=modes,
        minimum=minimum if minimum is not None and _within(minimum, maximum) else Size(1, 1),
        maximum=maximum,
    )


def _within(minimum: Size, maximum: Size) -> bool:
    return minimum.width <= maximum.width and minimum.height <= maximum.height


def _profiles(caps: etree._Element, named: dict[str, etree._Element]) -> list[etree._Element]:
    """The setting profiles of a source, those told elsewhere looked up; old devices have none and say all at once."""
    found = [named.get(each.get("ref", ""), each) for each in words.descendants(caps, "SettingProfile")]
    return found or [caps]


def _profile(profile: etree._Element) -> tuple[frozenset[Mode], tuple[int, ...]] | None:
    """Modes and resolutions that go together as JPEG."""
    formats = {words.text(each).lower() for each in words.descendants(profile, "DocumentFormat", "DocumentFormatExt")}
    if formats and JPEG not in formats:
        return None
    said = {words.text(each) for each in words.descendants(profile, "ColorMode")}
    modes = frozenset(mode for word, mode in MODES.items() if word in said)
    resolutions = tuple(sorted(_discrete(profile) | _ranges(profile)))
    return (modes, resolutions) if modes and resolutions else None


def _chosen(
    profiles: list[tuple[frozenset[Mode], tuple[int, ...]]],
) -> tuple[tuple[Mode, ...], tuple[int, ...]] | None:
    for best in MODES.values():
        resolutions = next((resolutions for modes, resolutions in profiles if best in modes), None)
        if resolutions is not None:
            modes = tuple(mode for mode in MODES.values() if _everywhere(mode, resolutions, profiles))
            return modes, resolutions
    return None


def _everywhere(
    mode: Mode, resolutions: tuple[int, ...], profiles: list[tuple[frozenset[Mode], tuple[int, ...]]]
) -> bool:
    return any(mode in modes and set(resolutions) <= set(has) for modes, has in profiles)


def _discrete(profile: etree._Element) -> set[int]:
    found = set()
    for each in words.descendants(profile, "DiscreteResolution"):
        across, down = words.number(each, "XResolution"), words.number(each, "YResolution")
        if across == down and across is not None and LOWEST <= across <= HIGHEST:
            found.add(across)
    return found


def _ranges(profile: etree._Element) -> set[int]:
    """The usual resolutions that lie on the steps of both ranges."""
    axes = [_range(profile, "XResolutionRange"), _range(profile, "YResolutionRange")]
    steps = [each for each in axes if each is not None]
    if not steps:
        return set()
    return {ppi for ppi in USUAL if all(low <= ppi <= high and (ppi - low) % step == 0 for low, high, step in steps)}


def _range(profile: etree._Element, name: str) -> tuple[int, int, int] | None:
    found = next(words.descendants(profile, name), None)
    low, high, step = (words.number(found, word) for word in ("Min", "Max", "Step"))
    return None if low is None or high is None else (low, min(high, HIGHEST), max(1, step or 1))


def _size(caps: etree._Element, which: str, *, up: bool) -> Size | None:
    """1/1000 inch, never more than the device can and never less than it must."""
    sides = [words.number(caps, f"{which}Width"), words.number(caps, f"{which}Height")]
    width, height = (side if side is not None and 0 < side <= LARGEST else None for side in sides)
    if width is None or height is None:
        return None
    return Size(*(-(-side * 10 // 3) if up else side * 10 // 3 for side in (width, height)))
