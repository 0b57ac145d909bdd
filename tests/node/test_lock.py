"""One process per data directory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pylae.node.lock import AlreadyRunning, InstanceLock, holder

HOLD = "import sys, pathlib; from pylae.node.lock import InstanceLock; \
lock = InstanceLock(pathlib.Path(sys.argv[1])); lock.acquire(); print('held', flush=True); sys.stdin.read()"


def test_the_second_is_told_who_holds_it_and_a_dead_holder_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "pylae.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        other.stdout.readline()
        assert holder(path) == other.pid
        with pytest.raises(AlreadyRunning, match=str(other.pid)):
            InstanceLock(path).acquire()
        other.kill()
        other.wait()
    assert holder(path) is None
    lock = InstanceLock(path)
    lock.acquire()
    assert path.read_text().strip() == str(os.getpid())
    lock.release()


def test_nobody_holds_a_lock_that_was_never_taken(tmp_path: Path) -> None:
    assert holder(tmp_path / "pylae.lock") is None
