"""Logs for people and for machines."""

import json
import logging
from pathlib import Path

from pylae.controlplane.journal import JsonLines, Text, open_journal

RECORD = logging.LogRecord("pylae.controlplane.loop", logging.WARNING, "", 0, "Envoy refused %s", ("x",), None)


def test_a_json_line_has_istios_keys() -> None:
    line = json.loads(JsonLines().format(RECORD))
    assert (line["level"], line["scope"], line["msg"]) == ("warning", "controlplane.loop", "Envoy refused x")
    assert line["time"].endswith("+00:00")


def test_a_line_for_people_names_only_levels_that_matter() -> None:
    assert Text().format(RECORD).endswith(" warning  Envoy refused x")
    info = logging.LogRecord("pylae", logging.INFO, "", 0, "ready", None, None)
    assert "info" not in Text().format(info)


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = root.handlers
    try:
        open_journal(tmp_path / "pylae.log", foreground=False)
        logging.getLogger("pylae.test").info("hello")
        assert (tmp_path / "pylae.log").stat().st_mode & 0o077 == 0
        assert "hello" in (tmp_path / "pylae.log").read_text()
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers = before
