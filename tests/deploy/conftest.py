"""What is installed, read as a cluster reads it, and the programs that read it."""

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from programs import program

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"

Json = dict[str, Any]


@pytest.fixture(scope="session")
def generate() -> ModuleType:
    """`deploy/generate.py`, which is a program and in no package."""
    spec = importlib.util.spec_from_file_location("generate", DEPLOY / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def manifests() -> list[Json]:
    """The objects of the plain manifests."""
    loaded = yaml.load_all((DEPLOY / "manifests" / "pylae.yaml").read_text(), Loader=yaml.CSafeLoader)
    return [document for document in loaded if document]


@pytest.fixture(scope="session")
def helm() -> str:
    found = program("helm") or shutil.which("helm")
    if found is None:
        pytest.skip("there is no helm here: run ./test --cluster, which builds it")
    return str(found)
