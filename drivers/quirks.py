"""Oddities of devices, as data: drivers/quirks/*.toml, one comment and one link each.

Nothing in the code asks for a vendor or a model; it asks for a quirk.
"""

import tomllib
from functools import cache
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Quirk(BaseModel):
    """What is odd about some devices. Fields that are left out are not odd."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    why: str = Field(min_length=1)
    link: str = Field(pattern=r"^https?://")
    ids: list[str] = []  # "vvvv:pppp"
    models: list[str] = []  # beginnings of the model name that the device itself tells

    error_byte_mask: int = Field(default=0xFF, ge=0, le=0xFF)  # bits of the FS G error byte that mean something
    green_first_untrue: bool = False  # blocks of ESC G say that green comes first, but red does
    double_height: bool = False  # the platen's height is told as half of what it is, when it is less than its width
    feeder_area: tuple[int, int] | None = None  # pixels of the highest resolution, instead of what ESC f tells
    feed: bool | None = None  # whether 0x19 loads a sheet, whatever the command level says
    least_block_lines: int = Field(default=1, ge=1, le=255)
    more_resolutions: list[int] = []  # ppi that ESC I does not tell
    buttons: dict[str, str] = {}  # value of ESC ! → name
    unit_before_status: bool = False  # STAT tells only of the unit that PARA named last
    glass: tuple[int, int] | None = None  # the flatbed in 1/1200 inch, where the feeder's area is told instead
    sides_apart: bool = False  # the back of a sheet can be read only when its front has been
    colour_only: bool = False  # grey, and black and white, are told but not to be had
    pre_read: bool = False  # it scans no finer than 300 ppi unless told resolution and paper before all else
    coding_tables: bool = False  # it wants JPEG's quantisation tables, although nothing is compressed
    ready_after_load: bool = True  # False: it is not to be asked whether it is ready between loading and scanning
    width_multiples: tuple[int, int] = (8, 1)  # pixels of a row, of black and white and of all else
    stall_limit: float | None = Field(default=None, gt=0)  # seconds for which a page may be left unread

    escl_page_pause: float = Field(default=0, ge=0, le=10)  # seconds before a page more is asked for, at most
    escl_retry_404: bool = False  # NextDocument says 404 while the page is not ready
    escl_retry_410: bool = False  # the same with 410
    escl_no_delete: bool = False  # a job that was fetched must not be deleted
    escl_feeder_first: bool = False  # it calls an empty feeder a jam once it was told to scan from it
    escl_highest: int | None = Field(default=None, gt=0)  # ppi; it tells higher ones and has not got them
    ipp_usb: bool = True  # False: it has the interfaces and answers nothing there
    ipp_usb_interfaces: int = Field(default=8, ge=1, le=8)  # of those it has, so many work
    ipp_usb_connection: Literal["", "keep-alive", "close"] = ""  # the Connection header it wants
    escl_host: Literal["", "localhost", "port"] = ""  # the Host header it insists on


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    quirk: list[Quirk]


@cache
def _all() -> tuple[Quirk, ...]:
    folder = resources.files("drivers") / "quirks"
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    return tuple(
        quirk for file in files for quirk in _File.model_validate(tomllib.loads(file.read_text("utf-8"))).quirk
    )


def of(vendor_id: int, product_id: int, model: str = "") -> Quirk:
    """All that is odd about one device: every entry that names its model, or its ids where no model is named."""
    name = model.replace(" ", "")
    found: dict[str, object] = {}
    for quirk in _all():
        by_id = f"{vendor_id:04x}:{product_id:04x}" in quirk.ids
        by_model = any(name.startswith(start.replace(" ", "")) for start in quirk.models)
        if (by_id or not quirk.ids) and (by_model or not quirk.models):
            found |= quirk.model_dump(exclude_unset=True, exclude={"ids", "models"})
    return Quirk.model_validate({"why": "ordinary", "link": "https://invalid", **found})
