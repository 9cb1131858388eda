"""Durations and points in time as XML Schema part 2 spells them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.eventing import duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PT1H", timedelta(hours=1)),
        ("P0Y0M0DT30H0M0S", timedelta(hours=30)),
        (" PT3600S ", timedelta(hours=1)),
        ("PT0.5S", timedelta(seconds=0.5)),
        ("P1Y2M3DT4H5M6S", timedelta(days=428, hours=4, minutes=5, seconds=6)),
        ("PT0S", timedelta(0)),
        ("-PT1M", timedelta(minutes=-1)),
        ("P999999999Y", timedelta(days=36_500)),
        ("2030-01-02T03:04:05Z", datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (
            "2030-01-02T03:04:05.25-05:30",
            datetime(2030, 1, 2, 3, 4, 5, 250_000, timezone(-timedelta(hours=5, minutes=30))),
        ),
        ("2030-01-02T03:04:05", datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)),
    ],
)
def test_what_a_client_writes_is_understood(text: str, expected: timedelta | datetime) -> None:
    assert duration.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "P1DT",
        "1H",
        "PT1",
        "PT1H1H",
        "P1S",
        "PT-1S",
        "PT1.S",
        "2030-13-01T00:00:00Z",
        "P1W",
        "PT٣S",
        "tomorrow",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        duration.parse(text)


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (timedelta(0), "PT0S"),
        (timedelta(hours=1), "PT1H"),
        (timedelta(days=1), "P1D"),
        (timedelta(days=1, minutes=2, seconds=3.9), "P1DT2M3S"),
    ],
)
def test_a_duration_is_written_short(length: timedelta, expected: str) -> None:
    assert duration.write(length) == expected


@given(st.integers(0, 36_500 * 86_400))
def test_whole_seconds_read_back(seconds: int) -> None:
    assert duration.parse(duration.write(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@given(st.text(alphabet="PT0123456789YMDHS.-+:Z ", max_size=40))
def test_every_text_is_read_or_refused(text: str) -> None:
    try:
        found = duration.parse(text)
    except ValueError:
        return
    assert isinstance(found, timedelta) or found.tzinfo is not None
