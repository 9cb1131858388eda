"""What paperless-ngx is sent, as a server of ten lines reads it."""

import email
import email.policy
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bridge.config import Account
from bridge.dsm.job import FilterStateReason as Reason
from bridge.filters.filter import FilterFailed, StoredImage, Work
from bridge.filters.paperless import Paperless

WHEN = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


class Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.heard: list[tuple[str, str, dict[str, bytes], dict[str, str]]] = []
        self.status = 200


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        message = email.message_from_bytes(kind + body, policy=email.policy.HTTP)
        parts, files = {}, {}
        for part in message.iter_parts():
            name = part.get_param("name", header="content-disposition")
            parts[name] = part.get_payload(decode=True)
            if part.get_filename():
                files[name] = part.get_filename()
        self.server.heard.append((self.path, self.headers["Authorization"] or "", parts, files))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(b'"7e5f0f3a"')

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


def work(place: Path) -> Work:
    (place / "1.pdf").write_bytes(b"%PDF-1.4 " + bytes(range(256)) * 1000)
    return Work("t", 'Bill "A"', "", WHEN, (StoredImage(place / "1.pdf", 1, "pdf-a"),), place / "notes")


def to(server: Server) -> Paperless:
    account = Account.model_validate({"host": "127.0.0.1", "token": "secret"})
    return Paperless(f"http://127.0.0.1:{server.server_port}/paper/", account)


async def test_a_document_is_posted_once_with_its_title_and_token(tmp_path: Path, server: Server) -> None:
    job = work(tmp_path)
    for _ in range(2):
        assert await to(server).process(job) == ()
    ((path, login, parts, files),) = server.heard
    assert path == "/paper/api/documents/post_document/"
    assert login == "Token secret"
    assert parts["document"] == (tmp_path / "1.pdf").read_bytes()
    assert files == {"document": "Bill _A_.pdf"}
    assert parts["title"] == b"Bill _A_"
    assert parts["created"] == b"2026-11-21T12:00:00+00:00"


@pytest.mark.parametrize(
    ("status", "reason", "passing"),
    [
        (403, Reason.SHARE_POINT_ACCESS_DENIED, False),
        (400, Reason.INVALID_ARGS, False),
        (507, Reason.SHARE_POINT_OUT_OF_DISK_SPACE, True),
        (503, Reason.UNKNOWN_ERROR, True),
        (302, Reason.UNKNOWN_ERROR, False),
    ],
)
async def test_a_refusal_has_its_reason_and_is_made_good(
    tmp_path: Path, server: Server, status: int, reason: Reason, passing: bool
) -> None:
    job, server.status = work(tmp_path), status
    with pytest.raises(FilterFailed) as failed:
        await to(server).process(job)
    assert (failed.value.reason, failed.value.passing) == (reason, passing)
    assert "secret" not in str(failed.value)
    server.status = 200
    await to(server).process(job)
    assert len(server.heard) == 2
