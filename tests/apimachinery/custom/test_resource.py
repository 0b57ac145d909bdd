import pytest

from pylae.apimachinery.custom.definition import complete_definition
from pylae.apimachinery.custom.definition_status import established
from pylae.apimachinery.custom.object import check_custom
from pylae.apimachinery.custom.resource import custom_resource, served_schema
from pylae.apimachinery.defaults import as_read, with_defaults
from pylae.apimachinery.group import version_order
from pylae.apimachinery.registry import REGISTRY, extended
from pylae.apimachinery.schema import check, prune

METADATA = REGISTRY.named("namespaces").schema["properties"]["metadata"]
TEXT, NUMBER = {"type": "string"}, {"type": "integer"}


def a_version(name, *, storage=False, **fields):
    spec = {"type": "object", "properties": fields}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    return {"name": name, "served": True, "storage": storage, "schema": schema}


def a_resource(*versions, group="stable.example.com"):
    spec = {
        "group": group,
        "scope": "Cluster",
        "names": {"plural": "things", "kind": "Thing"},
        "versions": list(versions),
    }
    definition = complete_definition({"metadata": {"name": f"things.{group}"}, "spec": spec})
    return custom_resource(established(definition, [], "2026-01-01T00:00:00Z"), METADATA)


def test_versions_are_preferred_as_kubernetes_does():
    order = ["v10", "v2", "v1", "v11beta2", "v10beta3", "v3beta1", "v12alpha1", "v11alpha2", "foo1", "foo10"]
    assert sorted(set(order), key=version_order) == order


def test_each_version_has_a_schema_of_its_own_and_objects_are_kept_in_the_storage_version():
    old = a_version("v1beta1", storage=True, a=TEXT) | {"deprecated": True}
    resource = a_resource(old, a_version("v1", b=NUMBER))
    assert resource.versions == ("v1", "v1beta1")
    assert resource.group_version() == "stable.example.com/v1beta1"
    assert [*resource.in_version("v1").schema["properties"]["spec"]["properties"]] == ["b"]
    assert resource.in_version("v1").custom.deprecation == ""
    warned = "stable.example.com/v1beta1 Thing is deprecated; use stable.example.com/v1 Thing"
    assert resource.in_version("v1beta1").custom.deprecation == warned


def test_a_definition_that_serves_no_version_makes_nothing():
    assert a_resource(a_version("v1", storage=True) | {"served": False}) is None


def test_a_registry_keeps_its_own_kinds_and_their_order_of_groups():
    gateway_api = a_resource(a_version("v1", storage=True), group="gateway.networking.k8s.io")
    registry = extended(REGISTRY, [gateway_api])
    assert registry.find("gateway.networking.k8s.io", "v1", "things") is gateway_api.in_version("v1")
    assert registry.groups()[:2] == ("", "networking.istio.io")
    assert registry.groups()[-1] == "gateway.networking.k8s.io"
    assert REGISTRY.find("gateway.networking.k8s.io", "v1", "things") is None


def test_what_a_schema_does_not_describe_is_dropped_unless_it_is_kept():
    schema = served_schema(
        {
            "type": "object",
            "properties": {
                "closed": {"type": "object"},
                "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "map": {"type": "object", "additionalProperties": {"type": "object", "properties": {"a": TEXT}}},
                "any": {"type": "object", "additionalProperties": True},
                "embedded": {"type": "object", "x-kubernetes-embedded-resource": True, "properties": {"spec": NUMBER}},
            },
        }
    )
    embedded = {"apiVersion": "v1", "kind": "X", "metadata": {"name": "x"}, "spec": 1, "b": 2}
    value = {
        "closed": {"a": 1},
        "open": {"a": 1},
        "map": {"k": {"a": "x", "b": 1}},
        "any": {"a": 1},
        "embedded": embedded,
    }
    _, unknown = prune(schema, value)
    assert unknown == ("closed.a", "map.k.b", "embedded.b")
    assert [str(cause) for cause in check(schema, {"embedded": {"spec": 1}})] == [
        "embedded.apiVersion: Required value",
        "embedded.kind: Required value",
    ]


