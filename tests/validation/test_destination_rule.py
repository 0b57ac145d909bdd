"""DestinationRules, by the rules of Istio's own tests (TestValidateDestinationRule)."""

import pytest

from pylae.api.scheme import DESTINATION_RULE


def _policy(policy: str) -> str:
    return f"{{host: reviews, trafficPolicy: {policy}}}"


def _tls(tls: str) -> str:
    return _policy(f"{{tls: {tls}}}")


ACCEPTED = {
    "X95 a simple one": "{host: reviews, subsets: [{name: v1, labels: {version: v1}}]}",
    "for all services": "{host: '*'}",
    "limits, hashing and outliers": _policy(
        "{connectionPool: {tcp: {maxConnections: 1, connectTimeout: 2s}}, "
        "loadBalancer: {consistentHash: {httpCookie: {name: user, ttl: 0s}}}, "
        "outlierDetection: {consecutive5xxErrors: 5, maxEjectionPercent: 50}}"
    ),
    "TLS with a credential": _tls("{mode: MUTUAL, credentialName: client}"),
    "X95 mutual TLS without authorities, unverified": _tls(
        "{mode: MUTUAL, clientCertificate: /etc/a.crt, privateKey: /etc/a.key, insecureSkipVerify: true}"
    ),
    "the system's own authorities": _tls("{mode: SIMPLE, caCertificates: system}"),
}

REFUSED = {
    "X95 no host": ("{}", ("spec.host: destination host is required",)),
    "X95 a subset without name": ("{host: a, subsets: [{}]}", ("spec.subsets[0].name: subset name '' is invalid",)),
    "X95 a subset twice": ("{host: a, subsets: [{name: v1}, {name: v1}]}", ("duplicate subset name 'v1'",)),
    "an empty policy": (_policy("{}"), ("traffic policy must have at least one field",)),
    "an empty policy of a subset": (
        "{host: a, subsets: [{name: v1, trafficPolicy: {}}]}",
        ("subsets[0].trafficPolicy: traffic policy must",),
    ),
    "an empty connection pool": (_policy("{connectionPool: {}}"), ("must have at least one of tcp and http",)),
    "a limit below 0": (
        _policy("{connectionPool: {http: {maxRetries: -1}}}"),
        ("connectionPool.http.maxRetries: maxRetries must be non negative",),
    ),
    "a percentage above 100": (
        _policy("{outlierDetection: {maxEjectionPercent: 101}}"),
        ("outlierDetection.maxEjectionPercent: percentage 101",),
    ),
    "hashing without a key": (_policy("{loadBalancer: {consistentHash: {}}}"), ("consistentHash needs a key",)),
    "hashing and another way": (
        _policy("{loadBalancer: {simple: RANDOM, consistentHash: {useSourceIp: true}}}"),
        ("only one of simple, consistentHash",),
    ),
    "a cookie without name": (
        _policy("{loadBalancer: {consistentHash: {httpCookie: {ttl: 0s}}}}"),
        ("name required for HttpCookie",),
    ),
    "localities that do not add up": (
        _policy("{loadBalancer: {localityLbSetting: {distribute: [{from: a, to: {b: 70}}]}}}"),
        ("total locality weight 70 != 100",),
    ),
    "a warmup of no time": (
        _policy("{loadBalancer: {simple: ROUND_ROBIN, warmup: {}}}"),
        ("duration of the warmup is required",),
    ),
    "HTTP/2 and the client's protocol": (
        _policy("{connectionPool: {http: {h2UpgradePolicy: UPGRADE, useClientProtocol: true}}}"),
        ("use client protocol must not be true",),
    ),
    "a port's policy without port": (
        _policy("{portLevelSettings: [{tls: {mode: SIMPLE}}]}"),
        ("portLevelSettings[0].port: portLevelSettings must have port",),
    ),
    "a port's policy that says nothing": (
        _policy("{portLevelSettings: [{port: {number: 80}}]}"),
        ("must have at least one field beside port",),
    ),
    "a tunnel and the PROXY protocol": (
        _policy("{tunnel: {targetHost: a, targetPort: 80}, proxyProtocol: {version: V1}}"),
        ("tunnel and proxyProtocol must not be set both",),
    ),
    "X95 a credential and files": (
        _tls("{mode: SIMPLE, credentialName: a, caCertificates: /etc/ca.crt}"),
        ("if credentialName is set",),
    ),
    "mutual TLS without a certificate": (
        _tls("{mode: MUTUAL}"),
        ("clientCertificate required for mutual tls", "privateKey required for mutual tls"),
    ),
    "X95 verified and not verified": (
        _tls("{mode: SIMPLE, insecureSkipVerify: true, caCertificates: /etc/ca.crt, subjectAltNames: [a]}"),
        (
            "cannot specify caCertificates when insecureSkipVerify",
            "cannot specify subjectAltNames when insecureSkipVerify",
        ),
    ),
    "X95 a credential to verify with, and not verified": (
        _tls("{mode: SIMPLE, insecureSkipVerify: true, credentialName: a}"),
        ("cannot specify credentialName when insecureSkipVerify",),
    ),
    "the mesh's certificates and others": (
        _tls("{mode: ISTIO_MUTUAL, credentialName: a}"),
        ("ISTIO_MUTUAL TLS cannot have associated credentialName",),
    ),
    "a ConfigMap of another namespace": (
        _tls("{mode: SIMPLE, credentialName: 'configmap://other/ca'}"),
        ("must name the namespace of the destination rule, shop",),
    ),
    "a TLS mode that does not exist": (_tls("{mode: STRICT}"), ("'STRICT' is no TLS mode",)),
    "chosen workloads, and exported": (
        "{host: a, workloadSelector: {matchLabels: {a: b}}, exportTo: ['*']}",
        ("cannot be exported to other namespaces",),
    ),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_sound_destination_rule_draws_no_word(judge, case: str) -> None:
    judge(DESTINATION_RULE, ACCEPTED[case], files=True).must_be(())


@pytest.mark.parametrize("case", REFUSED)
def test_a_destination_rule_that_breaks_a_rule_is_refused(judge, case: str) -> None:
    spec, errors = REFUSED[case]
    judge(DESTINATION_RULE, spec, files=True).must_be(errors)


def test_x95_a_selector_of_nothing_is_accepted_with_a_warning(judge) -> None:
    judge(DESTINATION_RULE, "{host: a, workloadSelector: {}}").must_be((), ("empty selector labels",))


def test_files_of_the_machine_are_refused(judge) -> None:
    spec = _tls("{mode: SIMPLE, caCertificates: /etc/ca.crt}")
    judge(DESTINATION_RULE, spec).must_be(("trafficPolicy.tls.caCertificates: '/etc/ca.crt' is a file",))
