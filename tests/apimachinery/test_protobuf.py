"""Protobuf bodies, as kubectl 1.32 and newer sends them."""

import base64
import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pylae.apimachinery.document import encode
from pylae.apimachinery.failure import Failure
from pylae.apimachinery.protobuf import MAGIC, decode
from pylae.apimachinery.protobuf_fields import MESSAGES
from pylae.apimachinery.protobuf_messages import build

KUBERNETES = build(MESSAGES, "test.kubernetes").classes


def body(kind, message, api_version="v1"):
    """A body as client-go makes it: magic, envelope, object."""
    envelope = KUBERNETES["Unknown"](
        typeMeta={"apiVersion": api_version, "kind": kind},
        raw=message if isinstance(message, bytes) else message.SerializeToString(),
        contentEncoding="",
        contentType="",
    )
    return MAGIC + envelope.SerializeToString()


def metadata(**fields):
    """Go writes the fields that nobody set, too."""
    unset = {"generateName": "", "namespace": "", "selfLink": "", "uid": "", "resourceVersion": "", "generation": 0}
    return {**unset, "creationTimestamp": {}, **fields}


def test_a_tls_secret():
    secret = KUBERNETES["Secret"](
        metadata=metadata(name="webapp-credential", namespace="istio-system"),
        data={"tls.crt": b"-----BEGIN", "tls.key": b"\xff\x00"},
        type="kubernetes.io/tls",
    )
    assert decode(body("Secret", secret)) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "webapp-credential", "namespace": "istio-system"},
        "data": {
            "tls.crt": base64.b64encode(b"-----BEGIN").decode(),
            "tls.key": base64.b64encode(b"\xff\x00").decode(),
        },
        "type": "kubernetes.io/tls",
    }


def test_an_immutable_secret_with_plain_text():
    secret = KUBERNETES["Secret"](metadata=metadata(name="a"), stringData={"a": "b"}, immutable=False, type="")
    found = decode(body("Secret", secret))
    assert found["stringData"] == {"a": "b"}
    assert found["immutable"] is False
    assert "type" not in found


def test_a_namespace_as_kubectl_creates_it():
    namespace = KUBERNETES["Namespace"](metadata=metadata(name="shop"), spec={}, status={"phase": ""})
    assert decode(body("Namespace", namespace)) == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "shop"},
    }


def test_a_service_with_ports_by_number_and_by_name():
    service = KUBERNETES["Service"](
        metadata=metadata(name="web", labels={"app": "web"}),
        spec={
            "ports": [
                {
                    "name": "80-8080",
                    "protocol": "TCP",
                    "port": 80,
                    "targetPort": {"type": 0, "intVal": 8080},
                    "nodePort": 0,
                },
                {"name": "dns", "port": 53, "targetPort": {"type": 1, "strVal": "dns"}},
            ],
            "selector": {"app": "web"},
            "clusterIP": "",
            "type": "ClusterIP",
            "publishNotReadyAddresses": False,
        },
        status={"loadBalancer": {}},
    )
    assert decode(body("Service", service))["spec"] == {
        "ports": [
            {"name": "80-8080", "protocol": "TCP", "port": 80, "targetPort": 8080},
            {"name": "dns", "port": 53, "targetPort": "dns"},
        ],
        "selector": {"app": "web"},
        "type": "ClusterIP",
    }


def test_a_config_map_with_text_and_bytes():
    config_map = KUBERNETES["ConfigMap"](
        metadata=metadata(name="a"), data={"k": "ü", "empty": ""}, binaryData={"b": b"\x00"}
    )
    found = decode(body("ConfigMap", config_map))
    assert found["data"] == {"k": "ü", "empty": ""}
    assert found["binaryData"] == {"b": "AA=="}


def test_an_access_review():
    attributes = {"namespace": "shop", "verb": "create", "group": "", "resource": "secrets", "name": ""}
    review = KUBERNETES["SelfSubjectAccessReview"](
        metadata=metadata(), spec={"resourceAttributes": attributes}, status=b"\x08\x00"
    )
    found = decode(body("SelfSubjectAccessReview", review, "authorization.k8s.io/v1"))
    assert found == {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"namespace": "shop", "verb": "create", "resource": "secrets"}},
    }


def test_an_event_with_its_times():
    at = int(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp())
    event = KUBERNETES["Event"](
        metadata=metadata(name="a.1"),
        involvedObject={"kind": "Gateway", "name": "a"},
        firstTimestamp={"seconds": at},
        eventTime={"seconds": at, "nanos": 678_000_000},
        count=2,
    )
    found = decode(body("Event", event))
    assert found["firstTimestamp"] == "2026-01-02T03:04:05Z"
    assert found["eventTime"] == "2026-01-02T03:04:05.678000Z"
    assert found["count"] == 2
    assert "lastTimestamp" not in found


def test_a_deployment_as_kubectl_creates_it():
    container = {"name": "web", "image": "web:1", "resources": {"requests": {"cpu": {"string": "100m"}}}}
    template = {"metadata": metadata(labels={"app": "web"}), "spec": {"containers": [container], "hostNetwork": False}}
    deployment = KUBERNETES["Deployment"](
        metadata=metadata(name="web"),
        spec={
            "replicas": 0,
            "selector": {"matchLabels": {"app": "web"}},
            "template": template,
            "strategy": {"type": ""},
        },
    )
    assert decode(body("Deployment", deployment, "apps/v1"))["spec"] == {
        "replicas": 0,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "containers": [{"name": "web", "image": "web:1", "resources": {"requests": {"cpu": "100m"}}}],
            },
        },
    }


