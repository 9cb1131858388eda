"""Senders that mean no good, or are broken: each is refused in bounded time and memory, and harms no job."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.net import exchange, post_scan_web
from tests.wire.http_rig import Answer, Connection
from tests.wire.post_scan_rig import BOUNDARY, PACKAGE, Server, package, serving
from tests.wire.test_http_post_scan import subcode

ENDLESS = {"Content_Type": PACKAGE, "Content_Length": "1000000000"}
MOST = 50_000_000  # bytes that may be on their way: the kernel alone takes up to 36 MB for a server that is slow


async def refused(server: Server, begin: bytes, more: Callable[[int], bytes], pause: float = 0) -> tuple[Answer, int]:
    """What an endless request is answered with, and after how many bytes: `begin`, then `more` again and again."""
    connection = await server.connect()
    try:
        await connection.send(server.path, begin, **ENDLESS)
        answering = asyncio.ensure_future(connection.answer())
        sent = await _send_on(connection, answering, more, pause)
        return await asyncio.wait_for(answering, 10), len(begin) + sent
    finally:
        connection.close()


async def _send_on(
    connection: Connection, until: "asyncio.Future[Answer]", more: Callable[[int], bytes], pause: float
) -> int:
    sent = number = 0
    while not until.done():
        data, number = more(number), number + 1
        try:
            await asyncio.wait_for(connection.raw(data), 5)
        except (ConnectionError, TimeoutError):  # it does not listen any more
            return sent
        sent += len(data)
        await asyncio.sleep(pause)
    return sent


def begun(token: str) -> bytes:
    """A package up to the first bytes of its image."""
    whole = package(token, 1, b"x" * 1000)
    return whole[: whole.rindex(b"x")]


@pytest.mark.parametrize(
    ("begin", "more"),
    [
        (b"", lambda _: b"preamble" * 1000),
        (b"--%s\r\n" % BOUNDARY.encode(), lambda _: b"X-Header: and one more\r\n" * 100),
        (b"--%s\r\nX: " % BOUNDARY.encode(), lambda _: b"a header without an end" * 100),
        (b"--%s" % BOUNDARY.encode(), lambda _: b" " * 1000),
        (b"--%s\r\nContent-ID: <r>\r\n\r\n" % BOUNDARY.encode(), lambda _: b"<root>" * 1000),
        (b"", lambda number: b"--%s\r\nContent-ID: <%d>\r\n\r\n\r\n" % (BOUNDARY.encode(), number) * 100),
    ],
    ids=["preamble", "headers", "header", "padding", "root", "parts"],
)
async def test_what_does_not_end_is_not_waited_for(tmp_path: Path, begin: bytes, more: Callable[[int], bytes]) -> None:
    async with serving(tmp_path) as server:
        token = await server.create()
        answer, sent = await refused(server, begin, more)
        assert answer.status == 400
        assert sent < MOST
        assert (await server.send(token, 1, b"page")).status == 200


async def test_ten_thousand_parts_behind_the_root_are_not_read(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        token = await server.create()
        root = package(token, 1, b"").partition(b"\r\n--")[0]
        answer, sent = await refused(
            server, root, lambda number: b"\r\n--%s\r\nContent-ID: <%d>\r\n\r\nx" % (BOUNDARY.encode(), number) * 100
        )
        assert subcode(answer) == "InvalidArgs"
        assert sent < MOST
        assert await server.state(token) == "Creating/None 0 [Pending]"


async def test_an_image_without_an_end_ends_at_its_bound(tmp_path: Path) -> None:
    async with serving(tmp_path, most_image_mb=1) as server:
        token = await server.create()
        answer, sent = await refused(server, begun(token), lambda _: bytes(100_000))
        assert subcode(answer) == "OperationFailed"
        assert sent < MOST
        assert await server.state(token) == "Aborted/SendImageFailed 0 [Canceled]"
        assert not list((tmp_path / "state" / "scan-server" / token).glob("images/*"))


async def test_images_that_together_are_too_much_are_refused_and_those_before_go_on(tmp_path: Path) -> None:
    async with serving(tmp_path, quota_mb=1) as server:
        first, second = await server.create(), await server.create()
        assert (await server.send(first, 1, bytes(900_000))).status == 200
        assert subcode(await server.send(second, 1, bytes(900_000))) == "OperationFailed"
        assert await server.state(second) == "Aborted/SendImageFailed 0 [Canceled]"
        await server.end(first)
        await server.until(first, "Completed")


async def test_a_root_that_trickles_in_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(tmp_path) as server:
        token = await server.create()
        whole = package(token, 1, b"page")
        monkeypatch.setattr(exchange, "BODY_TIMEOUT", 0.3)
        answer, sent = await refused(server, whole[:5], lambda number: whole[5 + number : 6 + number], 0.01)
        assert (answer.status, sent < 1000) == (400, True)


async def test_a_sender_that_falls_silent_costs_its_image_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post_scan_web, "STALL_TIMEOUT", 0.2)
    async with serving(tmp_path) as server:
        token = await server.create()
        answer, _ = await refused(server, begun(token), lambda _: b"", 0.01)
        assert subcode(answer) == "InvalidArgs"
        assert not list((tmp_path / "state" / "scan-server" / token / "images").iterdir())
        assert (await server.send(token, 1, b"page")).status == 200


async def test_an_image_that_trickles_in_ends_with_the_patience_for_its_job(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        token = await server.create()

        def drop(number: int) -> bytes:
            server.clock.turn(20)
            return b"x"

        answer, sent = await refused(server, begun(token), drop, 0.01)
        assert subcode(answer) == "OperationFailed"
        assert sent < 10_000
        assert await server.state(token) == "Aborted/PostScanJobTimedOut 0 [Canceled]"


async def test_one_user_does_not_send_all_images_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        token = await server.create()
        halves = [await server.connect() for _ in range(16)]
        for number, connection in enumerate(halves, 1):
            whole = package(token, number, b"page")
            await connection.send(server.path, whole[:-70], Content_Type=PACKAGE, Content_Length=str(len(whole)))
        images = tmp_path / "state" / "scan-server" / token / "images"
        while len(list(images.iterdir())) < 16:  # noqa: ASYNC110 - the disk is looked at
            await asyncio.sleep(0.01)
        assert subcode(await server.send(token, 17, b"page")) == "ServerErrorTemporaryError"
        halves.pop().reset()
        while len(list(images.iterdir())) > 15:  # noqa: ASYNC110 - the disk is looked at
            await asyncio.sleep(0.01)
        assert (await server.send(token, 17, b"page")).status == 200
        for connection in halves:
            connection.close()
