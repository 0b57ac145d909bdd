"""Bad input, through the real kubectl: each has a message that says where, and the good host beside it serves on."""

import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from world import GOOD, Pair, World, answer, gateway, pair, secret

pytestmark = pytest.mark.real


@pytest.fixture(autouse=True)
def _the_good_host_serves_on(shop: World):
    yield
    answered = shop.curl(f"https://{GOOD}/", "-k")
    assert answered.body == "hello from good", answered.err


def a_gateway(**spec: object) -> str:
    return json.dumps(
        {"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": {"name": "bad", "namespace": "default"}}
        | {"spec": {"selector": {"istio": "ingressgateway"}, **spec}}
    )


def a_server(**fields: object) -> dict[str, object]:
    return {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["bad.example"], **fields}


TLS_PORT = {"number": 443, "name": "https", "protocol": "HTTPS"}
FILES = {"mode": "SIMPLE", "serverCertificate": "/etc/x.crt", "privateKey": "/etc/x.key"}

REFUSED = {
    "an unknown field": (a_gateway(servers=[a_server()], selectorr={}), 'selectorr"'),
    "a wrong type": (a_gateway(servers=[a_server(port={"number": "eighty"})]), "spec.servers[0].port.number"),
    "two ports of one name": (a_gateway(servers=[a_server(), a_server()]), "spec.servers[1].port.name"),
    "a TLS server without tls": (a_gateway(servers=[a_server(port=TLS_PORT)]), "spec.servers[0].tls"),
    "a credentialName beside files": (
        a_gateway(servers=[a_server(port=TLS_PORT, tls={**FILES, "credentialName": "x"})]),
        "only one of credential_name",
    ),
    "files of the machine": (a_gateway(servers=[a_server(port=TLS_PORT, tls=FILES)]), "spec.servers[0].tls"),
    "a Unix socket to bind": (a_gateway(servers=[a_server(bind="unix:///run/x.sock")]), "spec.servers[0].bind"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_meant_is_refused_with_its_place(shop: World, case: str) -> None:
    manifest, words = REFUSED[case]
    refused = shop.apply(manifest, "--validate=true")
    assert refused.code == 1
    assert words in refused.err


def test_yaml_that_is_no_object_is_refused(shop: World) -> None:
    refused = shop.apply("- just\n- a list\n")
    assert refused.code == 1


def test_a_secret_of_4_mb_is_refused_by_its_size(shop: World) -> None:
    refused = shop.kubectl("create", "-f", "-", stdin=secret("large", blob="x" * 4_000_000))
    assert refused.code == 1
    assert "large" in refused.err.lower()


def _encrypted(made: Pair) -> str:
    key = serialization.load_pem_private_key(made.key.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    ).decode()


HOST = "bad.example"
MADE, OTHER = pair(HOST), pair(HOST)
EXPIRED = pair(HOST, days=(-20, -10))
UNSERVED = {
    "broken PEM": ({"tls_crt": MADE.chain.replace("M", "!"), "tls_key": MADE.key}, "CertificateInvalid"),
    "a key of another certificate": ({"tls_crt": MADE.chain, "tls_key": OTHER.key}, "CertificateInvalid"),
    "an encrypted key": ({"tls_crt": MADE.chain, "tls_key": _encrypted(MADE)}, "CertificateInvalid"),
    "an empty certificate": ({"tls_crt": "", "tls_key": MADE.key}, "CertificateInvalid"),
    "keys of other names": ({"certificate": MADE.chain, "key": MADE.key}, "CertificateInvalid"),
}


def _programmed(shop: World, name: str = "bad") -> dict[str, str]:
    told = shop.kubectl("get", "gateways.networking.istio.io", name, "-o", "json")
    conditions = json.loads(told.out).get("status", {}).get("conditions", [])
    return next((c for c in conditions if c["type"] == "Programmed"), {})


@pytest.mark.parametrize("case", UNSERVED)
def test_a_secret_that_cannot_be_used_is_told_on_the_gateway_and_starts_to_serve_when_mended(
    shop: World, case: str
) -> None:
    keys, reason = UNSERVED[case]
    shop.apply(secret("bad", **keys))
    shop.apply(gateway("bad", HOST, "bad"))
    shop.until(lambda: _programmed(shop).get("reason") == reason)
    condition = _programmed(shop)
    assert condition["status"] == "False"
    assert "istio-system/bad" in condition["message"]
    assert MADE.key.splitlines()[1] not in condition["message"]
    shop.kubectl("delete", "secret", "bad", "-n", "istio-system")
    shop.apply(secret("bad", tls_crt=MADE.chain, tls_key=MADE.key))
    shop.until(lambda: shop.curl(f"https://{HOST}/", "-k").code == 0)
    shop.kubectl("delete", "gateways.networking.istio.io,virtualservices", "bad")
    shop.kubectl("delete", "secret", "bad", "-n", "istio-system")


def test_a_secret_in_another_namespace_is_found_and_the_user_told_where_it_must_be(shop: World) -> None:
    shop.apply(secret("strayed", namespace="default", tls_crt=MADE.chain, tls_key=MADE.key))
    shop.apply(gateway("strayed", "strayed.example", "strayed"))
    shop.until(lambda: _programmed(shop, "strayed").get("reason") == "SecretInOtherNamespace")
    message = _programmed(shop, "strayed")["message"]
    assert "default" in message
    assert "istio-system" in message
    described = ("describe", "gateways.networking.istio.io", "strayed")
    shop.until(lambda: "SecretInOtherNamespace" in shop.kubectl(*described).out.partition("Events:")[2])
    assert "strayed.example" in shop.pylae("status").out


def test_an_expired_certificate_serves_with_a_warning(shop: World) -> None:
    applied = shop.apply(secret("old", tls_crt=EXPIRED.chain, tls_key=EXPIRED.key))
    assert "expired" in applied.err
    shop.apply(gateway("old", "old.example", "old"))
    shop.until(lambda: shop.curl("https://old.example/", "-k").code == 0)
    shop.until(lambda: "PYL0104" in shop.pylae("status").out)


def test_the_older_of_two_gateways_keeps_a_host_that_both_claim(shop: World) -> None:
    mine = pair("claimed.example")
    shop.apply(secret("claimed", tls_crt=mine.chain, tls_key=mine.key))
    shop.apply(gateway("first", "claimed.example", "claimed"))
    shop.until(lambda: shop.curl("https://claimed.example/", "-k").code == 0)
    shop.apply(gateway("second", "claimed.example", "claimed"))
    shop.until(lambda: _programmed(shop, "second").get("reason") == "HostClaimed")
    assert "first" in _programmed(shop, "second")["message"]
    assert shop.curl("https://claimed.example/", "-k").body == "hello from first"


def test_a_route_to_a_service_that_does_not_exist_answers_503_and_is_told(shop: World) -> None:
    made = pair("lost.example")
    shop.apply(secret("lost", tls_crt=made.chain, tls_key=made.key))
    shop.apply(gateway("lost", "lost.example", "lost"))
    route = {"route": [{"destination": {"host": "nowhere", "port": {"number": 80}}}]}
    lost = json.loads(answer("lost", "lost.example"))
    shop.apply(json.dumps({**lost, "spec": {**lost["spec"], "http": [route]}}))
    shop.until(lambda: " 503" in shop.curl("https://lost.example/", "-k").out[:20])
    shop.until(lambda: "DestinationUnknown" in shop.kubectl("describe", "virtualservices", "lost").out)
