"""A gateway's whole memory in one file, and back: what must come back, and what must never be put in place."""

import contextlib
import hashlib
import io
import json
import sqlite3
import stat
import tarfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from rest import Rest, session

from pylae.apiserver.database import StorageError
from pylae.apiserver.server import ApiServer
from pylae.apiserver.settings import ApiServerSettings
from pylae.node.backup import BackupError, back_up
from pylae.node.directories import DataDirectory
from pylae.node.lock import AlreadyRunning, InstanceLock
from pylae.node.restore import Restored, restore

NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
Files = dict[str, bytes]


@contextlib.asynccontextmanager
async def serving(data: DataDirectory) -> AsyncIterator[Rest]:
    """The API on a data directory, and a client by its kubeconfig."""
    data.prepare()
    server = ApiServer(ApiServerSettings(data=data.database))
    await server.start()
    try:
        async with session(data.kubeconfig) as opened:
            yield Rest(opened, server.url, "default")
    finally:
        await server.stop()


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    return DataDirectory.at(tmp_path / "gateway")


@pytest.fixture
async def backup(data: DataDirectory) -> bytes:
    """Of a gateway with the Secret `then`, taken while it ran. The Secret `later` came after it."""
    into = io.BytesIO()
    async with serving(data) as api:
        data.instance.write_text('{"ports": [80]}')
        await api.create("then", "secrets", data={"a": "Yg=="})
        back_up(data, into, NOW)
        await api.create("later", "secrets", data={"a": "Yg=="})
    return into.getvalue()


def put_back(backup: bytes, data: DataDirectory, **options: bool) -> Restored:
    return restore(data, io.BytesIO(backup), NOW, **options)


def unpacked(backup: bytes) -> Files:
    with tarfile.open(fileobj=io.BytesIO(backup)) as tar:
        return {header.name: tar.extractfile(header).read() for header in tar}


def packed(files: Files) -> bytes:
    into = io.BytesIO()
    with tarfile.open(fileobj=into, mode="w:gz") as tar:
        for name, content in files.items():
            header = tarfile.TarInfo(name)
            header.size = len(content)
            tar.addfile(header, io.BytesIO(content))
    return into.getvalue()


def declared(files: Files, **changes: object) -> Files:
    """The same with a manifest that says so."""
    manifest = json.loads(files["manifest.json"]) | changes
    manifest["files"] = {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in files.items()
        if name != "manifest.json"
    }
    return {**files, "manifest.json": json.dumps(manifest).encode()}


async def secrets(api: Rest) -> list[str]:
    return (await api("GET", api.path("secrets"))).names


async def test_a_restored_gateway_is_as_it_was_and_old_kubeconfigs_let_in(backup, data, tmp_path):
    old = tmp_path / "kubeconfig-of-then"
    old.write_bytes(data.kubeconfig.read_bytes())
    elsewhere = DataDirectory.at(tmp_path / "elsewhere")
    assert put_back(backup, elsewhere).replaced is None
    assert elsewhere.instance.read_bytes() == data.instance.read_bytes()
    async with serving(elsewhere) as api, session(old) as opened:
        assert await secrets(api) == ["then"]
        assert await secrets(Rest(opened, api.url, "default")) == ["then"]


async def test_no_version_is_handed_out_twice(backup, data):
    async with serving(data) as api:
        seen = int((await api("GET", api.path("secrets"))).version)
    put_back(backup, data, replace=True)
    async with serving(data) as api:
        made = await api.create("new", "secrets")
        assert int(made["metadata"]["resourceVersion"]) > seen + 1_000_000
        async with api.watch(api.path("secrets"), f"resourceVersion={seen}") as stream:
            told = await stream.next()
    assert (told["type"], told["object"]["code"]) == ("ERROR", 410)


async def test_what_was_there_is_refused_or_put_aside(backup, data):
    with pytest.raises(BackupError, match="Put them aside with --replace"):
        put_back(backup, data)
    (data.pki / "other.crt").write_text("not in the backup")
    aside = put_back(backup, data, replace=True).replaced
    assert aside == data.path / "replaced-20261124T123000Z"
    assert not (data.pki / "other.crt").exists()
    assert (aside / "pki" / "other.crt").read_text() == "not in the backup"
    assert {stat.S_IMODE(directory.stat().st_mode) for directory in (aside, aside / "pki", data.pki)} == {0o700}
    before = DataDirectory.at(aside)
    async with serving(before) as api:
        assert await secrets(api) == ["later", "then"]
    async with serving(data) as api:
        assert await secrets(api) == ["then"]


