"""The words of cells."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pylae.apimachinery.columns.column import few, human, parse_time, since

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=-5), "<invalid>"),
        (timedelta(seconds=-1), "0s"),
        (timedelta(0), "0s"),
        (timedelta(seconds=119), "119s"),
        (timedelta(minutes=2), "2m"),
        (timedelta(minutes=3, seconds=20), "3m20s"),
        (timedelta(minutes=10, seconds=59), "10m"),
        (timedelta(minutes=179), "179m"),
        (timedelta(hours=3), "3h"),
        (timedelta(hours=7, minutes=59), "7h59m"),
        (timedelta(hours=8, minutes=1), "8h"),
        (timedelta(hours=47), "47h"),
        (timedelta(days=2), "2d"),
        (timedelta(days=7, hours=23), "7d23h"),
        (timedelta(days=8, hours=5), "8d"),
        (timedelta(days=729), "729d"),
        (timedelta(days=730), "2y"),
        (timedelta(days=800), "2y70d"),
        (timedelta(days=365 * 8), "8y"),
    ],
)
def test_a_duration_is_as_short_as_kubernetes_makes_it(span, words):
    assert human(span) == words


@pytest.mark.parametrize(
    ("timestamp", "words"),
    [
        ("2026-01-02T03:03:05Z", "60s"),
        ("2026-01-02T12:03:05+09:00", "60s"),
        ("2026-01-02T03:03:05.123456Z", "59s"),
        ("", "<unknown>"),
        (None, "<unknown>"),
        ("yesterday", "<unknown>"),
        (5, "<unknown>"),
    ],
)
def test_an_age_is_told_of_any_timestamp(timestamp, words):
    assert since(timestamp, NOW) == words


@given(st.text())
def test_any_text_is_a_time_or_none(text):
    moment = parse_time(text)
    assert moment is None or moment.tzinfo is not None


@pytest.mark.parametrize(
    ("words", "cell"),
    [([], "-"), (["a", "b"], "a,b"), (["a", "b", "c"], "a,b,c"), (list("abcde"), "a,b,c + 2 more...")],
)
def test_of_many_words_a_few_are_shown(words, cell):
    assert few(words, 3, "-") == cell
