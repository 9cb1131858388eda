"""To whom mail is not even tried to be sent, and what is left where one of several is refused."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.config import Smtp
from bridge.dsm.job import FilterStateReason as Reason
from bridge.filters.filter import FilterFailed, StoredImage, Work
from bridge.filters.mail import Mail
from tests.system import file_servers

SERVER = Smtp(host="mail.invalid", sender="scanner@example.org")


@pytest.mark.parametrize(
    ("server", "to", "reason"),
    [
        (SERVER, ["a@example.org\r\nRCPT TO:<b@example.org>"], Reason.INVALID_ARGS),
        (SERVER, ["a@example.org\n"], Reason.INVALID_ARGS),
        (SERVER, ["a@example.org, b@example.org"], Reason.INVALID_ARGS),
        (SERVER, ["nobody"], Reason.INVALID_ARGS),
        (SERVER, [], Reason.INVALID_ARGS),
        (Smtp(), ["a@example.org"], Reason.INVALID_SMTP_SERVER),
    ],
)
async def test_what_is_no_address_is_told_before_anybody_is_asked(server: Smtp, to: list[str], reason: Reason) -> None:
    work = Work("t", "x", "", datetime(2026, 11, 21, tzinfo=UTC), (), Path("/nowhere"))
    with pytest.raises(FilterFailed) as failed:
        await Mail("d", server, to).process(work)
    assert (failed.value.reason, failed.value.passing) == (reason, False)
    assert "\n" not in str(failed.value)


async def test_the_words_of_a_server_that_hangs_up_with_its_refusal_are_told(tmp_path: Path) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in ("220 here", "250 hello", "250 from you", "550 nobody"):
            if not answer.startswith("220"):
                await reader.readline()
            writer.write(f"{answer}\r\n".encode())
        writer.close()

    page = tmp_path / "1.jpg"
    page.write_bytes(b"a page")
    work = Work("t", "x", "", datetime(2026, 11, 21, tzinfo=UTC), (StoredImage(page, 1, "jfif"),), tmp_path / "notes")
    server = await asyncio.start_server(talk, "127.0.0.1")
    async with server:
        port = server.sockets[0].getsockname()[1]
        to = SERVER.model_copy(update={"host": "127.0.0.1", "port": port, "tls": "none"})
        with pytest.raises(FilterFailed, match=r"^a@example\.org: 550 nobody$") as failed:
            await Mail("d", to, ["a@example.org"]).process(work)
    assert not failed.value.passing


@pytest.mark.parametrize(
    ("refused", "passing", "why"),
    [
        ({"b@example.org": "450 busy"}, True, "b@example.org: 450 busy"),
        ({"b@example.org": "550 nobody"}, False, "b@example.org: 550 nobody"),
        (
            {"a@example.org": "450 busy", "b@example.org": "550 nobody"},
            False,
            "a@example.org: 450 busy; b@example.org: 550 nobody",
        ),
    ],
)
async def test_a_mail_that_one_of_two_may_not_have_goes_to_neither_until_both_may(
    tmp_path: Path, refused: dict[str, str], passing: bool, why: str
) -> None:
    page = tmp_path / "1.jpg"
    page.write_bytes(b"a page")
    work = Work("t", "x", "", datetime(2026, 11, 21, tzinfo=UTC), (StoredImage(page, 1, "jfif"),), tmp_path / "notes")
    async with file_servers.mail(None) as server:
        to = SERVER.model_copy(update={"host": file_servers.HERE, "port": server.port, "tls": "none"})
        mail = Mail("d", to, ["a@example.org", "b@example.org"])
        server.refused = refused
        with pytest.raises(FilterFailed) as failed:
            await mail.process(work)
        assert (failed.value.reason, failed.value.passing) == (Reason.UNABLE_TO_SEND_EMAIL, passing)
        assert str(failed.value) == why
        assert server.taken == []
        assert server.begun == []  # what was begun is taken back (RFC 5321, 4.1.1.5)
        server.refused = {}
        await mail.process(work)
        assert [each.rcpt_tos for each in server.taken] == [["a@example.org", "b@example.org"]]
