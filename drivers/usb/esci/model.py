"""Who an ESC/I scanner is and what it can do: the dialogue of identification, and its result as the contract's words.

Only commands that move nothing are used. Facts: SANE epson2 (which area is counted in which resolution).
"""

from dataclasses import dataclass

from drivers import quirks
from drivers.contract.capabilities import Capabilities, FilmKind, Mode, Size, Source, SourceCapabilities
from drivers.contract.errors import DeviceGarbled, DeviceTimeout
from drivers.usb.esci import level as levels
from drivers.usb.esci import wire
from drivers.usb.esci.dialogue import Dialogue
from drivers.usb.esci.level import Level

# Offered when a scanner tells none but its limits; every ESC/I scanner known has those within its limits.
USUAL_RESOLUTIONS = (50, 75, 100, 150, 200, 300, 400, 600, 800, 1200, 1600, 2400, 3200, 4800)
LEAST_WIDTH = 8  # pixels


@dataclass(frozen=True, slots=True)
class Model:
    """One identified scanner."""

    name: str
    firmware: str | None
    level: Level
    extended: bool  # FS W and FS G instead of letters and ESC G
    fs_status: bool  # FS F tells the condition
    option: bool  # an option unit is fitted, so ESC e is understood
    button: bool
    senses_double_feed: bool
    line_distance: int  # between the colour sensors, in lines of `optical`
    optical: int  # ppi as ESC i tells it, 0 = not told
    max_pixels: int  # of one row, 0 = not told
    quirk: quirks.Quirk
    capabilities: Capabilities
    focus: bool = False  # it can be focused on film, above the glass

    @property
    def feeds(self) -> bool:
        """Whether 0x19 must load each sheet."""
        return self.level.feed if self.quirk.feed is None else self.quirk.feed


def identify(dialogue: Dialogue, vendor_id: int, product_id: int) -> Model:
    """Ask the scanner who it is. Raises DeviceGarbled, DeviceTimeout, DeviceGone."""
    try:
        answer = dialogue.block(wire.IDENTITY)
    except (DeviceGarbled, DeviceTimeout):
        dialogue.recover()
        answer = dialogue.block(wire.IDENTITY)
    if answer is None:
        raise DeviceGarbled("the scanner does not know ESC I, so it does not speak ESC/I")
    identity = wire.identity(answer[1])
    level = levels.of(identity.level)
    status = dialogue.block(wire.STATUS)
    byte = status[0] if status is not None else 0
    extended = bool(byte & wire.Status.EXTENDED)

    more = None
    if extended and (data := dialogue.fixed(wire.FS_IDENTITY, wire.FS_IDENTITY_SIZE)) is not None:
        more = wire.fs_identity(data)
        level = levels.of(more.level)
    old = None
    if level.extended_status and (answer := dialogue.block(wire.EXTENDED_STATUS)) is not None:
        old = wire.extended_status(*answer)
    told = dialogue.fixed(wire.FS_STATUS, wire.FS_STATUS_SIZE) if extended else None
    unit = wire.fs_status(told) if told is not None else old.condition if old else wire.Condition()
    optical, distance = 0, 0
    if level.identity_2 and (answer := dialogue.block(wire.IDENTITY_2)) is not None:
        optical, distance = wire.identity_2(answer[1])

    name = (more.model if more else "") or (old.model if old else "")
    quirk = quirks.of(vendor_id, product_id, name)
    button = level.button and bool(more.button if more else old and old.button)
    option = bool(byte & wire.Status.OPTION)
    # There is one option unit; where the feeder is it, ESC e means the feeder.
    film = option and unit.film.installed and not unit.feeder.installed
    focus = film and level.focus and dialogue.block(wire.FOCUS) is not None
    return Model(
        name=name,
        firmware=more.firmware if more and more.firmware else None,
        level=level,
        extended=extended,
        fs_status=told is not None,
        option=option,
        button=button,
        senses_double_feed=bool(more and more.senses_double_feed),
        line_distance=distance,
        optical=optical,
        max_pixels=more.max_pixels if more else 0,
        quirk=quirk,
        focus=focus,
        capabilities=_capabilities(
            identity, more, old, level=level, optical=optical, option=option, film=film, button=button, quirk=quirk
        ),
    )


