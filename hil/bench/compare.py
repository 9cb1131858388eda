"""Two records of the bench beside each other: what became faster or slower, by ratio where there is a floor.

A ratio is of two times of one run, so the machine and its load matter little to it; without a floor medians are
compared, which means something on one machine only.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rich.console import Console
from rich.table import Table

from hil.bench.table import said

_NEWS = 1.1  # what is less is no news: two runs of the same code differ by that


class _Samples(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    median: float = Field(ge=0)  # an idle bridge may not wake up once


class _Figure(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    unit: str = ""
    ours: _Samples
    ratio: float | None = Field(default=None, gt=0)
    p99_ratio: float | None = Field(default=None, gt=0)


class Record(BaseModel):
    """What `--json` wrote."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    machine: str
    figures: tuple[_Figure, ...]

    @classmethod
    def read(cls, path: Path) -> "Record":
        """Raises OSError, and ValueError for what is no record."""
        try:
            data: Any = json.loads(path.read_text(encoding="utf-8"))
            return cls.model_validate(data)
        except (ValidationError, json.JSONDecodeError) as err:
            raise ValueError(f"{path}: is no record of wsd-scan-hil bench --json") from err


def compare(before: Record, after: Record) -> list[tuple[str, str, str, str]]:
    """For each figure of either: its name, what it was, what it is, and the verdict."""
    was = {each.name: each for each in before.figures}
    rows = []
    for new in after.figures:
        old = was.pop(new.name, None)
        if old is None:
            rows.append((new.name, "-", _said(new), "new"))
            continue
        rows.append((new.name, _said(old), _said(new), _verdict(_weight(old, new), _weight(new, old))))
    rows += [(old.name, _said(old), "-", "gone") for old in was.values()]
    return rows


def show(console: Console, before: Record, after: Record) -> None:
    """Print the comparison."""
    caption = None if before.machine == after.machine else f"{before.machine}\n{after.machine}"
    table = Table(title="wsd-scan-hil bench --compare", title_justify="left", caption=caption, caption_justify="left")
    for name in ("figure", "before", "after", "verdict"):
        table.add_column(name)
    for row in compare(before, after):
        table.add_row(*row)
    console.print(table)


def _weight(one: _Figure, other: _Figure) -> float:
    """Its ratio where both have one."""
    return one.ratio if one.ratio is not None and other.ratio is not None else one.ours.median


def _verdict(before: float, after: float) -> str:
    change = after / before if before else 1.0 if not after else _NEWS * 2
    if change > _NEWS:
        return f"slower, {change:.2f} times"
    if change < 1 / _NEWS:
        return f"faster, {1 / change:.2f} times"
    return "the same"


def _said(figure: _Figure) -> str:
    median = said(figure.ours.median, figure.unit)
    ratio = "" if figure.ratio is None else f", ratio {figure.ratio:.2f}"
    tail = "" if figure.p99_ratio is None else f", p99 {figure.p99_ratio:.2f}"
    return f"{median}{ratio}{tail}"
