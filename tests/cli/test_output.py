import pytest

from pylae.cli.output import columns, document


def test_columns_are_as_wide_as_their_widest_cell_and_no_line_ends_in_spaces() -> None:
    assert columns(("NAME", "PORT"), [("a-long-name", "1"), ("b", "")]).splitlines() == [
        "NAME         PORT",
        "a-long-name  1",
        "b",
    ]


@pytest.mark.parametrize(("form", "text"), [("json", '{\n  "name": "한국"\n}'), ("yaml", "name: 한국")])
def test_documents_keep_text_as_it_is(form: str, text: str) -> None:
    assert document({"name": "한국"}, form) == text
