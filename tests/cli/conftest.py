"""A config dump as Envoy 1.40 gave it, cut down to what the tables read."""

import json
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parent / "data"


@pytest.fixture
def dump() -> dict[str, Any]:
    return json.loads((DATA / "config_dump.json").read_text())


@pytest.fixture
def clusters() -> dict[str, Any]:
    return json.loads((DATA / "clusters.json").read_text())
