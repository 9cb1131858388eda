"""What one PIXMA can do: nothing of it can be asked, so it is looked up by VID:PID in models.toml."""

import tomllib
from enum import StrEnum
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from drivers.contract.capabilities import Capabilities, Mode, Size, Source, SourceCapabilities
from drivers.usb.pixma.area import LEAST_PIXELS, UNIT

WIDTH = 638  # 1/75 inch, of all models
MODES = (Mode.RGB24, Mode.GRAY8)


class Packets(StrEnum):
    """Layouts of interrupt packets."""

    OLD = "old"
    NEW = "new"
    LIDE = "lide"


BUTTONS = {
    Packets.OLD: ("color", "mono"),
    Packets.NEW: ("color", "mono"),
    Packets.LIDE: ("copy", "auto", "send", "pdf", "pdf-end"),
}


class Model(BaseModel):
    """One row of models.toml, whose head says what the fields mean."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: list[str] = Field(min_length=1)
    generation: int = Field(ge=1, le=5)
    ppi: int
    least: int = 75
    platen: int = 877
    feeder: int = 0
    feeder_ppi: int | None = None
    duplex: bool = False
    interleave: int = 0
    jpeg: bool = False
    packets: Packets = Packets.OLD
    digits: bool = False

    @property
    def status_bytes(self) -> int:
        """Data of the answer to F320, its checksum included."""
        return 12 if self.generation == 1 else 16

    @property
    def session_per_page(self) -> bool:
        """Every page is a session of its own, and its parameters start it."""
        return self.generation <= 2

    @property
    def enveloped(self) -> bool:
        """Understands commands only within an XML dialogue."""
        return self.generation >= 4

    def codes(self, source: Source) -> bool:
        """Its pages come as JPEG."""
        return self.jpeg and source is not Source.PLATEN

    @property
    def capabilities(self) -> Capabilities:
        feeder = self._source(self.feeder, self.feeder_ppi or self.ppi) if self.feeder else None
        return Capabilities(
            platen=self._source(self.platen, self.ppi),
            feeder=feeder,
            feeder_back=feeder if self.duplex else None,
            buttons=BUTTONS[self.packets],
        )

    def pixels(self, source: Source, ppi: int) -> tuple[int, int]:
        """Width and height of a source at a resolution."""
        length = self.platen if source is Source.PLATEN else self.feeder
        return WIDTH * ppi // UNIT, length * ppi // UNIT

    def _source(self, length: int, most: int) -> SourceCapabilities:
        resolutions = tuple(UNIT << step for step in range(8) if self.least <= UNIT << step <= most)
        least = -(-LEAST_PIXELS * 1000 // resolutions[0])
        size = Size(WIDTH * 1000 // UNIT, length * 1000 // UNIT)
        return SourceCapabilities((most, most), resolutions, MODES, Size(least, least), size)


@cache
def table() -> dict[str, Model]:
    """All models, by "vvvv:pppp"."""
    text = (resources.files("drivers") / "usb" / "pixma" / "mp150" / "models.toml").read_text("utf-8")
    return TypeAdapter(dict[str, Model]).validate_python(tomllib.loads(text))
