"""Real kubectls: all that are at hand, each with a home and a cache of its own."""

import asyncio
import json
import os
import re
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from programs import program


def kubectls() -> list[str]:
    """`kubectl` and `kubectl.1.*` on the PATH, those that PYLAE_KUBECTLS names (separated by `:`), and the newest,
    where `./test --cluster` built it."""
    named = [path for path in os.environ.get("PYLAE_KUBECTLS", "").split(":") if path]
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    versioned = {path.name: str(path) for folder in folders for path in sorted(folder.glob("kubectl.1.*"))}
    newest, default = program("kubectl"), shutil.which("kubectl")
    return [*([default] if default else []), *versioned.values(), *named, *([str(newest)] if newest else [])]


@dataclass(frozen=True)
class Ran:
    """What a command printed. `out` has no newline at its end."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Kubectl:
    """One kubectl, aimed at a server. `home` holds its files, `minor` is its version (32 for 1.32)."""

    path: str
    kubeconfig: Path
    home: Path
    minor: int = 0
    namespace: str = ""

    @property
    def environment(self) -> dict[str, str]:
        return {"HOME": str(self.home), "KUBECONFIG": str(self.kubeconfig), "PATH": os.environ["PATH"]}

    async def start(self, *args: str, **environment: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        argv = [self.path, "--cache-dir", str(self.home / "cache"), *args]
        env = self.environment | environment
        return await asyncio.create_subprocess_exec(*argv, env=env, stdin=pipe, stdout=pipe, stderr=pipe)

    async def run(self, *args: str, stdin: str = "", **environment: str) -> Ran:
        process = await self.start(*args, **environment)
        async with asyncio.timeout(60):
            out, err = await process.communicate(stdin.encode())
        return Ran(process.returncode or 0, out.decode().rstrip("\n"), err.decode().rstrip("\n"))

    async def __call__(self, command: str, *more: str, stdin: str = "", **environment: str) -> str:
        """Runs `kubectl <command>`, which must succeed, and gives what it printed."""
        ran = await self.run(*command.split(), *more, stdin=stdin, **environment)
        assert ran.code == 0, ran
        return ran.out

    async def fails(self, command: str, *more: str, stdin: str = "") -> str:
        """Runs what must fail, and gives its complaint."""
        ran = await self.run(*command.split(), *more, stdin=stdin)
        assert ran.code != 0, ran
        return ran.err


async def aimed(path: str, kubeconfig: Path, home: Path, namespace: str) -> Kubectl:
    """A kubectl whose namespace is this one, which it creates."""
    (home / ".kube").mkdir(parents=True)
    own = home / ".kube" / "config"
    own.write_bytes(kubeconfig.read_bytes())
    bare = Kubectl(path, own, home)
    version = json.loads(await bare("version --client -o json"))["clientVersion"]
    client = Kubectl(path, own, home, int(re.sub(r"\D", "", version["minor"])), namespace)
    await client(f"create namespace {namespace}")
    await client(f"config set-context --current --namespace {namespace}")
    return client


async def line(process: asyncio.subprocess.Process) -> str:
    """The next that it prints."""
    assert process.stdout is not None
    async with asyncio.timeout(30):
        return (await process.stdout.readline()).decode().rstrip("\n")


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await condition():
            pass
