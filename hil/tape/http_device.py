"""A device that answers as recorded, for `hil.http` servers: exchanges become answers again.

`AsAsked` is for recordings of a client at work: each request gets the answer that the same request got, in order, after
as long as it took. `AsReached` is for recordings of a device that somebody watched: it says what it last said in the
recording by the place that was reached, so that a watcher may look at other times and at less than the first one did.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from hil.http import Reply, Request, Whole
from hil.tape.http_sessions import Exchange

# Of the recorded head only these say something about the device; the rest is the connection's.
_KEPT = frozenset({"content-type", "location", "etag", "retry-after", "cache-control"})


@dataclass(slots=True)
class Later:
    """An answer that takes its time."""

    reply: Reply
    due: float

    def take(self, limit: int, now: float) -> bytes | None:
        """See `hil.http.Reply`."""
        return None if now < self.due else self.reply.take(limit, now)


class AsAsked:
    """The answers of a client's session."""

    def __init__(
        self,
        session: Sequence[Exchange],
        *,
        pace: float = 1.0,
        image: Callable[[str], bytes] = lambda _note: b"",
        more: Mapping[str, bytes] | None = None,
    ) -> None:
        """`pace`: how long answers take, in terms of the recording; `image`: a picture for one whose bytes were not
        kept, from its note; `more`: documents that the recorded client did not ask for, by path."""
        self._left: dict[tuple[str, str], deque[Exchange]] = {}
        for exchange in session:
            self._left.setdefault((exchange.method, exchange.path), deque()).append(exchange)
        self._pace, self._image, self._more = pace, image, more or {}
        self.asked: list[Request] = []

    def serve(self, request: Request, now: float) -> Reply:
        """The next answer to this request, or the last one again."""
        self.asked.append(request)
        line = self._left.get((request.method, request.path))
        if not line:
            found = self._more.get(request.path)
            return Whole(HTTPStatus.OK, found) if found is not None else Whole(HTTPStatus.NOT_FOUND)
        exchange = line[0] if len(line) == 1 else line.popleft()
        body = exchange.body or (self._image(exchange.note) if exchange.note else b"")
        return Later(_reply(exchange, body), now + exchange.took.total_seconds() * self._pace)


class AsReached:
    """The answers of a watched device. `reached`: how many exchanges of the session have been; whoever plays it moves
    it on when the watcher has seen what there was to see, so that a slow watcher misses nothing."""

    def __init__(self, session: Sequence[Exchange], reached: int) -> None:
        self._session, self.reached = tuple(session), reached
        self.asked: list[Request] = []

    def serve(self, request: Request, now: float) -> Reply:  # noqa: ARG002 it is as late as somebody says
        """What it says by now."""
        self.asked.append(request)
        same = (request.method, request.path)
        said = [each for each in self._session[: self.reached] if (each.method, each.path) == same]
        if not said:
            return Whole(HTTPStatus.NOT_FOUND)
        tag = dict(said[-1].headers).get("etag")
        if tag is not None and request.headers.get("if-none-match") == tag:
            return Whole(HTTPStatus.NOT_MODIFIED, ETag=tag)
        return _reply(said[-1], said[-1].body)


def _reply(exchange: Exchange, body: bytes) -> Reply:
    headers = {name.replace("-", "_"): value for name, value in exchange.headers if name in _KEPT}
    kind = headers.pop("content_type", "text/xml")
    return Whole(HTTPStatus(exchange.status), body, kind, **headers)
