"""Merging and removing, after upstream's tables (structured-merge-diff, packages typed and merge)."""

import pytest

from pylae.apimachinery.apply.merge import merge, remove
from pylae.apimachinery.apply.topology import DEDUCED, Topology

INNER = Topology(fields={"a": DEDUCED, "b": DEDUCED})
ITEM = Topology(fields={"name": DEDUCED, "value": DEDUCED, "inner": INNER})
TOPOLOGY = Topology(
    fields={
        "labels": DEDUCED,
        "piece": Topology(is_atomic=True),
        "list": DEDUCED,
        "set": Topology(items=DEDUCED),
        "items": Topology(items=ITEM, keys={"name": None}),
        "inner": INNER,
    }
)


@pytest.mark.parametrize(
    ("live", "applied", "merged"),
    [
        ({}, {"labels": {"a": 1}}, {"labels": {"a": 1}}),
        ({"labels": {"a": 1, "b": 1}}, {"labels": {"a": 2}}, {"labels": {"a": 2, "b": 1}}),
        ({"labels": {"a": 1}}, {"labels": {}}, {"labels": {"a": 1}}),
        ({"labels": {"a": 1}}, {"labels": None}, {"labels": {"a": 1}}),
        ({"labels": {"a": 1}}, {"labels": {"a": None}}, {"labels": {"a": None}}),
        ({"piece": {"a": 1}}, {"piece": {"b": 1}}, {"piece": {"b": 1}}),
        ({"list": [1, 2]}, {"list": [3]}, {"list": [3]}),
        ({"list": [1]}, {"list": {"a": 1}}, {"list": {"a": 1}}),
        ({"set": ["a"]}, {"set": []}, {"set": ["a"]}),
        (
            {"items": [{"name": "a", "value": 1}, {"name": "b"}]},
            {"items": [{"name": "b", "value": 2}]},
            {"items": [{"name": "a", "value": 1}, {"name": "b", "value": 2}]},
        ),
        (
            {"items": [{"name": "a", "inner": {"a": 1}}]},
            {"items": [{"name": "a", "inner": {"b": 1}}]},
            {"items": [{"name": "a", "inner": {"a": 1, "b": 1}}]},
        ),
        (
            {"items": [{"name": "a", "value": 1}, {"name": "a", "value": 2}]},
            {"items": [{"name": "a", "value": 3}]},
            {"items": [{"name": "a", "value": 3}]},
        ),
        (
            {"items": [{"name": "a", "value": 1}, {"name": "a", "value": 2}]},
            {"items": [{"name": "b"}]},
            {"items": [{"name": "a", "value": 1}, {"name": "a", "value": 2}, {"name": "b"}]},
        ),
    ],
)
def test_what_is_applied_is_merged_into_what_is_there(live, applied, merged):
    assert merge(TOPOLOGY, live, applied) == merged


@pytest.mark.parametrize(
    ("live", "applied", "merged"),
    [
        ("abc", "abc", "abc"),
        ("abc", "cba", "cba"),
        ("abc", "ca", "bca"),
        ("abxc", "ba", "bxca"),
        ("abc", "d", "abcd"),
        ("ac", "abc", "abc"),
        ("xay", "bac", "xbayc"),
        ("", "ab", "ab"),
        ("ab", "ba", "ba"),
    ],
)
def test_the_applied_order_counts_and_the_others_keep_their_place(live, applied, merged):
    assert "".join(merge(TOPOLOGY, {"set": list(live)}, {"set": list(applied)})["set"]) == merged


LIVE = {
    "labels": {"a": 1, "b": 1},
    "piece": {"a": 1},
    "set": ["x", "y"],
    "items": [{"name": "a", "value": 1}, {"name": "b"}],
}


@pytest.mark.parametrize(
    ("paths", "changed"),
    [
        ([("f:labels", "f:a")], {"labels": {"b": 1}}),
        ([("f:labels", "f:a"), ("f:labels", "f:b")], {"labels": {}}),
        ([("f:piece", "f:a")], {}),
        ([("f:set", 'v:"x"')], {"set": ["y"]}),
        ([("f:items", 'k:{"name":"a"}')], {"items": [{"name": "b"}]}),
        ([("f:items", 'k:{"name":"a"}', "f:value")], {"items": [{"name": "a"}, {"name": "b"}]}),
        ([("f:nothing",)], {}),
    ],
)
def test_members_and_items_are_taken_out(paths, changed):
    assert remove(TOPOLOGY, LIVE, frozenset(paths)) == {**LIVE, **changed}


def test_a_member_goes_with_all_that_is_in_it():
    assert "labels" not in remove(TOPOLOGY, LIVE, frozenset({("f:labels",)}))


def test_nothing_changes_its_arguments():
    live, applied = {"items": [{"name": "a"}]}, {"items": [{"name": "a", "value": 1}]}
    merge(TOPOLOGY, live, applied)
    remove(TOPOLOGY, live, frozenset({("f:items", 'k:{"name":"a"}')}))
    assert (live, applied) == ({"items": [{"name": "a"}]}, {"items": [{"name": "a", "value": 1}]})
