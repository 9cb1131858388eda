"""A device on HTTP that does what its tape says.

The same question (method, path and body) gets its next answer on the tape, each piece as late as then; what was asked
there once more often gets its last one again. A poll, which is a GET whose answers are text alone, hears at a `pace`
above 0 what was true at that time; its time waits for what the host did then (it started a job, it took a page) until
that is done now. A question that is not on the tape is a difference: it is told with file, line and
byte, and the connection breaks, so that nobody takes what follows for the truth; strict means that of polls too.
"""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus

from hil.devices.stimuli import Stimulus
from hil.http import Broken, Reply, Request, Whole, chunk, head
from hil.tape.difference import difference
from hil.tape.file import Tape
from hil.tape.records import Answered, Asked, HttpIdentity

_Key = tuple[str, str, bytes]  # method, path, body


@dataclass(slots=True)
class _Said:
    """A question of the tape and its answer; times of pieces count from the question."""

    line: int
    t: float
    key: _Key
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    pieces: list[tuple[float, bytes]] = field(default_factory=list)
    text: bool = True
    error: bool = False


class TapeWeb:
    """One device of a tape; `serve` is for `hil.http_server.HttpServer`."""

    def __init__(
        self, tape: Tape, identity: HttpIdentity, *, pace: float = 0.0, strict: bool = False, held: bool = False
    ) -> None:
        """`held`: the tape's time stands at 0 until `begin`."""
        self._tape, self._pace, self._strict, self._held = tape, pace, strict, held
        self._said = _read(tape, identity.name)
        self._left: dict[_Key, deque[_Said]] = {}
        for each in self._said:
            self._left.setdefault(each.key, deque()).append(each)
        self._documents = {each.key for each in self._said if not each.text}
        self._origin: float | None = None
        self._deeds = deque(each.t for each in self._said if not self._is_poll(each.key))  # not done yet
        self._done = -math.inf  # the last that was done
        self.root = identity.root
        self.failure: str | None = None

    def begin(self) -> None:
        """Let the tape's time run that was held."""
        self._held = False

    def update(self, now: float, stimuli: Iterable[Stimulus] = ()) -> None:
        """See `hil.devices.live.Timed`: nothing is due by itself, and nothing can happen to a tape."""

    def serve(self, request: Request, now: float) -> Reply:
        """The answer to that question."""
        key = request.method, request.path, request.body
        line = self._left.get(key)
        if line is None:
            self.failure = self.failure or self._difference(key)
            return _Timed(None, now, 0.0)
        if self._is_poll(key) and not self._strict:
            said = self._polled(line, self._reached(now))
        else:
            said = line.popleft() if len(line) > 1 else line[0]
            self._do(said, now)
        if said.error:
            return _Timed(None, now, 0.0)
        if len(said.pieces) <= 1 and said.text:
            return Whole(_status(said.status), b"".join(data for _, data in said.pieces), **_named(said.headers))
        return _Timed(said, now, self._pace)

    def _is_poll(self, key: _Key) -> bool:
        return key[0] == "GET" and key not in self._documents

    def _polled(self, line: deque[_Said], reached: float) -> _Said:
        """What was said before the last deed is true no more. At no pace the next answer that may be given, else the
        last one."""
        while len(line) > 1 and (line[0].t <= self._done or (self._pace and line[1].t <= reached)):
            line.popleft()
        return line.popleft() if not self._pace and len(line) > 1 and line[1].t <= reached else line[0]

    def _do(self, said: _Said, now: float) -> None:
        """The host does what it did: the tape's time is there now."""
        if said.t in self._deeds:
            self._deeds.remove(said.t)
            self._done = max(self._done, said.t)
            self._origin = now - (said.t - self._said[0].t) * self._pace

    def _reached(self, now: float) -> float:
        """To which second of the tape answers may be given."""
        if self._held:
            return self._said[0].t if self._said else 0.0
        if self._origin is None:
            self._origin = now
        reached = self._said[0].t + (now - self._origin) / self._pace if self._pace else math.inf
        return min(reached, self._deeds[0]) if self._deeds else reached

    def _difference(self, key: _Key) -> str:
        method, path, body = key
        alike = next((each for each in self._said if each.key[:2] == (method, path)), None)
        if alike is None:
            return f"{self._tape.path}: {method} {path} is asked now, and nowhere on the tape"
        found = difference(alike.key[2], body, f"the body of {method} {path}")
        return f"{self._tape.path}, line {alike.line}: {found}"


class _Timed:
    """An answer that comes piece by piece, or (None) none."""

    def __init__(self, said: _Said | None, asked: float, pace: float) -> None:
        self._ready = b""
        self._coming = deque[tuple[float, bytes]]()
        self._broken = said is None
        if said is not None:
            first = said.pieces[0][0] if said.pieces else 0.0
            lines = {**said.headers, "Transfer-Encoding": "chunked"}
            self._coming.append((asked + first * pace, head(_status(said.status), lines)))
            self._coming += [(asked + at * pace, chunk(data)) for at, data in said.pieces]
            self._coming.append((asked + (said.pieces[-1][0] if said.pieces else 0.0) * pace, chunk(b"")))

    def take(self, limit: int, now: float) -> bytes | None:
        """See `hil.http.Reply`."""
        if self._broken:
            raise Broken
        while self._coming and self._coming[0][0] <= now and len(self._ready) < limit:
            self._ready += self._coming.popleft()[1]
        if not self._ready and self._coming:
            return None
        data, self._ready = self._ready[:limit], self._ready[limit:]
        return data


def _read(tape: Tape, device: str) -> tuple[_Said, ...]:
    found: list[_Said] = []
    under_way: dict[int, _Said] = {}  # the numbers begin anew with each link
    for line, record in tape.numbered(device):
        if isinstance(record, Asked):
            body = record.text.encode() if record.text is not None else tape.data(record)
            found.append(_Said(line, record.t, (record.method, record.path, body)))
            under_way[record.exchange] = found[-1]
        elif isinstance(record, Answered) and (said := under_way.get(record.exchange)) is not None:
            said.error = said.error or record.error is not None
            if record.status is not None:
                said.status, said.headers = record.status, dict(record.headers)
            data = record.text.encode() if record.text is not None else tape.data(record)
            said.text = said.text and (record.text is not None or not data)
            if data:
                said.pieces.append((max(record.t - said.t, 0.0), data))
    # One that was still under way when the tape ended has no head to give.
    return tuple(each for each in found if each.status or each.error)


def _status(code: int) -> HTTPStatus:
    return HTTPStatus(code) if code in set(HTTPStatus) else HTTPStatus.BAD_GATEWAY


def _named(headers: dict[str, str]) -> dict[str, str]:
    """As `Whole` takes them."""
    said = {name.replace("-", "_"): value for name, value in headers.items()}
    return {"content_type": said.pop("content_type", "text/xml"), **said}
