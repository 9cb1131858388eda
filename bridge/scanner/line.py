"""The line of jobs that wait for the device: clients take turns, the jobs of one client stay in order.

Each job has a number in line, one more than that of its client's job before it and never behind the job that has the
device (start-time fair queuing): who brings many jobs stands behind himself, and nobody is passed over for ever.
"""

from typing import Final

from bridge.scanner.open_job import OpenJob

SHARE: Final = 4  # times the length: beyond it even who has nothing waiting is refused


class Line:
    """`length` jobs may wait; when so many do, still one of each client that has none, up to SHARE times as many."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._waiting: list[tuple[int, str, OpenJob]] = []  # number, client, job; as they came
        self._last: dict[str, int] = {}  # the highest number of each client that is not yet behind us
        self._now = 0  # the number of who had the device last
        self._had: str = ""  # and which client that was

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, job: OpenJob) -> bool:
        return any(each is job for _, _, each in self._waiting)

    def admits(self, client: str) -> bool:
        """Whether a job of that client may wait."""
        if len(self) < self._length:
            return True
        return len(self) < SHARE * self._length and all(whose != client for _, whose, _ in self._waiting)

    def add(self, client: str, job: OpenJob) -> None:
        """It waits from now on."""
        self._waiting.append((self._number(client), client, job))

    def pass_by(self, client: str) -> None:
        """A job of that client takes the device without waiting."""
        self._served(self._number(client), client)

    def take(self) -> OpenJob:
        """The job whose turn it is. Raises IndexError when nobody waits."""
        if not self._waiting:
            raise IndexError("nobody waits")
        # Of equal numbers another client's goes first, then who came first.
        place = min(range(len(self)), key=lambda at: (self._waiting[at][0], self._waiting[at][1] == self._had, at))
        number, client, job = self._waiting.pop(place)
        self._served(number, client)
        return job

    def remove(self, job: OpenJob) -> None:
        """It waits no more."""
        self._waiting = [each for each in self._waiting if each[2] is not job]

    def _number(self, client: str) -> int:
        number = max(self._now, self._last.get(client, 0)) + 1
        self._last[client] = number
        return number

    def _served(self, number: int, client: str) -> None:
        self._now, self._had = max(self._now, number), client
        self._last = {each: last for each, last in self._last.items() if last > self._now}
