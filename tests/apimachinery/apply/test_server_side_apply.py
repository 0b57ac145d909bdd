"""Who owns what after which writes: upstream's tables (structured-merge-diff, package merge) as stories.

A step is who, what it does and the object; what is expected is the object, and everybody's fields, after the last one.
"""

import pytest

from pylae.apimachinery.apply import server_side_apply
from pylae.apimachinery.apply.field_set import text
from pylae.apimachinery.apply.managed_fields import applier, updater
from pylae.apimachinery.apply.server_side_apply import Conflicts, Writer
from pylae.apimachinery.apply.topology import DEDUCED, Topology

ITEM = Topology(fields={"name": DEDUCED, "value": DEDUCED, "other": DEDUCED})
INNER = Topology(fields={"a": DEDUCED, "b": DEDUCED})
TOPOLOGY = Topology(
    fields={
        "number": DEDUCED,
        "text": DEDUCED,
        "labels": DEDUCED,
        "piece": Topology(is_atomic=True),
        "set": Topology(items=DEDUCED),
        "items": Topology(items=ITEM, keys={"name": None}),
        "ports": Topology(items=Topology(fields={"port": DEDUCED}), keys={"port": None, "protocol": "TCP"}),
        "inner": INNER,
    }
)


class Object:
    """An object that is written to."""

    def __init__(self, *, not_its=()):
        self.object, self.managed, self.not_its = {}, {}, frozenset(not_its)

    def writer(self, owner, time="now"):
        return Writer(owner=owner, version="v1", time=time, topology=TOPOLOGY, not_its=self.not_its)

    def update(self, manager, obj):
        writer = self.writer(updater(manager, "v1", ""))
        self.managed, self.object = server_side_apply.update(writer, self.object, obj, self.managed), obj

    def apply(self, manager, obj, *, force=False, time="now"):
        writer = self.writer(applier(manager, ""), time)
        result = server_side_apply.apply(writer, self.object, obj, self.managed, force=force)
        self.object, self.managed = result.object, result.managed

    def force(self, manager, obj):
        self.apply(manager, obj, force=True)

    @property
    def owned(self):
        return {owner.manager: sorted(map(text, share.fields)) for owner, share in self.managed.items()}


A1, A2 = [{"name": "a", "value": 1}], [{"name": "a", "value": 2}]
IN_A = ['.items[name="a"]', '.items[name="a"].name', '.items[name="a"].value']
IN_B = ['.items[name="b"]', '.items[name="b"].name']

STORIES = {
    "what is left out goes": (
        [("one", "apply", {"number": 1, "text": "x"}), ("one", "apply", {"number": 1})],
        {"number": 1},
        {"one": [".number"]},
    ),
    "what another applier says too stays": (
        [("one", "apply", {"number": 1}), ("two", "apply", {"number": 1}), ("one", "apply", {})],
        {"number": 1},
        {"two": [".number"]},
    ),
    "what an updater set stays": (
        [("one", "apply", {"labels": {"a": 1}}), ("up", "update", {"labels": {"a": 1, "b": 1}}), ("one", "apply", {})],
        {"labels": {"b": 1}},
        {"up": [".labels.b"]},
    ),
    "what an updater changed is its own": (
        [("one", "apply", {"number": 1, "text": "x"}), ("up", "update", {"number": 2, "text": "x"})],
        {"number": 2, "text": "x"},
        {"one": [".text"], "up": [".number"]},
    ),
    "who takes over by force is the only owner": (
        [("one", "apply", {"number": 1}), ("two", "force", {"number": 2})],
        {"number": 2},
        {"two": [".number"]},
    ),
    "who is overruled in all has no entry": (
        [("up", "update", {"number": 1}), ("one", "force", {"number": 2}), ("up", "update", {})],
        {},
        {},
    ),
    "items of a list are owned one by one": (
        [("one", "apply", {"items": A1}), ("two", "apply", {"items": [{"name": "b"}]})],
        {"items": [{"name": "a", "value": 1}, {"name": "b"}]},
        {"one": IN_A, "two": IN_B},
    ),
    "an item goes with its last applier": (
        [("one", "apply", {"items": [*A1, {"name": "b"}]}), ("one", "apply", {"items": [{"name": "b"}]})],
        {"items": [{"name": "b"}]},
        {"one": IN_B},
    ),
    "an item stays for what others put into it": (
        [
            ("one", "apply", {"items": [{"name": "a"}]}),
            ("two", "apply", {"items": A1}),
            ("one", "apply", {}),
        ],
        {"items": A1},
        {"two": IN_A},
    ),
    "a new key is a new item": (
        [("one", "apply", {"items": A1}), ("one", "apply", {"items": [{"name": "b", "value": 1}]})],
        {"items": [{"name": "b", "value": 1}]},
        {"one": [*IN_B, '.items[name="b"].value']},
    ),
    "the default of a key is the key": (
        [("one", "apply", {"ports": [{"port": 1}]}), ("two", "apply", {"ports": [{"port": 1, "protocol": "UDP"}]})],
        {"ports": [{"port": 1}, {"port": 1, "protocol": "UDP"}]},
        {
            "one": ['.ports[port=1,protocol="TCP"]', '.ports[port=1,protocol="TCP"].port'],
            "two": [f'.ports[port=1,protocol="UDP"]{end}' for end in ("", ".port", ".protocol")],
        },
    ),
    "members of a set are owned one by one": (
        [
            ("one", "apply", {"set": ["a", "b"]}),
            ("two", "apply", {"set": ["b", "c"]}),
            ("one", "apply", {"set": ["a"]}),
        ],
        {"set": ["a", "b", "c"]},
        {"one": ['.set[="a"]'], "two": ['.set[="b"]', '.set[="c"]']},
    ),
    "one piece has one owner": (
        [("one", "apply", {"piece": {"a": 1}}), ("two", "force", {"piece": {"b": 1}})],
        {"piece": {"b": 1}},
        {"two": [".piece"]},
    ),
    "a structure goes with what was in it": (
        [("one", "apply", {"inner": {"a": 1}, "number": 1}), ("one", "apply", {"number": 1})],
        {"number": 1},
        {"one": [".number"]},
    ),
    "a structure stays for what others put into it": (
        [("one", "apply", {"inner": {"a": 1}}), ("two", "apply", {"inner": {"b": 1}}), ("one", "apply", {})],
        {"inner": {"b": 1}},
        {"two": [".inner.b"]},
    ),
    "what is applied empty stays empty": (
        [("one", "apply", {"labels": {"a": 1}}), ("one", "apply", {"labels": {}})],
        {"labels": {}},
        {"one": [".labels"]},
    ),
    "a null takes a value away": (
        [("up", "update", {"number": 1}), ("one", "force", {"number": None})],
        {"number": None},
        {"one": [".number"]},
    ),
    "an update that changes nothing owns nothing": (
        [("one", "apply", {"number": 1}), ("up", "update", {"number": 1})],
        {"number": 1},
        {"one": [".number"]},
    ),
    "who changes what it applied owns it twice": (
        [("one", "apply", {"number": 1, "text": "x"}), ("one", "force", {"number": 2, "text": "x"})],
        {"number": 2, "text": "x"},
        {"one": [".number", ".text"]},
    ),
}


