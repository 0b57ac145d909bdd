"""`pylae backup` and `pylae restore` as they are typed."""

import asyncio
import json
import stat
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from pylae.apiserver.server import ApiServer
from pylae.apiserver.settings import ApiServerSettings
from pylae.node.directories import DataDirectory


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    """Of a gateway that has run."""
    made = DataDirectory.at(tmp_path / "gateway")
    made.prepare()

    async def once() -> None:
        server = ApiServer(ApiServerSettings(data=made.database))
        await server.start()
        await server.stop()

    asyncio.run(once())
    return made


def pylae(data: DataDirectory, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "pylae", *arguments, "--data-dir", str(data.path)]
    return subprocess.run(command, input=given, capture_output=True, check=False)


def test_a_backup_is_a_private_file_that_is_put_back_where_it_is_told(data: DataDirectory, tmp_path: Path) -> None:
    file = tmp_path / "b.tar.gz"
    made = pylae(data, "backup", str(file))
    assert (made.returncode, made.stdout) == (0, b"")
    assert b"is backed up, as of" in made.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with tarfile.open(file) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))
        assert tar.getnames() == ["manifest.json", *manifest["files"]]
    assert {"api.db", "kubeconfig", "pki/ca.key", "pki/admin.token.sha256"} <= set(manifest["files"])
    elsewhere = DataDirectory.at(tmp_path / "elsewhere")
    put_back = pylae(elsewhere, "restore", str(file))
    assert put_back.returncode == 0, put_back.stderr
    assert f"Start it: pylae up --data-dir {elsewhere.path}" in put_back.stdout.decode()
    assert elsewhere.kubeconfig.read_bytes() == data.kubeconfig.read_bytes()


def test_both_take_a_pipe(data: DataDirectory, tmp_path: Path) -> None:
    made = pylae(data, "backup", "-")
    assert made.returncode == 0
    assert pylae(DataDirectory.at(tmp_path / "elsewhere"), "restore", "-", given=made.stdout).returncode == 0


def test_nothing_is_written_over_and_nothing_is_replaced_unasked(data: DataDirectory, tmp_path: Path) -> None:
    file = tmp_path / "b.tar.gz"
    pylae(data, "backup", str(file))
    again = pylae(data, "backup", str(file))
    assert (again.returncode, b"is there already" in again.stderr) == (1, True)
    refused = pylae(data, "restore", str(file))
    assert (refused.returncode, b"--replace" in refused.stderr) == (1, True)
    replaced = pylae(data, "restore", "--replace", str(file))
    assert (replaced.returncode, b"What it held before lies in" in replaced.stderr) == (0, True)


def test_a_file_that_is_none_is_said_in_one_line(data: DataDirectory, tmp_path: Path) -> None:
    (tmp_path / "rubbish").write_text("rubbish")
    refused = pylae(data, "restore", "--replace", str(tmp_path / "rubbish"))
    assert (refused.returncode, refused.stderr.count(b"\n")) == (1, 1)
    absent = pylae(data, "restore", str(tmp_path / "absent"))
    assert (absent.returncode, b"absent" in absent.stderr) == (1, True)
