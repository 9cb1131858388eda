"""What outlives the process: no id twice, whatever moment it was killed in."""

import json
import os
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge.errors import ConfigError
from bridge.state import FILE, JOB_ID_BLOCK, MAX_JOB_ID, State

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = "usb-04b8-0110-1"


def test_a_new_directory_is_made_and_is_for_nobody_else(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "er"
    State(directory, NOW)
    assert (directory / FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in directory.iterdir()] == [FILE]


def test_job_ids_count_up_and_are_never_used_again_after_a_kill(tmp_path: Path) -> None:
    used: list[int] = []
    for _ in range(5):
        state = State(tmp_path, NOW)  # the one before was killed: nothing said goodbye
        used += [state.next_job_id(KEY) for _ in range(JOB_ID_BLOCK + 3)]
    assert len(set(used)) == len(used)
    assert used[:3] == [1, 2, 3]
    assert used == sorted(used)


def test_a_kill_between_two_writes_costs_nothing(tmp_path: Path) -> None:
    state = State(tmp_path, NOW)
    first = state.scanner(KEY).uuid
    used = state.next_job_id(KEY)
    # Killed while the next file was being written: half of it lies beside.
    (tmp_path / "state.new").write_text('{"scanners": {"usb', encoding="utf-8")
    again = State(tmp_path, NOW)
    assert again.scanner(KEY).uuid == first
    assert again.next_job_id(KEY) > used
    assert not (tmp_path / "state.new").exists()


def test_few_jobs_are_few_writes(tmp_path: Path) -> None:
    state = State(tmp_path, NOW)
    state.next_job_id(KEY)
    before = (tmp_path / FILE).stat().st_ino
    for _ in range(JOB_ID_BLOCK - 1):
        state.next_job_id(KEY)
    assert (tmp_path / FILE).stat().st_ino == before


def test_scanners_count_for_themselves(tmp_path: Path) -> None:
    state = State(tmp_path, NOW)
    assert [state.next_job_id("a"), state.next_job_id("b"), state.next_job_id("a")] == [1, 1, 2]
    assert state.scanner("a").uuid != state.scanner("b").uuid


def test_after_the_last_id_comes_the_first(tmp_path: Path) -> None:
    state = State(tmp_path, NOW)
    state.scanner(KEY).job_ids_reserved = MAX_JOB_ID - 1
    assert state.next_job_id(KEY) == MAX_JOB_ID
    assert state.next_job_id(KEY) == 1
    assert state.next_job_id(KEY) == 2
    assert State(tmp_path, NOW).next_job_id(KEY) == JOB_ID_BLOCK + 1


def test_the_instance_id_grows_with_every_start_whatever_the_clock_says(tmp_path: Path) -> None:
    starts = [NOW, NOW, NOW - timedelta(days=9000), datetime(1970, 1, 1, tzinfo=UTC), NOW + timedelta(days=1)]
    ids = [State(tmp_path, now).instance_id for now in starts]
    assert ids == sorted(set(ids))
    assert ids[0] == int(NOW.timestamp())


def test_metadata_counts_its_changes(tmp_path: Path) -> None:
    state = State(tmp_path, NOW)
    assert [state.metadata_version(KEY, digest) for digest in ("a", "a", "b", "a")] == [1, 1, 2, 3]
    assert State(tmp_path, NOW).metadata_version(KEY, "a") == 3


def test_identity_and_subscriptions_come_back(tmp_path: Path) -> None:
    state = State(tmp_path, NOW)
    kept = state.scanner(KEY)
    kept.subscriptions.append({"id": "urn:uuid:1", "expires": 3.5})
    state.save()
    again = State(tmp_path, NOW).scanner(KEY)
    assert again.uuid == kept.uuid
    assert again.subscriptions == [{"id": "urn:uuid:1", "expires": 3.5}]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe\x00",
        b'{"scanners": {"a": {}}}',
        b'{"scanners": {"a": {"uuid": "x"}}}',
        b'{"instance_id": -1}',
    ],
)
def test_a_damaged_file_is_the_operators_and_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        State(tmp_path, NOW)
    assert str(tmp_path / FILE) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (tmp_path / FILE).read_bytes() == content


def test_what_a_later_version_added_does_not_matter(tmp_path: Path) -> None:
    identity = uuid.uuid4()
    (tmp_path / FILE).write_text(json.dumps({"new": 1, "scanners": {KEY: {"uuid": str(identity), "more": []}}}))
    assert State(tmp_path, NOW).scanner(KEY).uuid == identity


@pytest.mark.parametrize("kind", ["a file", "under a file", "a directory in the way"])
def test_a_place_that_cannot_be_used_is_named(tmp_path: Path, kind: str) -> None:
    if kind == "a directory in the way":
        place = tmp_path
        (tmp_path / FILE).mkdir()
    else:
        (tmp_path / "file").write_text("")
        place = tmp_path / "file" if kind == "a file" else tmp_path / "file" / "state"
    with pytest.raises(ConfigError) as caught:
        State(place, NOW)
    assert str(place) in str(caught.value)


def test_an_id_the_disk_did_not_take_is_not_given(tmp_path: Path) -> None:
    state = State(tmp_path, NOW)
    state.scanner(KEY)
    (tmp_path / "state.new").mkdir()  # stands in the way of every write, for root too
    for _ in range(2):
        with pytest.raises(ConfigError):
            state.next_job_id(KEY)
    with pytest.raises(ConfigError):
        state.scanner("another")
    os.rmdir(tmp_path / "state.new")
    assert state.next_job_id(KEY) == 1
    kept = json.loads((tmp_path / FILE).read_text())["scanners"]
    assert kept[KEY]["job_ids_reserved"] == JOB_ID_BLOCK
    assert "another" not in kept


def test_a_stop_in_order_gives_unused_ids_back_and_a_kill_does_not(tmp_path: Path) -> None:
    state = State(tmp_path, NOW)
    assert [state.next_job_id(KEY) for _ in range(3)] == [1, 2, 3]
    state.close()
    after_a_stop = State(tmp_path, NOW)
    assert after_a_stop.next_job_id(KEY) == 4
    after_a_kill = State(tmp_path, NOW)
    assert after_a_kill.next_job_id(KEY) == 4 + JOB_ID_BLOCK


def test_an_id_given_after_the_stop_is_not_given_again(tmp_path: Path) -> None:
    state = State(tmp_path, NOW)
    state.next_job_id(KEY)
    state.close()
    assert state.next_job_id(KEY) == 2
    assert State(tmp_path, NOW).next_job_id(KEY) > 2
