"""Which objects are ours: a table of labels and of what was asked for."""

import msgspec
import pytest

from pylae.api.scheme import GATEWAY, SECRET, SERVICE, VIRTUAL_SERVICE, Kind
from pylae.kube.ours import CLASS, REVISION, selection
from pylae.kube.resume import Upsert
from pylae.kube.store import Store


def body(labels: object = None, version: int = 1) -> bytes:
    metadata = {"name": "front", "namespace": "shop", "labels": labels, "resourceVersion": str(version)}
    return msgspec.json.encode({"metadata": metadata})


CASES = [
    ("", "", GATEWAY, {}, True),
    ("", "", GATEWAY, None, True),
    ("", "", GATEWAY, {REVISION: "canary"}, True),
    ("", "", GATEWAY, {CLASS: "inner"}, False),
    ("", "", VIRTUAL_SERVICE, {CLASS: "inner"}, True),
    ("", "inner", GATEWAY, {CLASS: "inner"}, True),
    ("", "inner", GATEWAY, {CLASS: "outer"}, False),
    ("", "inner", GATEWAY, {}, False),
    ("canary", "", GATEWAY, {}, True),
    ("canary", "", GATEWAY, {REVISION: "canary"}, True),
    ("canary", "", GATEWAY, {REVISION: "stable"}, False),
    ("canary", "", VIRTUAL_SERVICE, {REVISION: "stable"}, False),
    ("canary", "", SERVICE, {REVISION: "stable"}, True),
    ("canary", "inner", GATEWAY, {REVISION: "canary", CLASS: "inner"}, True),
    ("canary", "inner", GATEWAY, {REVISION: "stable", CLASS: "inner"}, False),
    ("canary", "", GATEWAY, [REVISION], True),
]


@pytest.mark.parametrize(("revision", "class_", "kind", "labels", "is_ours"), CASES)
def test_an_object_is_ours_by_its_labels(revision: str, class_: str, kind: Kind, labels: object, is_ours: bool) -> None:
    assert selection(revision, class_)(kind, body(labels)) is is_ours


def test_an_object_that_is_given_to_another_is_gone_and_one_that_is_given_back_is_new() -> None:
    store, events = Store(), []
    for version, labels in enumerate(({}, {CLASS: "inner"}, {CLASS: "inner"}, {})):
        change = store.apply(Upsert.of(GATEWAY, body(labels, version)))
        events.append(change.event if change else None)
    assert events == ["add", "delete", None, "add"]


def test_the_authority_of_gateways_is_served_to_none() -> None:
    """Whoever has its key is any gateway; a Gateway that names it gets nothing."""
    named = b'{"metadata":{"name":"pylae-ca","namespace":"istio-system"}}'
    assert not selection()(SECRET, named)
    assert selection()(SECRET, named.replace(b'"pylae-ca"', b'"pylae-cake"'))
