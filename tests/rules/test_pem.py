from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from issuing import NOW, ec_key, issue, rsa_key, spelled, usage

from pylae.rules.pem import all_facts, check_authorities, check_pair, facts, read_authorities, read_pair

MADE = issue("Shop.example", "*.shop.example")
OTHER = issue("other.example", key=ec_key(1))
RSA = issue("rsa.example", key=rsa_key())


def test_facts_are_what_the_first_certificate_says() -> None:
    found = facts(MADE.chain + OTHER.chain)
    assert found.subject == found.issuer == "CN=shop.example"
    assert found.common_name == "shop.example"
    assert found.names == ("shop.example", "*.shop.example")
    assert found.serial == MADE.certificate.serial_number
    assert found.not_before < NOW < found.not_after
    assert found.not_after.tzinfo is not None
    assert found.key_type == "EC P-256"
    assert facts(RSA.chain).key_type == "RSA 2048"
    assert [one.names for one in all_facts(MADE.chain + OTHER.chain)] == [found.names, ("other.example",)]


def test_addresses_and_uris_are_names_too() -> None:
    names = x509.SubjectAlternativeName(
        [x509.IPAddress(ip_address("10.0.0.1")), x509.UniformResourceIdentifier("spiffe://a/b")]
    )
    assert facts(issue(extensions=[names]).chain).names == ("10.0.0.1", "spiffe://a/b")


@pytest.mark.parametrize(
    ("chain", "key"),
    [
        (MADE.chain, MADE.key),
        (MADE.chain, spelled(MADE.private, traditional=True)),
        (RSA.chain, RSA.key),
        (RSA.chain, spelled(RSA.private, traditional=True)),
        (MADE.chain + OTHER.chain, MADE.key),
        (b"a comment\n" + MADE.chain, MADE.chain + MADE.key),
        (MADE.key + MADE.chain, MADE.key),
    ],
)
def test_a_key_and_its_certificate_are_a_pair(chain, key) -> None:
    assert check_pair(chain, key) is None


def test_what_envoy_gets_is_certificates_and_key_alone() -> None:
    pair = read_pair(b"comment\n" + MADE.key + MADE.chain + OTHER.chain, MADE.chain + b"\n" + MADE.key)
    assert pair.chain == MADE.chain + OTHER.chain
    assert pair.key == MADE.key
    assert "redacted" in repr(pair)


WEAK = issue("a.example", key=rsa.generate_private_key(65537, 1024))
ODD = issue("a.example", key=ec.generate_private_key(ec.SECP256K1()))
UNSIGNING = issue("a.example", extensions=[usage("key_agreement")])
DAMAGED = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

REFUSED = {
    "a key of another certificate": (MADE.chain, OTHER.key, "does not belong to the certificate"),
    "a key of another kind": (MADE.chain, RSA.key, "does not belong to the certificate"),
    "a chain in the wrong order": (OTHER.chain + MADE.chain, MADE.key, "belongs to certificate 2 of the chain"),
    "an encrypted key": (MADE.chain, spelled(MADE.private, b"pass"), "private key: The private key is encrypted"),
    "an encrypted key of the old form": (RSA.chain, spelled(RSA.private, b"pass", traditional=True), "is encrypted"),
    "certificate and key exchanged": (MADE.key, MADE.chain, "certificate: It holds a private key where"),
    "the certificate twice": (MADE.chain, MADE.chain, "private key: It holds a certificate where"),
    "no PEM at all": (b"hello", MADE.key, "It holds no certificate in PEM"),
    "a key that is no PEM": (MADE.chain, b"hello", "It holds no private key in PEM"),
    "a certificate of nothing": (DAMAGED, MADE.key, "The certificate of line 1 cannot be read"),
    "a chain that is broken further down": (MADE.chain + DAMAGED, MADE.key, "cannot be read"),
    "a key of nothing": (MADE.chain, DAMAGED.replace(b"CERTIFICATE", b"PRIVATE KEY"), "The private key cannot be read"),
    "RSA of 1024 bits": (WEAK.chain, WEAK.key, "serves no certificate with a key of type RSA 1024"),
    "a curve of Bitcoin": (ODD.chain, ODD.key, "serves no certificate with a key of type EC secp256k1"),
    "a certificate that may not sign": (UNSIGNING.chain, UNSIGNING.key, "keyUsage does not allow digital signatures"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_envoy_would_refuse_is_a_problem_with_a_cure(case) -> None:
    chain, key, words = REFUSED[case]
    problem = check_pair(chain, key)
    assert problem is not None
    assert words in problem.message
    assert problem.cure


def test_an_rsa_key_whose_numbers_do_not_fit_is_refused() -> None:
    numbers = rsa_key().private_numbers()
    damaged = rsa.RSAPrivateNumbers(
        numbers.p, numbers.q, numbers.d, numbers.dmp1, numbers.dmq1, numbers.iqmp + 1, numbers.public_numbers
    ).private_key(unsafe_skip_rsa_key_validation=True)
    assert "do not fit together" in str(check_pair(RSA.chain, spelled(damaged)))


def test_authorities_are_certificates_alone() -> None:
    assert read_authorities(b"comment\n" + MADE.chain + MADE.key + OTHER.chain) == MADE.chain + OTHER.chain
    assert check_authorities(WEAK.chain) is None
    assert check_authorities(b"hello") is not None
    assert "certificate of line" in str(check_authorities(MADE.chain + DAMAGED))


def test_no_problem_quotes_a_key() -> None:
    secret_line = MADE.key.splitlines()[1].decode()
    for chain, key, _ in REFUSED.values():
        assert secret_line not in str(check_pair(chain, key))
