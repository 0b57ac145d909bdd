"""The real programs of a cluster that `./test --cluster` builds (`scripts/cluster.sh`), where they are at hand."""

import os
from pathlib import Path

import pytest


def program(name: str) -> Path | None:
    """etcd, kube-apiserver, kubectl, helm, helm3; or a program of tests/informers by the name of its folder."""
    folder = Path(os.environ.get("PYLAE_CLUSTER") or "/nonexistent")
    found = [folder / name, *sorted(folder.glob(f"{name}-*"))]
    return next((path for path in found if os.access(path, os.X_OK)), None)


def needed(name: str) -> Path:
    """The program, or the test is skipped and says why."""
    path = program(name)
    if path is None:
        pytest.skip(f"{name} has not been built: run ./test --cluster, which says why it could not be")
    return path
