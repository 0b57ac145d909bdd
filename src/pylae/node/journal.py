"""Logs: text for a person at a terminal, JSON lines everywhere else."""

import json
import logging
import logging.handlers
import os
import sys
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path

LARGEST = 16 * 1024 * 1024
KEPT = 2


class JsonLines(logging.Formatter):
    """One object a line, with the keys of Istio's JSON logs (`level`, `time`, `scope`, `msg`)."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "level": record.levelname.lower(),
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "scope": record.name.removeprefix("pylae."),
            "msg": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class Text(logging.Formatter):
    """`12:04:31 warning  …`; an ordinary line carries no level."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S")
        level = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}  "
        trace = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
        return f"{moment} {level}{record.getMessage()}{trace}"


class PrivateFile(logging.handlers.RotatingFileHandler):
    """A log that its owner alone can read, as is each that follows it when it is full."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8")


def open_journal(file: Path, *, foreground: bool) -> None:
    """Log to `file`, and in the foreground to standard error as well."""
    kept = PrivateFile(file, maxBytes=LARGEST, backupCount=KEPT)
    kept.setFormatter(JsonLines())
    handlers: list[logging.Handler] = [kept]
    if foreground and not _is_same_file(file):
        shown = logging.StreamHandler(sys.stderr)
        shown.setFormatter(Text() if sys.stderr.isatty() else JsonLines())
        handlers.append(shown)
    root = logging.getLogger()
    root.handlers = handlers
    logging.getLogger("pylae").setLevel(logging.INFO)


def _is_same_file(file: Path) -> bool:
    """Whether standard error already goes to the file, as in a detached process."""
    error, known = os.fstat(2), file.stat()
    return (error.st_dev, error.st_ino) == (known.st_dev, known.st_ino)
