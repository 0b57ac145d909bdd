"""Whose word on the owners counts, and what kubectl is granted over `kubectl apply`."""

import json

import pytest

from pylae.api.core import LAST_APPLIED
from pylae.apimachinery.apply import field_manager
from pylae.apimachinery.apply.field_manager import record_update, topology_of, written_elsewhere
from pylae.apimachinery.apply.managed_fields import applier, updater
from pylae.apimachinery.apply.server_side_apply import Writer
from pylae.apimachinery.failure import Failure
from pylae.apimachinery.registry import REGISTRY

CONFIG_MAPS = REGISTRY.named("configmaps")
GATEWAYS = REGISTRY.named("gateways.networking.istio.io")


def writer(owner, resource=CONFIG_MAPS):
    version = resource.group_version()
    elsewhere = written_elsewhere(resource, owner.subresource)
    return Writer(owner=owner, version=version, time="now", topology=topology_of(resource), not_its=elsewhere)


def config(data=None, **metadata):
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", **metadata}}
    return body if data is None else {**body, "data": data}


def update(live, new, manager="up"):
    return record_update(CONFIG_MAPS, writer(updater(manager, "v1", "")), live, new)


def apply(live, applied, manager="mine", *, force=False):
    return field_manager.apply(CONFIG_MAPS, writer(applier(manager, "")), live, applied, force=force)


def stored(obj):
    return {**obj, "metadata": {**obj["metadata"], "uid": "u"}}


def owners(obj):
    return [entry["manager"] for entry in obj["metadata"].get("managedFields", [])]


def entry(manager, *, version="v1", operation="Update"):
    fields = {"f:data": {"f:x": {}}}
    shape = {"fieldsType": "FieldsV1", "fieldsV1": fields}
    return {"manager": manager, "operation": operation, "apiVersion": version, **shape}


LIVE = stored(update({}, config({"x": "1"}), "first"))


def test_a_new_object_is_its_creators():
    assert owners(LIVE) == ["first"]
    assert LIVE["metadata"]["managedFields"][0]["fieldsV1"] == {"f:data": {".": {}, "f:x": {}}}


def test_who_does_not_speak_of_owners_leaves_them():
    assert owners(update(LIVE, config({"x": "1", "y": "1"}))) == ["first", "up"]


@pytest.mark.parametrize("entries", [[], [{}]])
def test_who_empties_the_list_ends_the_account(entries):
    forgotten = update(LIVE, config({"x": "2"}, managedFields=entries))
    assert owners(forgotten) == []
    assert owners(update(stored(forgotten), config({"x": "3"}))) == []


def test_who_writes_the_list_is_believed():
    assert owners(update(LIVE, config({"x": "1"}, managedFields=[entry("other")]))) == ["other"]


@pytest.mark.parametrize("wrong", [entry("other", operation="Guess"), {"manager": "other"}])
def test_a_list_that_cannot_be_read_is_passed_over(wrong):
    assert owners(update(LIVE, config({"x": "1"}, managedFields=[wrong]))) == ["first"]


def test_who_writes_the_status_has_no_word_on_owners():
    live = {"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": {"name": "a", "uid": "u"}}
    live["metadata"]["managedFields"] = [entry("first", version="networking.istio.io/v1")]
    new = {**live, "metadata": {"name": "a", "managedFields": []}, "spec": {"servers": []}, "status": {"a": 1}}
    status = writer(updater("up", "networking.istio.io/v1", "status"), GATEWAYS)
    after = record_update(GATEWAYS, status, live, new)["metadata"]["managedFields"]
    assert [(each["manager"], each["fieldsV1"]) for each in after] == [
        ("first", {"f:data": {"f:x": {}}}),
        ("up", {"f:status": {".": {}, "f:a": {}}}),
    ]


def test_owners_in_a_version_that_is_gone_are_gone():
    live = {**LIVE, "metadata": {**LIVE["metadata"], "managedFields": [entry("old", version="v0"), entry("new")]}}
    assert owners(update(live, config({"x": "1", "y": "1"}))) == ["new", "up"]


def test_the_first_apply_finds_an_owner_of_what_was_there():
    live = config({"x": "1", "y": "1"}, uid="u")
    merged = apply(live, config({"x": "1"}))
    assert owners(merged) == ["mine", "before-first-apply"]
    with pytest.raises(Failure) as refused:
        apply(live, config({"x": "2"}))
    assert (refused.value.code, refused.value.reason) == (409, "Conflict")


def test_a_conflict_has_a_cause_for_each_field():
    with pytest.raises(Failure) as refused:
        apply(LIVE, config({"x": "2"}))
    assert refused.value.details == {
        "causes": [{"reason": "FieldManagerConflict", "message": 'conflict with "first" using v1', "field": ".data.x"}]
    }


@pytest.mark.parametrize(
    ("applied", "words"),
    [
        (config({"x": "1"}, managedFields=[]), "metadata.managedFields must be nil"),
        (
            {**config(), "dat": {}},
            "failed to create typed patch object (/a; /v1, Kind=ConfigMap): .dat: field not declared in schema",
        ),
        (
            config(namespace="shop", finalizers=["a/b", "a/b", "c/d", "c/d"]),
            "failed to create typed patch object (shop/a; /v1, Kind=ConfigMap): errors:"
            + "".join(f'\n  .metadata.finalizers: duplicate entries for key [="{name}"]' for name in ("a/b", "c/d")),
        ),
    ],
)
def test_what_cannot_be_applied(applied, words):
    with pytest.raises(Failure) as refused:
        apply({}, applied)
    assert (refused.value.code, refused.value.message) == (400, words)


def applied_by_kubectl(data, now=None):
    last = json.dumps(config(data))
    obj = config(now or data, annotations={LAST_APPLIED: last})
    return stored(update({}, obj, "kubectl-client-side-apply"))


def test_kubectl_may_take_over_what_kubectl_apply_wrote():
    live = applied_by_kubectl({"x": "1"})
    merged = apply(live, config({"x": "2"}), "kubectl")
    assert merged["data"] == {"x": "2"}
    assert json.loads(merged["metadata"]["annotations"][LAST_APPLIED]) == config({"x": "2"})


def test_nobody_else_may():
    with pytest.raises(Failure):
        apply(applied_by_kubectl({"x": "1"}), config({"x": "2"}), "helm")


def test_kubectl_may_not_take_over_what_has_changed_since():
    live = applied_by_kubectl({"x": "1", "y": "1"}, now={"x": "1", "y": "other"})
    with pytest.raises(Failure) as refused:
        apply(live, config({"x": "2", "y": "2"}), "kubectl")
    assert [cause["field"] for cause in refused.value.details["causes"]] == [".data.y"]


@pytest.mark.parametrize("last", ["", "{", "[]", '{"apiVersion": "v2"}'])
def test_a_last_applied_that_says_nothing_grants_nothing(last):
    live = stored(update({}, config({"x": "1"}, annotations={LAST_APPLIED: last})))
    with pytest.raises(Failure):
        apply(live, config({"x": "2"}), "kubectl")


def test_nothing_changes_its_arguments():
    before = json.dumps(LIVE)
    apply(LIVE, config({"y": "1"}), "kubectl")
    update(LIVE, config({"x": "2"}))
    assert json.dumps(LIVE) == before
