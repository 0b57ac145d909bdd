"""The realistic objects that several tests of this room read."""

from pathlib import Path
from typing import Any

import pytest
import yaml


@pytest.fixture(scope="session")
def documents() -> dict[str, dict[str, Any]]:
    """One object of every kind, as plain JSON values, by its kind."""
    text = Path(__file__).with_name("objects.yaml").read_text()
    return {document["kind"]: document for document in yaml.safe_load_all(text)}
