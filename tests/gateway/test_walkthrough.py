"""The walkthrough as a user gets it, `pylae demo coolstore`, with every kubectl that there is."""

import hashlib
import os
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

PRINTED = {
    "catalog-vs.yaml": "35c86269a07580a7f2a87dc0f67b7ea5e10050c3c35030633ea217f6abc179c3",
    "coolstore-gw-mtls.yaml": "b720dbe620a59c84566074165ff6fab0693ead463e431d557c97f1c11145c998",
    "coolstore-gw-multi-tls.yaml": "458fc7e8472d90d2c1c5bdfbe799f682643761816eaf2778120123b23ffb1fce",
    "coolstore-gw-tls-redirect.yaml": "926b29b36d6e2f8f81a815f7ff910f2565f54c143eb851def8981f7590f97405",
    "coolstore-gw-tls.yaml": "73c789218d4c2b2b72d42bef90913b46dda7b76538f5d38d4c5abaf60a2215e3",
}
"""SHA-256 of each manifest that the document prints."""

OTHERS = [Path(path) for path in os.environ.get("PYLAE_KUBECTLS", "").split(":") if path]
"""Further kubectls, of other versions: `PYLAE_KUBECTLS=/opt/kubectl-1.28:/opt/kubectl-1.33 ./test`."""

RESULT = re.compile(r"^(\d+) of (\d+) as in the walkthrough", re.MULTILINE)


def play(directory: Path, kubectl: Path | None = None) -> str:
    """Goes through the demo, with this kubectl first on the path; what it printed."""
    environment = {**os.environ, "HOME": str(directory), "NO_COLOR": "1"}
    if kubectl:
        first = directory / "bin"
        first.mkdir()
        (first / "kubectl").symlink_to(kubectl)
        environment["PATH"] = f"{first}:{environment['PATH']}"
    command = (sys.executable, "-m", "pylae", "demo", "coolstore")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def assert_all_of_it_held(told: str) -> None:
    result = RESULT.search(told)
    assert result, told
    assert result[1] == result[2]
    assert "✗" not in told


def test_it_comes_out_as_printed_with_the_kubectl_of_this_machine(tmp_path: Path) -> None:
    assert_all_of_it_held(play(tmp_path))


@pytest.mark.skipif(not OTHERS, reason="PYLAE_KUBECTLS names no kubectl of another version: only the default was used")
@pytest.mark.parametrize("kubectl", OTHERS, ids=lambda path: path.name)
def test_it_comes_out_as_printed_with_other_kubectls(tmp_path: Path, kubectl: Path) -> None:
    version = subprocess.run([kubectl, "version", "--client"], capture_output=True, text=True, check=True)
    assert "Client Version" in version.stdout
    assert_all_of_it_held(play(tmp_path, kubectl.resolve()))


def test_its_manifests_are_the_printed_ones_to_the_byte() -> None:
    packaged = resources.files("pylae.demo").joinpath("manifests")
    assert {name: hashlib.sha256(packaged.joinpath(name).read_bytes()).hexdigest() for name in PRINTED} == PRINTED
