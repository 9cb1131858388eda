"""The filters against foreign servers: what arrives, what is told of each failure, and that a retry doubles nothing."""

import email
import email.policy
import os
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from bridge.config import Account, Smtp
from bridge.dsm.job import FilterStateReason as Reason
from bridge.filters.filter import Filter, FilterFailed, StoredImage, Work
from bridge.filters.library import Library
from bridge.filters.mail import Mail
from bridge.filters.names import FileNames
from bridge.filters.share import Share
from tests.system import file_servers
from tests.system.file_servers import HERE, PASSWORD, USER

WHEN = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


def work(place: Path, *sizes: int, token: str = "token-1", name: str = "Letter") -> Work:
    images = []
    place.mkdir(parents=True, exist_ok=True)
    for number, size in enumerate(sizes, 1):
        path = place / f"{number}.jpg"
        if not path.exists():
            path.write_bytes(os.urandom(size))
        images.append(StoredImage(path, number, "jfif"))
    return Work(token, name, "somebody", WHEN, tuple(images), place / f"notes-{token}")


async def failure(filter_: Filter, job: Work) -> tuple[Reason, bool]:
    with pytest.raises(FilterFailed) as failed:
        await filter_.process(job)
    assert PASSWORD not in str(failed.value)
    assert "\n" not in str(failed.value)
    return failed.value.reason, failed.value.passing


