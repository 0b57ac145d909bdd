"""Kinds spelled for an API server that does not know them."""

import pytest

from pylae.api.scheme import KINDS
from pylae.apimachinery.custom.crd import COLUMNS, definition, definitions

BY_NAME = {made["metadata"]["name"]: made for made in definitions()}


def test_every_kind_of_istio_has_a_definition_and_no_built_in_kind():
    assert list(BY_NAME) == [
        "gateways.networking.istio.io",
        "virtualservices.networking.istio.io",
        "destinationrules.networking.istio.io",
        "serviceentries.networking.istio.io",
        "workloadentries.networking.istio.io",
    ]
    assert {made["spec"]["names"]["kind"] for made in BY_NAME.values()} == set(COLUMNS)


def test_the_preferred_version_is_stored_and_all_are_served():
    versions = BY_NAME["gateways.networking.istio.io"]["spec"]["versions"]
    assert [(each["name"], each["served"], each["storage"]) for each in versions] == [
        ("v1", True, True),
        ("v1beta1", True, False),
        ("v1alpha3", True, False),
    ]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "istio" in kind.group], ids=str)
def test_a_schema_is_structural(kind):
    """As a server demands it: every value has a type or says that anything goes, and metadata is left alone."""
    schema = definition(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert schema["properties"]["metadata"] == {"type": "object"}
    untyped = [path for path, each in _walk(schema, "") if "type" not in each and not _is_open(each)]
    both = [path for path, each in _walk(schema, "") if {"properties", "additionalProperties"} <= each.keys()]
    assert (untyped, both) == ([], [])


def _is_open(schema):
    return schema.get("x-kubernetes-int-or-string") or schema.get("x-kubernetes-preserve-unknown-fields")


def _walk(schema, path):
    yield path, schema
    below = {**schema.get("properties", {}), "[]": schema.get("items"), "{}": schema.get("additionalProperties")}
    for name, member in below.items():
        if member:
            yield from _walk(member, f"{path}.{name}")
