"""Sessions that others recorded: sane-airscan's logs, and transcripts in Markdown, read and played; our own texts."""

from datetime import timedelta

import pytest

from hil.http import Request
from hil.tape.file import TapeError
from hil.tape.http_device import AsAsked, AsReached
from hil.tape.http_sessions import Exchange, airscan, transcript

LOG = """\
00:00:00.100: "X": HTTP GET http://192.0.2.4/eSCL/ScannerCapabilities
00:00:00.150: "X": HTTP GET http://192.0.2.4/eSCL/ScannerCapabilities: OK
==============================
GET http://192.0.2.4/eSCL/ScannerCapabilities
Host: 192.0.2.4

Status: 200 OK
Content-Type: text/xml

<?xml version="1.0"?>
<a>
</a>

===== device capabilities =====
  Model:   "X"

00:00:02.005: "X": HTTP POST http://192.0.2.4/eSCL/ScanJobs
00:00:02.505: "X": HTTP POST http://192.0.2.4/eSCL/ScanJobs: Created
==============================
POST http://192.0.2.4/eSCL/ScanJobs
Content-Type: text/xml

<?xml version="1.0"?>
<b/>

Status: 201 Created
Location: http://192.0.2.4/eSCL/ScanJobs/7

00:00:02.505: "X": HTTP GET http://192.0.2.4/eSCL/ScanJobs/7/NextDocument
00:00:10.505: "X": HTTP GET http://192.0.2.4/eSCL/ScanJobs/7/NextDocument: OK
==============================
GET http://192.0.2.4/eSCL/ScanJobs/7/NextDocument
Host: 192.0.2.4

Status: 200 OK
Content-Type: image/jpeg

100 bytes of data saved as 00000002.jpeg

==============================
Starting image decoding, image parameters are:
  image size:     20x30
"""
TRANSCRIPT = """\
### `GET /Scan/Status`
```http
GET /Scan/Status HTTP/1.1
HOST: 192.0.2.7:8080
```
```http
HTTP/1.1 200 OK
Content-Type: text/xml

<s>1</s>
```
### `GET /Jobs/2 (3 times)`
```http
GET http://192.0.2.7:8080/Jobs/2?x=y HTTP/1.1
```
```http
HTTP/1.1 200 OK
Content-Type: text/xml
ETag: "1"

<s>2</s>
```
The last time:
```httpHTTP/1.1 200 OK
Content-Type: text/xml
ETag: "2"

<s>3</s>
```
### `GET /never answered`
```http
GET /x HTTP/1.1
```
"""


def test_a_log_has_its_requests_their_answers_and_how_long_those_took() -> None:
    capabilities, created, page = airscan(LOG)
    assert capabilities.body == b'<?xml version="1.0"?>\n<a>\n</a>'
    assert capabilities.took == timedelta(milliseconds=50)
    assert (created.method, created.status, created.sent) == ("POST", 201, b'<?xml version="1.0"?>\n<b/>')
    assert dict(created.headers)["location"] == "http://192.0.2.4/eSCL/ScanJobs/7"
    assert (page.path, page.body, page.note) == ("/eSCL/ScanJobs/7/NextDocument", b"", "20x30")
    assert page.took == timedelta(seconds=8)


def test_a_transcript_repeats_what_it_says_was_repeated() -> None:
    found = transcript(TRANSCRIPT)
    assert [(each.path, each.body) for each in found] == [
        ("/Scan/Status", b"<s>1</s>"),
        ("/Jobs/2", b"<s>2</s>"),
        ("/Jobs/2", b"<s>2</s>"),
        ("/Jobs/2", b"<s>3</s>"),
    ]


@pytest.mark.parametrize("text", ["", "nothing of the kind", "=====\nGET x\n"])
def test_what_is_no_session_is_said(text: str) -> None:
    with pytest.raises(TapeError):
        airscan(text)
    with pytest.raises(TapeError):
        transcript(text)


def answer(player: AsAsked | AsReached, method: str, path: str, now: float, **headers: str) -> str | None:
    reply = player.serve(Request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()}), now)
    data = reply.take(10_000, now)
    return None if data is None else data.decode()


def test_played_as_asked_an_answer_takes_its_part_of_the_time() -> None:
    player = AsAsked(airscan(LOG), pace=0.1, image=lambda note: note.encode())
    reply = player.serve(Request("GET", "/eSCL/ScanJobs/7/NextDocument"), 5.0)
    assert reply.take(100, 5.7) is None
    assert (reply.take(10_000, 5.81) or b"").endswith(b"\r\n\r\n20x30")
    assert "404" in (answer(player, "GET", "/eSCL/ScannerStatus", 6.0) or "")


def test_the_last_answer_is_given_again_and_again() -> None:
    session = [Exchange("GET", "/a", 200, (), body) for body in (b"1", b"2")]
    player = AsAsked(session)
    assert [(answer(player, "GET", "/a", 0.0) or "")[-1] for _ in range(4)] == ["1", "2", "2", "2"]


def test_a_watcher_sees_what_is_true_at_the_place_that_was_reached() -> None:
    player = AsReached(transcript(TRANSCRIPT), 1)
    assert "404" in (answer(player, "GET", "/Jobs/2", 0.0) or "")
    player.reached = 2
    assert (answer(player, "GET", "/Jobs/2", 0.0) or "").endswith("<s>2</s>")
    player.reached = 3
    assert "304" in (answer(player, "GET", "/Jobs/2", 0.0, if_none_match='"1"') or "")
    player.reached = 4
    assert (answer(player, "GET", "/Jobs/2", 0.0, if_none_match='"1"') or "").endswith("<s>3</s>")
    assert (answer(player, "GET", "/Scan/Status", 0.0) or "").endswith("<s>1</s>")
