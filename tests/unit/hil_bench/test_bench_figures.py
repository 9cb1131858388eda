"""The arithmetic of the bench, and what its table says when there is nothing to compare with."""

import io

import pytest
from rich.console import Console

from hil.bench import encoding, table
from hil.bench.figures import Figure, machine, samples
from hil.bench.floor import bare_posts


def test_middle_and_spread_are_those_of_the_samples() -> None:
    five = samples([0.005, 0.001, 0.002, 0.003, 0.004])
    assert five.median == 0.003
    assert five.spread == (0.002, 0.004)
    assert samples([0.2, 0.1]).spread == (0.1, 0.2)
    with pytest.raises(ValueError, match="nothing"):
        samples([])


def test_the_ratio_is_of_the_medians() -> None:
    assert Figure("x", samples([0.006, 0.006]), samples([0.002, 0.002])).ratio == pytest.approx(3)
    assert Figure("x", samples([0.006])).ratio is None


def test_a_missing_floor_is_said_and_not_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCANIMAGE", raising=False)
    monkeypatch.setenv("PATH", "/nonexistent")
    figures = encoding.figures((75,), 1, None)
    out = io.StringIO()
    table.show(Console(file=out, width=120), figures, machine())
    assert "scanimage is not on this machine" in out.getvalue()
    assert table.record(figures, "here")["figures"][0]["floor"] is None


def test_a_scanimage_that_fails_is_said(tmp_path_factory: pytest.TempPathFactory) -> None:
    program = tmp_path_factory.mktemp("bin") / "scanimage"
    program.write_text("#!/bin/sh\necho 'no SANE devices found' >&2\nexit 7\n")
    program.chmod(0o755)
    (figure,) = encoding.figures((75,), 1, str(program))
    assert figure.note == "no floor: no SANE devices found"


async def test_the_floor_measures_every_post() -> None:
    floor = await bare_posts(b"<a/>", count=3)
    assert len(floor.seconds) == 3
    assert 0 < floor.median < 1
