import pytest

from pylae.rules.cipher_suites import is_known_cipher_entry
from pylae.rules.expressions import expression_problem


@pytest.mark.parametrize("expression", ["", "a.*", "(a|b)+", "^/x$", "a{1000}"])
def test_an_expression_of_re2_is_no_problem(expression) -> None:
    assert expression_problem(expression) == ""


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("[", "missing ]"),
        ("*", "no argument for repetition operator"),
        ("(?=a)", "invalid perl operator"),
        ("a" * 1025, "too large"),
        (r"(\pL{500}){2}", "too large"),
    ],
)
def test_what_re2_does_not_take_is_a_problem_in_its_words(expression, words) -> None:
    assert words in expression_problem(expression)


@pytest.mark.parametrize("entry", ["", "ALL", "AES128-SHA", "-AES128-SHA", "!ALL", "[AES128-SHA|AES256-SHA]"])
def test_a_cipher_or_an_operator_on_one_is_known(entry) -> None:
    assert is_known_cipher_entry(entry)


@pytest.mark.parametrize(
    "entry", ["aes128-sha", "fake", "-X", "[AES128-SHA|X]", "[AES128-SHA", "AES128-SHA:AES256-SHA", "@STRENGTH", "-"]
)
def test_a_cipher_that_would_cost_the_listener_is_unknown(entry) -> None:
    assert not is_known_cipher_entry(entry)
