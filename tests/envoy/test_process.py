"""Envoy as a process: started, found again, waited for, ended. Each test ends what it started."""

import asyncio
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from lab import Lab, Upstream, eventually, free_port
from picture import answering, cluster, endpoints, forwarding, listener, plain, world

from pylae.envoy import proc
from pylae.envoy.admin import Admin
from pylae.envoy.command import Command
from pylae.envoy.process import Exit, adopt, spawn
from pylae.xds.resource import ResourceSet

pytestmark = pytest.mark.real


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with Lab() as made:
        yield made


async def test_it_has_a_session_of_its_own_a_private_log_and_all_the_files_it_may_have(lab: Lab) -> None:
    await lab.settle(world())
    pid = lab.envoy.pid
    assert os.getsid(pid) == pid
    assert lab.log.stat().st_mode & 0o777 == 0o600
    record = json.loads((lab.directory / "envoy.pid").read_text())
    assert record == {"pid": pid, "startTime": proc.start_time(pid)}
    limits = (Path("/proc") / str(pid) / "limits").read_text()
    [files] = [line.split() for line in limits.splitlines() if line.startswith("Max open files")]
    assert files[3] == files[4]


async def test_nothing_of_our_environment_is_handed_on(lab: Lab) -> None:
    environment = (Path("/proc") / str(lab.envoy.pid) / "environ").read_bytes()
    names = {entry.partition(b"=")[0].decode() for entry in environment.split(b"\0") if entry}
    assert names <= {"PATH", "TZ", "LANG", "LOCALDOMAIN", "RES_OPTIONS"}


async def test_one_that_runs_is_adopted_by_its_pid_file(lab: Lab) -> None:
    adopted = adopt(lab.command, pid_file=lab.directory / "envoy.pid")
    assert adopted is not None
    assert (adopted.pid, adopted.adopted) == (lab.envoy.pid, True)
    adopted.release()


async def test_one_that_runs_is_adopted_without_a_pid_file_and_with_a_wrong_one(lab: Lab) -> None:
    pid_file = lab.directory / "envoy.pid"
    for written in ("", "no json", json.dumps({"pid": os.getpid(), "startTime": 1}), json.dumps({"pid": "x"})):
        pid_file.write_text(written)
        adopted = adopt(lab.command, pid_file=pid_file)
        assert adopted is not None
        assert adopted.pid == lab.envoy.pid
        assert json.loads(pid_file.read_text())["pid"] == lab.envoy.pid
        adopted.release()


async def test_where_no_pid_file_can_be_written_it_is_found_all_the_same(lab: Lab) -> None:
    nowhere = lab.directory / "no-such-directory" / "envoy.pid"
    adopted = adopt(lab.command, pid_file=nowhere)
    assert adopted is not None
    assert adopted.pid == lab.envoy.pid
    adopted.release()


async def test_an_envoy_of_another_bootstrap_is_not_adopted(lab: Lab) -> None:
    other = Command(lab.command.binary, lab.directory / "another.json")
    assert adopt(other, pid_file=lab.directory / "envoy.pid") is None


async def test_a_pid_that_means_another_process_by_now_is_not_adopted(lab: Lab) -> None:
    pid_file = lab.directory / "other.pid"
    pid_file.write_text(json.dumps({"pid": lab.envoy.pid, "startTime": 1}))
    other = Command(lab.command.binary, lab.directory / "another.json")
    assert adopt(other, pid_file=pid_file) is None


async def test_a_killed_one_is_noticed_and_the_next_has_the_same_configuration(lab: Lab) -> None:
    port = free_port()
    await lab.settle(world(listener("0.0.0.0_8080", port, plain("http")), answering("http", "here")))
    first = lab.envoy
    os.kill(first.pid, signal.SIGKILL)
    ended = await first.wait()
    assert (ended, str(ended)) == (Exit(-signal.SIGKILL), "was killed by SIGKILL")
    first.release()
    lab.start_envoy()

    async def serves() -> bool:
        return (await lab.curl(f"http://a.test:{port}/")).body == "here"

    await eventually(serves, "the next Envoy to serve")


