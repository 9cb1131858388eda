from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from bridge.cli.options import new_file, new_folder, positive


def test_a_file_is_written_where_there_is_a_folder(tmp_path: Path) -> None:
    assert new_file(str(tmp_path / "new")) == tmp_path / "new"
    (tmp_path / "old").touch()
    assert new_file(str(tmp_path / "old")) == tmp_path / "old"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["old"]  # it is not made yet


@pytest.mark.parametrize("name", ["", "away/new", "old/new"])
def test_what_can_be_no_file_is_said_before_the_work(tmp_path: Path, name: str) -> None:
    (tmp_path / "old").touch()
    with pytest.raises(ArgumentTypeError, match="is no file that can be written"):
        new_file(f"{tmp_path}/{name}")


def test_a_folder_is_made_in_folders_that_are_made(tmp_path: Path) -> None:
    assert new_folder(f"{tmp_path}/a/b") == tmp_path / "a/b"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_cannot_be_made_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "old").touch()
    with pytest.raises(ArgumentTypeError, match="is no folder that can be written to"):
        new_folder(f"{tmp_path}/old/new")


@pytest.mark.parametrize("text", ["0", "-1", "x", "1.5", "", "99999999999"])
def test_what_is_no_number_above_0(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is not a whole number above 0"):
        positive(text)
    assert positive("600") == 600
