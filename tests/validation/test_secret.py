"""What `kubectl create secret` is told at once about certificates that will not serve."""

import pytest
from issuing import NOW, ec_key, issue, spelled

from pylae.api.core import Secret
from pylae.api.meta import ObjectMeta
from pylae.api.scalars import SecretBytes, SecretText
from pylae.model.finding import Level
from pylae.validation.validate import validate

MADE, OTHER = issue("a.example"), issue("b.example", key=ec_key(1))


def _secret(kind: str = "Opaque", **data: bytes) -> Secret:
    """Keys are written with `_` for `.`."""
    payload = {key.replace("_", "."): SecretBytes(value) for key, value in data.items()}
    return Secret(metadata=ObjectMeta(name="mine", namespace="shop"), type=kind, data=payload)


DOUBTED = {
    "broken PEM": ({"tls_crt": MADE.chain[:99], "tls_key": MADE.key}, "data[tls.crt]", "has no -----END"),
    "a key of another certificate": ({"tls_crt": MADE.chain, "tls_key": OTHER.key}, "data", "does not belong"),
    "an encrypted key": (
        {"tls_crt": MADE.chain, "tls_key": spelled(MADE.private, b"pass")},
        "data[tls.key]",
        "is encrypted with a passphrase",
    ),
    "empty values": ({"tls_crt": b"", "tls_key": b""}, "data", "but they were empty"),
    "a certificate without its key": ({"cert": MADE.chain}, "data", "didn't have expected keys"),
    "broken authorities": ({"ca_crt": b"hello"}, "data[ca.crt]", "It holds no certificate"),
    "authorities broken beside a sound certificate": (
        {"tls_crt": MADE.chain, "tls_key": MADE.key, "ca_crt": MADE.key},
        "data[ca.crt]",
        "It holds a private key",
    ),
}


@pytest.mark.parametrize("case", DOUBTED)
def test_a_certificate_that_cannot_be_served_is_stored_with_a_warning(case: str) -> None:
    data, path, words = DOUBTED[case]
    (finding,) = validate(_secret(**data), now=NOW)
    assert finding.level is Level.WARNING
    assert (finding.path, words in finding.message) == (path, True)
    assert finding.cure


@pytest.mark.parametrize(
    "secret",
    [
        _secret(tls_crt=MADE.chain, tls_key=MADE.key, ca_crt=OTHER.chain),
        _secret(cacert=MADE.chain),
        _secret(password=b"hunter2"),
        _secret("kubernetes.io/service-account-token", ca_crt=b"whatever"),
        _secret(),
    ],
)
def test_a_sound_secret_and_one_without_certificates_draw_no_word(secret: Secret) -> None:
    assert validate(secret, now=NOW) == ()


def test_an_expired_certificate_is_told_if_the_time_is_known() -> None:
    old = issue("a.example", days=(-20, -10))
    secret = _secret(tls_crt=old.chain, tls_key=old.key)
    assert [finding.code.number for finding in validate(secret, now=NOW)] == ["PYL0104"]
    assert validate(secret) == ()


def test_plain_text_counts_as_what_it_will_be_stored_as() -> None:
    text = {"tls.crt": SecretText(MADE.chain), "tls.key": SecretText(OTHER.key)}
    secret = Secret(metadata=ObjectMeta(name="mine", namespace="shop"), string_data=text)
    assert "does not belong" in validate(secret)[0].message


def test_no_finding_quotes_a_key() -> None:
    line = MADE.key.decode().splitlines()[1]
    for data, _, _ in DOUBTED.values():
        assert not any(line in str(finding) for finding in validate(_secret(**data)))
