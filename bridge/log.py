"""One line per fact, on standard error. Peer-supplied text cannot break out of its line."""

import logging
import sys

TRAFFIC = logging.getLogger("traffic")  # whole messages; off by default, never image bytes or credentials


class _OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if text.isprintable():
            return text
        return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def set_up(level: str, *, traffic: bool = False) -> None:
    """Log to standard error; under systemd without a time of our own, since the journal has one."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    TRAFFIC.setLevel(logging.DEBUG if traffic else logging.WARNING)


def kept_short(text: str, most: int = 120) -> str:
    """A peer's words, bounded for a log line."""
    return text if len(text) <= most else text[: most - 1] + "…"
