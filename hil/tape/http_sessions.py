"""HTTP sessions that others recorded, as exchanges in their order: sane-airscan's logs, and annotated transcripts.

Bodies that were not kept (images) are empty; what a reader knows of them is in `note`. Spec: RFC 9112 for the heads.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from hil.tape.file import TapeError

MOST_REPEATS = 100

_STAMP = re.compile(r"^(\d\d):(\d\d):(\d\d)\.(\d{3}): ")
_ASKED = re.compile(r"HTTP (GET|POST|DELETE) (\S+?)(: .*)?$")
_SIZE = re.compile(r"image size: +(\d+)x(\d+)")
_REPEATED = re.compile(r"\((\d+) times\)")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. Header names in lower case."""

    method: str
    path: str  # without the query
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    sent: bytes = b""  # the request's body
    took: timedelta = timedelta()
    note: str = ""


def airscan(text: str) -> tuple[Exchange, ...]:
    """The exchanges of a sane-airscan trace log. Raises TapeError."""
    blocks = re.split(r"^=+$", text, flags=re.MULTILINE)
    asked: dict[str, timedelta] = {}
    found: list[Exchange] = []
    took, method = timedelta(), "GET"
    for block in blocks:
        first = block.strip().splitlines()[:1]
        if found_request := _ASKED.match("HTTP " + first[0]) if first else None:
            found.append(_airscan_exchange(block, found_request[2], method, took))
        for line in block.splitlines():
            stamp, said = _STAMP.match(line), _ASKED.search(line)
            if stamp is None or said is None:
                continue
            at = _time(stamp)
            if said[3] is None:
                asked[said[2]], method = at, said[1]
            elif said[2] in asked:
                took = at - asked[said[2]]
    sizes = _SIZE.findall(text)
    if not found:
        raise TapeError("no HTTP exchange in this log")
    note = "x".join(sizes[-1]) if sizes else ""  # the last word is of the image as it came
    return tuple(
        exchange if not exchange.path.endswith("/NextDocument") else _noted(exchange, note) for exchange in found
    )


def _noted(exchange: Exchange, note: str) -> Exchange:
    return Exchange(exchange.method, exchange.path, exchange.status, exchange.headers, b"", b"", exchange.took, note)


def _time(stamp: re.Match[str]) -> timedelta:
    hours, minutes, seconds, milli = (int(part) for part in stamp.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds, milliseconds=milli)


def _airscan_exchange(block: str, url: str, method: str, took: timedelta) -> Exchange:
    before, _, after = block.partition("Status: ")
    _, _, sent = before.strip().partition("\n\n")
    head, _, rest = after.partition("\n\n")
    status, *lines = head.splitlines() or [""]
    body = rest.split("\n=====")[0].strip() if rest.lstrip().startswith("<?xml") else ""
    if body:
        body = body[: body.rindex(">") + 1]
    return Exchange(
        method, urlsplit(url).path, _status(status), _headers(lines), body.encode(), sent.strip().encode(), took
    )


def transcript(text: str) -> tuple[Exchange, ...]:
    """The exchanges of a transcript in Markdown: fenced `http` blocks, each request before its answer; a heading that
    says "(N times)" repeats its first answer so often. Raises TapeError."""
    found: list[Exchange] = []
    for heading, section in _sections(text):
        requests = [block for block in _fenced(section) if re.match(r"[A-Z]+ \S+ HTTP/1", block)]
        answers = [block for block in _fenced(section) if block.startswith("HTTP/1")]
        if not requests or not answers:
            continue  # the session ends in the middle of one
        repeated = _REPEATED.search(heading)
        times = min(int(repeated[1]), MOST_REPEATS) if repeated else 1
        method, url, _ = requests[0].splitlines()[0].split(" ", 2)
        sent = requests[0].partition("\n\n")[2].strip().encode()
        if not repeated:
            answers = answers[:1]  # what else stands there is what other models say
        answers = [*answers[:1] * max(1, times - len(answers) + 1), *answers[1:]]
        found += [_answer(method, urlsplit(url).path, sent, each) for each in answers]
    if not found:
        raise TapeError("no HTTP exchange in this transcript")
    return tuple(found)


def _sections(text: str) -> Iterator[tuple[str, str]]:
    parts = re.split(r"^### (.*)$", text, flags=re.MULTILINE)
    return zip(parts[1::2], parts[2::2], strict=True)


def _fenced(section: str) -> list[str]:
    # One recording has its first line on that of the fence.
    return [block.strip("\n") for block in re.findall(r"^```http\n?(.*?)^```", section, re.MULTILINE | re.DOTALL)]


def _answer(method: str, path: str, sent: bytes, block: str) -> Exchange:
    head, _, body = block.partition("\n\n")
    first, *lines = head.splitlines()
    headers = _headers(lines)
    xml = body if "xml" in dict(headers).get("content-type", "") else ""
    return Exchange(method, path, _status(first.partition(" ")[2]), headers, xml.strip().encode(), sent)


def _status(line: str) -> int:
    code = line.strip().partition(" ")[0]
    if not code.isdecimal():
        raise TapeError(f"no HTTP status: {line[:60]!r}")
    return int(code)


def _headers(lines: list[str]) -> tuple[tuple[str, str], ...]:
    pairs = (line.partition(":") for line in lines if ":" in line)
    return tuple((name.strip().lower(), value.strip()) for name, _, value in pairs)
