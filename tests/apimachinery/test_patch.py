"""JSON Patch, JSON Merge Patch and the merge of three."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pylae.apimachinery.document import same
from pylae.apimachinery.failure import Failure
from pylae.apimachinery.patch import json_patch, merge_patch, three_way_merge

RFC_7396_APPENDIX_A = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]

keys = st.sampled_from(["a", "b", "c", "d"])
scalars = st.one_of(st.booleans(), st.integers(-3, 3), st.text("xy", max_size=2))


def values(leaves):
    return st.recursive(leaves, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner)))


objects = st.dictionaries(keys, values(scalars))
patches = st.dictionaries(keys, values(st.one_of(scalars, st.none())))


@pytest.mark.parametrize(("target", "patch", "result"), RFC_7396_APPENDIX_A, ids=json.dumps)
def test_the_examples_of_rfc_7396_hold(target, patch, result):
    assert merge_patch(target, patch) == result


@given(objects, patches)
def test_a_merge_patch_applied_twice_does_no_more_than_once(target, patch):
    once = merge_patch(target, patch)
    assert merge_patch(once, patch) == once


@given(objects, patches)
def test_a_merge_patch_changes_neither_target_nor_patch(target, patch):
    before = copy.deepcopy((target, patch))
    merge_patch(target, patch)
    assert (target, patch) == before


@given(objects)
def test_the_empty_merge_patch_changes_nothing(target):
    assert merge_patch(target, {}) == target


@given(objects, objects)
def test_what_a_merge_patch_says_holds_afterwards(target, patch):
    merged = merge_patch(target, patch)
    assert merge_patch(merged, patch) == merged
    assert all(key in merged for key in patch)
    assert all(same(merged[key], target[key]) for key in target if key not in patch)


@given(objects, objects, objects)
def test_apply_brings_about_what_is_wanted(last_applied, current, wanted):
    result = merge_patch(current, three_way_merge(last_applied, current, wanted))
    assert three_way_merge(wanted, result, wanted) == {}
    assert _covers(result, wanted)


@given(objects, objects)
def test_apply_of_the_same_again_is_an_empty_patch(current, wanted):
    result = merge_patch(current, three_way_merge({}, current, wanted))
    assert three_way_merge(wanted, result, wanted) == {}


@given(objects, objects)
def test_without_changes_by_others_apply_leads_exactly_to_what_is_wanted(last_applied, wanted):
    assert same(merge_patch(last_applied, three_way_merge(last_applied, last_applied, wanted)), wanted)


def _covers(found, wanted):
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(key in found and _covers(found[key], wanted[key]) for key in wanted)
    return same(found, wanted)


@pytest.mark.parametrize(
    ("last_applied", "current", "wanted", "patch"),
    [
        pytest.param({}, {"a": 1}, {"a": 1}, {}, id="nothing to do"),
        pytest.param({}, {}, {"a": 1}, {"a": 1}, id="new fields are added"),
        pytest.param(
            {"a": 1}, {"a": 1, "b": 2}, {}, {"a": None}, id="what is no longer wanted goes, what others set stays"
        ),
        pytest.param({"a": 1}, {"b": 2}, {}, {}, id="what is gone already is not removed again"),
        pytest.param({"a": 1}, {"a": 9}, {"a": 1}, {"a": 1}, id="what others changed is set back"),
        pytest.param({"l": [1]}, {"l": [1, 2]}, {"l": [1]}, {"l": [1]}, id="a list is one value"),
        pytest.param({}, {"a": {"x": 1}}, {"a": {"y": 2}}, {"a": {"y": 2}}, id="objects are merged"),
        pytest.param({}, {"a": 1}, {"a": None}, {"a": None}, id="null is the wish that it be gone"),
        pytest.param({}, {}, {"a": None}, {}, id="null for what is not there is no change"),
        pytest.param({}, {"a": 1}, {"a": True}, {"a": True}, id="true is not one"),
        pytest.param({"a": 1}, {"a": {"x": 1}}, {"a": {"x": 1}}, {}, id="an object where a value was applied"),
    ],
)
def test_the_patch_of_apply(last_applied, current, wanted, patch):
    found = three_way_merge(last_applied, current, wanted)
    assert same(found, patch)


@pytest.mark.parametrize(
    ("patch", "result"),
    [
        pytest.param([{"op": "replace", "path": "/a", "value": 2}], {"a": 2, "l": [1, 2]}, id="replace"),
        pytest.param([{"op": "add", "path": "/l/-", "value": 3}], {"a": 1, "l": [1, 2, 3]}, id="add to the end"),
        pytest.param([{"op": "add", "path": "/l/0", "value": 0}], {"a": 1, "l": [0, 1, 2]}, id="insert"),
        pytest.param([{"op": "remove", "path": "/a"}], {"l": [1, 2]}, id="remove"),
        pytest.param([{"op": "move", "from": "/a", "path": "/b"}], {"b": 1, "l": [1, 2]}, id="move"),
        pytest.param([{"op": "copy", "from": "/l", "path": "/m"}], {"a": 1, "l": [1, 2], "m": [1, 2]}, id="copy"),
        pytest.param([{"op": "test", "path": "/a", "value": 1}], {"a": 1, "l": [1, 2]}, id="a test that holds"),
        pytest.param([], {"a": 1, "l": [1, 2]}, id="no step at all"),
    ],
)
def test_a_json_patch_goes_through_its_steps(patch, result):
    target = {"a": 1, "l": [1, 2]}
    assert json_patch(target, patch) == result
    assert target == {"a": 1, "l": [1, 2]}


@pytest.mark.parametrize(
    ("patch", "code"),
    [
        pytest.param({"op": "add"}, 400, id="no list"),
        pytest.param([1], 400, id="a step that is no object"),
        pytest.param([{"path": "/a"}], 400, id="a step without op"),
        pytest.param([{"op": "frobnicate", "path": "/a"}], 400, id="an unknown op"),
        pytest.param([{"op": "add", "path": "/a"}], 400, id="add without a value"),
        pytest.param([{"op": "remove"}], 400, id="a step without a path"),
        pytest.param([{"op": "remove", "path": 5}], 400, id="a path that is no text"),
        pytest.param([{"op": "remove", "path": ["a"]}], 400, id="a path that is a list"),
        pytest.param([{"op": "copy", "path": "/b"}], 400, id="copy from nowhere"),
        pytest.param([{"op": "remove", "path": "/nothing"}], 422, id="remove what is not there"),
        pytest.param([{"op": "replace", "path": "/nothing/here", "value": 1}], 422, id="replace what is not there"),
        pytest.param([{"op": "add", "path": "/a/b", "value": 1}], 422, id="add below a value"),
        pytest.param([{"op": "remove", "path": "/l/-"}], 422, id="remove after the end"),
        pytest.param([{"op": "remove", "path": "/l/x"}], 422, id="a name where an index belongs"),
        pytest.param([{"op": "copy", "from": "/x", "path": "/y"}], 422, id="copy what is not there"),
        pytest.param([{"op": "test", "path": "/a", "value": 9}], 422, id="a test that does not hold"),
        pytest.param([{"op": "test", "path": "/a", "value": 1}] * 10_001, 400, id="too many steps"),
    ],
)
def test_a_json_patch_that_cannot_be_done_is_refused(patch, code):
    with pytest.raises(Failure) as refused:
        json_patch({"a": 1, "l": [1, 2]}, patch)
    assert refused.value.code == code


def test_a_refused_json_patch_does_not_repeat_values():
    with pytest.raises(Failure) as refused:
        json_patch({"data": {"k": "c2VjcmV0"}}, [{"op": "test", "path": "/data/k", "value": "Z3Vlc3M="}])
    assert "c2VjcmV0" not in refused.value.message
    assert "Z3Vlc3M=" not in refused.value.message
    assert "operation 0 of the JSON Patch (test /data/k)" in refused.value.message


def test_copies_of_copies_come_to_an_end():
    doubling = [{"op": "copy", "from": "/spec", "path": f"/spec/more{step}"} for step in range(64)]
    with pytest.raises(Failure) as refused:
        json_patch({"spec": {"text": "x" * 1000}}, doubling)
    assert refused.value.code == 413


def test_copies_into_themselves_do_not_nest_without_end():
    nesting = [{"op": "copy", "from": "/a", "path": "/a/a"}] * 2000
    with pytest.raises(Failure) as refused:
        json_patch({"a": {}}, nesting)
    assert refused.value.code == 400
