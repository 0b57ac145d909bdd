"""What `kubectl get` prints."""

from datetime import UTC, datetime

import pytest

from pylae.apimachinery.failure import Failure
from pylae.apimachinery.registry import REGISTRY
from pylae.apimachinery.table import partial, table

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CREATED = "2026-01-02T03:01:05Z"


def printed(plural, *, wide=False, **obj):
    """The headers and cells that kubectl would show of one object."""
    resource = REGISTRY.named(plural)
    metadata = {"name": "x", "namespace": "shop", "creationTimestamp": CREATED, **obj.pop("metadata", {})}
    shown = table(resource, resource.versions[0], [{**obj, "metadata": metadata}], now=NOW)
    pairs = zip(shown["columnDefinitions"], shown["rows"][0]["cells"], strict=True)
    return {column["name"].upper(): cell for column, cell in pairs if wide or not column["priority"]}


def test_a_gateway_shows_its_hosts_its_ports_and_how_many_servers_serve():
    servers = [
        {"port": {"number": 80}, "hosts": ["a.example", "b.example"]},
        {"port": {"number": 443}, "hosts": ["a.example"]},
        {"port": {"number": 443}, "hosts": ["shop/c.example"]},
    ]
    status = {"servers": [{"state": "serving"}, {"state": "serving"}, {"state": "waits for its certificate"}]}
    assert printed("gateways.networking.istio.io", spec={"servers": servers}, status=status) == {
        "NAME": "x",
        "HOSTS": "a.example,b.example,shop/c.example",
        "PORTS": "80,443",
        "READY": "2/3",
        "AGE": "3m",
    }


@pytest.mark.parametrize("status", [{}, {"servers": None}, None])
def test_a_gateway_without_a_report_is_neither_ready_nor_not(status):
    assert printed("gateways.networking.istio.io", spec={}, status=status)["READY"] == "-"


@pytest.mark.parametrize(
    ("plural", "obj", "cells"),
    [
        (
            "virtualservices.networking.istio.io",
            {"spec": {"gateways": ["coolstore-gateway"], "hosts": ["a.example", "b.example"]}},
            {"NAME": "x", "GATEWAYS": '["coolstore-gateway"]', "HOSTS": '["a.example","b.example"]', "AGE": "3m"},
        ),
        (
            "virtualservices.networking.istio.io",
            {"spec": {"hosts": ["a.example"]}},
            {"NAME": "x", "GATEWAYS": "", "HOSTS": '["a.example"]', "AGE": "3m"},
        ),
        ("destinationrules.networking.istio.io", {"spec": {"host": "web"}}, {"NAME": "x", "HOST": "web", "AGE": "3m"}),
        (
            "serviceentries.networking.istio.io",
            {"spec": {"hosts": ["a.example"], "location": "MESH_EXTERNAL", "resolution": "DNS"}},
            {"NAME": "x", "HOSTS": '["a.example"]', "LOCATION": "MESH_EXTERNAL", "RESOLUTION": "DNS", "AGE": "3m"},
        ),
        (
            "workloadentries.networking.istio.io",
            {"spec": {"address": "10.0.0.1"}},
            {"NAME": "x", "AGE": "3m", "ADDRESS": "10.0.0.1"},
        ),
        ("namespaces", {"status": {"phase": "Active"}}, {"NAME": "x", "STATUS": "Active", "AGE": "3m"}),
        (
            "secrets",
            {"type": "kubernetes.io/tls", "data": {"tls.crt": "", "tls.key": ""}},
            {"NAME": "x", "TYPE": "kubernetes.io/tls", "DATA": 2, "AGE": "3m"},
        ),
        ("configmaps", {"data": {"a": ""}, "binaryData": {"b": ""}}, {"NAME": "x", "DATA": 2, "AGE": "3m"}),
        (
            "services",
            {"spec": {"type": "ClusterIP", "clusterIP": "10.96.0.1", "ports": [{"port": 80, "protocol": "TCP"}]}},
            {
                "NAME": "x",
                "TYPE": "ClusterIP",
                "CLUSTER-IP": "10.96.0.1",
                "EXTERNAL-IP": "<none>",
                "PORT(S)": "80/TCP",
                "AGE": "3m",
            },
        ),
        (
            "services",
            {
                "spec": {
                    "type": "LoadBalancer",
                    "clusterIP": "10.96.0.2",
                    "ports": [{"port": 80, "nodePort": 30000}, {"port": 443, "nodePort": 30005}],
                },
                "status": {"loadBalancer": {"ingress": [{"ip": "127.0.0.1"}, {"hostname": "a.example"}]}},
            },
            {
                "NAME": "x",
                "TYPE": "LoadBalancer",
                "CLUSTER-IP": "10.96.0.2",
                "EXTERNAL-IP": "127.0.0.1,a.example",
                "PORT(S)": "80:30000/TCP,443:30005/TCP",
                "AGE": "3m",
            },
        ),
        (
            "services",
            {"spec": {"type": "ExternalName", "externalName": "a.example"}},
            {
                "NAME": "x",
                "TYPE": "ExternalName",
                "CLUSTER-IP": "<none>",
                "EXTERNAL-IP": "a.example",
                "PORT(S)": "<none>",
                "AGE": "3m",
            },
        ),
        (
            "endpoints",
            {
                "subsets": [
                    {
                        "addresses": [{"ip": "10.0.0.1"}, {"ip": "::1"}],
                        "ports": [{"port": 80}, {"port": 81}],
                    }
                ]
            },
            {"NAME": "x", "ENDPOINTS": "10.0.0.1:80,[::1]:80,10.0.0.1:81 + 1 more...", "AGE": "3m"},
        ),
        ("endpoints", {}, {"NAME": "x", "ENDPOINTS": "<none>", "AGE": "3m"}),
        (
            "endpointslices.discovery.k8s.io",
            {
                "addressType": "IPv4",
                "ports": [{"port": 80}, {"name": "any"}],
                "endpoints": [{"addresses": ["127.0.0.1"]}, {"addresses": ["127.0.0.2"]}],
            },
            {"NAME": "x", "ADDRESSTYPE": "IPv4", "PORTS": "80,*", "ENDPOINTS": "127.0.0.1,127.0.0.2", "AGE": "3m"},
        ),
        (
            "pods",
            {
                "spec": {"containers": [{}, {}]},
                "status": {
                    "phase": "Running",
                    "containerStatuses": [
                        {"ready": True, "restartCount": 2, "lastState": {"terminated": {"finishedAt": CREATED}}},
                        {"ready": False},
                    ],
                },
            },
            {"NAME": "x", "READY": "1/2", "STATUS": "Running", "RESTARTS": "2 (3m ago)", "AGE": "3m"},
        ),
        (
            "nodes",
            {
                "metadata": {"labels": {"node-role.kubernetes.io/control-plane": ""}},
                "status": {
                    "conditions": [{"type": "Ready", "status": "True"}],
                    "nodeInfo": {"kubeletVersion": "v1.32.0"},
                },
            },
            {"NAME": "x", "STATUS": "Ready", "ROLES": "control-plane", "AGE": "3m", "VERSION": "v1.32.0"},
        ),
        (
            "events",
            {
                "type": "Warning",
                "reason": "CertificateMissing",
                "message": "one sentence\n",
                "involvedObject": {"kind": "Gateway", "name": "gate"},
                "firstTimestamp": "2026-01-02T02:04:05Z",
                "lastTimestamp": "2026-01-02T03:04:00Z",
                "count": 3,
            },
            {
                "LAST SEEN": "5s (x3 over 60m)",
                "TYPE": "Warning",
                "REASON": "CertificateMissing",
                "OBJECT": "gateway/gate",
                "MESSAGE": "one sentence",
            },
        ),
        ("serviceaccounts", {"secrets": [{}]}, {"NAME": "x", "SECRETS": 1, "AGE": "3m"}),
        (
            "deployments.apps",
            {"spec": {"replicas": 2}},
            {"NAME": "x", "READY": "0/2", "UP-TO-DATE": "0", "AVAILABLE": "0", "AGE": "3m"},
        ),
        ("leases.coordination.k8s.io", {"spec": {"holderIdentity": "me"}}, {"NAME": "x", "HOLDER": "me", "AGE": "3m"}),
        ("jobs.batch", {}, {"NAME": "x", "AGE": "3m"}),
    ],
)
def test_each_kind_prints_what_matters_of_it(plural, obj, cells):
    assert printed(plural, **obj) == cells


