"""Where things lie, and that nobody else can get at them."""

import os
import stat
from pathlib import Path

import pytest

from pylae.node.directories import SOCKET_PATH_LIMIT, DataDirectory, DirectoryError


def test_both_directories_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path / "deep" / "data")
    data.prepare()
    assert stat.S_IMODE(data.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(data.run.stat().st_mode) == 0o700


def test_a_directory_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path / "data")
    data.path.mkdir(mode=0o755)
    data.prepare()
    assert stat.S_IMODE(data.path.stat().st_mode) == 0o700


def test_a_directory_of_other_things_that_others_can_read_is_left_as_it_is(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path / "home")
    data.path.mkdir(mode=0o755)
    (data.path / "letters").touch()
    with pytest.raises(DirectoryError, match="--data-dir"):
        data.prepare()
    assert stat.S_IMODE(data.path.stat().st_mode) == 0o755
    assert [path.name for path in data.path.iterdir()] == ["letters"]


def test_a_read_only_directory_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o555)
    with pytest.raises(DirectoryError, match="read-only"):
        DataDirectory(tmp_path / "data").prepare()
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o555


def test_a_directory_of_ours_that_was_opened_to_others_is_closed_again(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path / "data")
    data.prepare()
    data.lock.touch()
    data.path.chmod(0o755)
    data.prepare()
    assert stat.S_IMODE(data.path.stat().st_mode) == 0o700


def test_a_long_path_gets_its_sockets_elsewhere_and_always_in_the_same_place(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path / ("x" * 120))
    assert len(os.fsencode(data.control_socket)) <= SOCKET_PATH_LIMIT
    assert data.run == DataDirectory(data.path).run
    assert data.run != DataDirectory(tmp_path / ("y" * 120)).run


def test_a_link_in_the_place_of_the_runtime_directory_is_refused(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path / "data")
    data.path.mkdir()
    (tmp_path / "elsewhere").mkdir()
    data.run.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DirectoryError, match="--data-dir"):
        data.prepare()


def test_a_file_in_the_way_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(DirectoryError, match="--data-dir"):
        DataDirectory(tmp_path / "data").prepare()
