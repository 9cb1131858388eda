"""The log: one line per fact, whatever a peer puts into it."""

import logging
from collections.abc import Callable

import pytest

from bridge.log import TRAFFIC, kept_short, set_up


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """What is logged."""
    return lambda: capsys.readouterr().err


def test_a_peers_text_cannot_break_out_of_its_line(lines: Callable[[], str]) -> None:
    set_up("info")
    logging.getLogger("bridge.x").info("job=%s", "eve\r\nERROR bridge: forged\x1b[2J\u2028é")
    text = lines()
    assert text.count("\n") == 1
    assert text == "INFO bridge.x: job=eve\\r\\nERROR bridge: forged\\x1b[2J\\u2028é\n"


def test_an_exception_is_one_line_too(lines: Callable[[], str]) -> None:
    set_up("info")
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logging.getLogger("bridge.x").exception("it broke")
    text = lines()
    assert text.count("\n") == 1
    assert "ValueError" in text


def test_the_level_is_kept_and_a_second_set_up_does_not_double_lines(lines: Callable[[], str]) -> None:
    set_up("info")
    set_up("warning")
    logging.getLogger("bridge.x").info("quiet")
    logging.getLogger("bridge.x").warning("loud")
    assert lines() == "WARNING bridge.x: loud\n"


@pytest.mark.parametrize("level", ["debug", "info"])
def test_traffic_is_off_unless_asked_for(lines: Callable[[], str], level: str) -> None:
    set_up(level)
    TRAFFIC.debug("<secret/>")
    TRAFFIC.info("<secret/>")
    assert lines() == ""
    set_up("debug", traffic=True)
    TRAFFIC.debug("<message/>")
    assert lines() == "DEBUG traffic: <message/>\n"


def test_a_long_text_is_kept_short() -> None:
    assert kept_short("short") == "short"
    assert kept_short("x" * 120) == "x" * 120
    assert kept_short("x" * 121) == "x" * 119 + "…"
