from datetime import UTC, datetime, timedelta

import pytest

from pylae.cli.words import age, expiry, megabytes, span

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (59, "59s"), (60, "1m"), (7199, "1h"), (86400 * 9, "9d"), (-5, "0s")]
)
def test_a_span_is_told_in_the_largest_unit_that_fits(seconds: int, text: str) -> None:
    assert span(timedelta(seconds=seconds)) == text


def test_an_age_counts_up_to_now() -> None:
    assert age(NOW - timedelta(minutes=5), NOW) == "5m"


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (timedelta(days=-2), "expired 2d ago"),
        (timedelta(hours=3), "in 3h"),
        (timedelta(days=1, hours=2), "in 1d"),
        (timedelta(days=9), "in 9 days"),
        (timedelta(days=5658), "2041-06-29"),
    ],
)
def test_what_expires_soon_is_told_in_days_and_what_lasts_by_its_date(left: timedelta, text: str) -> None:
    assert expiry(NOW + left, NOW) == text


def test_memory_is_told_in_whole_megabytes() -> None:
    assert megabytes(71_400_000) == "71 MB"
