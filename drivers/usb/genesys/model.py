"""What one Genesys scanner is: nothing of it can be asked, so it is looked up by VID:PID in models.toml."""

import tomllib
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from drivers.contract.capabilities import Capabilities
from drivers.usb.genesys.panel import WIRING, Panel, Wiring
from drivers.usb.genesys.registers import LAYOUT, Chip, Layout


class Model(BaseModel):
    """One row of models.toml, whose head says what the fields mean."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    maker: str
    names: list[str] = Field(min_length=1)
    chip: Chip
    panel: Panel

    @property
    def layout(self) -> Layout:
        return LAYOUT[self.chip]

    @property
    def wiring(self) -> Wiring:
        return WIRING[self.panel]

    @property
    def capabilities(self) -> Capabilities:
        """Buttons alone; what it can scan is for SANE to say."""
        return Capabilities(buttons=tuple(line.name for line in self.wiring.buttons))


@cache
def table() -> dict[str, Model]:
    """All models, by "vvvv:pppp"."""
    text = (resources.files("drivers") / "usb" / "genesys" / "models.toml").read_text("utf-8")
    return TypeAdapter(dict[str, Model]).validate_python(tomllib.loads(text))