@pytest.mark.parametrize("story", STORIES)
def test_stories(story):
    steps, obj, owned = STORIES[story]
    written = Object()
    for manager, verb, document in steps:
        getattr(written, verb)(manager, document)
    assert (written.object, written.owned) == (obj, owned)


CONFLICTS = {
    "another applier": (
        [("one", "apply", {"number": 1})],
        {"number": 2},
        'Apply failed with 1 conflict: conflict with "one": .number',
    ),
    "an updater, with its version": (
        [("up", "update", {"number": 1})],
        {"number": 2},
        'Apply failed with 1 conflict: conflict with "up" using v1: .number',
    ),
    "several": (
        [("one", "apply", {"items": A1, "number": 1}), ("up", "update", {"items": A1, "number": 1, "text": "x"})],
        {"items": A2, "number": 2, "text": "y"},
        """Apply failed with 3 conflicts: conflicts with "one":
- .number
- .items[name="a"].value
conflicts with "up" using v1:
- .text""",
    ),
    "one piece": (
        [("one", "apply", {"piece": {"a": 1}})],
        {"piece": {"a": 1, "b": 1}},
        'Apply failed with 1 conflict: conflict with "one": .piece',
    ),
}


@pytest.mark.parametrize("case", CONFLICTS)
def test_conflicts_are_named_as_upstream_names_them(case):
    steps, document, words = CONFLICTS[case]
    written = Object()
    for manager, verb, obj in steps:
        getattr(written, verb)(manager, obj)
    before = written.object, written.managed
    with pytest.raises(Conflicts) as refused:
        written.apply("mine", document)
    assert str(refused.value) == words
    assert (written.object, written.managed) == before


@pytest.mark.parametrize(
    "agreed", [{"number": 1}, {"items": A1}, {"labels": {"a": 1}}, {"set": ["a"]}, {"piece": {"a": 1}}]
)
def test_to_say_the_same_is_no_conflict(agreed):
    written = Object()
    written.apply("one", agreed)
    written.apply("two", agreed)
    assert written.owned["one"] == written.owned["two"]


def test_only_a_change_has_a_time():
    written = Object()
    written.apply("one", {"number": 1}, time="first")
    written.apply("one", {"number": 1}, time="second")
    written.apply("two", {"number": 1}, time="second")
    assert {owner.manager: share.time for owner, share in written.managed.items()} == {"one": "first", "two": ""}


def test_nobody_owns_what_an_endpoint_does_not_write():
    written = Object(not_its=[("f:inner",)])
    written.apply("one", {"inner": {"a": 1}, "number": 1})
    written.update("up", {"inner": {"a": 2}, "number": 1, "text": "x"})
    assert written.owned == {"one": [".number"], "up": [".text"]}


def test_nobody_owns_what_the_server_decides():
    written = Object()
    written.update("up", {"apiVersion": "v1", "kind": "A", "metadata": {"name": "a", "uid": "1", "generation": 2}})
    assert written.owned == {}
