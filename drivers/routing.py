"""Which way a scanner goes, plugged in or not: what the drivers know and what the table of routes knows, together."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from drivers.routes import firmware, table
from drivers.routes.route import Asked, Native, Route, choose, processor
from drivers.routes.table import Known
from drivers.usb.families import USB_FAMILIES

_MAKERS: Final = {"04b8": "Epson", "04c5": "Fujitsu", "04a9": "Canon"}  # USB vendor ids


def of(ids: str, store: Path | None = None, *, here: str = "", called: str = "") -> Route:
    """The route of "vvvv:pppp" in lower case. `store`: where firmware files are; `here`: the processor, else ours;
    `called`: what its owner calls it."""
    native = next((Native(each.name, each.scans) for each in USB_FAMILIES if ids in each.ids()), None)
    known = table.known(ids) or next((each for each in _ours() if each.ids == ids), None)
    return choose(Asked(ids, known, native, firmware.kept(store), here or processor(), called))


def asked(text: str, store: Path | None = None) -> tuple[Route, ...]:
    """The routes of a USB id, or of every scanner with such a name; nothing when there is none."""
    if ids := table.ids_in(text):
        return (of(ids, store),)
    return tuple(of(each.ids, store, called=table.name_with(each, text)) for each in table.named(text, _ours()))


def everything(here: str) -> tuple[Route, ...]:
    """Of every id that is known, by id; without any firmware file."""
    ids = {each.ids for each in table.everything()} | {each.ids for each in _ours()}
    return tuple(of(each, here=here) for each in sorted(ids))


def _ours() -> Iterator[Known]:
    """What our drivers know and no list does."""
    for family in USB_FAMILIES:
        ids = family.ids()
        for each in ids:
            if table.known(each) is None:
                yield Known(each, tuple(_names(each, ids[each])) if isinstance(ids, Mapping) else (), ())


def _names(ids: str, model: object) -> list[str]:
    """A family maps its ids to names, or to rows that have them; the maker's is not always among them."""
    names = getattr(model, "names", model)
    maker = str(getattr(model, "maker", "") or _MAKERS.get(ids[:4], ""))
    return [f"{maker} {name}".strip() for name in names] if isinstance(names, list | tuple) else []
