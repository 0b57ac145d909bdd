"""Bodies that are told apart and cut without being read."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pylae.api.core import LAST_APPLIED
from pylae.kube.body import are_alike, identify, substance

Json = dict[str, Any]

METADATA: Json = {"name": "a", "namespace": "shop", "uid": "u", "resourceVersion": "7"}


def body(metadata: Json | None = None, **fields: Any) -> bytes:
    return msgspec.json.encode({"metadata": {**METADATA, **(metadata or {})}, **fields})


def test_an_object_is_known_by_its_place_and_a_state_by_uid_and_version() -> None:
    found = identify(body())
    assert (found.key, found.version) == (("shop", "a"), "7")
    assert found.state == identify(body(spec={})).state
    assert found.state != identify(body({"resourceVersion": "8"})).state
    assert found.state != identify(body({"uid": "other"})).state


def test_what_is_no_object_is_refused() -> None:
    for nonsense in (b"[]", b"{}", b"<html>"):
        with pytest.raises(msgspec.DecodeError):
            identify(nonsense)


def test_a_body_with_nothing_to_cut_is_the_very_same() -> None:
    whole = body(spec={"status": "a word, and no field of the object"})
    assert substance(whole) is whole


CUT = [
    body(status={"conditions": []}),
    body({"managedFields": [{"manager": "kubectl"}]}),
    body({"annotations": {LAST_APPLIED: '{"status": {}}'}}, status={}),
]


@pytest.mark.parametrize("whole", CUT)
def test_what_others_keep_in_an_object_is_cut(whole: bytes) -> None:
    left = msgspec.json.decode(substance(whole))
    left["metadata"].pop("annotations", None)
    assert left == {"metadata": METADATA}


@pytest.mark.parametrize("odd", [b"[]", b'{"metadata":[],"status":{}}', b'{"metadata":{"annotations":null}}', b"<"])
def test_a_body_that_is_odd_is_passed_on_to_who_can_say_what_is_wrong(odd: bytes) -> None:
    assert b"annotations" not in odd or substance(odd) == odd
    substance(odd)


names = st.sampled_from(["spec", "data", "status", "type"])


@given(st.dictionaries(names, st.recursive(st.text() | st.integers() | st.none(), st.lists, max_leaves=5)))
def test_nothing_but_the_status_is_lost(fields: Json) -> None:
    expected = {"metadata": METADATA, **{name: value for name, value in fields.items() if name != "status"}}
    assert msgspec.json.decode(substance(body(**fields))) == expected


def test_bodies_are_alike_if_only_their_version_differs() -> None:
    assert are_alike(body(spec={"a": 1}), body({"resourceVersion": "8"}, spec={"a": 1}))
    assert not are_alike(body(spec={"a": 1}), body(spec={"a": 2}))
    assert not are_alike(body(), body({"uid": "other"}))
