"""What one imageCLASS can do: nothing of it can be asked, so it is looked up by VID:PID in models.toml."""

import tomllib
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from drivers.contract.capabilities import Capabilities, Mode, Size, Source, SourceCapabilities
from drivers.usb.pixma.area import LEAST_PIXELS, UNIT
from drivers.usb.pixma.imageclass.packets import BUTTONS, Packets
from drivers.usb.pixma.imageclass.wire import Command

PPI = (75, 150, 300, 600, 1200)
MODES = (Mode.RGB24, Mode.GRAY8)
_NEW_READ = Command.READ_2


class Model(BaseModel):
    """One row of models.toml, whose head says what the fields mean."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: list[str] = Field(min_length=1)
    generation: int = Field(ge=0, le=2)
    width: int = 640
    platen: int = 877
    feeder: int = 0
    ppi: int = 600
    feeder_ppi: int = 1200
    gray_ppi: int = 1200
    duplex: bool = False
    tail: bool = False
    joined: bool | None = None
    planes: bool | None = None
    gray_step: int = 32
    old_read: bool = False
    one_side: int = 0
    ccd: bool = False
    settles: bool = False
    lingers: bool = False
    packets: Packets = Packets.ONE

    @property
    def apart(self) -> bool:
        """A block's header comes alone."""
        return self.generation > 0 and not (self.generation == 2 if self.joined is None else self.joined)

    @property
    def in_planes(self) -> bool:
        """A line of colour comes as three lines of one colour each."""
        return self.apart if self.planes is None else self.planes

    def step(self, mode: Mode) -> int:
        """Lines are padded to a multiple of so many pixels."""
        return self.gray_step if self.generation > 0 or mode is Mode.GRAY8 else 4

    @property
    def reading(self) -> Command:
        return _NEW_READ if self.generation == 2 and not self.old_read else Command.READ

    @property
    def session_per_page(self) -> bool:
        return self.generation < 2

    @property
    def activated(self) -> bool:
        """Before each session, and after."""
        return self.generation < 2

    @property
    def capabilities(self) -> Capabilities:
        feeder = self._source(self.feeder, min(self.ppi, self.feeder_ppi)) if self.feeder else None
        return Capabilities(
            platen=self._source(self.platen, self.ppi),
            feeder=feeder,
            feeder_back=feeder if self.duplex else None,
            buttons=BUTTONS[self.packets],
        )

    def pixels(self, source: Source, ppi: int) -> tuple[int, int]:
        """Width and height of a source at a resolution."""
        length = self.platen if source is Source.PLATEN else self.feeder
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
