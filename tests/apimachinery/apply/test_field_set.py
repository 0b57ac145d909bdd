"""Paths, sets of them, and FieldsV1."""

import pytest

from pylae.apimachinery.apply import path_element
from pylae.apimachinery.apply.field_set import UnreadableFields, decode, encode, in_order, text, within

SPEC, PORTS = "f:spec", "f:ports"
HTTP = 'k:{"port":80,"protocol":"TCP"}'

TREES = [
    ({}, set()),
    ({"f:data": {}}, {("f:data",)}),
    ({"f:data": {"f:a": {}}}, {("f:data", "f:a")}),
    ({"f:data": {".": {}, "f:a": {}}}, {("f:data",), ("f:data", "f:a")}),
    (
        {SPEC: {PORTS: {HTTP: {".": {}, "f:port": {}}}}},
        {(SPEC, PORTS, HTTP), (SPEC, PORTS, HTTP, "f:port")},
    ),
    ({"f:finalizers": {'v:"a"': {}, 'v:"b"': {}}}, {("f:finalizers", 'v:"a"'), ("f:finalizers", 'v:"b"')}),
    ({"f:list": {"i:0": {}}}, {("f:list", "i:0")}),
]


@pytest.mark.parametrize(("tree", "paths"), TREES)
def test_a_tree_and_its_set_are_the_same(tree, paths):
    assert decode(tree) == paths
    assert encode(paths) == tree


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('k:{"protocol":"TCP", "port":80}', HTTP),
        ('v: "a"', 'v:"a"'),
        ("i:007", "i:7"),
        ("f:a:b", "f:a:b"),
    ],
)
def test_an_element_has_one_spelling(written, meant):
    assert decode({written: {}}) == {(meant,)}


def test_elements_of_an_unknown_kind_are_left_out():
    assert decode({"x:new": {}, "f:a": {}, "plain": {"f:b": {}}}) == {("f:a",)}


@pytest.mark.parametrize(
    "tree", [[], "f:a", {"f:a": 1}, {"k:[1]": {}}, {"k:{": {}}, {"v:": {}}, {"i:x": {}}, {"f:a": {"f:b": None}}]
)
def test_what_is_no_tree_is_refused(tree):
    with pytest.raises(UnreadableFields):
        decode(tree)


def test_a_tree_may_not_be_deep_without_end():
    tree: dict = {}
    for _ in range(1000):
        tree = {"f:a": tree}
    with pytest.raises(UnreadableFields):
        decode(tree)


def test_members_stand_in_upstreams_order():
    elements = ["i:2", "i:10", 'v:"b"', "v:3", "v:true", 'k:{"name":"b"}', 'k:{"name":"a"}', "f:b", "f:a", "f:Z"]
    order = ["f:Z", "f:a", "f:b", 'k:{"name":"a"}', 'k:{"name":"b"}', "v:3", 'v:"b"', "v:true", "i:2", "i:10"]
    assert list(encode({(element,) for element in elements})) == order


def test_the_node_itself_stands_before_what_is_in_it():
    assert list(encode({("f:m",), ("f:m", "f:a")})["f:m"]) == [".", "f:a"]


def test_paths_are_walked_members_first():
    paths = [("f:a", "f:x"), ("f:b",), ("f:a",), ("f:a", "f:b", "f:c")]
    assert in_order(paths) == [("f:a",), ("f:b",), ("f:a", "f:x"), ("f:a", "f:b", "f:c")]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ((SPEC, PORTS, HTTP, "f:name"), '.spec.ports[port=80,protocol="TCP"].name'),
        (("f:metadata", "f:labels", "f:app.kubernetes.io/name"), ".metadata.labels.app.kubernetes.io/name"),
        (("f:metadata", "f:finalizers", 'v:"a/b"'), '.metadata.finalizers[="a/b"]'),
        (("f:list", "i:3"), ".list[3]"),
        ((path_element.key({"b": True, "a": None}),), "[a=null,b=true]"),
    ],
)
def test_paths_are_shown_as_upstream_shows_them(path, words):
    assert text(path) == words


def test_what_lies_within_some_roots():
    fields = frozenset({("f:status",), ("f:status", "f:phase"), ("f:spec", "f:status"), ("f:statuses",)})
    assert within(fields, frozenset({("f:status",)})) == {("f:status",), ("f:status", "f:phase")}


def test_an_item_may_not_be_deep_without_end_either():
    with pytest.raises(UnreadableFields):
        decode({"v:" + "[" * 5000: {}})
