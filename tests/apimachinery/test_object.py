"""What the server does to metadata."""

import copy
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pylae.apimachinery.failure import Failure
from pylae.apimachinery.object import (
    Birth,
    check_preconditions,
    generated_name,
    prepare_create,
    prepare_delete,
    prepare_update,
    rfc3339,
    stamp,
    unchanged,
)
from pylae.apimachinery.registry import REGISTRY

GATEWAYS = REGISTRY.named("gateways.networking.istio.io")
SECRETS = REGISTRY.named("secrets")
NAMESPACES = REGISTRY.named("namespaces")
SERVICES = REGISTRY.named("services")

NOW = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
BIRTH = Birth(uid="uid-1", now=NOW, suffix="x7k2p")


def create(resource=GATEWAYS, namespace="shop", **fields):
    fields.setdefault("metadata", {"name": "gate"})
    return prepare_create(resource, fields, namespace=namespace, birth=BIRTH)


def stored(**fields):
    return stamp(create(**fields), 7)


def update(old, new, subresource="", resource=GATEWAYS):
    return prepare_update(resource, old, new, subresource=subresource)


def test_a_new_object_gets_its_identity_from_the_server():
    claimed = {
        "name": "gate",
        "uid": "mine",
        "creationTimestamp": "1999-01-01T00:00:00Z",
        "deletionTimestamp": "1999-01-01T00:00:00Z",
        "generation": 99,
        "selfLink": "/x",
        "labels": {"a": "b"},
    }
    assert create(metadata=claimed)["metadata"] == {
        "name": "gate",
        "namespace": "shop",
        "labels": {"a": "b"},
        "uid": "uid-1",
        "creationTimestamp": "2026-01-02T03:04:05Z",
        "generation": 1,
    }


def test_a_new_object_is_stored_in_the_preferred_version_without_its_status():
    created = create(apiVersion="networking.istio.io/v1alpha3", spec={"servers": []}, status={"made": "up"})
    assert created["apiVersion"] == "networking.istio.io/v1"
    assert created["kind"] == "Gateway"
    assert created["spec"] == {"servers": []}
    assert "status" not in created


@pytest.mark.parametrize(
    ("resource", "status"), [(NAMESPACES, {"phase": "Active"}), (SERVICES, {"loadBalancer": {}}), (SECRETS, None)]
)
def test_some_kinds_begin_with_a_status(resource, status):
    assert create(resource, spec={"type": "ClusterIP"}).get("status") == status


def test_a_namespace_carries_its_name_as_a_label():
    created = create(NAMESPACES, namespace="", metadata={"name": "shop", "labels": {"a": "b"}})
    assert created["metadata"]["labels"] == {"a": "b", "kubernetes.io/metadata.name": "shop"}


@pytest.mark.parametrize("resource", [SECRETS, SERVICES, NAMESPACES])
def test_kinds_of_the_core_group_count_no_generations(resource):
    assert "generation" not in create(resource, spec={"type": "ClusterIP"})["metadata"]


def test_a_name_is_generated_only_where_there_is_none():
    assert create(metadata={"generateName": "gate-"})["metadata"]["name"] == "gate-x7k2p"
    assert create(metadata={"generateName": "gate-", "name": "mine"})["metadata"]["name"] == "mine"


@given(st.text("abc-", max_size=200), st.text("xyz", min_size=5, max_size=5))
def test_a_generated_name_is_never_longer_than_a_label(prefix, suffix):
    name = generated_name(prefix, suffix)
    assert len(name) <= 63
    assert name.endswith(suffix)


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        (
            {"name": "x", "namespace": "other"},
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
        ({"name": "x", "resourceVersion": "5"}, "resourceVersion should not be set on objects to be created"),
    ],
)
def test_a_create_that_contradicts_itself_is_a_bad_request(metadata, words):
    with pytest.raises(Failure) as refused:
        create(metadata=metadata)
    assert (refused.value.code, refused.value.message) == (400, words)


def test_a_kind_without_namespaces_forgets_the_one_it_was_sent():
    assert "namespace" not in create(NAMESPACES, namespace="", metadata={"name": "x", "namespace": "y"})["metadata"]


def test_an_update_keeps_the_identity_whatever_the_writer_says():
    old = stored(spec={"selector": {}})
    new = {"metadata": {"name": "gate", "generation": 50, "creationTimestamp": "1999-01-01T00:00:00Z"}, "spec": {}}
    updated = update(old, new)["metadata"]
    assert updated["uid"] == "uid-1"
    assert updated["creationTimestamp"] == "2026-01-02T03:04:05Z"
    assert "resourceVersion" not in updated


