"""The server's log, in lines that HylaFAX 6.0.7 wrote."""

from pathlib import Path
from typing import cast

from drivers.hylafax.control import Control
from drivers.hylafax.xferfaxlog import Log, record

SEND = (
    '11/21/26 13:43\tSEND\t000000002\tttyF1\t2\t""\ttester@vm\t"7"\t"Modem 2"\t2220072\t0\t0:00:01\t0:00:00\t'
    '"Busy signal detected"\t""\t""\t""\t"tester"\t"00 00 00"'
)
RECV = (
    '11/21/26 13:42\tRECV\t\tttyF2\trecvq/fax000000001.tif\t""\tfax\t"+49.30.2"\t"Acme"\t2220072\t3\t0:00:05\t0:00:05\t'
    '"COMREC received DCN"\t"Subscriber 1"\t"1"\t""\t""\t"00 44 1F 22"'
)
NOBODY = cast("Control", None)  # a log with a path asks no server


def test_a_call_that_was_made():
    found = record(SEND)
    assert found is not None
    assert (found.kind, found.modem, found.job, found.remote_id) == ("SEND", "ttyF1", "2", "Modem 2")
    assert (found.pages, found.reason, found.file) == (0, "Busy signal detected", "")


def test_a_call_that_came_in():
    found = record(RECV)
    assert found is not None
    assert (found.kind, found.file, found.job, found.pages) == ("RECV", "fax000000001.tif", "", 3)
    assert (found.remote_id, found.reason) == ("Acme", "COMREC received DCN")


def test_a_line_that_is_damaged_is_left_out():
    for line in ("", "\t" * 20, SEND.replace("SEND", "SENT"), SEND.replace("\t0\t0:00", "\tmany\t0:00"), SEND[:60]):
        assert record(line) is None


async def test_only_what_was_added_counts(tmp_path: Path):
    path = tmp_path / "xferfaxlog"
    log = Log(path)
    assert await log.news(NOBODY) == []
    path.write_text(f"{SEND}\n")
    assert [each.job for each in await log.news(NOBODY)] == ["2"]
    assert await log.news(NOBODY) == []
    path.write_text(f"{SEND}\n{RECV}\n")
    assert [each.kind for each in await log.news(NOBODY)] == ["RECV"]


async def test_a_log_that_was_rotated_is_read_from_its_beginning(tmp_path: Path):
    path = tmp_path / "xferfaxlog"
    log = Log(path)
    path.write_text(f"{SEND}\n")
    await log.news(NOBODY)
    path.write_text(f"{RECV}\n")
    assert [each.kind for each in await log.news(NOBODY)] == ["RECV"]
