"""The rules of the built-in kinds."""

import base64

import pytest

from pylae.apimachinery.built_in.rules import carry_over, complete
from pylae.apimachinery.name import config_key
from pylae.apimachinery.registry import REGISTRY
from pylae.apimachinery.verify import verify

SERVICES = REGISTRY.named("services")


def b64(text):
    return base64.b64encode(text.encode()).decode()


def problems(plural, obj, old=None):
    """The causes as texts, of an object as it would be stored."""
    resource = REGISTRY.named(plural)

    def stored(fields):
        return complete(resource, {"metadata": {"name": "x", "namespace": "shop"}, **fields})

    return [str(cause) for cause in verify(resource, stored(obj), stored(old) if old is not None else None)]


def service(*ports, **spec):
    return {"spec": {"ports": list(ports), **spec}}


def test_a_secret_without_a_type_is_opaque():
    assert complete(REGISTRY.named("secrets"), {"type": ""})["type"] == "Opaque"


def test_plain_text_of_a_secret_is_written_over_its_data():
    secret = {"data": {"a": b64("old"), "b": b64("kept")}, "stringData": {"a": "new", "c": "ü"}}
    completed = complete(REGISTRY.named("secrets"), secret)
    assert completed["data"] == {"a": b64("new"), "b": b64("kept"), "c": b64("ü")}
    assert "stringData" not in completed


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        pytest.param({}, [], id="an empty one"),
        pytest.param(
            {"type": "kubernetes.io/tls", "data": {"tls.crt": "", "tls.key": ""}}, [], id="empty keys are keys"
        ),
        pytest.param(
            {"type": "kubernetes.io/tls", "data": {"tls.crt": b64("x")}},
            ["data[tls.key]: Required value"],
            id="a certificate without a key",
        ),
        pytest.param(
            {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": b64("{")}},
            ['data[.dockerconfigjson]: Invalid value: "‹not shown›": must be JSON'],
            id="a configuration of Docker that is no JSON",
        ),
        pytest.param(
            {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": b64("{}")}}, [], id="one that is"
        ),
        pytest.param(
            {"type": "kubernetes.io/basic-auth", "data": {"username": ""}}, [], id="a user without a password"
        ),
        pytest.param(
            {"type": "kubernetes.io/basic-auth"},
            ["data[username]: Required value", "data[password]: Required value"],
            id="neither user nor password",
        ),
        pytest.param({"type": "kubernetes.io/ssh-auth"}, ["data[ssh-privatekey]: Required value"], id="no key for SSH"),
        pytest.param({"type": "example.com/mine"}, [], id="a type of one's own"),
        pytest.param(
            {"data": {"a": b64("x" * (1024 * 1024 + 1))}},
            ["data: Too long: may not be more than 1048576 bytes"],
            id="too big",
        ),
        pytest.param({"data": {"a": b64("x" * 1024 * 1024)}}, [], id="as big as may be"),
        pytest.param(
            {"data": {"a b": ""}},
            [f'data[a b]: Invalid value: "a b": {config_key("a b")}'],
            id="a key that is no file name",
        ),
    ],
)
def test_a_secret_holds_what_its_type_needs(secret, words):
    assert problems("secrets", secret) == words


@pytest.mark.parametrize(
    ("old", "new", "fields"),
    [
        pytest.param({"data": {"a": ""}}, {"data": {"b": ""}}, [], id="the payload may change"),
        pytest.param({"type": "a"}, {"type": "b"}, ["type"], id="the type may not"),
        pytest.param({"immutable": True, "data": {"a": ""}}, {"immutable": True}, ["data"], id="an immutable payload"),
        pytest.param({"immutable": True}, {}, ["immutable"], id="nor may it become mutable again"),
        pytest.param(
            {"immutable": True},
            {"immutable": True, "metadata": {"name": "x", "labels": {"a": "b"}}},
            [],
            id="labels may change",
        ),
    ],
)
def test_what_may_change_of_a_secret(old, new, fields):
    assert [words.partition(":")[0] for words in problems("secrets", new, old)] == fields


@pytest.mark.parametrize(
    ("config_map", "words"),
    [
        ({"data": {"a": "x"}, "binaryData": {"b": b64("x")}}, []),
        ({"data": {"a": "x"}, "binaryData": {"a": b64("x")}}, ['data[a]: Duplicate value: "a"']),
        ({"data": {"a": "ü" * 524_289}}, ["data: Too long: may not be more than 1048576 bytes"]),
    ],
)
def test_a_config_map_has_text_or_bytes_under_a_key(config_map, words):
    assert problems("configmaps", config_map) == words


def test_a_service_is_completed():
    completed = complete(SERVICES, service({"port": 80}, {"port": 53, "protocol": "UDP", "targetPort": "dns"}))
    assert completed["spec"] == {
        "type": "ClusterIP",
        "sessionAffinity": "None",
        "internalTrafficPolicy": "Cluster",
        "ports": [
            {"port": 80, "protocol": "TCP", "targetPort": 80},
            {"port": 53, "protocol": "UDP", "targetPort": "dns"},
        ],
    }


@pytest.mark.parametrize(
    ("obj", "words"),
    [
        pytest.param(service({"port": 80}), [], id="one port"),
        pytest.param(service(clusterIP="None"), [], id="headless without ports"),
        pytest.param({"spec": {"type": "ExternalName", "externalName": "a.example"}}, [], id="an external name"),
        pytest.param(
            {"spec": {"type": "ExternalName"}}, ["spec.externalName: Required value"], id="external without a name"
        ),
        pytest.param({}, ["spec.ports: Required value"], id="no ports"),
        pytest.param(
            service({"port": 0}),
            ["spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"],
            id="port zero",
        ),
        pytest.param(
            service({"port": 80, "targetPort": 70000}),
            ["spec.ports[0].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive"],
            id="a target beyond all ports",
        ),
        pytest.param(
            service({"port": 80}, {"port": 81, "name": "b"}),
            ["spec.ports[0].name: Required value"],
            id="several without names",
        ),
        pytest.param(
            service({"port": 80, "name": "a"}, {"port": 81, "name": "a"}),
            ['spec.ports[1].name: Duplicate value: "a"'],
            id="a name twice",
        ),
        pytest.param(
            service({"port": 80, "name": "a"}, {"port": 80, "name": "b"}),
            ['spec.ports[1]: Duplicate value: "80/TCP"'],
            id="a port twice",
        ),
        pytest.param(
            service({"port": 53, "name": "a"}, {"port": 53, "name": "b", "protocol": "UDP"}),
            [],
            id="a port for each protocol",
        ),
        pytest.param(
            service({"port": 80, "nodePort": 30000}),
            ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
            id="a node port without a node",
        ),
        pytest.param(service({"port": 80, "nodePort": 443}, type="NodePort"), [], id="any node port is fine here"),
        pytest.param(
            service({"port": 80}, type="Cluster"),
            [
                (
                    'spec.type: Unsupported value: "Cluster": supported values: '
                    '"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'
                )
            ],
            id="no such type",
        ),
        pytest.param(
            service({"port": 80}, clusterIP="10.96.0.300"),
            ['spec.clusterIP: Invalid value: "10.96.0.300": must be an IP address, `None`, or left out'],
            id="no address",
        ),
    ],
)
def test_the_ports_and_the_type_of_a_service_go_together(obj, words):
    assert problems("services", obj) == words


def test_the_address_of_a_service_does_not_change():
    old, new = service({"port": 80}, clusterIP="10.96.0.1"), service({"port": 80}, clusterIP="10.96.0.2")
    assert problems("services", new, old) == ['spec.clusterIP: Invalid value: "10.96.0.2": field is immutable']


@pytest.mark.parametrize(
    ("new_type", "new_port", "kept"),
    [
        pytest.param("NodePort", {"port": 80}, 30000, id="what the server chose stays"),
        pytest.param("NodePort", {"port": 80, "nodePort": 30009}, 30009, id="what the writer says counts"),
        pytest.param("NodePort", {"port": 81}, None, id="another port has none yet"),
        pytest.param("ClusterIP", {"port": 80, "nodePort": 30000}, None, id="it goes with the type"),
        pytest.param(
            "ClusterIP", {"port": 80, "nodePort": 30009}, 30009, id="but a new one is for the check to refuse"
        ),
    ],
)
def test_node_ports_through_an_update(new_type, new_port, kept):
    old = complete(SERVICES, service({"port": 80, "nodePort": 30000}, type="NodePort", clusterIP="10.96.0.1"))
    updated = carry_over(SERVICES, old, complete(SERVICES, service(new_port, type=new_type)))
    assert updated["spec"]["ports"][0].get("nodePort") == kept
    assert updated["spec"]["clusterIP"] == "10.96.0.1"


@pytest.mark.parametrize(
    ("obj", "words"),
    [
        pytest.param(
            {"addressType": "IPv4", "endpoints": [{"addresses": ["127.0.0.1"]}], "ports": [{"port": 80}]},
            [],
            id="loopback addresses are fine here",
        ),
        pytest.param({"addressType": "FQDN", "endpoints": [{"addresses": ["a.example"]}]}, [], id="a name"),
        pytest.param({}, ["addressType: Required value"], id="no type"),
        pytest.param(
            {"addressType": "IP"},
            ['addressType: Unsupported value: "IP": supported values: "IPv4", "IPv6", "FQDN"'],
            id="no such type",
        ),
        pytest.param(
            {"addressType": "IPv4", "endpoints": [{"addresses": ["::1"]}]},
            ['endpoints[0].addresses[0]: Invalid value: "::1": must be an IPv4 address'],
            id="an address of the other family",
        ),
        pytest.param(
            {"addressType": "IPv4", "endpoints": [{}]},
            ["endpoints[0].addresses: Required value: must have at least one address"],
            id="an endpoint without addresses",
        ),
        pytest.param(
            {"addressType": "IPv4", "ports": [{"port": 80}, {"port": 81}]},
            ['ports[1].name: Duplicate value: ""'],
            id="two ports without names",
        ),
        pytest.param(
            {"addressType": "IPv4", "ports": [{"port": 65536}]},
            ["ports[0].port: Invalid value: 65536: must be between 1 and 65535, inclusive"],
            id="a port beyond all ports",
        ),
        pytest.param(
            {"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"]}] * 1001},
            ["endpoints: Too many: 1001: must have at most 1000 items"],
            id="too many endpoints",
        ),
    ],
)
def test_an_endpoint_slice_has_addresses_of_its_type(obj, words):
    assert problems("endpointslices.discovery.k8s.io", obj) == words


