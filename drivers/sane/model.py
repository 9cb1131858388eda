"""What a SANE device can do, found by setting its options one source and mode after the other; nothing moves.

A range of resolutions becomes the usual ones within it. Where there is no geometry the backend's own idea of the
next page (sane_get_parameters) is the size.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from drivers.contract.capabilities import Capabilities, Mode, Size, Source, SourceCapabilities
from drivers.contract.errors import DeviceGarbled
from drivers.sane import options as words
from drivers.sane.options import Option, Options, Value, parameters
from drivers.sane.panel import Panel
from drivers.sane.process import Child, Refused
from drivers.sane.protocol import Type, Unit

OPTION_SECONDS: Final = 20.0
USUAL: Final = (75, 100, 150, 200, 240, 300, 400, 600, 800, 1200, 1600, 2400, 3200, 4800, 6400, 9600)
MM: Final = 25.4
_FALLBACK: Final = Size(8500, 11690)  # where a device tells no size at all
_LEAST: Final = 100  # 1/1000 inch

Setting = tuple[str, Value]


@dataclass(frozen=True, slots=True)
class SourceModel:
    """One source: what it can do, and which options make it so."""

    select: tuple[Setting, ...]
    capabilities: SourceCapabilities
    modes: Mapping[Mode, tuple[Setting, ...]]


@dataclass(frozen=True, slots=True)
class Model:
    """One device."""

    sources: Mapping[Source, SourceModel]
    panel: Panel = field(default_factory=Panel)

    @property
    def capabilities(self) -> Capabilities:
        """For the contract."""
        feeder = self.sources.get(Source.FEEDER) or self.sources.get(Source.FEEDER_DUPLEX)
        both = self.sources.get(Source.FEEDER_DUPLEX)
        return Capabilities(
            platen=_of(self.sources.get(Source.PLATEN)),
            feeder=_of(feeder),
            feeder_back=_of(both),
            film=_of(self.sources.get(Source.FILM)),
            buttons=self.panel.buttons,
        )


def _of(source: SourceModel | None) -> SourceCapabilities | None:
    return None if source is None else source.capabilities


class Dials:
    """The options of an opened device, set by name. Every setting may change what the others allow."""

    def __init__(self, child: Child, options: object) -> None:
        self._child = child
        self.options = Options.read(options)

    def turn(self, *settings: Setting) -> None:
        """Set these in turn, those that exist and can be set. Raises Refused, DriverError."""
        for name, value in settings:
            option = self.options.get(name)
            if option is None or option.value == value:
                continue
            answer = self._child.ask("set", OPTION_SECONDS, number=option.number, value=value)
            if "value" in answer:  # which may be another than was asked for
                self.options = self.options.changed(option, answer["value"])
            else:  # other options have changed with it
                self.refresh()

    def refresh(self) -> Mapping[str, Any]:
        """Read all options again; the whole answer."""
        answer = self._child.ask("options", OPTION_SECONDS)
        self.options = Options.read(answer.get("options"))
        return answer


def learn(dials: Dials, kind: str) -> Model:
    """All that the device can do; `kind` is SANE's own word for it ("flatbed scanner"). Raises DriverError, Refused."""
    sources: dict[Source, SourceModel] = {}
    for source, select in _sources(dials, kind).items():
        try:
            dials.turn(*select)
            found = _source(dials, select)
        except Refused:
            continue  # it is listed and cannot be chosen: a lid or feeder that is not mounted
        if found.modes:
            sources[source] = found
    if not sources:
        raise DeviceGarbled("the SANE backend offers nothing that could be scanned")
    return Model(sources, Panel.of(dials.options))


def _sources(dials: Dials, kind: str) -> dict[Source, tuple[Setting, ...]]:
    found: dict[Source, tuple[Setting, ...]] = {}
    option = dials.options.get("source")
    for value in option.strings if option is not None else ():
        named = words.kind_of(value, "sources")
        if named in list(Source):
            found.setdefault(Source(named), (("source", value),))
    if not found:
        sheets = "sheet" in kind or "feed" in kind
        film = "film" in kind
        found[Source.FEEDER if sheets else Source.FILM if film else Source.PLATEN] = ()
    if Source.FEEDER in found:
        _sides(dials, found)
    return found


def _sides(dials: Dials, found: dict[Source, tuple[Setting, ...]]) -> None:
    """Some have a second option for the sides of a sheet, which may be there only while the feeder is chosen."""
    dials.turn(*found[Source.FEEDER])
    option = dials.options.first(words.words("sides", "options"))
    if option is None:
        return
    one: Value | None = next((each for each in option.strings if words.fits(each, "sides", "one")), None)
    both: Value | None = next((each for each in option.strings if words.fits(each, "sides", "both")), None)
    if option.type is Type.BOOL:
        one, both = False, True
    if one is not None and both is not None:
        feeder = found[Source.FEEDER]
        found[Source.FEEDER] = (*feeder, (option.name, one))
        found.setdefault(Source.FEEDER_DUPLEX, (*feeder, (option.name, both)))


