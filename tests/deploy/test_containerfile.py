"""What can be said of the image without building it."""

import fnmatch
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "deploy" / "Containerfile").read_text().replace("\\\n", " ")
LINES = [line for line in TEXT.splitlines() if line and not line.startswith("#")]
RUNS = LINES[max(index for index, line in enumerate(LINES) if line.startswith("FROM")) :]
"""The stage that becomes the image."""


def test_it_runs_as_the_user_that_the_chart_knows() -> None:
    assert [line for line in RUNS if line.startswith("USER")] == ["USER 10001:10001"]
    assert "runAsUser: 10001" in (ROOT / "deploy" / "chart" / "pylae" / "templates" / "_helpers.tpl").read_text()


def test_it_is_pylae() -> None:
    assert 'ENTRYPOINT ["pylae"]' in RUNS


def test_nothing_that_builds_or_installs_is_left_in_it() -> None:
    said = "\n".join(RUNS)
    assert "pip uninstall --yes" in said
    assert not re.search(r"\b(apt-get|gcc|curl|pip install)\b", said)


def test_it_has_what_was_tested_and_compiles_nothing() -> None:
    assert "--only-binary=:all: -c constraints.txt" in TEXT


def test_what_is_copied_is_there_and_is_not_ignored() -> None:
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copies = [line for line in LINES if line.startswith("COPY") and "--from" not in line]
    for source in (source for line in copies for source in line.split()[1:-1]):
        assert (ROOT / source).exists()
        assert any(fnmatch.fnmatch(source, pattern) for pattern in kept)


def test_nothing_else_of_the_checkout_gets_near_it() -> None:
    assert "*" in (ROOT / ".dockerignore").read_text().splitlines()