def names_in(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


@pytest.fixture
def open_place(passable: Path) -> Path:
    """A directory that a server's own user can reach."""
    (passable / "share").mkdir()
    (passable / "share").chmod(0o777)
    return passable


def share(port: int, unc: str, *, password: str = PASSWORD, names: FileNames | None = None) -> Share:
    return Share("d", unc, Account(host=HERE, user=USER, password=password, port=port), names)


async def test_samba_takes_the_files_once(open_place: Path) -> None:
    job = work(open_place / "job", 3_000_000, 10)
    with file_servers.samba(open_place / "samba", open_place / "share") as served:
        to = share(served.port, rf"\\{HERE}\scans", names=FileNames("{year}/{name}"))
        assert await to.process(job) == ()
        assert await to.process(job) == ()
        assert names_in(served.files) == ["2026/Letter-1.jpg", "2026/Letter-2.jpg"]
        for image in job.images:
            there = served.files / "2026" / f"Letter-{image.document_id}.jpg"
            assert there.read_bytes() == image.path.read_bytes()
        # Another job's files are not written over.
        await to.process(work(open_place / "job", 3_000_000, 10, token="token-2"))
        assert len(names_in(served.files)) == 4
        assert "2026/Letter-1 (2).jpg" in names_in(served.files)


async def test_what_samba_refuses_is_told_by_its_reason(open_place: Path) -> None:
    job = work(open_place / "job", 100)
    with file_servers.samba(open_place / "samba", open_place / "share") as served:
        at = served.port
        assert await failure(share(at, rf"\\{HERE}\archive"), job) == (Reason.FILE_SHARE_ACCESS_DENIED, False)
        wrong = share(at, rf"\\{HERE}\scans", password="wrong")
        assert await failure(wrong, job) == (Reason.FILE_SHARE_ACCESS_DENIED, False)
        assert await failure(share(at, rf"\\{HERE}\nothing"), job) == (Reason.INVALID_ARGS, False)
        assert await failure(share(at, rf"\\{HERE}\scans\nowhere"), job) == (Reason.INVALID_ARGS, True)
        served.files.chmod(0o555)
        assert await failure(share(at, rf"\\{HERE}\scans"), job) == (Reason.FILE_SHARE_ACCESS_DENIED, False)
        served.files.chmod(0o777)
        assert names_in(served.files) == []
        # What was mended is taken at the next try.
        await share(at, rf"\\{HERE}\scans").process(job)
        assert names_in(served.files) == ["Letter.jpg"]
    assert await failure(share(at, rf"\\{HERE}\scans"), job) == (Reason.UNKNOWN_ERROR, True)


async def test_a_full_disk_behind_samba_is_one(open_place: Path) -> None:
    small = file_servers.on_disk_of(2, open_place / "share")
    with file_servers.samba(open_place / "samba", open_place / "share", small) as served:
        job = work(open_place / "job", 8_000_000)
        to = share(served.port, rf"\\{HERE}\scans")
        assert await failure(to, job) == (Reason.FILE_SHARE_OUT_OF_DISK_SPACE, True)


@pytest.mark.parametrize("login", ["digest", "basic"])
async def test_a_webdav_server_takes_the_files_once(tmp_path: Path, login: str) -> None:
    job = work(tmp_path / "job", 2_000_000, 10)
    pem = file_servers.certificate(tmp_path)
    account = Account(host=HERE, user=USER, password=PASSWORD, certificate=pem)
    with file_servers.web(tmp_path, tls=pem, login=login) as served:
        to = Library("d", f"https://{HERE}:{served.port}/scans/in box", account, FileNames("{year}/{name}"))
        assert await to.process(job) == ()
        assert await to.process(job) == ()
        assert names_in(served.files) == ["in box/2026/Letter-1.jpg", "in box/2026/Letter-2.jpg"]
        assert (served.files / "in box/2026/Letter-1.jpg").read_bytes() == job.images[0].path.read_bytes()
        await to.process(work(tmp_path / "job", 2_000_000, 10, token="token-2"))
        assert "in box/2026/Letter-1 (2).jpg" in names_in(served.files)


async def test_what_a_webdav_server_refuses_is_told_by_its_reason(tmp_path: Path) -> None:
    job = work(tmp_path / "job", 100)
    pem = file_servers.certificate(tmp_path)
    known = Account(host=HERE, user=USER, password=PASSWORD, certificate=pem)
    with file_servers.web(tmp_path, tls=pem) as served:
        url = f"https://{HERE}:{served.port}/scans"
        denied = (Reason.SHARE_POINT_ACCESS_DENIED, False)
        assert await failure(Library("d", url, known.model_copy(update={"user": ""})), job) == denied
        wrong = Account(host=HERE, user=USER, password="wrong", certificate=pem)
        assert await failure(Library("d", url, wrong), job) == denied
        untrusted = known.model_copy(update={"certificate": None})
        assert await failure(Library("d", url, untrusted), job) == (Reason.UNKNOWN_ERROR, False)
        assert names_in(served.files) == []
    assert await failure(Library("d", url, known), job) == (Reason.UNKNOWN_ERROR, True)


async def test_a_full_disk_behind_webdav_is_one(open_place: Path) -> None:
    job = work(open_place / "job", 8_000_000)
    with file_servers.apache(open_place, 2) as served:
        to = Library("d", f"http://{HERE}:{served.port}", Account(host=HERE))
        await to.process(work(open_place / "small", 1000, token="small"))
        assert await failure(to, job) == (Reason.SHARE_POINT_OUT_OF_DISK_SPACE, True)


async def test_a_web_server_that_only_reads_takes_nothing(tmp_path: Path) -> None:
    job = work(tmp_path / "job", 100)
    with file_servers.web(tmp_path, login="none", dav=False) as served:
        to = Library("d", f"http://{HERE}:{served.port}/scans", Account(host=HERE))
        assert (await failure(to, job))[1] is False


def smtp(port: int, pem: Path | None, tls: str = "starttls", **more: object) -> Smtp:
    login = {"user": USER, "password": PASSWORD} if pem else {}
    said = {"host": HERE, "port": port, "tls": tls, "sender": "scanner@example.org", "certificate": pem}
    return Smtp.model_validate(said | login | more)


def read(content: bytes | str | None) -> EmailMessage:
    assert isinstance(content, bytes)
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_mail_goes_over_tls_with_a_login(tmp_path: Path, tls: str) -> None:
    job = work(tmp_path / "job", 300_000, 57, name="Zürich\r\nBcc: x")
    pem = file_servers.certificate(tmp_path)
    async with file_servers.mail(pem, implicit=tls == "tls") as server:
        to = Mail("d", smtp(server.port, pem, tls), ["a@example.org", "b@example.org"])
        assert await to.process(job) == ()
        assert await to.process(job) == ()
        (taken,) = server.taken
        assert taken.rcpt_tos == ["a@example.org", "b@example.org"]
        message = read(taken.content)
        assert "Zürich" in message["Subject"]
        assert message["Bcc"] is None
        files = list(message.iter_attachments())
        assert [each.get_content() for each in files] == [image.path.read_bytes() for image in job.images]
        assert [each.get_content_type() for each in files] == ["image/jpeg", "image/jpeg"]


async def test_a_mail_sent_again_has_the_same_message_id_and_one_to_others_another(tmp_path: Path) -> None:
    pem = file_servers.certificate(tmp_path)
    async with file_servers.mail(pem) as server:
        to = Mail("d", smtp(server.port, pem), ["a@example.org"])
        job = work(tmp_path / "job", 1000)
        await to.process(job)
        (note,) = job.notes.iterdir()  # the bridge died before it was written
        note.unlink()
        await to.process(job)
        await Mail("d", smtp(server.port, pem), ["b@example.org"]).process(job)
        first, second, other = (read(each.content)["Message-ID"] for each in server.taken)
        assert first == second != other


async def test_more_than_a_mail_may_hold_is_several(tmp_path: Path) -> None:
    pem = file_servers.certificate(tmp_path)
    async with file_servers.mail(pem, size=2_000_000) as server:
        to = Mail("d", smtp(server.port, pem), ["a@example.org"])
        await to.process(work(tmp_path / "job", 900_000, 400_000, 900_000))
        counts = [len(list(read(each.content).iter_attachments())) for each in server.taken]
        assert counts == [2, 1]
        much = work(tmp_path / "much", 2_000_000, token="token-2")
        assert await failure(to, much) == (Reason.UNABLE_TO_SEND_EMAIL, False)


async def test_what_a_mail_server_refuses_is_told_by_its_reason(tmp_path: Path) -> None:
    job = work(tmp_path / "job", 100)
    pem = file_servers.certificate(tmp_path)
    unable, invalid = Reason.UNABLE_TO_SEND_EMAIL, Reason.INVALID_SMTP_SERVER

    def to(server: Smtp) -> Mail:
        return Mail("d", server, ["a@example.org"])

    async with file_servers.mail(pem) as server:
        port = server.port
        assert await failure(to(smtp(port, pem, password="wrong")), job) == (unable, False)
        assert await failure(to(smtp(port, pem, user="", password="")), job) == (unable, False)
        assert await failure(to(smtp(port, pem, certificate=None)), job) == (invalid, False)
        server.refuse = "550 no such user"
        assert await failure(to(smtp(port, pem)), job) == (unable, False)
        server.refuse = "450 come back later"
        assert await failure(to(smtp(port, pem)), job) == (unable, True)
        server.refuse, server.then = "", "552 quota exceeded"
        assert await failure(to(smtp(port, pem)), job) == (unable, False)
        server.then = "250 OK"
        await to(smtp(port, pem)).process(job)
        assert len(server.taken) == 1
    assert await failure(to(smtp(port, pem)), work(tmp_path / "job", 100, token="t2")) == (invalid, True)
    async with file_servers.mail(None) as server:  # it offers no STARTTLS
        assert await failure(to(smtp(server.port, pem)), job) == (invalid, False)