def test_options_of_a_deletion():
    options = KUBERNETES["DeleteOptions"](
        gracePeriodSeconds=0, propagationPolicy="Background", preconditions={"uid": "u"}, dryRun=["All"]
    )
    assert decode(body("DeleteOptions", options)) == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "gracePeriodSeconds": 0,
        "preconditions": {"uid": "u"},
        "propagationPolicy": "Background",
        "dryRun": ["All"],
    }


@pytest.mark.parametrize(
    ("sent", "obj"),
    [
        pytest.param(
            "6b3873000a0f0a02763112094e616d65737061636512190a110a016112001a0022002a0032003800420012001a020a001a002200",
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}},
            id="kubectl create namespace a",
        ),
        pytest.param(
            "6b3873000a0c0a0276311206536563726574121d0a110a017312001a0022002a0032003800420012060a01611201621a"
            "001a002200",
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "Yg=="}},
            id="kubectl create secret generic s --from-literal=a=b",
        ),
        pytest.param(
            "6b3873000a0d0a02763112075365727669636512690a1f0a0377656212001a0022002a003200380042005a0a0a036170"
            "70120377656212420a1b0a0738302d38303830120354435018502207080010903f1a002800120a0a0361707012037765"
            "621a002209436c757374657249503a00420052005a00600068001a020a001a002200",
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": "web", "labels": {"app": "web"}},
                "spec": {
                    "ports": [{"name": "80-8080", "protocol": "TCP", "port": 80, "targetPort": 8080}],
                    "selector": {"app": "web"},
                    "type": "ClusterIP",
                },
            },
            id="kubectl create service clusterip web --tcp=80:8080",
        ),
        pytest.param(
            "6b3873000a150a07617070732f7631120a4465706c6f796d656e7412ae010a1b0a016412001a0022002a003200380042"
            "005a080a036170701201641280010802120a0a080a036170701201641a680a1a0a0012001a0022002a00320038004200"
            "5a080a03617070120164124a122c0a0377656212057765623a312a00320a0a001000185022002a0042006a0072008001"
            "00880100900100a201001a00320042004a0052005800600068008201008a01009a0100c2010022020a00280038001a0c"
            "0800100018002000280038001a002200",
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "d", "labels": {"app": "d"}},
                "spec": {
                    "replicas": 2,
                    "selector": {"matchLabels": {"app": "d"}},
                    "template": {
                        "metadata": {"labels": {"app": "d"}},
                        "spec": {
                            "containers": [{"name": "web", "image": "web:1", "ports": [{"containerPort": 80}]}],
                        },
                    },
                },
            },
            id="kubectl create deployment d --image=web:1 --replicas=2 --port=80",
        ),
        pytest.param(
            "6b3873000a2d0a1861757468656e7469636174696f6e2e6b38732e696f2f7631121153656c665375626a656374526576"
            "696577121a0a100a0012001a0022002a0032003800420012060a040a0012001a002200",
            {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"},
            id="kubectl auth whoami",
        ),
    ],
)
def test_bodies_that_kubectl_1_33_sent(sent, obj):
    assert decode(bytes.fromhex(sent)) == obj


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        pytest.param(b"", 400, id="nothing"),
        pytest.param(b"{}", 400, id="JSON"),
        pytest.param(MAGIC + b"\xff\xff", 400, id="a broken envelope"),
        pytest.param(MAGIC, 415, id="an envelope that says nothing"),
        pytest.param(body("Secret", b"\x0a\xff"), 400, id="a broken object"),
        pytest.param(body("Unheard", b""), 415, id="a kind that the table does not have"),
        pytest.param(body("Secret", b"\xfa\x01\x01x"), 415, id="a field that the table does not have"),
        pytest.param(body("Secret", b"\x1a\x02\xff\xfe"), 400, id="text that is not UTF-8"),
        pytest.param(
            body("Event", KUBERNETES["Event"](firstTimestamp={"seconds": 2**62})), 400, id="a time beyond time"
        ),
    ],
)
def test_what_cannot_be_read_is_refused(sent, code):
    with pytest.raises(Failure) as refused:
        decode(sent)
    assert refused.value.code == code


def test_a_field_of_a_newer_client_that_nobody_set_does_no_harm():
    assert decode(body("Secret", b"\xfa\x01\x00"))["kind"] == "Secret"


@given(st.binary(max_size=200), st.sampled_from(["Secret", "Service", "Deployment", "Event"]))
def test_any_bytes_are_an_object_or_a_refusal(raw, kind):
    for sent in (raw, MAGIC + raw, body(kind, raw)):
        with contextlib.suppress(Failure):
            encode(decode(sent))


@given(st.dictionaries(st.text(min_size=1), st.binary()), st.text())
def test_what_was_sent_is_what_is_read(data, name):
    found = decode(body("Secret", KUBERNETES["Secret"](metadata={"name": name}, data=data)))
    assert {key: base64.b64decode(value) for key, value in found.get("data", {}).items()} == data
    assert found.get("metadata", {}).get("name", "") == name