@pytest.mark.parametrize("resource", REGISTRY.resources, ids=lambda resource: resource.qualified_name)
@pytest.mark.parametrize(
    "obj",
    [
        {"metadata": {}},
        {"metadata": {"name": "x"}, "spec": None, "status": None, "data": None},
        {"metadata": {"name": "x"}, "spec": "text", "status": [], "subsets": {}, "ports": None, "endpoints": 5},
        {"metadata": {"name": "x"}, "spec": {"servers": [None, 5, {"port": 5, "hosts": 5}], "ports": [{}]}},
        {"metadata": {"name": "x"}, "status": {"containerStatuses": [5], "conditions": [None], "addresses": ["a"]}},
    ],
)
def test_whatever_is_stored_can_be_printed(resource, obj):
    assert table(resource, resource.versions[0], [obj], now=NOW)["rows"]


def test_more_is_shown_in_wide_output():
    shown = printed("services", wide=True, spec={"selector": {"app": "web", "tier": "front"}})
    assert shown["SELECTOR"] == "app=web,tier=front"


def test_a_row_brings_the_metadata_the_object_or_nothing():
    resource = REGISTRY.named("gateways.networking.istio.io")
    obj = {"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": {"name": "x"}, "spec": {}}

    def row(include):
        return table(resource, "v1beta1", [obj], now=NOW, include=include)["rows"][0]

    assert row("Metadata")["object"] == partial(obj)
    assert row("")["object"] == partial(obj)
    assert row("Object")["object"] == {**obj, "apiVersion": "networking.istio.io/v1beta1"}
    assert "object" not in row("None")
    with pytest.raises(Failure):
        row("Everything")


def test_a_table_says_what_list_it_is_of():
    resource = REGISTRY.named("secrets")
    shown = table(resource, "v1", [], now=NOW, list_metadata={"resourceVersion": "7"})
    assert (shown["kind"], shown["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert shown["metadata"] == {"resourceVersion": "7"}
    assert [column["name"] for column in shown["columnDefinitions"]] == ["Name", "Type", "Data", "Age"]
    assert table(resource, "v1", [], now=NOW, columns=False)["columnDefinitions"] is None


def test_metadata_alone_is_partial():
    obj = {"metadata": {"name": "x"}, "data": {"secret": "c2VjcmV0"}}
    assert partial(obj) == {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": {"name": "x"}}
