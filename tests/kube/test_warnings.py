"""`Warning:` headers as servers write them."""

import pytest

from pylae.kube.warnings import warnings_of

HEADERS = [
    ('299 - "unknown field \\"spec.selectorr\\""', ['unknown field "spec.selectorr"']),
    ('299 kubernetes "one", 299 - "two"', ["one", "two"]),
    ('299 - "with a \\\\ in it" "Tue, 24 Nov 2026 07:00:00 GMT"', ["with a \\ in it"]),
    ("nonsense", []),
]


@pytest.mark.parametrize(("header", "sentences"), HEADERS)
def test_the_sentences_of_a_header_are_unquoted(header: str, sentences: list[str]) -> None:
    assert list(warnings_of([header])) == sentences
