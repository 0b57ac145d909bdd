from datetime import UTC, datetime

import pytest

from pylae.apimachinery.custom.columns import custom_columns

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def cell(kind, value):
    (_, column) = custom_columns([{"name": "X", "type": kind, "jsonPath": ".x"}])
    return column.read({} if value is None else {"x": value}, NOW)


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("string", "text", "text"),
        ("string", ["a", "b"], '["a","b"]'),
        ("string", True, "true"),
        ("string", 3, "3"),
        ("integer", 3, 3),
        ("integer", 3.0, 3),
        ("integer", "3", None),
        ("integer", True, None),
        ("number", 3, 3.0),
        ("number", "3", None),
        ("boolean", False, False),
        ("boolean", "false", None),
        ("date", "2026-01-01T00:00:00Z", "24h"),
        ("date", "yesterday", "<invalid>"),
        ("date", 7, None),
        ("string", None, None),
    ],
)
def test_a_cell_shows_a_value_of_its_type_and_is_empty_for_any_other(kind, value, shown):
    assert cell(kind, value) == shown


def test_columns_stand_behind_the_name_and_keep_what_the_definition_says_of_them():
    wanted = {"name": "Port", "type": "integer", "jsonPath": ".spec.port", "priority": 1, "format": "int32"}
    name, port = custom_columns([wanted])
    assert name.name == "Name"
    assert port.definition() == {
        "name": "Port",
        "type": "integer",
        "format": "int32",
        "priority": 1,
        "description": "Custom resource definition column (in JSONPath format): .spec.port",
    }


def test_a_definition_without_columns_has_the_usual_ones():
    assert custom_columns([]) == ()
