"""The place where the demo happens: a directory laid out as the walkthrough's, and an environment that disturbs no
one.

kubectl and curl get a home of their own: no `.curlrc` and no proxy of the user bends what is shown, and no cache or
kubeconfig of his is touched.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from pylae.demo.step import Command, Outcome

TOOLS = {
    "kubectl": "apt-get install kubernetes-client, or https://kubernetes.io/docs/tasks/tools/",
    "curl": "apt-get install curl",
}
PATIENCE = 90
"""Seconds until a command that does not end is given up."""


@dataclass(frozen=True, slots=True)
class Stage:
    """`directory` holds `ch4/` with certificates and manifests, and `pylae/`, the gateway's data directory."""

    directory: Path

    @property
    def chapter(self) -> Path:
        return self.directory / "ch4"

    @property
    def data(self) -> Path:
        return self.directory / "pylae"

    def lay_out(self) -> None:
        """Put the manifests where the walkthrough's commands look for them."""
        self.chapter.mkdir()
        for manifest in resources.files("pylae.demo").joinpath("manifests").iterdir():
            if manifest.name.endswith(".yaml"):
                self.chapter.joinpath(manifest.name).write_text(manifest.read_text())

    def exports(self) -> dict[str, str]:
        """What a shell in the directory must know to run the commands by hand."""
        return {"PYLAE_DATA_DIR": str(self.data), "KUBECONFIG": str(self.data / "kubeconfig")}

    def run(self, command: Command, given: str = "") -> Outcome:
        """Run it in the directory; a command that it is piped into gets its output, and has the last word."""
        own = command.words[0] == "pylae"
        words = [sys.executable, "-m", *command.words] if own else list(command.words)
        outcome = _outcome(words, given, self.directory, self._environment(own=own))
        return self.run(command.into, outcome.output) if command.into and not outcome.code else outcome

    def _environment(self, *, own: bool) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        home = {} if own else {"HOME": str(self.directory), "CURL_HOME": str(self.directory)}
        return {**kept, **home, **self.exports()}


def _outcome(words: list[str], given: str, directory: Path, environment: dict[str, str]) -> Outcome:
    pipe = subprocess.PIPE
    with subprocess.Popen(
        words, cwd=directory, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as process:
        try:
            output, errors = process.communicate(given, timeout=PATIENCE)
        except BaseException:
            process.terminate()  # not killed: `pylae up -d` must end what it has begun
            raise
    return Outcome(process.returncode, output, errors)


def missing() -> tuple[str, ...]:
    """One sentence for each program that the demo needs and this machine has not."""
    return tuple(f"{tool} is missing. Install it: {cure}" for tool, cure in TOOLS.items() if not shutil.which(tool))
