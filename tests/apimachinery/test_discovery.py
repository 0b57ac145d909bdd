"""The documents of discovery."""

import pytest

from pylae.apimachinery import discovery
from pylae.apimachinery.failure import Failure
from pylae.apimachinery.registry import REGISTRY


def test_the_core_group_has_a_document_of_its_own():
    document = discovery.core_versions("127.0.0.1:16443")
    assert (document["kind"], document["versions"]) == ("APIVersions", ["v1"])
    assert document["serverAddressByClientCIDRs"][0]["serverAddress"] == "127.0.0.1:16443"


def test_groups_are_listed_in_order_with_their_preferred_version():
    groups = discovery.group_list(REGISTRY)["groups"]
    assert groups[0] == {
        "name": "networking.istio.io",
        "versions": [
            {"groupVersion": "networking.istio.io/v1", "version": "v1"},
            {"groupVersion": "networking.istio.io/v1beta1", "version": "v1beta1"},
            {"groupVersion": "networking.istio.io/v1alpha3", "version": "v1alpha3"},
        ],
        "preferredVersion": {"groupVersion": "networking.istio.io/v1", "version": "v1"},
    }
    assert "" not in [group["name"] for group in groups]
    assert discovery.group(REGISTRY, "networking.istio.io") == {"kind": "APIGroup", "apiVersion": "v1", **groups[0]}


def test_a_resource_is_listed_with_its_names_verbs_and_subresources():
    document = discovery.resource_list(REGISTRY, "networking.istio.io", "v1beta1")
    assert document["groupVersion"] == "networking.istio.io/v1beta1"
    assert document["resources"][0] == {
        "name": "gateways",
        "singularName": "gateway",
        "namespaced": True,
        "kind": "Gateway",
        "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        "shortNames": ["gw"],
        "categories": ["istio-io", "networking-istio-io"],
    }
    assert document["resources"][1] == {
        "name": "gateways/status",
        "singularName": "",
        "namespaced": True,
        "kind": "Gateway",
        "verbs": ["get", "patch", "update"],
    }


def test_the_core_group_is_listed_by_its_version_alone():
    document = discovery.resource_list(REGISTRY, "", "v1")
    assert document["groupVersion"] == "v1"
    listed = {entry["name"]: entry for entry in document["resources"]}
    assert listed["pods/log"]["verbs"] == ["get"]
    assert listed["namespaces"]["namespaced"] is False
    assert "secrets/status" not in listed


@pytest.mark.parametrize(("group", "version"), [("", "v2"), ("networking.istio.io", "v9"), ("none.example", "v1")])
def test_what_is_not_served_is_not_found(group, version):
    with pytest.raises(Failure) as refused:
        discovery.resource_list(REGISTRY, group, version)
    assert refused.value.code == 404


@pytest.mark.parametrize("name", ["", "none.example"])
def test_a_group_that_is_not_served_is_not_found(name):
    with pytest.raises(Failure):
        discovery.group(REGISTRY, name)


def test_everything_is_told_in_one_document():
    core, others = discovery.aggregated(REGISTRY, core=True), discovery.aggregated(REGISTRY, core=False)
    assert core["kind"] == others["kind"] == "APIGroupDiscoveryList"
    assert [group["metadata"] for group in core["items"]] == [{}]
    names = [group["metadata"]["name"] for group in others["items"]]
    assert names == list(REGISTRY.groups()[1:])
    gateways = others["items"][0]["versions"][1]["resources"][0]
    assert gateways == {
        "resource": "gateways",
        "responseKind": {"group": "networking.istio.io", "version": "v1beta1", "kind": "Gateway"},
        "scope": "Namespaced",
        "singularResource": "gateway",
        "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        "shortNames": ["gw"],
        "categories": ["istio-io", "networking-istio-io"],
        "subresources": [
            {
                "subresource": "status",
                "responseKind": {"group": "networking.istio.io", "version": "v1beta1", "kind": "Gateway"},
                "verbs": ["get", "patch", "update"],
            }
        ],
    }


def test_both_forms_tell_the_same():
    for group in discovery.aggregated(REGISTRY, core=False)["items"]:
        for version in group["versions"]:
            plain = discovery.resource_list(REGISTRY, group["metadata"]["name"], version["version"])["resources"]
            told = [resource["resource"] for resource in version["resources"]]
            assert told == [resource["name"] for resource in plain if "/" not in resource["name"]]


def test_the_content_type_of_the_one_document_says_what_it_is():
    assert discovery.AGGREGATED_TYPE == "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
