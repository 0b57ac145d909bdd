"""The store as tables: which notice is a change, and what the snapshot then has."""

from typing import Any

import msgspec
import pytest

from pylae.api.core import LAST_APPLIED
from pylae.api.gateway import Gateway
from pylae.api.scheme import ENDPOINT_SLICE, GATEWAY, NODE, SECRET, SERVICE, Kind
from pylae.kube.resume import Delete, Synced, Upsert
from pylae.kube.store import PLACES, Store
from pylae.model import codes

Json = dict[str, Any]

KEY = ("shop", "front")


def gateway(version: int = 1, uid: str = "u", **fields: Any) -> Json:
    metadata = {"name": "front", "namespace": "shop", "uid": uid, "resourceVersion": str(version), "generation": 1}
    return {
        "apiVersion": GATEWAY.api_version,
        "kind": "Gateway",
        "metadata": {**metadata, **fields.pop("metadata", {})},
        "spec": {"servers": [{"hosts": ["a.example"]}]},
        **fields,
    }


def upsert(document: Json, kind: Kind = GATEWAY) -> Upsert:
    return Upsert.of(kind, msgspec.json.encode(document))


def listed(*documents: Json) -> Store:
    """A store that has these Gateways, and knows that these are all."""
    store = Store()
    for document in documents:
        store.apply(upsert(document))
    store.apply(Synced(GATEWAY))
    return store


def holding(document: Json) -> Store:
    store = listed()
    store.apply(upsert(document))
    return store


def test_a_new_object_is_a_change_from_nothing() -> None:
    store = Store()
    change = store.apply(upsert(gateway()))
    assert change
    assert (change.kind, change.key, change.old) == (GATEWAY, KEY, None)
    assert store.snapshot.gateways[KEY] is change.new


def test_a_deleted_object_is_a_change_to_nothing() -> None:
    store = holding(gateway())
    change = store.apply(Delete(GATEWAY, KEY))
    assert change
    assert change.old
    assert change.new is None
    assert store.snapshot.gateways == {}


def test_deleting_what_is_not_there_is_no_change() -> None:
    assert Store().apply(Delete(GATEWAY, KEY)) is None


NO_MATTER = [
    ("the version", gateway(2)),
    ("managedFields", gateway(2, metadata={"managedFields": [{"manager": "kubectl"}]})),
    ("our status", gateway(2, status={"conditions": [{"type": "Accepted", "status": "True"}]})),
]


@pytest.mark.parametrize("document", [row[1] for row in NO_MATTER], ids=[row[0] for row in NO_MATTER])
def test_what_every_write_changes_is_no_change(document: Json) -> None:
    store = holding(gateway())
    assert store.apply(upsert(document)) is None


@pytest.mark.parametrize("document", [row[1] for row in NO_MATTER], ids=[row[0] for row in NO_MATTER])
def test_yet_the_snapshot_has_the_newest_state(document: Json) -> None:
    store = holding(gateway())
    store.apply(upsert(document))
    assert store.snapshot.gateways[KEY].metadata.resource_version == "2"


MATTERS = [
    ("the spec", gateway(2, spec={"servers": []})),
    ("a label", gateway(2, metadata={"labels": {"a": "b"}})),
    ("an annotation", gateway(2, metadata={"annotations": {"a": "b"}})),
    ("the generation", gateway(2, metadata={"generation": 2})),
    ("another object of the name", gateway(2, uid="other")),
    ("the beginning of its deletion", gateway(2, metadata={"deletionTimestamp": "2026-11-24T07:00:00Z"})),
]


@pytest.mark.parametrize("document", [row[1] for row in MATTERS], ids=[row[0] for row in MATTERS])
def test_what_a_user_changed_is_a_change(document: Json) -> None:
    store = holding(gateway())
    change = store.apply(upsert(document))
    assert change
    assert change.old
    assert change.new is store.snapshot.gateways[KEY]


def test_a_services_status_is_no_change_either() -> None:
    service: Json = {"metadata": {"name": "front", "namespace": "shop", "resourceVersion": "1"}, "spec": {}}
    store = Store()
    store.apply(upsert(service, SERVICE))
    service["status"] = {"conditions": [{"type": "pylae.dev/PortsBound", "status": "False"}]}
    assert store.apply(upsert(service, SERVICE)) is None


def test_items_of_a_list_say_neither_kind_nor_version_and_are_read_all_the_same() -> None:
    store = Store()
    store.apply(upsert({"metadata": {"name": "front", "namespace": "shop"}}, SERVICE))
    assert str(store.snapshot.services[KEY].ref) == "Service shop/front"


def test_the_snapshot_is_live() -> None:
    store = holding(gateway())
    snapshot = store.snapshot
    store.apply(Delete(GATEWAY, KEY))
    assert KEY not in snapshot.gateways
    assert store.snapshot is snapshot


def test_an_object_is_the_same_one_however_often_it_is_read() -> None:
    store = listed(gateway())
    assert store.snapshot.gateways[KEY] is store.snapshot.gateways[KEY]
    assert list(store.snapshot.gateways.values()) == [store.snapshot.gateways[KEY]]


