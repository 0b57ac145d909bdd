"""`metadata.managedFields`, read and written."""

import pytest

from pylae.apimachinery.apply.managed_fields import (
    Owner,
    Share,
    applier,
    capped,
    is_reset,
    read,
    updater,
    with_entries,
    without_times,
    write,
)

A = frozenset({("f:data", "f:a")})


def entry(manager="m", operation="Update", **fields):
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": "v1",
        "time": "2026-01-01T00:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:data": {"f:a": {}}},
        **fields,
    }


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [entry()],
        [entry(operation="Apply"), entry()],
        [entry(subresource="status"), entry(time="2026-01-02T00:00:00Z")],
        [{key: value for key, value in entry().items() if key != "time"}],
    ],
)
def test_what_is_read_is_written_again(entries):
    assert write(read(entries)) == entries


@pytest.mark.parametrize(
    "entries",
    [
        None,
        {},
        [1],
        [{}],
        [entry(operation="Guess")],
        [entry(apiVersion="")],
        [entry(fieldsType="")],
        [entry(fieldsType="FieldsV2")],
        [entry(fieldsV1={"f:a": 1})],
    ],
)
def test_what_cannot_be_read_is_none(entries):
    assert read(entries) is None


def test_an_applier_is_the_same_in_every_version():
    assert list(read([entry(operation="Apply", apiVersion="v2")])) == [applier("m", "")]
    assert list(read([entry(apiVersion="v2")])) == [updater("m", "v2", "")]


def test_entries_stand_in_upstreams_order():
    managed = {
        updater("z", "v1", ""): Share(A, "v1", "2026-01-01T00:00:00Z"),
        updater("b", "v1", ""): Share(A, "v1", "2026-01-02T00:00:00Z"),
        updater("a", "v1", ""): Share(A, "v1", "2026-01-02T00:00:00Z"),
        updater("a", "v1", "status"): Share(A, "v1", "2026-01-02T00:00:00Z"),
        applier("x", ""): Share(A, "v1", "2026-01-03T00:00:00Z"),
        applier("y", ""): Share(A, "v1"),
    }
    order = [(entry["manager"], entry.get("subresource", "")) for entry in write(managed)]
    assert order == [("y", ""), ("x", ""), ("z", ""), ("a", ""), ("a", "status"), ("b", "")]


@pytest.mark.parametrize(
    ("owner", "words"),
    [
        (applier("helm", ""), '"helm"'),
        (updater("edit", "v1", ""), '"edit" using v1'),
        (updater("", "v1", "status"), '"unknown" with subresource "status" using v1'),
    ],
)
def test_an_owner_is_named_as_conflicts_name_it(owner, words):
    assert str(owner) == words


@pytest.mark.parametrize(("entries", "reset"), [([], True), ([{}], True), ([{}, {}], False), ([entry()], False)])
def test_how_a_client_asks_to_forget_the_owners(entries, reset):
    assert is_reset(entries) is reset


def many(count, version="v1"):
    return {
        updater(f"u{i:02}", version, ""): Share(frozenset({(f"f:{i}",)}), version, f"2026-01-01T00:00:{i:02}Z")
        for i in range(count)
    }


def test_the_oldest_updaters_are_merged_into_one():
    managed = capped({**many(12), applier("a", ""): Share(A, "v1")})
    ancient = managed[updater("ancient-changes", "v1", "")]
    assert ancient == Share(frozenset({("f:0",), ("f:1",), ("f:2",)}), "v1", "2026-01-01T00:00:02Z")
    assert sum(not owner.applies for owner in managed) == 10
    assert applier("a", "") in managed


def test_ten_updaters_are_not_too_many():
    assert capped(many(10)) == many(10)


def test_the_merged_one_takes_in_more():
    once = capped(many(11))
    twice = capped({**once, updater("new", "v1", ""): Share(A, "v1", "2026-01-01T00:01:00Z")})
    assert len(twice[updater("ancient-changes", "v1", "")].fields) == 3
    assert sum(len(share.fields) for share in twice.values()) == 12


def test_versions_are_merged_apart():
    managed = capped({**many(6, "v1"), **many(6, "v2")})
    assert {owner.version for owner in managed if owner.manager == "ancient-changes"} == {"v1", "v2"}
    assert len(managed) == 10


def test_entries_are_put_in_and_taken_out():
    obj = {"metadata": {"name": "a"}}
    assert with_entries(with_entries(obj, [entry()]), None) == obj
    assert with_entries({}, []) == {"metadata": {}}


def test_entries_are_compared_without_their_times():
    assert (
        without_times([entry(), entry(time="later")])
        == [{key: value for key, value in entry().items() if key != "time"}] * 2
    )


def test_an_owner_is_told_apart_by_all_it_is():
    assert len({Owner("m", "Update", "v1", ""), Owner("m", "Update", "v1", "status"), applier("m", "")}) == 3


def test_many_updaters_take_no_longer_than_they_are_many():
    many = {updater(f"m{number}", "v1", ""): Share(frozenset(), "v1") for number in range(20_000)}
    assert len(capped(many)) == 10
