"""Two records beside each other: ratios where both have them, and what came or went."""

import json
from pathlib import Path
from typing import Any

import pytest

from hil.bench import table
from hil.bench.compare import Record, compare
from hil.bench.figures import Figure, samples


def record(tmp_path: Path, name: str, *figures: Figure) -> Record:
    path = tmp_path / name
    path.write_text(json.dumps(table.record(figures, "here")))
    return Record.read(path)


def test_ratios_are_compared_and_not_the_machines(tmp_path: Path) -> None:
    slow_machine = Figure("x", samples([0.030]), samples([0.010]))
    quick_machine = Figure("x", samples([0.003]), samples([0.001]))
    worse = Figure("x", samples([0.006]), samples([0.001]))
    before = record(tmp_path, "a", slow_machine)
    assert compare(before, record(tmp_path, "b", quick_machine))[0][3] == "the same"
    assert compare(before, record(tmp_path, "c", worse))[0][3] == "slower, 2.00 times"
    assert compare(record(tmp_path, "c", worse), before)[0][3] == "faster, 2.00 times"


def test_without_a_floor_medians_are_compared(tmp_path: Path) -> None:
    before, after = (
        record(tmp_path, "a", Figure("x", samples([0.4]))),
        record(tmp_path, "b", Figure("x", samples([0.1]))),
    )
    assert compare(before, after) == [("x", "400 ms", "100 ms", "faster, 4.00 times")]


def test_what_came_and_what_went_is_said(tmp_path: Path) -> None:
    before, after = (
        record(tmp_path, "a", Figure("x", samples([1.0]))),
        record(tmp_path, "b", Figure("y", samples([1.0]))),
    )
    assert [(row[0], row[3]) for row in compare(before, after)] == [("y", "new"), ("x", "gone")]


@pytest.mark.parametrize("data", ["", "[]", '{"figures": []}', '{"machine": "x", "figures": [{"name": 1}]}'])
def test_what_is_no_record_is_refused(tmp_path: Path, data: Any) -> None:
    path = tmp_path / "x.json"
    path.write_text(data)
    with pytest.raises(ValueError, match="is no record"):
        Record.read(path)


def test_p99_is_what_one_in_a_hundred_exceeds() -> None:
    assert samples([float(number) for number in range(1, 101)]).p99 == 99.0
    assert samples([1.0]).p99 == 1.0
    assert Figure("x", samples([2.0]), samples([1.0]), tail=True).tail_ratio == 2.0
    assert Figure("x", samples([2.0]), samples([1.0])).tail_ratio is None