async def test_a_crashed_gateway_is_backed_up_and_replaced_with_all_it_had_written(backup, data, tmp_path):
    """Its last writes are in the write-ahead log alone."""
    crashed = DataDirectory.at(tmp_path / "crashed")
    crashed.prepare()
    with contextlib.closing(sqlite3.connect(data.database, isolation_level=None)) as writer:
        writer.execute("DELETE FROM objects WHERE name = 'then'")
        for suffix in ("", "-wal"):
            name = f"{data.database.name}{suffix}"
            (crashed.path / name).write_bytes((data.path / name).read_bytes())
    into = io.BytesIO()
    back_up(crashed, into, NOW)
    put_back(into.getvalue(), crashed, replace=True)
    async with serving(crashed) as api:
        assert await secrets(api) == ["later"]


async def test_a_gateway_that_runs_is_not_replaced(backup, data):
    lock = InstanceLock(data.lock)
    lock.acquire()
    with pytest.raises(AlreadyRunning):
        put_back(backup, data, replace=True)
    lock.release()
    async with serving(data):
        with pytest.raises(StorageError, match="in use by another process"):
            put_back(backup, data, replace=True)


def test_where_nothing_was_nothing_is_backed_up(data):
    with pytest.raises(BackupError, match="nothing to back up"):
        back_up(data, io.BytesIO(), NOW)


def flipped(backup: bytes) -> bytes:
    files = unpacked(backup)
    return packed({**files, "api.db": files["api.db"][:5000] + b"\xff" + files["api.db"][5001:]})


def escaping(backup: bytes) -> bytes:
    return packed(declared({**unpacked(backup), "../escaped": b"x"}))


def undeclared(backup: bytes) -> bytes:
    return packed({**unpacked(backup), "more": b"x"})


def short(backup: bytes) -> bytes:
    return packed({name: content for name, content in unpacked(backup).items() if name != "api.db"})


def broken_database(backup: bytes) -> bytes:
    files = unpacked(backup)
    return packed(declared({**files, "api.db": files["api.db"][:4096] + b"\xff" * 8192 + files["api.db"][12288:]}))


def newer(backup: bytes) -> bytes:
    return packed(declared(unpacked(backup), pylae="9.0", schema=99))


def without_database(backup: bytes) -> bytes:
    return packed(declared({name: content for name, content in unpacked(backup).items() if name != "api.db"}))


def with_a_log(backup: bytes) -> bytes:
    return packed(declared({**unpacked(backup), "api.db-wal": b"x"}))


def with_a_program(backup: bytes) -> bytes:
    files = unpacked(backup)
    kubeconfig = yaml.safe_load(files["kubeconfig"])
    kubeconfig["users"][0]["user"]["exec"] = {"command": "/bin/true"}
    return packed(declared({**files, "kubeconfig": yaml.safe_dump(kubeconfig).encode()}))


def longer_than_declared(backup: bytes) -> bytes:
    files = unpacked(backup)
    return packed({**files, "api.db": files["api.db"] + bytes(1024)})


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (flipped, "api.db is not what was written"),
        (escaping, "which its manifest.json does not name"),
        (undeclared, "which its manifest.json does not name"),
        (short, "api.db is missing"),
        (broken_database, "damaged"),
        (newer, r"made by a newer Pylae \(9\.0\)"),
        (without_database, "holds no database"),
        (with_a_log, "api.db-wal, which is no part of a gateway"),
        (with_a_program, "kubeconfig that Pylae did not write"),
        (longer_than_declared, "api.db is not what was written"),
        (lambda backup: backup[: len(backup) // 2], "damaged or cut short"),
        (lambda _: b"something else", "damaged or cut short"),
        (lambda _: packed({"readme": b"hello"}), "no backup of Pylae"),
    ],
)
async def test_a_file_that_is_not_good_changes_nothing(backup, data, spoil, why):
    before = {path: path.read_bytes() for path in data.path.rglob("*") if path.is_file() and path != data.lock}
    with pytest.raises((BackupError, StorageError), match=why):
        put_back(spoil(backup), data, replace=True)
    after = {path: path.read_bytes() for path in data.path.rglob("*") if path.is_file() and path != data.lock}
    assert after == before