@pytest.mark.parametrize(
    ("value", "filled"),
    [
        ({}, {"a": {"b": 1, "c": "x"}}),
        ({"a": {"b": 2}}, {"a": {"b": 2, "c": "x"}}),
        ({"a": None}, {"a": {"b": 1, "c": "x"}}),
        ({"a": {"c": None}}, {"a": {"c": "x"}}),
        ({"n": None}, {"a": {"b": 1, "c": "x"}, "n": None}),
        ({"t": None, "list": [{}]}, {"a": {"b": 1, "c": "x"}, "list": [{"c": "x"}]}),
    ],
)
def test_defaults_fill_in_what_is_absent_and_nulls_that_may_not_be_are_absent(value, filled):
    inner = {"type": "object", "properties": {"b": NUMBER, "c": {**TEXT, "default": "x"}}}
    members = {"a": {**inner, "default": {"b": 1}}, "n": {**TEXT, "nullable": True}, "t": TEXT}
    schema = {"type": "object", "properties": {**members, "list": {"type": "array", "items": inner}}}
    assert with_defaults(schema, value) == filled


def test_a_stored_object_is_read_by_the_schema_of_today():
    resource = a_resource(a_version("v1", storage=True, new={**TEXT, "default": "x"}))
    stored = {"apiVersion": "stable.example.com/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": {"old": 1}}
    assert as_read(resource.schema, stored) == {**stored, "spec": {"new": "x"}}


def wrong(resource, obj, old=None):
    return [str(cause) for cause in check_custom(resource.custom, resource.schema, obj, old)]


def test_what_stands_twice_in_a_set_or_a_map_is_told():
    tags = {"type": "array", "items": TEXT, "x-kubernetes-list-type": "set"}
    item = {"type": "object", "properties": {"name": TEXT}, "required": ["name"]}
    ports = {"type": "array", "items": item, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
    resource = a_resource(a_version("v1", storage=True, tags=tags, ports=ports))
    assert wrong(resource, {"spec": {"tags": ["a", "b", "a"], "ports": [{"name": "a"}, {"name": "a"}]}}) == [
        'spec.tags[2]: Duplicate value: "a"',
        'spec.ports[1]: Duplicate value: {"name":"a"}',
    ]


def test_rules_are_not_asked_where_the_structure_is_wrong():
    limited = {"x-kubernetes-validations": [{"rule": "self > 3", "message": "too few"}]}
    resource = a_resource(a_version("v1", storage=True, n={**NUMBER, **limited}, t=TEXT))
    assert wrong(resource, {"spec": {"n": 1, "t": "x"}}) == ["spec.n: Invalid value: 1: too few"]
    (first, second) = wrong(resource, {"spec": {"n": 1, "t": 3}})
    assert first.startswith('spec.t: Invalid value: "integer"')
    assert "some validation rules were not checked" in second


def test_what_was_wrong_before_may_stay():
    resource = a_resource(a_version("v1", storage=True, color={**TEXT, "enum": ["red"]}, n={**NUMBER, "minimum": 1}))
    old = {"spec": {"color": "green", "n": 1}}
    assert wrong(resource, {"spec": {"color": "green", "n": 2}}, old) == []
    assert wrong(resource, {"spec": {"color": "blue", "n": 2}}, old) != []


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        (
            {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
            {},
            "must validate one and only one schema (oneOf). Found none",
        ),
        ({"oneOf": [{"required": ["a"]}, {"minProperties": 1}]}, {"a": 1}, "Found 2 valid alternatives"),
        ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {}, "must validate at least one schema (anyOf)"),
        ({"allOf": [{"minProperties": 1}, {"maxProperties": 3}]}, {}, "must validate all the schemas (allOf)"),
        ({"not": {"required": ["a"]}}, {"a": 1}, "must not validate the schema (not)"),
        ({"minProperties": 2}, {"a": 1}, "should have at least 2 properties"),
        ({"maxProperties": 0}, {"a": 1}, "Too many: 1: must have at most 0 items"),
        ({"multipleOf": 5}, 7, "should be a multiple of 5"),
        ({"minimum": 5, "exclusiveMinimum": True}, 5, "should be greater than 5"),
        ({"maximum": 5, "exclusiveMaximum": True}, 5, "should be less than 5"),
        ({"format": "ipv4"}, "x", 'must be of type ipv4: "x"'),
        ({"format": "uuid"}, "x", 'must be of type uuid: "x"'),
        ({"enum": [1]}, True, "Unsupported value: true"),
    ],
)
def test_what_keywords_and_junctors_have_against_a_value(schema, value, words):
    assert words in " ".join(str(cause) for cause in check(schema, value))
