"""The figures as a table for people and as a record for whoever compares runs."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from hil.bench.figures import Figure, Samples


def show(console: Console, figures: Sequence[Figure], about: str) -> None:
    """Print one row per figure, and below what each is held against."""
    table = Table(title="wsd-scan-hil bench", title_justify="left", caption=about, caption_justify="left")
    table.add_column("figure")
    for name in ("median", "spread", "p99", "floor", "ratio", "p99 ratio", "poll wait", "runs"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in figures:
        low, high = each.ours.spread
        table.add_row(
            each.name,
            said(each.ours.median, each.unit),
            f"{said(low, each.unit)} to {said(high, each.unit)}",
            said(each.ours.p99, each.unit) if each.tail else "-",
            "-" if each.floor is None else said(each.floor.median, each.unit),
            "-" if each.ratio is None else f"{each.ratio:.2f}",
            "-" if each.tail_ratio is None else f"{each.tail_ratio:.2f}",
            "-" if each.wait is None else said(each.wait.median, ""),
            str(len(each.ours.seconds)),
        )
    console.print(table)
    for each in figures:
        against = "; ".join(text for text in (each.floor_name, each.note) if text)
        console.print(f"{each.name}: {against}", markup=False, highlight=False, soft_wrap=True)


def record(figures: Sequence[Figure], about: str) -> dict[str, Any]:
    """Everything, samples included; times in seconds, what has a unit in that."""
    return {
        "machine": about,
        "figures": [
            {
                "name": each.name,
                "unit": each.unit,
                "ours": _samples(each.ours),
                "floor": None if each.floor is None else _samples(each.floor),
                "floor_name": each.floor_name,
                "ratio": each.ratio,
                "p99_ratio": each.tail_ratio,
                "poll_wait": None if each.wait is None else _samples(each.wait),
                "note": each.note,
            }
            for each in figures
        ],
    }


def _samples(samples: Samples) -> dict[str, Any]:
    return {
        "median": samples.median,
        "spread": list(samples.spread),
        "p99": samples.p99,
        "samples": list(samples.seconds),
    }


def said(value: float, unit: str) -> str:
    """With its unit; seconds have none and become milliseconds where that reads better."""
    if unit:
        return f"{value:.3g} {unit}"
    return f"{value:.2f} s" if value >= 1 else f"{1000 * value:.3g} ms"
