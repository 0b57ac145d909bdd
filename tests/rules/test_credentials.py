"""The rows with an id are those of Istio's tests of credentials (pilot/pkg/credentials/kube, pilot/pkg/xds)."""

import pytest
from cryptography import x509
from issuing import Issued, ec_key, issue, revocations, rsa_key, spelled, staple

from pylae.api.core import Secret
from pylae.api.gateway import ServerTlsSettings
from pylae.api.meta import ObjectMeta
from pylae.api.scalars import SecretBytes
from pylae.model.ir.listener import SecretRef
from pylae.model.ir.secret import TlsCertificate, TrustedCa
from pylae.rules.credentials import Unusable, affected, resolve, server_secrets

HERE = "istio-system"
MADE, OTHER, CA = issue("a.example"), issue("b.example", key=ec_key(1)), issue(key=ec_key(2), common_name="authority")
CRL = revocations(CA)


def _secret(name: str, namespace: str = HERE, **data: bytes) -> Secret:
    """Keys are written with `_` for `.` and `-`."""
    spelling = {
        "tls_crt": "tls.crt",
        "tls_key": "tls.key",
        "ca_crt": "ca.crt",
        "ca_crl": "ca.crl",
        "staple": "tls.ocsp-staple",
    }
    payload = {spelling.get(key, key): SecretBytes(value) for key, value in data.items()}
    return Secret(metadata=ObjectMeta(name=name, namespace=namespace), data=payload)


def _resolve(name: str, *secrets: Secret):
    found = {(secret.metadata.namespace, secret.metadata.name): secret for secret in secrets}
    return resolve(SecretRef(f"kubernetes://{name}"), found, HERE)


def _tls(name: str, made: Issued = MADE, **more: bytes) -> Secret:
    return _secret(name, tls_crt=made.chain, tls_key=made.key, **more)


GENERIC = _secret("x", cert=MADE.chain, key=MADE.key)
GENERIC_MTLS = _secret("x", cert=MADE.chain, key=MADE.key, cacert=CA.chain)


@pytest.mark.parametrize("secret", [GENERIC, GENERIC_MTLS, _tls("x"), _tls("x", ca_crt=CA.chain)])
def test_k01_k06_certificate_and_key_are_found_in_either_layout(secret) -> None:
    value = _resolve("x", secret)
    assert value == TlsCertificate("kubernetes://x", MADE.chain, SecretBytes(MADE.key))
    assert MADE.key.decode().splitlines()[1] not in repr(value)


def test_the_generic_layout_is_preferred() -> None:
    both = _secret("x", cert=OTHER.chain, key=OTHER.key, tls_crt=MADE.chain, tls_key=MADE.key)
    assert _resolve("x", both).chain == OTHER.chain


@pytest.mark.parametrize("secret", [GENERIC_MTLS, _tls("x", ca_crt=CA.chain)])
def test_k02_k07_authorities_are_found_beside_the_certificate(secret) -> None:
    assert _resolve("x-cacert", secret) == TrustedCa("kubernetes://x-cacert", CA.chain)


def test_k04_authorities_are_found_in_a_secret_of_their_own() -> None:
    own = _secret("x-cacert", cacert=CA.chain)
    assert _resolve("x-cacert", GENERIC, own) == TrustedCa("kubernetes://x-cacert", CA.chain)


def test_k05_a_secret_of_authorities_wins_over_those_beside_the_certificate() -> None:
    own = _secret("x-cacert", ca_crt=OTHER.chain)
    assert _resolve("x-cacert", GENERIC_MTLS, own).authorities == OTHER.chain


def test_a_secret_of_authorities_that_has_none_is_an_error_and_no_fallback() -> None:
    value = _resolve("x-cacert", GENERIC_MTLS, _secret("x-cacert", cert=b"x"))
    assert "Secret istio-system/x-cacert didn't have expected keys cacert or ca.crt; found: cert." in value.message


@pytest.mark.parametrize(
    "secret",
    [
        _tls("x", ca_crt=CA.chain, ca_crl=CRL),
        _secret("x", cacert=CA.chain, crl=CRL),
        _secret("x-cacert", ca_crt=CA.chain, ca_crl=CRL),
    ],
)
def test_k08_k09_revocations_come_with_the_authorities(secret) -> None:
    assert _resolve("x-cacert", secret).revocations == CRL


