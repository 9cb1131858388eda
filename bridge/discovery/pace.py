"""When a Hello may follow another on the same network: at once after a quiet time, ever more slowly where a link flaps.

A cable with a bad plug, or an access point that roams, comes and goes many times a minute; each time is a reason for
a Hello (WS-Discovery April 2005 section 4.1), and each Hello makes every client of the network ask back. Pure: `now`
is an argument (monotonic seconds).
"""

from dataclasses import dataclass, field
from typing import Final

FIRST: Final = 2.0  # seconds between the first Hello and the second
LONGEST: Final = 60.0
QUIET: Final = 120.0  # seconds without a Hello after which a network counts as calm again
_MAX_NETWORKS: Final = 256


@dataclass(slots=True)
class _Said:
    at: float
    pause: float


@dataclass(slots=True)
class HelloPace:
    """One entry for each network, by any key."""

    _said: dict[str, _Said] = field(default_factory=dict)

    def wait(self, network: str, now: float) -> float:
        """Seconds until the next Hello there may be said; 0 is now."""
        said = self._said.get(network)
        return 0.0 if said is None else max(0.0, said.at + said.pause - now)

    def said(self, network: str, now: float) -> None:
        """A Hello was said there; the pause after it doubles while they follow each other closely."""
        last = self._said.pop(network, None)
        calm = last is None or now - last.at >= QUIET
        self._said[network] = _Said(now, FIRST if calm or last is None else min(2 * last.pause, LONGEST))
        if len(self._said) > _MAX_NETWORKS:
            del self._said[next(iter(self._said))]
