"""Schemas made from the types, and the merge keys in them."""

import pytest

from pylae.api.scheme import KINDS, SECRET, VIRTUAL_SERVICE
from pylae.apimachinery.built_in.merge_keys import SET
from pylae.apimachinery.kind_schema import kind_schema
from pylae.apimachinery.registry import REGISTRY
from pylae.apimachinery.schema import PRESERVE_UNKNOWN


def at(schema, path):
    """The schema at a path that passes through lists without an index."""
    for field in path.split("."):
        schema = schema.get("items", schema)["properties"][field]
    return schema


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_field_of_every_kind_has_a_description(kind):
    def walk(schema, path):
        for name, member in schema.get("properties", {}).items():
            assert member.get("description"), f"{path}.{name}"
            walk(member, f"{path}.{name}")
            walk(member.get("items", {}), f"{path}.{name}")

    walk(kind_schema(kind), kind.kind)


def test_a_description_of_the_field_wins_over_that_of_its_type():
    route = at(kind_schema(VIRTUAL_SERVICE), "spec.http")
    assert route["description"] != route["items"]["description"]


def test_bytes_are_base64():
    assert at(kind_schema(SECRET), "data")["additionalProperties"] == {"type": "string", "format": "byte"}
    body = at(kind_schema(VIRTUAL_SERVICE), "spec.http.directResponse.body.bytes")
    assert (body["type"], body["format"]) == ("string", "byte")


@pytest.mark.parametrize("resource", REGISTRY.resources, ids=lambda resource: resource.qualified_name)
def test_merge_keys_are_about_lists_that_exist(resource):
    if resource.group == "networking.istio.io":
        assert not resource.merge_keys
    for path, key in resource.merge_keys.items():
        if resource.schema["properties"].get(path.partition(".")[0], {}).get(PRESERVE_UNKNOWN):
            continue
        found = at(resource.schema, path)
        assert found["type"] == "array"
        assert found["x-kubernetes-patch-strategy"] == "merge"
        assert found.get("x-kubernetes-patch-merge-key", SET) == key
        assert key == SET or key in found["items"]["properties"]
