"""What one imageCLASS can do: nothing of it can be asked, so it is looked up by VID:PID in models.toml."""

import tomllib
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from drivers.contract.capabilities import Capabilities, Mode, Size, Source, SourceCapabilities
from drivers.usb.pixma.area import LEAST_PIXELS, UNIT
from drivers.usb.pixma.imageclass.wire import Command

PPI = (75, 150, 300, 600)
PLATEN = 877
MODES = (Mode.RGB24, Mode.GRAY8)
BUTTON = "scan"
_NEW_READ = Command.READ_2


class Model(BaseModel):
    """One row of models.toml, whose head says what the fields mean."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: list[str] = Field(min_length=1)
    generation: int = Field(ge=1, le=2)
    width: int = 640
    feeder: int = 0
    feeder_ppi: int = PPI[-1]
    duplex: bool = False
    tail: bool = False
    joined: bool | None = None
    old_read: bool = False
    one_side: int = 0

    @property
    def apart(self) -> bool:
        """A block's header comes alone, and a line of colour as three lines of one colour each."""
        return not (self.generation == 2 if self.joined is None else self.joined)

    @property
    def reading(self) -> Command:
        return _NEW_READ if self.generation == 2 and not self.old_read else Command.READ

    @property
    def session_per_page(self) -> bool:
        return self.generation == 1

    @property
    def capabilities(self) -> Capabilities:
        feeder = self._source(self.feeder, self.feeder_ppi) if self.feeder else None
        return Capabilities(
            platen=self._source(PLATEN, PPI[-1]),
            feeder=feeder,
            feeder_back=feeder if self.duplex else None,
            buttons=(BUTTON,),
        )

    def pixels(self, source: Source, ppi: int) -> tuple[int, int]:
        """Width and height of a source at a resolution."""
        length = PLATEN if source is Source.PLATEN else self.feeder
        return self.width * ppi // UNIT, length * ppi // UNIT

    def _source(self, length: int, most: int) -> SourceCapabilities:
        least = -(-LEAST_PIXELS * 1000 // PPI[0])
        size = Size(self.width * 1000 // UNIT, length * 1000 // UNIT)
        return SourceCapabilities(
            (most, most), tuple(ppi for ppi in PPI if ppi <= most), MODES, Size(least, least), size
        )


@cache
def table() -> dict[str, Model]:
    """All models, by "vvvv:pppp"."""
    text = (resources.files("drivers") / "usb" / "pixma" / "imageclass" / "models.toml").read_text("utf-8")
    return TypeAdapter(dict[str, Model]).validate_python(tomllib.loads(text))
