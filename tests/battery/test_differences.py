"""The list of differences is the whole list, and users can read it."""

from pathlib import Path

import pytest
from differences import DIFFERENCES, Difference

HERE = Path(__file__).parent
COMPATIBILITY = HERE.parents[1] / "docs" / "compatibility.md"


def _shown(value: object) -> str:
    match value:
        case None | []:
            return "–"
        case bool():
            return "yes" if value else "no"
        case dict():
            return ", ".join(f"`{key}: {_shown(each)}`" for key, each in value.items())
        case list() | tuple():
            return " ".join(map(_shown, value))
        case str() if "." in value:
            return f"`{value}`"
        case _:
            return str(value)


def _row(name: str, difference: Difference) -> str:
    sides = f"{_shown(difference.embedded)} | {_shown(difference.kubernetes)}"
    return f"| {name.replace('-', ' ')} | {sides} | {difference.reason} |"


@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_difference_is_one_has_a_reason_and_stands_in_the_document(name):
    difference = DIFFERENCES[name]
    assert difference.embedded != difference.kubernetes
    assert _row(name, difference) in COMPATIBILITY.read_text().splitlines()


@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_difference_is_looked_at_by_a_test(name):
    tests = "".join(path.read_text() for path in HERE.glob("test_*.py") if path != Path(__file__))
    assert f'"{name}"' in tests