def test_the_type_of_addresses_does_not_change():
    found = problems("endpointslices.discovery.k8s.io", {"addressType": "IPv6"}, {"addressType": "IPv4"})
    assert found == ['addressType: Invalid value: "IPv6": field is immutable']


@pytest.mark.parametrize(
    ("obj", "words"),
    [
        ({"subsets": [{"addresses": [{"ip": "127.0.0.1"}], "ports": [{"port": 80}]}]}, []),
        (
            {"subsets": [{"addresses": [{"ip": "localhost"}]}]},
            ['subsets[0].addresses[0].ip: Invalid value: "localhost": must be an IP address'],
        ),
        ({"subsets": [{}]}, ["subsets[0]: Required value: must have addresses or notReadyAddresses"]),
    ],
)
def test_endpoints_have_addresses(obj, words):
    assert problems("endpoints", obj) == words


def test_ports_of_endpoints_are_tcp_unless_told():
    completed = complete(REGISTRY.named("endpoints"), {"subsets": [{"ports": [{"port": 80}]}, {}]})
    assert completed["subsets"] == [{"ports": [{"port": 80, "protocol": "TCP"}]}, {}]
    completed = complete(REGISTRY.named("endpointslices.discovery.k8s.io"), {"ports": [{"port": 80}]})
    assert completed["ports"] == [{"name": "", "port": 80, "protocol": "TCP"}]


def test_an_event_lives_where_what_it_tells_of_lives():
    assert problems("events", {"involvedObject": {"namespace": "shop"}}) == []
    assert problems("events", {"involvedObject": {}}) == []
    (words,) = problems("events", {"involvedObject": {"namespace": "other"}})
    assert words.startswith('involvedObject.namespace: Invalid value: "other"')


def test_an_object_that_is_going_takes_no_new_finalizers():
    old = {"metadata": {"name": "x", "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["a/b"]}}
    new = {"metadata": {**old["metadata"], "finalizers": ["a/b", "c/d"]}}
    assert [words.partition(":")[0] for words in problems("configmaps", new, old)] == ["metadata.finalizers"]
    assert problems("configmaps", {"metadata": {**old["metadata"], "finalizers": []}}, old) == []