def _capabilities(
    identity: wire.Identity,
    more: wire.ExtendedIdentity | None,
    old: wire.ExtendedStatus | None,
    *,
    level: Level,
    optical: int,
    option: bool,
    film: bool,
    button: bool,
    quirk: quirks.Quirk,
) -> Capabilities:
    resolutions = _resolutions(identity, more, quirk)
    modes = _modes(level, more.depth if more else 8)
    if more:
        unit = best = more.optical  # areas are counted in pixels of this resolution
        platen, feeder = more.platen if more.flatbed else (0, 0), more.feeder
        duplex, through = more.duplex, more.film
    else:
        unit = (identity.resolutions or resolutions)[-1]
        best = optical or unit
        platen = old.platen if old and all(old.platen) else identity.area
        feeder, duplex, through = (0, 0), False, old.film if old else (0, 0)
        if old and option and old.condition.feeder.installed:
            feeder, duplex = quirk.feeder_area or old.feeder, old.duplex
    if film and all(through):
        feeder = (0, 0)
    else:
        through = (0, 0)
    if unit <= 0:
        raise DeviceGarbled("the scanner tells no resolution")
    if quirk.double_height and platen[1] < platen[0]:
        platen = (platen[0], 2 * platen[1])

    def source(area: tuple[int, int]) -> SourceCapabilities | None:
        if not all(area):
            return None
        least = Size(-(-LEAST_WIDTH * 1000 // resolutions[0]), -(-1000 // resolutions[0]))
        size = Size(area[0] * 1000 // unit, area[1] * 1000 // unit)
        return SourceCapabilities((best, best), resolutions, modes, least, size)

    front = source(feeder)
    return Capabilities(
        platen=source(platen),
        feeder=front,
        feeder_back=front if duplex else None,
        film=source(through),
        films=tuple(FilmKind) if all(through) and level.film else (),
        buttons=tuple(dict.fromkeys(quirk.buttons.values())) or ("1",) if button else (),
        stall_limit=quirk.stall_limit,
    )


def _resolutions(identity: wire.Identity, more: wire.ExtendedIdentity | None, quirk: quirks.Quirk) -> tuple[int, ...]:
    told = set(identity.resolutions) | (set(quirk.more_resolutions) if more else set())
    if more and more.maximum:
        told = (told or set(USUAL_RESOLUTIONS)) | {more.optical}
        told = {ppi for ppi in told if more.minimum <= ppi <= more.maximum}
    if not told:
        raise DeviceGarbled("the scanner tells no resolution")
    return tuple(sorted(told))


def _modes(level: Level, depth: int) -> tuple[Mode, ...]:
    colour, deep = level.colour, depth >= 16 and level.depth
    offered = [
        (colour, Mode.RGB24),
        (level.depth or level.name == "A1", Mode.GRAY8),
        (level.depth, Mode.LINEART),
        (colour and deep and level.pixel_sequence, Mode.RGB48),
        (deep, Mode.GRAY16),
    ]
    return tuple(mode for wanted, mode in offered if wanted)


def area(model: Model, source: Source, resolution: tuple[int, int]) -> tuple[int, int]:
    """Width and height of a source in pixels at a resolution."""
    can = model.capabilities.of(source)
    if can is None:
        return 0, 0
    width = can.maximum.width * resolution[0] // 1000
    return (min(width, model.max_pixels) if model.max_pixels else width), can.maximum.height * resolution[1] // 1000


def colour_shift(model: Model, mode: Mode, resolution: int) -> int:
    """How many lines the colours lie apart at a resolution."""
    if mode is not Mode.RGB24 or not model.optical:
        return 0
    return model.line_distance * resolution // model.optical