@pytest.mark.parametrize(
    ("new", "generation"),
    [
        pytest.param({"spec": {"selector": {"a": "b"}}}, 1, id="the same again"),
        pytest.param({"spec": {"selector": {"a": "c"}}}, 2, id="another spec"),
        pytest.param({}, 2, id="no spec any more"),
        pytest.param({"spec": {"selector": {"a": "b"}}, "metadata": {"labels": {"x": "y"}}}, 1, id="another label"),
        pytest.param({"spec": {"selector": {"a": "b"}}, "status": {"servers": []}}, 1, id="a status, which is ignored"),
    ],
)
def test_the_generation_counts_changes_of_what_is_wanted(new, generation):
    assert update(stored(spec={"selector": {"a": "b"}}), new)["metadata"]["generation"] == generation


def test_the_object_and_its_status_are_written_apart():
    old = {**stored(spec={"selector": {"a": "b"}}), "status": {"servers": [1]}}
    everything = {"metadata": {"labels": {"x": "y"}}, "spec": {"selector": {}}, "status": {"servers": [2]}}
    main, status = update(old, everything), update(old, everything, "status")
    assert (main["spec"], main["status"]) == ({"selector": {}}, {"servers": [1]})
    assert (status["spec"], status["status"]) == ({"selector": {"a": "b"}}, {"servers": [2]})
    assert "labels" not in status["metadata"]
    assert status["metadata"]["generation"] == 1


def test_a_status_may_be_taken_away():
    assert "status" not in update({**stored(), "status": {"a": 1}}, {}, "status")


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        pytest.param({"resourceVersion": "7"}, None, id="the version that is there"),
        pytest.param({"resourceVersion": ""}, None, id="no version"),
        pytest.param({"resourceVersion": "0"}, None, id="whatever version"),
        pytest.param({"resourceVersion": "6"}, 409, id="an older version"),
        pytest.param({"resourceVersion": "8"}, 409, id="a version that never was"),
        pytest.param({"uid": "uid-1"}, None, id="the same object"),
        pytest.param({"uid": "uid-0"}, 409, id="an earlier object of this name"),
        pytest.param({"name": "other"}, 400, id="another name"),
        pytest.param({"namespace": "other"}, 400, id="another namespace"),
    ],
)
@pytest.mark.parametrize("subresource", ["", "status"])
def test_an_update_must_mean_the_object_that_is_there(metadata, code, subresource):
    if code is None:
        update(stored(), {"metadata": metadata}, subresource)
        return
    with pytest.raises(Failure) as refused:
        update(stored(), {"metadata": metadata}, subresource)
    assert refused.value.code == code


def test_what_is_prepared_leaves_its_arguments_alone():
    old, new = stored(spec={}), {"metadata": {"name": "gate", "labels": {"a": "b"}}, "spec": {"selector": {}}}
    before = copy.deepcopy((old, new))
    update(old, new)
    update(old, new, "status")
    prepare_delete(old, now=NOW)
    stamp(old, 9)
    assert (old, new) == before


def test_an_object_with_finalizers_is_marked_once():
    old = stored(metadata={"name": "gate", "finalizers": ["a.example/b"]})
    marked = prepare_delete(old, now=NOW)
    assert marked["metadata"]["deletionTimestamp"] == "2026-01-02T03:04:05Z"
    assert marked["metadata"]["generation"] == 2
    assert prepare_delete(marked, now=NOW + timedelta(hours=1)) == marked


@pytest.mark.parametrize(
    ("preconditions", "conflicts"),
    [
        ({}, False),
        ({"uid": "uid-1", "resourceVersion": "7"}, False),
        ({"uid": "other"}, True),
        ({"resourceVersion": "6"}, True),
    ],
)
def test_a_deletion_may_be_meant_for_one_version_of_one_object(preconditions, conflicts):
    if not conflicts:
        check_preconditions(GATEWAYS, stored(), preconditions)
        return
    with pytest.raises(Failure) as refused:
        check_preconditions(GATEWAYS, stored(), preconditions)
    assert refused.value.reason == "Conflict"


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"metadata": {**stored()["metadata"], "resourceVersion": "9", "managedFields": []}}, True),
        ({"metadata": {**stored()["metadata"], "managedFields": [{"manager": "kubectl"}]}}, False),
        ({"metadata": {**stored()["metadata"], "labels": {"a": "b"}}}, False),
        ({"spec": {"a": 1}}, False),
        ({"status": {}}, False),
    ],
)
def test_a_write_that_changes_nothing_is_known(change, same):
    assert unchanged(stored(), {**stored(), **change}) is same


def test_times_are_whole_seconds_in_utc():
    assert rfc3339(NOW.astimezone(timezone(timedelta(hours=9)))) == "2026-01-02T03:04:05Z"
