"""Scan parameters as the scanner remembers them: set by PARA, told by RESA.

A block with anything that this scanner cannot do is refused whole, and the old values stay. Source: utsushi, epsonds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from drivers.contract.capabilities import Mode
from hil.devices.esci2.product import Product
from hil.devices.esci2.words import Value, read, token

GAMMAS = ("UG10", "UG18")
CHANNELS = ("RED ", "GRN ", "BLU ", "MONO")
FEEDER_WORDS = {"DPLX", "PEDT", "DFL1", "EJCT", "CRP ", "SKEW", "OVSN"}
LARGEST_CHUNK = 4 * 1024 * 1024
DROPPED = {"R008": 0, "G008": 1, "B008": 2}


@dataclass(frozen=True, slots=True)
class Parameters:
    """One scan, in pixels of its resolution."""

    feeder: bool = False
    words: frozenset[str] = frozenset()  # DPLX and its like
    color: str = "M008"
    format: str = "RAW "
    quality: int = 90
    threshold: int = 128
    gamma: str = "UG10"
    tables: Mapping[str, bytes] = field(default_factory=dict)  # channel → 256 values
    matrix: bytes = b""  # nine numbers, empty: none
    across: int = 75
    down: int = 75
    chunk: int = 65536
    images: int = 0
    area: tuple[int, int, int, int] = (0, 0, 0, 0)  # left, top, width, height

    @property
    def duplex(self) -> bool:
        """Both sides of each sheet."""
        return self.feeder and "DPLX" in self.words

    @property
    def coded(self) -> bool:
        """JPEG comes; black and white is sent as rows whatever was asked for."""
        return self.format == "JPG " and self.color != "M001"

    @property
    def mode(self) -> Mode:
        """What one pixel holds."""
        return {"C024": Mode.RGB24, "M001": Mode.LINEART}.get(self.color, Mode.GRAY8)

    def valid(self, product: Product) -> bool:
        """Whether this scanner can scan so."""
        left, top, width, height = self.area
        widest, longest = product.area(feeder=self.feeder)
        return (
            widest > 0
            and self.words <= (FEEDER_WORDS if self.feeder else {"CRP ", "SKEW", "OVSN"})
            and self.color in product.colors
            and (self.color == "M001" or self.format in product.formats)
            and self.across in product.resolutions
            and self.down in product.resolutions
            and self.across <= product.optical(feeder=self.feeder)
            and 1 <= self.quality <= 100
            and 0 <= self.threshold <= 255
            and self.gamma in GAMMAS
            and 0 < self.chunk <= LARGEST_CHUNK
            and min(width, height) > 0
            and 0 <= left <= left + width <= widest * self.across // 100
            and 0 <= top <= top + height <= longest * self.down // 100
            and (self.color != "M001" or width % 8 == 0)
        )

    def told(self) -> bytes:
        """What RESA answers."""
        left, top, width, height = self.area
        return b"".join((
            token("ADF" if self.feeder else "FB ", *sorted(self.words)),
            token("COL", self.color),
            token("FMT", self.format),
            token("JPG", self.quality),
            token("THR", self.threshold),
            token("GMM", self.gamma),
            *(token("GMT", name, self.tables.get(name, bytes(range(256)))) for name in CHANNELS),
            token("CMX", *(("UM08", self.matrix) if self.matrix else ("UNIT",))),
            token("RSM", self.across),
            token("RSS", self.down),
            token("PAG", self.images),
            token("BSZ", self.chunk),
            token("ACQ", left, top, width, height),
        ))  # fmt: skip


def changed(old: Parameters, block: bytes, product: Product) -> Parameters | None:
    """The values after a PARA; None: it is refused. A block that names only the source is no scan and needs no area."""
    tokens = read(block)
    if tokens is None:
        return None
    new, names = old, set()
    for tag, values in tokens:
        names.add(tag)
        one = _set(new, tag, values)
        if one is None:
            return None
        new = one
    return new if names <= {"ADF", "FB "} or new.valid(product) else None


# Settings of one value: the field, and what kind of value.
SINGLE: Mapping[str, tuple[str, type[int] | type[str]]] = {
    "COL": ("color", str),
    "FMT": ("format", str),
    "JPG": ("quality", int),
    "THR": ("threshold", int),
    "GMM": ("gamma", str),
    "RSM": ("across", int),
    "RSS": ("down", int),
    "PAG": ("images", int),
    "BSZ": ("chunk", int),
}


def _set(old: Parameters, tag: str, values: list[Value]) -> Parameters | None:
    if tag in SINGLE:
        name, kind = SINGLE[tag]
        fits = len(values) == 1 and isinstance(values[0], kind)
        return replace(old, **{name: values[0]}) if fits else None  # type: ignore[arg-type]
    match tag, values:
        case (("ADF" | "FB "), _) if all(isinstance(value, str) for value in values):
            return replace(old, feeder=tag == "ADF", words=frozenset(map(str, values)))
        case "GMT", [str(word), bytes(table)] if word in CHANNELS and len(table) == 256:
            return replace(old, tables={**old.tables, word: table})
        case "CMX", ["UNIT"]:
            return replace(old, matrix=b"")
        case "CMX", ["UM08", bytes(matrix)] if len(matrix) == 9:
            return replace(old, matrix=matrix)
        case "ACQ", [int(left), int(top), int(width), int(height)]:
            return replace(old, area=(left, top, width, height))
        case _:
            return None
