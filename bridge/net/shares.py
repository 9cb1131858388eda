"""How much work one peer may give us: requests in a time, and images it waits for at once.

Far beyond what any client does, so that none ever meets it; what runs on this machine is not counted.
"""

import ipaddress
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bridge.discovery.throttle import Throttle
from bridge.wsscan import faults

RATE: Final = 20.0  # requests a second; Windows asks some twenty when it meets a scanner, then one for a page
BURST: Final = 200.0
TOTAL_RATE: Final = 400.0
TOTAL_BURST: Final = 2000.0
MOST_HELD: Final = 16  # RetrieveImage; a client with a full queue waits for nine
UNCOUNTED: Final = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


class Shares:
    """What each peer has had. `now` is monotonic."""

    def __init__(self) -> None:
        self._requests = Throttle(RATE, BURST, TOTAL_RATE, TOTAL_BURST)
        self._said = Throttle(rate=1 / 60, burst=1, total_rate=1 / 6, total_burst=10)
        self._refused = Throttle(rate=1 / 10, burst=20, total_rate=1, total_burst=60)
        self._held: Counter[str] = Counter()

    def admit(self, peer: str, now: float) -> bool:
        """Whether one more request of it is answered."""
        return any(ipaddress.ip_address(peer) in network for network in UNCOUNTED) or self._requests.admit(peer, now)

    def is_news(self, peer: str, now: float) -> bool:
        """Whether to say that it was not: once a minute is enough."""
        return self._said.admit(peer, now)

    def is_worth_a_line(self, peer: str, now: float) -> bool:
        """Whether to say that it was turned away: who is not served at all must not fill the log either."""
        return self._refused.admit(peer, now)

    @contextmanager
    def held(self, peer: str) -> Iterator[None]:
        """A RetrieveImage of that peer, as long as it takes. Raises OperationRefused."""
        if self._held[peer] >= MOST_HELD:
            raise faults.temporary_error(f"{MOST_HELD} images are on their way to {peer} already")
        self._held[peer] += 1
        try:
            yield
        finally:
            self._held[peer] -= 1
            if not self._held[peer]:
                del self._held[peer]
