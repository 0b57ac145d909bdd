from datetime import timedelta

import pytest
from issuing import NOW, issue

from pylae.api.scalars import SecretBytes
from pylae.model.ir.secret import TlsCertificate, TrustedCa
from pylae.rules.doubts import serves, unchanged_until, warnings


def _doubts(*names: str, hosts: tuple[str, ...] = (), days: tuple[int, int] = (-1, 90)) -> list[str]:
    made = issue(*names, days=days)
    return [doubt.code.reason for doubt in warnings(TlsCertificate("x", made.chain, SecretBytes(made.key)), hosts, NOW)]


def test_a_certificate_that_covers_its_hosts_draws_no_doubt() -> None:
    assert _doubts("a.example", "*.b.example", hosts=("a.example", "x.b.example", "*.b.example", "*")) == []


def test_a_certificate_that_is_over_is_doubted() -> None:
    assert _doubts("a.example", days=(-20, -1)) == ["CertificateExpired"]


def test_a_certificate_that_has_not_begun_is_doubted() -> None:
    assert _doubts("a.example", days=(1, 90)) == ["CertificateNotYetValid"]


def test_a_certificate_that_ends_within_two_weeks_is_doubted_with_the_day() -> None:
    made = issue("a.example", days=(-77, 13))
    (doubt,) = warnings(TlsCertificate("x", made.chain, SecretBytes(made.key)), (), NOW)
    assert doubt.code.reason == "CertificateExpiresSoon"
    assert f"{NOW + timedelta(days=13):%Y-%m-%d}, " in doubt.message or "in 13 days" in doubt.message


def test_a_short_life_ends_soon_when_a_quarter_of_it_is_left() -> None:
    assert _doubts("a.example", days=(-4, 2)) == []
    assert _doubts("a.example", days=(-5, 1)) == ["CertificateExpiresSoon"]
    assert _doubts("a.example", days=(-0.01, 0.03)) == []


def test_a_certificate_without_names_is_doubted() -> None:
    assert _doubts(hosts=("shop.example",)) == ["CertificateWithoutSAN"]


def test_a_certificate_for_another_name_is_doubted_with_both_names() -> None:
    made = issue("a.example")
    (doubt,) = warnings(TlsCertificate("x", made.chain, SecretBytes(made.key)), ("a.example", "b.example"), NOW)
    code, message, cure = doubt
    assert code.reason == "CertificateForOtherName"
    assert "for a.example and does not cover b.example" in message
    assert cure


def test_of_authorities_only_the_times_are_looked_at() -> None:
    bundle = issue(days=(-20, -1)).chain + issue().chain
    assert [doubt.code.reason for doubt in warnings(TrustedCa("x", bundle), ("a.example",), NOW)] == [
        "CertificateExpired"
    ]


@pytest.mark.parametrize(
    ("name", "host", "served"),
    [
        ("a.example", "a.example", True),
        ("*.example", "a.example", True),
        ("*.example", "a.b.example", False),
        ("*.example", "example", False),
        ("*.example", "*.example", True),
        ("a.example", "*.example", True),
        ("a.other", "*.example", False),
        ("a.example", "*", True),
        ("10.0.0.1", "10.0.0.1", True),
    ],
)
def test_b16_a_wildcard_in_a_certificate_stands_for_one_label(name, host, served) -> None:
    assert serves((name,), host) is served


@pytest.mark.parametrize("days", [(-1, 90), (-1, 5), (1, 90), (-20, -10)])
def test_doubts_stay_the_same_until_they_are_said_to(days: tuple[int, int]) -> None:
    """Followed from one turning point to the next, nothing is missed: between two of them every moment says the same,
    and after the last one time changes nothing."""
    value = TlsCertificate("x", issue("a.test", days=days).chain, SecretBytes(b""))
    now, turns = NOW, 0
    while (until := unchanged_until(value, now)).year < 9999:
        told = warnings(value, ("a.test",), now + timedelta(microseconds=1))
        for part in (0.25, 0.5, 0.999):
            moment = now + (until - now) * part
            if moment > now:
                assert warnings(value, ("a.test",), moment) == told
        now, turns = until + timedelta(microseconds=1), turns + 1
    assert turns <= 20
    assert warnings(value, ("a.test",), now) == warnings(value, ("a.test",), now + timedelta(days=4000))