def test_k06_a_staple_comes_with_the_tls_layout() -> None:
    stapled = staple(MADE)
    assert _resolve("x", _tls("x", staple=stapled)).ocsp_staple == stapled
    generic = _secret("x", cert=MADE.chain, key=MADE.key, staple=b"nonsense")
    assert _resolve("x", generic).ocsp_staple == b""


def test_k01_missing_authorities_list_the_keys_that_are_there() -> None:
    assert "found: cert, key." in _resolve("x-cacert", GENERIC).message


def test_k06_of_many_keys_three_are_listed() -> None:
    many = _secret("x", **dict.fromkeys("abcde", b"1"))
    assert "found: a, b, c, and 2 more..." in _resolve("x", many).message


MUST_STAPLE = issue("a.example", extensions=[x509.TLSFeature([x509.TLSFeatureType.status_request])])
BAD = {
    "K10 nothing of that name": ([], "secret istio-system/x not found.", "CertificateMissing"),
    "K10 the right name in another namespace": (
        [_secret("x", "shop"), _secret("x", "team")],
        "it was found in namespace shop, team, but this gateway reads those of istio-system",
        "SecretInOtherNamespace",
    ),
    "K11 empty values": ([_secret("x", tls_crt=b"", tls_key=b"")], "but they were empty", "CertificateInvalid"),
    "K11 one empty value": ([_secret("x", tls_crt=b"", tls_key=MADE.key)], "but they were empty", "CertificateInvalid"),
    "K12 other keys": (
        [_secret("x", foo=b"a", tls_key=b"b")],
        "didn't have expected keys (cert and key) or (tls.crt and tls.key); found: foo, tls.key.",
        "CertificateInvalid",
    ),
    "K12 half of each layout": (
        [_secret("x", cert=MADE.chain, tls_key=MADE.key)],
        "found: cert, tls.key.",
        "CertificateInvalid",
    ),
    "B2 broken PEM": (
        [_secret("x", tls_crt=MADE.chain[:99], tls_key=MADE.key)],
        "x, tls.crt: The CERTIFICATE of line 1",
        "CertificateInvalid",
    ),
    "B2 two files put together without a line break": (
        [_secret("x", tls_crt=MADE.chain.rstrip() + CA.chain, tls_key=MADE.key)],
        "x, tls.crt: On line",
        "CertificateInvalid",
    ),
    "B2 a key of another certificate": (
        [_secret("x", tls_crt=MADE.chain, tls_key=OTHER.key)],
        "tls.crt and tls.key: The private key does not",
        "CertificateInvalid",
    ),
    "B2 an encrypted key": (
        [_secret("x", cert=MADE.chain, key=spelled(MADE.private, b"pass"))],
        "Secret istio-system/x, key: The private key is encrypted",
        "CertificateInvalid",
    ),
    "a certificate that must be stapled": ([_tls("x", MUST_STAPLE)], "(must-staple)", "CertificateInvalid"),
    "a staple for another certificate": (
        [_tls("x", staple=staple(OTHER))],
        "x, tls.ocsp-staple: The OCSP",
        "CertificateInvalid",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_served_is_a_value_that_says_why_and_what_to_do(case) -> None:
    secrets, words, reason = BAD[case]
    value = _resolve("x", *secrets)
    assert isinstance(value, Unusable)
    assert words in value.message
    assert value.code.reason == reason
    assert value.cure
    assert MADE.key.decode().splitlines()[1] not in f"{value}"


def test_bad_authorities_and_bad_revocations_are_told_apart() -> None:
    bad_ca = _resolve("x-cacert", _secret("x", ca_crt=b"hello"))
    assert (bad_ca.key, bad_ca.code.reason) == ("ca.crt", "CertificateInvalid")
    bad_crl = _resolve("x-cacert", _secret("x", ca_crt=CA.chain, ca_crl=b"hello"))
    assert "x, ca.crl: It holds no revocation list" in bad_crl.message


def test_missing_authorities_name_both_places() -> None:
    assert "secret istio-system/x or x-cacert not found" in _resolve("x-cacert").message


def test_k33_a_name_may_spell_out_the_gateways_own_namespace() -> None:
    assert _resolve("istio-system/x", GENERIC) == TlsCertificate(
        "kubernetes://istio-system/x", MADE.chain, SecretBytes(MADE.key)
    )


def test_a_name_never_reaches_into_another_namespace() -> None:
    value = _resolve("shop/x", _secret("x", "shop", tls_crt=MADE.chain, tls_key=MADE.key))
    assert isinstance(value, Unusable)
    assert value.code.reason == "SecretInOtherNamespace"


@pytest.mark.parametrize("name", ["pylae-ca", "pylae-ca-cacert", f"{HERE}/pylae-ca"])
def test_the_authority_of_gateways_is_served_to_none_of_them(name: str) -> None:
    value = _resolve(name, _secret("pylae-ca", tls_crt=MADE.chain, tls_key=MADE.key))
    assert isinstance(value, Unusable)
    assert "never served" in value.message


def test_k32_a_name_of_authorities_never_gives_a_key() -> None:
    tricky = _secret("tricky-cacert", cert=MADE.chain, key=MADE.key, cacert=CA.chain)
    assert _resolve("tricky-cacert", tricky) == TrustedCa("kubernetes://tricky-cacert", CA.chain)
    (ref,), _ = server_secrets(ServerTlsSettings(mode="SIMPLE", credential_name="tricky-cacert"))
    value = resolve(ref, {(HERE, "tricky-cacert"): tricky}, HERE)
    assert isinstance(value, Unusable)
    assert "such a name stands for client authorities" in value.message


@pytest.mark.parametrize(
    "name", ["configmap://shop/ca-cacert", "sds://x", "invalid://x", "vault://x", "x", "builtin://"]
)
def test_k41_names_of_other_forms_are_never_answered(name) -> None:
    assert isinstance(resolve(SecretRef(name), {(HERE, "x"): GENERIC}, HERE), Unusable)


@pytest.mark.parametrize(
    ("settings", "certificates", "authorities"),
    [
        ({"mode": "SIMPLE", "credential_name": "x"}, ["kubernetes://x"], None),
        ({"mode": "MUTUAL", "credential_name": "x"}, ["kubernetes://x"], "kubernetes://x-cacert"),
        (
            {"mode": "OPTIONAL_MUTUAL", "credential_names": ("x", "y")},
            ["kubernetes://x", "kubernetes://y"],
            "kubernetes://x-cacert",
        ),
        (
            {"mode": "MUTUAL", "credential_name": "x", "ca_cert_credential_name": "y"},
            ["kubernetes://x"],
            "kubernetes://y-cacert",
        ),
        (
            {"mode": "MUTUAL", "credential_name": "x", "ca_cert_credential_name": "y-cacert"},
            ["kubernetes://x"],
            "kubernetes://y-cacert",
        ),
        (
            {"mode": "MUTUAL", "credential_name": "x", "ca_cert_credential_name": "configmap://a/b"},
            ["kubernetes://x"],
            "configmap://a/b",
        ),
        ({"mode": "SIMPLE", "credential_name": "kubernetes://x"}, ["kubernetes://x"], None),
        ({"mode": "PASSTHROUGH", "credential_name": "x"}, [], None),
        ({"mode": "ISTIO_MUTUAL"}, [], None),
        ({"mode": "SIMPLE", "server_certificate": "/a", "private_key": "/b"}, [], None),
    ],
)
def test_a_servers_tls_names_its_secrets(settings, certificates, authorities) -> None:
    refs, ca = server_secrets(ServerTlsSettings(**settings))
    assert [ref.name for ref in refs] == certificates
    assert (ca.name if ca else None) == authorities


def test_k24_a_secret_touches_the_names_that_may_be_read_from_it() -> None:
    assert affected("x") == ("kubernetes://x", "kubernetes://x-cacert")
    assert set(affected("x-cacert")) == {"kubernetes://x-cacert", "kubernetes://x-cacert-cacert", "kubernetes://x"}
    assert "kubernetes://istio-system/x" in affected("x", HERE)


def test_rsa_is_served_as_well() -> None:
    made = issue("a.example", key=rsa_key())
    assert isinstance(_resolve("x", _tls("x", made)), TlsCertificate)
