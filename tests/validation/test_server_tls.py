"""Each case is named by its row in Istio's own table of TLS settings (pkg/config/validation, ValidateTlsOptions)."""

import base64

import pytest

from pylae.api.scheme import GATEWAY

PAIR = "serverCertificate: /etc/a.crt, privateKey: /etc/a.key"
CA = "caCertificates: /etc/ca.crt"
BOTH = f"{{{PAIR}}}"
ONE_SOURCE = ("only one of credential_name, credential_names",)
NOTHING = ("requires a server certificate", "requires a private key")
SPKI = base64.b64encode(bytes(32)).decode()

ACCEPTED = {
    "G30 nothing": "{}",
    "G31 SIMPLE with certificate and key": f"{{mode: SIMPLE, {PAIR}}}",
    "G32 SIMPLE with a credential": "{mode: SIMPLE, credentialName: x}",
    "G36 SIMPLE with two certificates": f"{{mode: SIMPLE, tlsCertificates: [{BOTH}, {BOTH}]}}",
    "G39 MUTUAL with certificate, key and authorities": f"{{mode: MUTUAL, {PAIR}, {CA}}}",
    "G44 MUTUAL with a list of certificates": f"{{mode: MUTUAL, tlsCertificates: [{BOTH}], {CA}}}",
    "G51 a cipher that is known": "{mode: SIMPLE, credentialName: x, cipherSuites: [ECDHE-ECDSA-AES128-SHA]}",
    "G51 an operator on a cipher": "{mode: SIMPLE, credentialName: x, cipherSuites: [ALL, -ECDHE-ECDSA-AES128-SHA]}",
    "G56 MUTUAL with two credentials": "{mode: MUTUAL, credentialNames: [rsa, ecdsa]}",
    "RG33 MUTUAL files with a revocation list": f"{{mode: MUTUAL, {PAIR}, {CA}, caCrl: /etc/ca.crl}}",
    "digests of client certificates": f"{{mode: MUTUAL, credentialName: x, verifyCertificateSpki: ['{SPKI}'], "
    f"verifyCertificateHash: ['{'ab' * 32}', '{':'.join(['AB'] * 32)}']}}",
    "curves that Envoy knows": "{mode: SIMPLE, credentialName: x, ecdhCurves: [X25519, P-256]}",
}

DOUBTED = {
    "G31 SIMPLE with authorities, which nobody asks": (
        f"{{mode: SIMPLE, {PAIR}, {CA}}}",
        ("caCertificates has no effect",),
    ),
    "G34 SIMPLE with a credential and a key": (
        "{mode: SIMPLE, credentialName: x, privateKey: /etc/a.key}",
        ("privateKey has no effect beside credentialName",),
    ),
    "G40 MUTUAL with a credential and authorities": (
        f"{{mode: MUTUAL, credentialName: x, {CA}}}",
        ("caCertificates has no effect beside credentialName",),
    ),
    "G36 three certificates": (
        f"{{mode: SIMPLE, tlsCertificates: [{BOTH}, {BOTH}, {BOTH}]}}",
        ("can support up to 2 server certificates",),
    ),
    "G47 PASSTHROUGH with a credential": (
        "{mode: PASSTHROUGH, credentialName: x}",
        ("tls.credentialName: PASSTHROUGH mode does not use certificates",),
    ),
    "G47 PASSTHROUGH with a revocation list": (
        "{mode: PASSTHROUGH, caCrl: /etc/other.crl}",
        ("tls.caCrl: PASSTHROUGH mode does not use certificates",),
    ),
    "G48 ISTIO_MUTUAL, which is not served yet": ("{mode: ISTIO_MUTUAL}", ("Mode ISTIO_MUTUAL is not honoured yet",)),
    "AUTO_PASSTHROUGH, which is not served yet": (
        "{mode: AUTO_PASSTHROUGH}",
        ("AUTO_PASSTHROUGH is not honoured yet",),
    ),
    "G50 a cipher that is unknown": (
        "{mode: SIMPLE, credentialName: x, cipherSuites: [not-a-cipher-suite]}",
        ("ignoring invalid cipher suites: not-a-cipher-suite",),
    ),
    "G52 a cipher twice": (
        "{mode: SIMPLE, credentialName: x, cipherSuites: [AES128-SHA, AES128-SHA]}",
        ("ignoring duplicate cipher suites: AES128-SHA",),
    ),
    "G55 SIMPLE with a credential and a revocation list": (
        "{mode: SIMPLE, credentialName: x, caCrl: /etc/ca.crl}",
        ("caCrl has no effect",),
    ),
    "RG23 an old version without ciphers": (
        "{mode: SIMPLE, credentialName: x, minProtocolVersion: TLSV1_0}",
        ("TLS version below TLSV1_2",),
    ),
    "a range of versions that is empty": (
        "{mode: SIMPLE, credentialName: x, minProtocolVersion: TLSV1_3, maxProtocolVersion: TLSV1_2}",
        ("no client can connect",),
    ),
    "D7 SIMPLE with names of clients": (
        "{mode: SIMPLE, credentialName: x, subjectAltNames: [client.example]}",
        ("subjectAltNames has no effect: mode SIMPLE asks for no client certificate",),
    ),
    "a curve that Envoy does not know": (
        "{mode: SIMPLE, credentialName: x, ecdhCurves: [P-224]}",
        ("ignoring curves",),
    ),
    "K32 a credential that can only be authorities": (
        "{mode: SIMPLE, credentialName: tricky-cacert}",
        ("is read as client authorities: no certificate is served",),
    ),
    "a credential of another namespace": ("{mode: SIMPLE, credentialName: other/x}", ("names a namespace",)),
    "a credential from elsewhere": ("{mode: SIMPLE, credentialName: 'sds://x'}", ("sds:// is not honoured yet",)),
    "authorities from a ConfigMap": (
        "{mode: MUTUAL, credentialName: x, caCertCredentialName: 'configmap://shop/ca'}",
        ("configmap:// is not honoured yet",),
    ),
}