async def test_an_adopted_one_that_ends_is_noticed(lab: Lab) -> None:
    adopted = adopt(lab.command, pid_file=lab.directory / "envoy.pid")
    assert adopted is not None
    os.kill(lab.envoy.pid, signal.SIGKILL)
    ended = await adopted.wait()
    assert str(ended) == "ended"
    assert await adopted.wait() is ended
    adopted.release()


def in_front_of(upstream: Upstream, port: int) -> ResourceSet:
    """Everything on this port goes to the upstream."""
    return world(
        listener("0.0.0.0_8080", port, plain("http")),
        forwarding("http", "slow"),
        cluster("slow"),
        endpoints("slow", upstream.port),
    )


async def test_it_is_stopped_when_the_requests_under_way_are_answered(lab: Lab) -> None:
    port = free_port()
    async with Upstream("slow") as upstream:
        await lab.settle(in_front_of(upstream, port))
        client = asyncio.create_task(lab.curl(f"http://a.test:{port}/held"))
        await upstream.held.wait()
        stopping = asyncio.create_task(lab.envoy.stop(lab.admin, timedelta(seconds=10)))

        async def refuses() -> bool:
            return (await lab.curl(f"http://a.test:{port}/")).code == 7

        await eventually(refuses, "new connections to be refused")
        assert not stopping.done()
        upstream.release.set()
        answer = await client
        assert (answer.status, answer.body) == (200, "slow")
        assert (await stopping).code is not None


async def test_it_is_stopped_even_if_a_request_never_ends(lab: Lab) -> None:
    port = free_port()
    async with Upstream("slow") as upstream:
        await lab.settle(in_front_of(upstream, port))
        client = asyncio.create_task(lab.curl(f"http://a.test:{port}/held"))
        await upstream.held.wait()
        await lab.envoy.stop(lab.admin, timedelta(seconds=0.3))
        assert (await client).status == 0


async def test_one_that_does_not_listen_to_sigterm_is_killed(tmp_path: Path) -> None:
    deaf = tmp_path / "deaf"
    deaf.write_text("#!/bin/sh\ntrap '' TERM\necho ready\nwhile :; do sleep 0.1; done\n")
    deaf.chmod(0o755)
    log = tmp_path / "log"
    process = spawn(Command(deaf, tmp_path / "bootstrap.json"), log=log, pid_file=tmp_path / "pid")

    async def started() -> bool:
        return "ready" in log.read_text()

    await eventually(started, "the trap to be set")
    async with Admin(tmp_path / "admin.sock") as admin:
        ended = await process.stop(admin, timedelta(seconds=0.2))
    assert ended == Exit(-signal.SIGKILL)
    process.release()


async def test_what_cannot_be_started_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        spawn(Command(tmp_path / "none", tmp_path / "b.json"), log=tmp_path / "log", pid_file=tmp_path / "pid")


async def test_a_wait_may_be_cancelled_and_begun_again(lab: Lab) -> None:
    waiting = asyncio.create_task(lab.envoy.wait())
    await asyncio.wait([waiting], timeout=0)
    waiting.cancel()
    await asyncio.wait([waiting])
    lab.envoy.signal(signal.SIGKILL)
    assert await lab.envoy.wait() == Exit(-signal.SIGKILL)
    lab.envoy.signal(signal.SIGKILL)  # and to one that has ended nothing happens


def test_a_process_that_is_gone_has_neither_start_nor_name() -> None:
    shell = shutil.which("true")
    assert shell is not None
    pid = os.posix_spawn(shell, ["true"], {})
    os.waitpid(pid, 0)
    assert (proc.start_time(pid), proc.arguments(pid), proc.name(pid), proc.owner(pid)) == (None, (), "", None)
