"""Durations, redaction, base64."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pylae.api.scalars import SecretBytes, SecretText, at_most, dec_hook, enc_hook, parse_duration, schema_hook

DURATIONS = {
    "0": timedelta(0),
    "0s": timedelta(0),
    "1.5s": timedelta(seconds=1.5),
    "3600s": timedelta(hours=1),
    "250ms": timedelta(milliseconds=250),
    "1h5m": timedelta(hours=1, minutes=5),
    "1h2m3.5s": timedelta(hours=1, minutes=2, seconds=3.5),
    "1.000340012s": timedelta(seconds=1, microseconds=340),
    "20us": timedelta(microseconds=20),
    "20µs": timedelta(microseconds=20),
    "20μs": timedelta(microseconds=20),
    "999ns": timedelta(0),
    ".5s": timedelta(milliseconds=500),
    "1.s": timedelta(seconds=1),
    "-1.5h": timedelta(minutes=-90),
    "+5m": timedelta(minutes=5),
}


@pytest.mark.parametrize(("text", "length"), DURATIONS.items())
def test_a_duration_is_read_as_go_and_protobuf_read_it(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    "text", ["", "5", "1d", "s", "-", ".s", "1 s", " 1s", "1s ", "1,5s", "1e3s", "١s", "1m 5s", "1s\n", "1" * 30 + "s"]
)
def test_what_is_no_duration_is_refused_with_an_example_of_one(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration: write a number with a unit, such as 10s"):
        parse_duration(text)


def test_a_duration_beyond_all_measure_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than any duration"):
        parse_duration("999999999999999999h")


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=365)))
def test_seconds_with_six_digits_lose_nothing(length: timedelta) -> None:
    microseconds = length // timedelta(microseconds=1)
    assert parse_duration(f"{microseconds // 10**6}.{microseconds % 10**6:06}s") == length


def test_a_secret_prints_as_its_size_however_it_is_printed() -> None:
    secret = SecretBytes(b"x" * 1700)
    spellings = {
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r}",
        f"{secret!s}",
        f"{secret:}",
        f"{secret}",
    }
    assert spellings == {"‹redacted 1.7 kB›"}
    assert str([secret]) == "[‹redacted 1.7 kB›]"
    assert (repr(SecretBytes(b"")), repr(SecretBytes(b"x" * 2_000_000))) == ("‹redacted 0 B›", "‹redacted 2.0 MB›")


def test_the_payload_of_a_secret_is_had_by_asking_for_bytes() -> None:
    secret = SecretBytes(b"key")
    assert bytes(secret) == b"key"
    assert type(bytes(secret)) is bytes
    assert repr(bytes(secret)) == "b'key'"


def test_a_secret_is_base64_in_json_and_a_secret_text_is_plain() -> None:
    assert msgspec.json.encode([SecretBytes(b"hi"), SecretText("grüß".encode())], enc_hook=enc_hook) == (
        '["aGk=","grüß"]'.encode()
    )
    assert dec_hook(SecretBytes, "aGk=") == b"hi"
    assert dec_hook(SecretText, "grüß") == "grüß".encode()


def test_base64_may_be_broken_into_lines() -> None:
    assert dec_hook(SecretBytes, "aG\r\nk=\n") == b"hi"


@pytest.mark.parametrize("text", ["a!", "aGk", "aG k=", "-----BEGIN", "aGk=é"])
def test_what_is_no_base64_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="Expected base64") as refusal:
        dec_hook(SecretBytes, text)
    assert text not in str(refusal.value)
    assert refusal.value.__suppress_context__


def test_the_hooks_know_no_other_types() -> None:
    for hook in (enc_hook, schema_hook, lambda kind: dec_hook(kind, "")):
        with pytest.raises(NotImplementedError):
            hook(set)


def test_a_bound_is_written_only_where_it_is_given() -> None:
    assert at_most(items=2).extra_json_schema == {"maxItems": 2}
