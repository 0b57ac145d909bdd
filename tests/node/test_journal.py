"""Logs for people and for machines."""

import json
import logging
import os
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest

from pylae.node.journal import JsonLines, Text, open_journal

RECORD = logging.LogRecord("pylae.controlplane.loop", logging.WARNING, "", 0, "Envoy refused %s", ("x",), None)


def test_a_json_line_has_istios_keys() -> None:
    line = json.loads(JsonLines().format(RECORD))
    assert (line["level"], line["scope"], line["msg"]) == ("warning", "controlplane.loop", "Envoy refused x")
    assert line["time"].endswith("+00:00")


def test_a_line_for_people_names_only_levels_that_matter() -> None:
    assert Text().format(RECORD).endswith(" warning  Envoy refused x")
    info = logging.LogRecord("pylae", logging.INFO, "", 0, "ready", None, None)
    assert "info" not in Text().format(info)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """The journal's file, made where new files are open to everybody."""
    root, umask = logging.getLogger(), os.umask(0)
    before = root.handlers
    try:
        open_journal(tmp_path / "pylae.log", foreground=False)
        yield tmp_path / "pylae.log"
    finally:
        os.umask(umask)
        for handler in root.handlers:
            handler.close()
        root.handlers = before


def test_the_file_is_its_owners_alone(log: Path) -> None:
    logging.getLogger("pylae.test").info("hello")
    assert log.stat().st_mode & 0o777 == 0o600
    assert "hello" in log.read_text()


def test_the_file_that_follows_a_full_one_is_its_owners_alone(log: Path) -> None:
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, RotatingFileHandler)
    handler.doRollover()
    logging.getLogger("pylae.test").info("hello")
    assert "hello" in log.read_text()
    assert [path.stat().st_mode & 0o777 for path in log.parent.iterdir()] == [0o600, 0o600]
