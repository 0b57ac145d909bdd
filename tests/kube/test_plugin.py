"""Credential plugins: real programs that print what real ones would, and all that may be wrong with one."""

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pylae.kube.connection import Connection
from pylae.kube.login import Login
from pylae.kube.plugin import VERSIONS, Plugin, PluginError, run

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

Json = dict[str, Any]


def program(directory: Path, script: str) -> Plugin:
    """A shell script as a plugin; it leaves a line in `runs` each time that it is run."""
    path = directory / "plugin"
    path.write_text(f"#!/bin/sh\necho run >> {directory}/runs\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return Plugin(str(path))


def saying(directory: Path, document: Json) -> Plugin:
    (directory / "said").write_text(json.dumps(document))
    return program(directory, f"cat {directory}/said")


def credential(version: str = VERSIONS[0], **status: str) -> Json:
    return {"apiVersion": version, "kind": "ExecCredential", "status": status}


def runs(directory: Path) -> int:
    return len((directory / "runs").read_text().splitlines())


async def test_a_token_is_taken_from_what_it_prints(tmp_path: Path) -> None:
    said = await run(saying(tmp_path, credential(token="s3cr3t", expirationTimestamp="2026-11-24T12:00:00Z")))
    assert (bytes(said.token), said.expires) == (b"s3cr3t", NOON)
    assert "s3cr3t" not in repr(said)


async def test_a_certificate_comes_with_its_key(tmp_path: Path) -> None:
    said = await run(saying(tmp_path, credential(clientCertificateData="CERT", clientKeyData="K3Y")))
    assert (said.certificate, bytes(said.key)) == (b"CERT", b"K3Y")
    assert "K3Y" not in repr(said)


async def test_it_is_told_what_it_may_know_and_nothing_by_standard_input(tmp_path: Path) -> None:
    script = 'printf "%s" "$KUBERNETES_EXEC_INFO" > info; cat > input; echo "$1 $COLOUR" > more; cat said'
    plugin = program(tmp_path, f"cd {tmp_path}; {script}")
    (tmp_path / "said").write_text(json.dumps(credential(token="x")))
    told = {"server": "https://api.example", "config": {"audience": "a"}}
    await run(Plugin(plugin.command, ("--yes",), {"COLOUR": "blue"}, VERSIONS[0], told))
    info = json.loads((tmp_path / "info").read_text())
    assert info["spec"] == {"interactive": False, "cluster": told}
    assert (tmp_path / "input").read_text() == ""
    assert (tmp_path / "more").read_text() == "--yes blue\n"


WRONG = [
    ("exit 3", r"failed \(exit code 3\)"),
    ("echo hello", "printed no ExecCredential"),
    ("echo '{}'", "printed nothing"),
    (f"echo '{json.dumps(credential(VERSIONS[1], token='s3cr3t'))}'", f"not ExecCredential {VERSIONS[0]}"),
    (f"echo '{json.dumps(credential(clientKeyData='s3cr3t'))}'", "gave neither a token nor a certificate"),
    (f"echo '{json.dumps(credential())}'", "gave neither a token nor a certificate"),
]


@pytest.mark.parametrize(("script", "message"), WRONG)
async def test_what_is_wrong_with_it_is_said_and_nothing_that_it_printed(
    tmp_path: Path, script: str, message: str
) -> None:
    with pytest.raises(PluginError, match=message) as caught:
        await run(program(tmp_path, f"echo s3cr3t >&2\n{script}"))
    assert "s3cr3t" not in str(caught.value)


async def test_one_that_is_not_installed_says_how_to_install_it() -> None:
    with pytest.raises(PluginError, match=r"No such file or directory\. Get it at plugins\.example"):
        await run(Plugin("/nowhere/plugin", install_hint="Get it at plugins.example\n"))


def login(plugin: Plugin, clock: datetime = NOON) -> Login:
    return Login(Connection("http://api.example", plugin=plugin), lambda: clock)


async def test_it_is_run_once_until_what_it_said_expires(tmp_path: Path) -> None:
    now = NOON
    later = (NOON + timedelta(minutes=5)).isoformat()
    plugin = saying(tmp_path, credential(token="one", expirationTimestamp=later))
    asked = Login(Connection("http://api.example", plugin=plugin), lambda: now)
    for _ in range(3):
        assert (await asked.proof()).headers == {"Authorization": "Bearer one"}
    assert runs(tmp_path) == 1
    now = NOON + timedelta(minutes=6)
    saying(tmp_path, credential(token="two"))
    assert (await asked.proof()).headers == {"Authorization": "Bearer two"}
    assert runs(tmp_path) == 2


async def test_it_is_run_once_more_after_a_refusal_however_many_were_refused(tmp_path: Path) -> None:
    asked = login(saying(tmp_path, credential(token="old")))
    refused = await asked.proof()
    saying(tmp_path, credential(token="new"))
    assert all([await asked.may_pass(refused) for _ in range(5)])
    assert (await asked.proof()).headers == {"Authorization": "Bearer new"}
    assert await asked.may_pass(refused)
    await asked.proof()
    assert runs(tmp_path) == 2


async def test_a_token_that_was_renewed_in_its_file_may_pass(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("old")
    asked = Login(Connection("http://api.example", token_file=tmp_path / "token"))
    refused = await asked.proof()
    assert not await asked.may_pass(refused)
    (tmp_path / "token").write_text("new")
    assert await asked.may_pass(refused)
