"""How often strangers are answered: a token bucket for each source and one for all of them together.

An answer is larger than its question and UDP sources can be forged, so we must not be worth using as an amplifier.
Pure: `now` is an argument (monotonic seconds).
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

_MAX_SOURCES: Final = 1_024


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled: float

    def take(self, rate: float, burst: float, now: float) -> bool:
        self.tokens = min(burst, self.tokens + max(0.0, now - self.filled) * rate)
        self.filled = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass(slots=True)
class Throttle:
    """Rates are messages per second; a burst may be answered at once."""

    rate: float = 5.0
    burst: float = 20.0
    total_rate: float = 50.0
    total_burst: float = 200.0
    _total: _Bucket | None = None
    _sources: OrderedDict[str, _Bucket] = field(default_factory=OrderedDict)

    def admit(self, source: str, now: float) -> bool:
        """Whether this message of `source` may be answered; counts it if so."""
        bucket = self._sources.pop(source, None) or _Bucket(self.burst, now)
        self._sources[source] = bucket  # the last in line is the last to be forgotten
        if len(self._sources) > _MAX_SOURCES:
            self._sources.popitem(last=False)
        if not bucket.take(self.rate, self.burst, now):
            return False
        if self._total is None:
            self._total = _Bucket(self.total_burst, now)
        return self._total.take(self.total_rate, self.total_burst, now)