def _source(dials: Dials, select: tuple[Setting, ...]) -> SourceModel:
    modes = _modes(dials)
    if modes:
        dials.turn(*next(iter(modes.values())))
    widen(dials)
    resolutions = _resolutions(dials.options)
    best = resolutions[-1]
    able = SourceCapabilities((best, best), resolutions, tuple(modes), Size(_LEAST, _LEAST), _size(dials))
    return SourceModel(select, able, modes)


def widen(dials: Dials) -> None:
    """Feeders that ask for the paper's size are told the largest, so that it limits nothing."""
    for kind in ("page-width", "page-height"):
        option = dials.options.first(words.words("options", kind))
        if option is not None and option.range is not None:
            dials.turn((option.name, option.range[1]))


def _modes(dials: Dials) -> dict[Mode, tuple[Setting, ...]]:
    """Each mode and its settings, best first."""
    found: dict[Mode, tuple[Setting, ...]] = {}
    option = dials.options.get("mode")
    if option is None:
        _depths(dials, (), "gray", found)
    for value in option.strings if option is not None else ():
        kind = words.kind_of(value, "modes")
        if kind is not None:
            dials.turn(("mode", value))
            _depths(dials, (("mode", value),), kind, found)
    best = (Mode.RGB24, Mode.GRAY8, Mode.LINEART, Mode.RGB48, Mode.GRAY16)
    return {mode: found[mode] for mode in best if mode in found}


def _depths(dials: Dials, settings: tuple[Setting, ...], kind: str, found: dict[Mode, tuple[Setting, ...]]) -> None:
    option = dials.options.first(words.words("options", "depth"))
    if kind == "lineart":
        one = option is not None and 1.0 in option.words
        settings += _plain(dials.options)
        found.setdefault(Mode.LINEART, (*settings, (option.name, 1)) if one and option is not None else settings)
        return
    by_depth: dict[int, Mode] = {8: Mode.GRAY8, 16: Mode.GRAY16, 1: Mode.LINEART}
    if kind == "color":
        by_depth = {8: Mode.RGB24, 16: Mode.RGB48}
    if option is None or not _depth_values(option):
        found.setdefault(by_depth[8], settings)
        return
    for depth, value in _depth_values(option).items():
        if depth in by_depth:
            found.setdefault(by_depth[depth], (*settings, (option.name, value)))


def _plain(options: Options) -> tuple[Setting, ...]:
    option = options.first(words.words("options", "halftoning"))
    values = () if option is None else option.strings
    plain = next((value for value in values if words.fits(value, "options", "plain")), None)
    return () if option is None or plain is None else ((option.name, plain),)


def _depth_values(option: Option) -> dict[int, Value]:
    """Depths in bits and how they are chosen; some backends list them as texts ("8 bit")."""
    if option.strings:
        return {
            int(text.split()[0]): text for text in option.strings if text.split()[:1] and text.split()[0].isdecimal()
        }
    if option.words:
        return {int(word): int(word) for word in option.words}
    if option.range is not None:
        return {depth: depth for depth in (1, 8, 16) if option.range[0] <= depth <= option.range[1]}
    return {}


def _resolutions(options: Options) -> tuple[int, ...]:
    option = options.first(words.words("options", "resolution"))
    if option is None:
        return (300,)
    down = options.first(words.words("options", "resolution-down"))
    both = _usable(option)
    if down is not None and down.name != option.name:
        both = [each for each in both if each in _usable(down)] or both
    return tuple(sorted(set(both))) or (int(option.value) if isinstance(option.value, int | float) else 300,)


def _usable(option: Option) -> list[int]:
    if option.words:
        return [int(word) for word in option.words if word >= 1 and word == int(word)]
    if option.range is None:
        return []
    least, most, step = option.range
    usual = [each for each in USUAL if least <= each <= most]
    if step > 1:
        usual = [each for each in usual if (each - least) % step == 0]
    end = int(most)
    return usual if end in usual or end < USUAL[0] - 25 else [*usual, end]


def _size(dials: Dials) -> Size:
    """The largest area of the source that is chosen, 1/1000 inch."""
    across, down = (_length(dials.options, name) for name in ("br-x", "br-y"))
    if across and down:
        return Size(across, down)
    told = parameters(dials.refresh().get("parameters"))
    resolution = resolution_now(dials.options)
    width = across or round(told.pixels_per_line * 1000 / resolution)
    height = down or round(told.lines * 1000 / resolution)
    return Size(width if width >= _LEAST else _FALLBACK.width, height if height >= _LEAST else _FALLBACK.height)


def _length(options: Options, name: str) -> int:
    option, start = options.get(name), options.get(name.replace("br-", "tl-"))
    if option is None:
        return 0
    most = option.range[1] if option.range else max(option.words, default=0.0)
    least = start.range[0] if start is not None and start.range else 0.0
    if option.unit is Unit.PIXEL:
        return int((most - least) * 1000 / resolution_now(options))
    return int((most - least) / MM * 1000)


def resolution_now(options: Options) -> float:
    """Pixels per inch as they are set."""
    option = options.first(words.words("options", "resolution"))
    value = None if option is None else option.value
    return float(value) if isinstance(value, int | float) and value >= 1 else 300.0