def test_what_a_change_says_stays_true_when_the_next_one_has_come() -> None:
    store = listed(gateway())
    first = store.apply(upsert(gateway(2, spec={"servers": []})))
    second = store.apply(Delete(GATEWAY, KEY))
    assert first
    assert second
    assert isinstance(first.old, Gateway)
    assert isinstance(first.new, Gateway)
    assert (len(first.old.spec.servers), len(first.new.spec.servers)) == (1, 0)
    assert second.old == first.new


EVENTS = [("add", "b", gateway(2, metadata={"name": "b"})), ("update", "front", gateway(2, spec={}))]


@pytest.mark.parametrize(("event", "name", "document"), EVENTS)
def test_a_change_has_a_name(event: str, name: str, document: Json) -> None:
    change = listed(gateway()).apply(upsert(document))
    assert change
    assert (change.event, change.key) == (event, ("shop", name))
    assert repr(change) == f"Change({event} Gateway shop/{name})"


def test_neither_status_nor_managed_fields_nor_what_was_last_applied_are_kept() -> None:
    metadata = {"managedFields": [{"manager": "kubectl"}], "annotations": {LAST_APPLIED: "{}", "a": "b"}}
    store = listed(gateway(metadata=metadata, status={"conditions": [{"type": "Accepted"}]}))
    kept = store.snapshot.gateways[KEY]
    assert isinstance(kept, Gateway)
    assert kept.status == {}
    assert kept.metadata.managed_fields == ()
    assert kept.metadata.annotations == {"a": "b"}
    assert len(kept.spec.servers) == 1


def test_nobody_can_write_into_a_snapshot() -> None:
    with pytest.raises(TypeError):
        holding(gateway()).snapshot.gateways[KEY] = None  # type: ignore[index]


MALFORMED = gateway(2, spec={"servers": [{"port": "eighty"}]})


def test_an_object_that_is_none_of_its_kind_is_a_finding_and_not_in_the_snapshot() -> None:
    store = holding(gateway())
    change = store.apply(upsert(MALFORMED))
    assert change
    assert change.new is None
    assert store.snapshot.gateways == {}
    (finding,) = store.malformed()
    assert finding.code is codes.INVALID
    assert (str(finding.about), finding.path) == ("Gateway shop/front", "spec.servers[0].port")
    assert finding.sentence() == (
        "spec.servers[0].port: Expected `object | null`, got `str`, so that this is no Gateway. "
        "Correct the field and apply the object again."
    )


def test_a_malformed_object_that_is_new_is_a_change_too_since_there_is_something_to_tell() -> None:
    store = listed()
    change = store.apply(upsert(MALFORMED))
    assert change
    assert change.old is change.new is None
    assert store.apply(upsert({**MALFORMED, "metadata": {**MALFORMED["metadata"], "resourceVersion": "3"}})) is None


def test_objects_of_the_first_list_are_not_read_before_somebody_asks() -> None:
    """So a malformed one is noticed only then, and does not hide the others."""
    other = gateway(2, metadata={"name": "other"})
    store = listed(MALFORMED, other)
    assert store.malformed() == ()
    assert [found.metadata.name for found in store.snapshot.gateways.values()] == ["other"]
    assert len(store.malformed()) == len(store.snapshot.gateways) == 1
    assert list(store.snapshot.gateways) == [("shop", "other")]
    assert KEY not in store.snapshot.gateways


@pytest.mark.parametrize("notice", [upsert(gateway(3)), Delete(GATEWAY, KEY)], ids=["corrected", "deleted"])
def test_the_finding_goes_with_its_cause(notice: Upsert | Delete) -> None:
    store = holding(MALFORMED)
    assert store.apply(notice)
    assert store.malformed() == ()


def test_a_secrets_payload_is_not_in_its_finding() -> None:
    store = Store()
    change = store.apply(upsert({"metadata": {"name": "a", "namespace": "shop"}, "data": {"k": "s3cr3t!"}}, SECRET))
    assert change
    assert change.new is None
    (finding,) = store.malformed()
    assert "s3cr3t" not in str(finding)
    assert "Expected base64" in str(finding)


def test_a_store_is_synced_when_every_kind_has_been_listed() -> None:
    store = Store()
    for kind in PLACES:
        assert not store.is_synced
        store.apply(Synced(kind))
    assert store.is_synced


def test_kinds_that_are_not_kept_are_passed_over() -> None:
    store = Store()
    assert store.apply(upsert({"metadata": {"name": "pylae"}}, NODE)) is None
    assert store.apply(Delete(NODE, ("", "pylae"))) is None
    assert store.apply(Synced(NODE)) is None


def test_every_kind_of_the_snapshot_is_kept() -> None:
    store = Store()
    for kind in PLACES:
        store.apply(upsert({"kind": kind.kind, "metadata": {"name": "front", "namespace": "shop"}}, kind))
    snapshot = store.snapshot
    assert all(KEY in getattr(snapshot, place) for place in PLACES.values())
    assert len(store.snapshot.endpoint_slices) == len(snapshot.slices_of_service) == 1
    assert PLACES[ENDPOINT_SLICE] == "endpoint_slices"
