"""Scan processes from files: what is read, what is refused, and how far a job may choose."""

from pathlib import Path

import pytest

from bridge.config import Smtp
from bridge.dsm.names import EMAIL, FILE_SHARE, SHARE_POINT
from bridge.errors import ConfigError
from bridge.service.post_scan_process import Wanted
from bridge.service.post_scan_process_files import ProcessFolder, read

HEAD = 'id = "c4f199c7-6876-4549-a86e-a85035952448"\nname = "Invoices"\n'
SHARE = "[[filter]]\nshare = '\\\\nas\\in'\n"
MAIL = '[[filter]]\nmail = "office@example.org"\nadd_addresses = true\n'


def folder(place: Path, **files: str) -> ProcessFolder:
    for name, text in files.items():
        (place / f"{name}.toml").write_text(text)
    return ProcessFolder(place, Smtp(), ())


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "id"),
        (HEAD, "filter"),
        (f"{HEAD}[[filter]]\n", "exactly one"),
        (f"{HEAD}{SHARE}library = 'https://docs/x'\n", "exactly one"),
        (f"{HEAD}{SHARE}folder = 'relative'\n", "absolute"),
        (f"{HEAD}[[filter]]\nshare = 'nas'\n", "SERVER"),
        (f"{HEAD}[[filter]]\nmail = 'nobody'\n", "mail"),
        (f"{HEAD}{SHARE}add_addresses = true\n", "add_addresses"),
        (f"{HEAD}{SHARE}ocr = 'eng'\n", "pdf only"),
        (f"{HEAD}{SHARE}name = '../{{name}}'\n", "not a name"),
        (f"{HEAD}{SHARE}name = '{{name.path}}'\n", "none of"),
        (f"{HEAD}[[filter]]\nlibrary = 'ftp://docs/x'\n", "http"),
        (f"{HEAD}more = 1\n{SHARE}", "more"),
        ("not toml", "TOML"),
        ("#" * 70_000, "65536"),
    ],
)
def test_a_file_that_is_no_process_says_why(tmp_path: Path, text: str, what: str) -> None:
    (tmp_path / "p.toml").write_text(text)
    with pytest.raises(ConfigError, match=what):
        read(tmp_path / "p.toml")


def test_two_processes_of_one_id_are_one_too_many(tmp_path: Path) -> None:
    processes = folder(tmp_path, a=HEAD + SHARE, b=HEAD + MAIL)
    with pytest.raises(ConfigError, match=r"id: is that of a\.toml too"):
        processes.check()


async def test_a_broken_file_hides_no_other(tmp_path: Path) -> None:
    processes = folder(tmp_path, a="broken", b=HEAD + SHARE)
    found = await processes.get("{C4F199C7-6876-4549-A86E-A85035952448}", "anybody")
    assert found is not None
    assert found.name == "Invoices"
    assert await processes.get("c4f199c7-0000-0000-0000-000000000000", "anybody") is None


@pytest.mark.parametrize(
    ("wanted", "admitted"),
    [
        (Wanted(FILE_SHARE, ("\\\\NAS\\in",)), True),
        (Wanted(FILE_SHARE, ("\\\\nas\\in", "\\\\nas\\in\\")), True),
        (Wanted(FILE_SHARE, ("\\\\nas\\in", "\\\\nas\\out")), False),
        (Wanted(FILE_SHARE, ()), False),
        (Wanted(EMAIL, ("office@example.org", "else@example.org")), True),
        (Wanted(EMAIL, ("office@example.org", "x@y\r\nBcc: z@example.org")), False),
        (Wanted(EMAIL, ("office@example.org",), to_user=True), False),
        (Wanted(SHARE_POINT, ("https://docs/x",)), False),
        (Wanted("urn:other", ("\\\\nas\\in",)), False),
    ],
)
async def test_a_job_may_ask_for_a_part_of_what_is_offered(tmp_path: Path, wanted: Wanted, admitted: bool) -> None:
    process = await folder(tmp_path, a=HEAD + SHARE + MAIL).get("c4f199c7-6876-4549-a86e-a85035952448", "anybody")
    assert process is not None
    assert (process.chosen((wanted,)) is not None) is admitted
    assert process.chosen(()) is None