REFUSED = {
    "G33 SIMPLE with a credential and files": (f"{{mode: SIMPLE, credentialName: x, {PAIR}}}", ONE_SOURCE),
    "G35 SIMPLE without certificate": (
        "{mode: SIMPLE, privateKey: /etc/a.key}",
        ("SIMPLE TLS requires a server certificate",),
    ),
    "G35 SIMPLE without key": ("{mode: SIMPLE, serverCertificate: /etc/a.crt}", ("SIMPLE TLS requires a private key",)),
    "G37 SIMPLE with files twice": (f"{{mode: SIMPLE, {PAIR}, tlsCertificates: [{BOTH}]}}", ONE_SOURCE),
    "G38 the second certificate without key": (
        f"{{mode: SIMPLE, tlsCertificates: [{BOTH}, {{serverCertificate: /etc/a.crt}}]}}",
        ("tls.tlsCertificates[1].privateKey: SIMPLE TLS requires a private key",),
    ),
    "G41 MUTUAL with a credential and files": (f"{{mode: MUTUAL, credentialName: x, {PAIR}, {CA}}}", ONE_SOURCE),
    "G42 MUTUAL without authorities": (f"{{mode: MUTUAL, {PAIR}}}", ("MUTUAL TLS requires a client CA bundle",)),
    "G42 MUTUAL with nothing": (
        "{mode: MUTUAL}",
        (
            "MUTUAL TLS requires a server certificate",
            "MUTUAL TLS requires a private key",
            "MUTUAL TLS requires a client CA",
        ),
    ),
    "G43 MUTUAL with credentials and files": (f"{{mode: MUTUAL, credentialNames: [x, y], {PAIR}}}", ONE_SOURCE),
    "G45 MUTUAL with two certificates and no authorities": (
        f"{{mode: MUTUAL, tlsCertificates: [{BOTH}, {BOTH}]}}",
        ("requires a client CA bundle",),
    ),
    "G46 OPTIONAL_MUTUAL with nothing": ("{mode: OPTIONAL_MUTUAL}", (*NOTHING, "requires a client CA bundle")),
    "G54 SIMPLE with a revocation list": (
        f"{{mode: SIMPLE, {PAIR}, caCrl: /etc/ca.crl}}",
        ("tls.caCrl: CRL is not supported with SIMPLE TLS",),
    ),
    "a mode that does not exist": ("{mode: STRICT}", ("tls.mode: 'STRICT' is no TLS mode",)),
    "a digest that is none": (
        "{mode: MUTUAL, credentialName: x, verifyCertificateSpki: [abc], verifyCertificateHash: [abc]}",
        ("verifyCertificateSpki[0]: ", "verifyCertificateHash[0]: "),
    ),
}


def _spec(tls: str) -> str:
    return f"servers: [{{port: {{number: 443, name: https, protocol: HTTPS}}, hosts: [a.com], tls: {tls}}}]"


@pytest.mark.parametrize("case", ACCEPTED)
def test_sound_settings_draw_no_word(judge, case: str) -> None:
    judge(GATEWAY, _spec(ACCEPTED[case]), files=True).must_be(())


@pytest.mark.parametrize("case", DOUBTED)
def test_settings_without_effect_are_accepted_with_a_warning(judge, case: str) -> None:
    tls, warnings = DOUBTED[case]
    judge(GATEWAY, _spec(tls), files=True).must_be((), warnings)


@pytest.mark.parametrize("case", REFUSED)
def test_settings_that_break_a_rule_are_refused(judge, case: str) -> None:
    tls, errors = REFUSED[case]
    judge(GATEWAY, _spec(tls), files=True).must_be(errors)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("serverCertificate", "/x"),
        ("caCertificates", "/x"),
        ("privateKey", "/x"),
        ("tlsCertificates", "[{serverCertificate: /x}]"),
        ("credentialName", "x"),
        ("credentialNames", "[x]"),
    ],
)
def test_g49_istio_mutual_takes_no_certificates(judge, field: str, value: str) -> None:
    judge(GATEWAY, _spec(f"{{mode: ISTIO_MUTUAL, {field}: {value}}}")).must_be(
        (f"ISTIO_MUTUAL TLS cannot have associated {field}",), ("not honoured yet",)
    )


def test_g53_a_bad_cipher_and_a_missing_key_are_told_together(judge) -> None:
    tls = "{mode: SIMPLE, serverCertificate: /etc/a.crt, cipherSuites: [bad]}"
    judge(GATEWAY, _spec(tls), files=True).must_be(
        ("requires a private key",), ("ignoring invalid cipher suites: bad",)
    )


def test_files_of_the_machine_are_refused_each_by_its_name_unless_they_are_allowed(judge) -> None:
    tls = f"{{mode: MUTUAL, {PAIR}, {CA}, caCrl: /etc/ca.crl}}"
    verdict = judge(GATEWAY, _spec(tls))
    verdict.must_be(("tls.serverCertificate: ", "tls.privateKey: ", "tls.caCertificates: ", "tls.caCrl: "))
    assert {finding.code.reason for finding in verdict.findings} == {"AddressRefused"}
    assert "credentialName" in verdict.findings[0].cure
