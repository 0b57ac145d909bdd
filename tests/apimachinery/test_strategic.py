"""Strategic merge patch, as kubectl computes it and as people write it."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pylae.apimachinery.built_in.merge_keys import merge_keys
from pylae.apimachinery.failure import Failure
from pylae.apimachinery.patch import merge_patch
from pylae.apimachinery.strategic import strategic_merge

KEYS = {"items": "name", "items.inner": "name", "set": "", "deep.items": "name"}


def items(*names):
    return [{"name": name} for name in names]


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        pytest.param({"a": 1}, {"b": 2}, {"a": 1, "b": 2}, id="a field is added"),
        pytest.param({"a": 1}, {"a": None}, {}, id="null removes"),
        pytest.param({}, {"a": None}, {}, id="null for what is not there does nothing"),
        pytest.param(
            {"m": {"a": 1}},
            {"m": {"b": {"c": None, "d": 1}}},
            {"m": {"a": 1, "b": {"d": 1}}},
            id="nulls in a new object go",
        ),
        pytest.param({"l": [1, 2]}, {"l": [3]}, {"l": [3]}, id="a list without a key is replaced"),
        pytest.param({"a": 1}, {"a": {"b": 1}}, {"a": {"b": 1}}, id="another type replaces"),
        pytest.param(
            {"items": [{"name": "a", "x": 1}, {"name": "b"}]},
            {"items": [{"name": "a", "y": 2}]},
            {"items": [{"name": "a", "x": 1, "y": 2}, {"name": "b"}]},
            id="an item is merged by its key",
        ),
        pytest.param(
            {"items": items("a")},
            {"items": items("b")},
            {"items": items("b", "a")},
            id="a new item comes before those it does not know",
        ),
        pytest.param({}, {"items": items("a")}, {"items": items("a")}, id="a list that was not there"),
        pytest.param(
            {"items": items("a", "b", "c")},
            {"items": [{"$patch": "delete", "name": "b"}]},
            {"items": items("a", "c")},
            id="an item is deleted",
        ),
        pytest.param(
            {"items": items("a")},
            {"items": [{"$patch": "delete", "name": "z"}]},
            {"items": items("a")},
            id="deleting what is not there does nothing",
        ),
        pytest.param(
            {},
            {"items": [{"$patch": "delete", "name": "z"}]},
            {"items": []},
            id="deleting from what is not there leaves no directive",
        ),
        pytest.param(
            {"items": items("a", "b")},
            {"items": [{"$patch": "replace"}, {"name": "c"}]},
            {"items": items("c")},
            id="a merged list is replaced on demand",
        ),
        pytest.param(
            {"m": {"a": 1}}, {"m": {"$patch": "replace", "b": 2}}, {"m": {"b": 2}}, id="an object is replaced on demand"
        ),
        pytest.param({"m": {"a": 1}}, {"m": {"$patch": "delete"}}, {"m": {}}, id="an object is emptied"),
        pytest.param({}, {"m": {"$patch": "delete"}}, {}, id="an object that is not there is not made"),
        pytest.param(
            {"items": [{"name": "a", "inner": items("x", "y")}]},
            {"items": [{"name": "a", "inner": [{"$patch": "delete", "name": "x"}]}]},
            {"items": [{"name": "a", "inner": items("y")}]},
            id="a list inside an item",
        ),
        pytest.param(
            {"items": items("a", "b", "c")},
            {"$setElementOrder/items": items("c", "b", "a")},
            {"items": items("c", "b", "a")},
            id="the order alone is changed",
        ),
        pytest.param(
            {"items": items("a", "s", "b")},
            {"$setElementOrder/items": items("b", "n", "a"), "items": items("n")},
            {"items": items("s", "b", "n", "a")},
            id="items of others come before those that they came before",
        ),
        pytest.param(
            {"items": items("s", "a", "b")},
            {"$setElementOrder/items": items("a", "b")},
            {"items": items("s", "a", "b")},
            id="items of others keep their place",
        ),
        pytest.param(
            {"items": items("a", "b")},
            {"$setElementOrder/items": items("b"), "items": [{"name": "b", "x": 1}, {"$patch": "delete", "name": "a"}]},
            {"items": [{"name": "b", "x": 1}]},
            id="order, change and deletion together",
        ),
        pytest.param({}, {"$setElementOrder/items": items("a")}, {}, id="an order for nothing"),
        pytest.param({"set": ["a", "b"]}, {"set": ["b", "c"]}, {"set": ["a", "b", "c"]}, id="a set is united"),
        pytest.param(
            {"set": ["a", "b", "c"]},
            {"$deleteFromPrimitiveList/set": ["b"], "$setElementOrder/set": ["c", "a"]},
            {"set": ["c", "a"]},
            id="values are deleted from a set",
        ),
        pytest.param({"l": [1, 2]}, {"$deleteFromPrimitiveList/l": [1]}, {"l": [2]}, id="and from any list"),
        pytest.param({}, {"$deleteFromPrimitiveList/set": ["b"]}, {}, id="but a list is not made for that"),
        pytest.param(
            {"m": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}},
            {"m": {"$retainKeys": ["type"], "type": "Recreate"}},
            {"m": {"type": "Recreate"}},
            id="only the fields named are retained",
        ),
        pytest.param(
            {"a": {"x": 1}},
            {"deep": {"items": items("b")}},
            {"a": {"x": 1}, "deep": {"items": items("b")}},
            id="a list deep in something new",
        ),
    ],
)
def test_a_strategic_merge(target, patch, result):
    before = copy.deepcopy((target, patch))
    assert strategic_merge(target, patch, KEYS) == result
    assert (target, patch) == before


@pytest.mark.parametrize(
    "patch",
    [
        pytest.param([], id="a patch that is a list"),
        pytest.param({"$patch": "explode"}, id="an unknown directive"),
        pytest.param({"items": [{"$patch": "merge", "name": "a"}]}, id="an unknown directive in a list"),
        pytest.param({"items": [{"x": 1}]}, id="an item without its key"),
        pytest.param({"items": ["a"]}, id="text where an item belongs"),
        pytest.param({"items": [{"$patch": "delete"}]}, id="a deletion without the key"),
        pytest.param({"items": [{"name": {"a": 1}}]}, id="a key that is an object"),
        pytest.param({"set": [["a"]]}, id="a list in a set"),
        pytest.param({"$setElementOrder/items": "a"}, id="an order that is no list"),
        pytest.param({"$deleteFromPrimitiveList/set": {}}, id="deletions that are no list"),
        pytest.param({"m": {"$retainKeys": "a"}}, id="retained keys that are no list"),
        pytest.param({"m": {"$retainKeys": ["a"], "b": 1}}, id="a field that is set but not retained"),
    ],
)
def test_a_malformed_strategic_patch_is_a_bad_request(patch):
    with pytest.raises(Failure) as refused:
        strategic_merge({"items": items("a"), "set": ["a"], "m": {"a": 1}}, patch, KEYS)
    assert refused.value.code == 400


def test_ports_of_a_service_as_kubectl_patches_them():
    service = {"spec": {"ports": [{"port": 80, "nodePort": 30000}, {"port": 443, "nodePort": 30005}]}}
    patch = {
        "spec": {
            "$setElementOrder/ports": [{"port": 80}, {"port": 8443}],
            "ports": [{"name": "tls", "port": 8443}, {"$patch": "delete", "port": 443}],
        }
    }
    assert strategic_merge(service, patch, merge_keys("services")) == {
        "spec": {"ports": [{"port": 80, "nodePort": 30000}, {"name": "tls", "port": 8443}]}
    }


def test_an_environment_variable_of_a_deployment_is_merged_by_its_name():
    def deployment(*env):
        return {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:1", "env": list(env)}]}}}}

    patch = {"spec": {"template": {"spec": {"containers": [{"name": "web", "env": [{"name": "B", "value": "2"}]}]}}}}
    merged = strategic_merge(deployment({"name": "A", "value": "1"}), patch, merge_keys("deployments.apps"))
    assert merged == deployment({"name": "B", "value": "2"}, {"name": "A", "value": "1"})


def test_tolerations_are_replaced_whole():
    keys = merge_keys("pods")
    target = {"spec": {"tolerations": [{"key": "a"}]}}
    assert strategic_merge(target, {"spec": {"tolerations": [{"key": "b"}]}}, keys) == {
        "spec": {"tolerations": [{"key": "b"}]}
    }


keys = st.sampled_from(["a", "b", "c"])
scalars = st.one_of(st.booleans(), st.integers(0, 3), st.text("xy", max_size=2))
plain = st.dictionaries(
    keys, st.recursive(scalars, lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(keys, inner)))
)
lists = st.lists(st.sampled_from("pqrstu"), unique=True).map(lambda names: items(*names))


@given(plain, plain)
def test_without_merge_keys_and_nulls_it_is_a_merge_patch(target, patch):
    assert strategic_merge(target, patch, {}) == merge_patch(target, patch)


@given(lists, lists)
def test_the_patch_decides_the_order_and_loses_no_item(live, patch):
    merged = strategic_merge({"items": live}, {"items": patch}, KEYS)["items"]
    assert [item for item in merged if item in patch] == patch
    assert [item for item in merged if item not in patch] == [item for item in live if item not in patch]


@given(lists, lists)
def test_an_order_for_all_makes_exactly_that_order(live, wanted):
    gone = [{"$patch": "delete", **item} for item in live if item not in wanted]
    patch = {"$setElementOrder/items": wanted, "items": [*wanted, *gone]}
    assert strategic_merge({"items": live}, patch, KEYS)["items"] == wanted
