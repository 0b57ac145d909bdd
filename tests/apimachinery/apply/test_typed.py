"""What is in a value and how two values differ, after upstream's tables (structured-merge-diff, package typed)."""

import pytest

from pylae.apimachinery.apply.field_set import text
from pylae.apimachinery.apply.topology import DEDUCED, OPEN, Topology, from_schema, reconciled, with_named
from pylae.apimachinery.apply.typed import compare, duplicates, fields_of

STRING = {"type": "string"}
ITEM = {"type": "object", "properties": {"name": STRING, "value": STRING}}
KEYED = {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "items": ITEM}
SCHEMA = {
    "type": "object",
    "properties": {
        "name": STRING,
        "labels": {"type": "object", "additionalProperties": STRING},
        "selector": {"type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": STRING},
        "list": {"type": "array", "items": STRING},
        "set": {"type": "array", "x-kubernetes-list-type": "set", "items": STRING},
        "items": KEYED,
        "inner": {"type": "object", "properties": {"a": STRING, "b": STRING}},
        "open": {"x-kubernetes-preserve-unknown-fields": True},
    },
}
TOPOLOGY = from_schema(SCHEMA)
A = '.items[name="a"]'


def shown(paths):
    return sorted(map(text, paths))


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ({}, []),
        ({"name": "a"}, [".name"]),
        ({"name": None}, [".name"]),
        ({"labels": {"a": "1"}}, [".labels.a"]),
        ({"labels": {}}, [".labels"]),
        ({"selector": {"a": "1"}}, [".selector"]),
        ({"selector": {}}, [".selector"]),
        ({"list": ["a", "b"]}, [".list"]),
        ({"set": ["a", "b"]}, ['.set[="a"]', '.set[="b"]']),
        ({"set": ["a", "a"]}, ['.set[="a"]']),
        ({"set": []}, []),
        ({"items": [{"name": "a", "value": "1"}]}, [A, f"{A}.name", f"{A}.value"]),
        ({"items": [{"name": "a"}, {"name": "a", "value": "1"}]}, [A]),
        ({"inner": {"a": "1"}}, [".inner.a"]),
        ({"inner": {}}, [".inner"]),
        ({"open": {"x": {"y": 1}, "z": [1]}}, [".open.x", ".open.x.y", ".open.z"]),
    ],
)  # fmt: skip
def test_what_a_value_says(value, paths):
    assert shown(fields_of(TOPOLOGY, value)) == paths


@pytest.mark.parametrize(
    ("old", "new", "removed", "modified", "added"),
    [
        ({"name": "a"}, {"name": "a"}, [], [], []),
        ({"name": "a"}, {"name": "b"}, [], [".name"], []),
        ({}, {"labels": {"a": "1"}}, [], [], [".labels", ".labels.a"]),
        ({"labels": {"a": "1", "b": "1"}}, {"labels": {"a": "2"}}, [".labels.b"], [".labels.a"], []),
        ({"selector": {"a": "1"}}, {"selector": {"b": "1"}}, [], [".selector"], []),
        ({"list": ["a"]}, {"list": ["a", "b"]}, [], [".list"], []),
        ({"set": ["a", "b"]}, {"set": ["b", "c"]}, ['.set[="a"]'], [], ['.set[="c"]']),
        ({"set": ["a", "b"]}, {"set": ["b", "a"]}, [], [], []),
        ({"items": [{"name": "a", "value": "1"}]}, {"items": [{"name": "a", "value": "2"}]}, [], [f"{A}.value"], []),
        ({"items": [{"name": "a"}]}, {}, [".items", A, f"{A}.name"], [], []),
        ({"set": ["a", "a"]}, {"set": ["a"]}, ['.set[="a"]'], [], ['.set[="a"]']),
        ({"items": [{"name": "a"}] * 2}, {"items": [{"name": "a"}] * 3}, [], [A], []),
        ({"open": {"x": 1}}, {"open": {"x": {"y": 1}}}, [], [".open.x"], [".open.x.y"]),
        ({"open": {"x": True}}, {"open": {"x": 1}}, [], [".open.x"], []),
        ({"name": None}, {"name": "a"}, [], [".name"], []),
    ],
)  # fmt: skip
def test_how_values_differ(old, new, removed, modified, added):
    found = compare(TOPOLOGY, old, new)
    assert [shown(paths) for paths in (found.removed, found.modified, found.added)] == [removed, modified, added]


def test_a_comparison_may_be_blind_to_a_part():
    found = compare(TOPOLOGY, {"inner": {"a": "1"}}, {"inner": {"a": "2"}, "name": "x"})
    assert shown(found.without(frozenset({("f:inner",)})).written) == [".name"]


def test_an_embedded_structure_is_never_added_itself():
    always = Topology(others=OPEN, is_open=True, always=True)
    assert shown(compare(Topology(fields={"spec": always}), {}, {"spec": {"a": 1}}).added) == [".spec.a"]


def test_items_that_are_there_twice_are_found_where_they_are():
    value = {"set": ["a", "b", "a"], "items": [{"name": "x"}, {"name": "x"}], "list": ["a", "a"]}
    found = [(text(path), text((element,))) for path, element in duplicates(TOPOLOGY, value)]
    assert found == [(".set", '[="a"]'), (".items", '[name="x"]')]


@pytest.mark.parametrize(
    ("keys", "item", "element"),
    [
        ({"port": None, "protocol": "TCP"}, {"port": 80}, 'k:{"port":80,"protocol":"TCP"}'),
        ({"port": None, "protocol": "TCP"}, {"protocol": "UDP"}, 'k:{"protocol":"UDP"}'),
        ({"name": None}, {"value": 1}, 'v:{"value":1}'),
        ({"name": ""}, {}, 'k:{"name":""}'),
        ({"name": None}, "no object", 'v:"no object"'),
    ],
)
def test_keys_tell_items_apart_and_have_defaults(keys, item, element):
    assert Topology(items=DEDUCED, keys=keys).element(item) == element


def test_the_default_of_a_key_is_the_schemas():
    item = {"type": "object", "properties": {"port": {"type": "integer"}, "protocol": {**STRING, "default": "TCP"}}}
    keys = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["protocol", "port"]}
    topology = from_schema({"type": "array", "items": item, **keys})
    assert topology.element({"port": 1}) == 'k:{"port":1,"protocol":"TCP"}'


def test_named_fields_on_the_way_are_members_too():
    fields = frozenset({("f:inner", "f:a"), ("f:labels", "f:x"), ("f:open", "f:x", "f:y")})
    assert shown(with_named(TOPOLOGY, fields) - fields) == [".inner", ".labels", ".open"]


@pytest.mark.parametrize(
    ("path", "whole"),
    [
        (("f:selector", "f:a"), ("f:selector",)),
        (("f:list", 'v:"a"'), ("f:list",)),
        (("f:labels", "f:a"), ("f:labels", "f:a")),
        (("f:items", 'k:{"name":"a"}', "f:value"), ("f:items", 'k:{"name":"a"}', "f:value")),
    ],
)
def test_who_owned_part_of_what_is_now_one_piece_owns_the_piece(path, whole):
    assert reconciled(TOPOLOGY, frozenset({path})) == {whole}
