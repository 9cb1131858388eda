"""The disk of a scan server: what is kept is there, what is not leaves nothing, and room is given back."""

import errno
import json
import os
from pathlib import Path

import pytest

from bridge.errors import ConfigError
from bridge.jobs.post_scan_store import ImageDiffers, ImageTooLarge, Store, StoreFull

TOKEN = "264a19bf-3604-4603-b59d-b47e0f669a1e"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "jobs", quota=100, most=60)
    made.put(TOKEN, {"a": 1})
    return made


def kept(store: Store, number: int, data: bytes, word: str = "jfif") -> bool:
    incoming = store.incoming(TOKEN, number, word)
    try:
        incoming.write(data)
        return incoming.keep()
    except BaseException:
        incoming.drop()
        raise


def test_images_come_back_by_their_numbers_with_their_formats(store: Store, tmp_path: Path) -> None:
    assert kept(store, 12, b"twelve", "tiff-single-g4")
    assert kept(store, 2, b"two")
    assert [(each.document_id, each.format, each.path.read_bytes()) for each in store.images(TOKEN)] == [
        (2, "jfif", b"two"),
        (12, "tiff-single-g4", b"twelve"),
    ]
    again = Store(tmp_path / "jobs", 100, 60)
    assert again.load() == {TOKEN: {"a": 1}}
    assert len(again.images(TOKEN)) == 2


def test_what_is_kept_is_on_the_disk_before_it_has_its_name(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut cannot be had in a test; what the kernel is asked for, and when, can."""
    asked: list[tuple[str, int]] = []
    flush = os.fsync

    def fsync(handle: int) -> None:
        asked.append((os.readlink(f"/proc/self/fd/{handle}"), len(store.images(TOKEN))))
        flush(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    assert kept(store, 1, b"page")
    (image, before), (directory, after) = asked
    assert (Path(image).suffix, before) == (".part", 0)
    assert (Path(directory), after) == (store.images(TOKEN)[0].path.parent, 1)


def test_the_same_image_is_there_once_and_another_is_refused(store: Store) -> None:
    assert kept(store, 1, b"page")
    assert not kept(store, 1, b"page")
    for data, word in ((b"other", "jfif"), (b"page", "png")):
        with pytest.raises(ImageDiffers):
            kept(store, 1, data, word)
    assert [each.path.read_bytes() for each in store.images(TOKEN)] == [b"page"]


def test_room_is_bounded_and_given_back(store: Store) -> None:
    with pytest.raises(ImageTooLarge):
        kept(store, 1, bytes(61))
    assert kept(store, 1, bytes(60))
    with pytest.raises(StoreFull):
        kept(store, 2, bytes(41))
    store.empty(TOKEN)
    store.put(TOKEN, {})
    other = "00000000-0000-4000-8000-000000000001"
    store.put(other, {})
    incoming = store.incoming(other, 1, "jfif")
    incoming.write(bytes(60))
    assert incoming.keep()


def test_what_a_crash_leaves_half_is_swept_and_counts_for_nothing(store: Store, tmp_path: Path) -> None:
    half = store.incoming(TOKEN, 1, "jfif")
    half.write(bytes(50))
    half._file.close()  # as a kill does it
    (tmp_path / "jobs" / "00000000-0000-4000-8000-000000000002").mkdir()  # no record was written
    again = Store(tmp_path / "jobs", 100, 60)
    assert list(again.load()) == [TOKEN]
    assert again.images(TOKEN) == ()
    assert sorted(each.name for each in (tmp_path / "jobs").iterdir()) == [TOKEN]
    again.take(100)


def test_a_damaged_record_is_left_alone(store: Store, tmp_path: Path) -> None:
    (tmp_path / "jobs" / TOKEN / "job.json").write_text("{")
    assert Store(tmp_path / "jobs", 100, 60).load() == {}
    assert (tmp_path / "jobs" / TOKEN).is_dir()


def test_a_drop_after_keep_changes_nothing(store: Store) -> None:
    incoming = store.incoming(TOKEN, 1, "jfif")
    incoming.write(b"page")
    assert incoming.keep()
    incoming.drop()
    assert len(store.images(TOKEN)) == 1
    incoming.write(b"late")
    assert store.images(TOKEN)[0].path.read_bytes() == b"page"


def test_a_full_disk_is_said_in_the_systems_words(store: Store, tmp_path: Path) -> None:
    incoming = store.incoming(TOKEN, 1, "jfif")
    incoming._file.close()
    incoming._file = open("/dev/full", "wb", buffering=0)  # noqa: SIM115 - as the disk would answer
    with pytest.raises(StoreFull, match="No space left on device") as caught:
        incoming.write(b"page")
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC
    incoming.drop()
    assert json.loads((tmp_path / "jobs" / TOKEN / "job.json").read_text()) == {"a": 1}


def test_a_place_that_is_no_directory_is_the_operators(tmp_path: Path) -> None:
    (tmp_path / "jobs").write_bytes(b"")
    with pytest.raises(ConfigError):
        Store(tmp_path / "jobs", 100, 60)
