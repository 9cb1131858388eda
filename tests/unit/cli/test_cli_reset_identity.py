"""A scanner becomes another one to clients, and stays the same to us."""

import os
import socket
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.alone import alone_with, is_running
from bridge.cli.reset_identity import NotReset, renewed
from bridge.errors import ConfigError
from bridge.state import FILE, State

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KEY = "usb-04b8-0110@1-1"


def test_the_uuid_is_new_nobody_is_subscribed_and_job_ids_go_on(tmp_path: Path) -> None:
    state = State(tmp_path, NOW)
    before = state.scanner(KEY)
    other, used = state.scanner("other").uuid, state.next_job_id(KEY)
    before.subscriptions, before.open_jobs = [{"identifier": "x"}], [{"id": 1}]
    state.metadata_version(KEY, "digest")
    state.save()
    told = renewed(tmp_path, KEY)
    after = State(tmp_path, NOW)
    assert uuid.UUID(told) == after.scanner(KEY).uuid != before.uuid
    assert (after.scanner(KEY).subscriptions, after.scanner(KEY).open_jobs) == ([], [])
    assert after.scanner(KEY).metadata_digest == ""
    assert after.next_job_id(KEY) > used
    assert after.scanner("other").uuid == other


def test_the_file_stays_its_owners(tmp_path: Path) -> None:
    State(tmp_path, NOW).scanner(KEY)
    if os.geteuid() == 0:
        os.chown(tmp_path / FILE, 61_184, 61_184)  # a user that exists only while the service runs
    before = (tmp_path / FILE).stat()
    renewed(tmp_path, KEY)
    after = (tmp_path / FILE).stat()
    assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid, before.st_mode)


def test_an_unknown_scanner_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(NotReset, match="no bridge has served a scanner"):
        renewed(tmp_path, KEY)
    State(tmp_path, NOW).scanner(KEY)
    with pytest.raises(NotReset, match=f"no scanner 'x' is known; there are: {KEY}"):
        renewed(tmp_path, "x")


def test_a_running_bridge_is_noticed_and_a_killed_one_is_none(tmp_path: Path) -> None:
    assert not is_running(tmp_path)
    with socket.socket(socket.AF_UNIX) as bridge:
        bridge.bind(os.path.relpath(tmp_path / "tap"))  # the path of a socket may not be long
        assert not is_running(tmp_path), "it was killed and left its socket"
        bridge.listen()
        assert is_running(tmp_path)


def test_what_a_bridge_has_that_starts_meanwhile_is_not_changed(tmp_path: Path) -> None:
    State(tmp_path, NOW).scanner(KEY)
    before = (tmp_path / FILE).read_bytes()
    with alone_with(tmp_path), pytest.raises(ConfigError, match="another bridge is running with it"):
        renewed(tmp_path, KEY)
    assert (tmp_path / FILE).read_bytes() == before
