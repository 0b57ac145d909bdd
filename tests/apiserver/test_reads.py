"""Get and list over HTTP: forms, selectors, pages, versions."""

import gzip
from datetime import timedelta

import pytest

CONFIGMAPS = "/api/v1/namespaces/shop/configmaps"
GATEWAYS = "/apis/networking.istio.io/v1/namespaces/shop/gateways"
TABLE = (
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"
)
SERVER = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}


async def fill(api, *names: str) -> None:
    for name in names:
        await api.create(CONFIGMAPS, "ConfigMap", name, labels={"first": name[0]})


async def now(api) -> str:
    """The newest resourceVersion."""
    return (await api("GET", CONFIGMAPS)).json["metadata"]["resourceVersion"]


def names(reply) -> list[str]:
    return [item["metadata"]["name"] for item in reply.json["items"]]


async def test_a_list_has_its_kind_its_version_and_sorted_items(api):
    await fill(api, "b", "a")
    reply = await api("GET", CONFIGMAPS)
    assert (reply.json["kind"], reply.json["apiVersion"]) == ("ConfigMapList", "v1")
    assert names(reply) == ["a", "b"]
    assert (
        reply.json["metadata"]["resourceVersion"]
        == (await api("GET", f"{CONFIGMAPS}/a")).json["metadata"]["resourceVersion"]
    )


async def test_a_list_is_of_one_namespace_or_of_all(api):
    await fill(api, "a")
    await api.create("/api/v1/namespaces/default/configmaps", "ConfigMap", "b")
    assert names(await api("GET", CONFIGMAPS)) == ["a"]
    assert names(await api("GET", "/api/v1/configmaps")) == ["b", "a"]
    assert names(await api("GET", "/api/v1/namespaces/nowhere/configmaps")) == []


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("labelSelector=first%3Db", ["b1", "b2"]),
        ("labelSelector=first+notin+(b)", ["a1"]),
        ("fieldSelector=metadata.name%3Da1", ["a1"]),
        ("fieldSelector=metadata.namespace%3Dshop&labelSelector=first%3Da", ["a1"]),
        ("fieldSelector=metadata.name%3Da1&labelSelector=first%3Db", []),
        ("labelSelector=&fieldSelector=", ["a1", "b1", "b2"]),
    ],
)
async def test_selectors_choose(api, selector, expected):
    await fill(api, "a1", "b1", "b2")
    assert names(await api("GET", f"{CONFIGMAPS}?{selector}")) == expected


@pytest.mark.parametrize("selector", ["labelSelector=a+in", "fieldSelector=spec.nothing%3D1"])
async def test_a_selector_that_cannot_be_read_is_refused(api, selector):
    reply = await api("GET", f"{CONFIGMAPS}?{selector}")
    assert (reply.status, reply.json["reason"]) == (400, "BadRequest")


async def test_a_long_list_comes_in_pages_of_one_moment(api):
    await fill(api, "a", "b", "c", "d", "e")
    first = await api("GET", f"{CONFIGMAPS}?limit=2")
    assert names(first) == ["a", "b"]
    await fill(api, "bb")
    await api("DELETE", f"{CONFIGMAPS}/d")
    await api("PATCH", f"{CONFIGMAPS}/c", {"data": {"k": "new"}}, Content_Type="application/merge-patch+json")
    second = await api("GET", f"{CONFIGMAPS}?limit=2&continue={first.json['metadata']['continue']}")
    assert (names(second), "data" in second.json["items"][0]) == (["c", "d"], False)
    third = await api("GET", f"{CONFIGMAPS}?limit=9&continue={second.json['metadata']['continue']}")
    assert names(third) == ["e"]
    assert "continue" not in third.json["metadata"]
    versions = {page.json["metadata"]["resourceVersion"] for page in (first, second, third)}
    assert len(versions) == 1


async def test_a_page_says_how_many_remain_unless_something_selects(api):
    await fill(api, "a", "b", "c", "d", "e")
    assert (await api("GET", f"{CONFIGMAPS}?limit=2")).json["metadata"]["remainingItemCount"] == 3
    for query in ("limit=9", "limit=2&labelSelector=first"):
        assert "remainingItemCount" not in (await api("GET", f"{CONFIGMAPS}?{query}")).json["metadata"]


async def test_a_page_of_a_forgotten_moment_is_410_with_a_token_that_leads_on(api):
    await fill(api, "a", "b", "c")
    token = (await api("GET", f"{CONFIGMAPS}?limit=1")).json["metadata"]["continue"]
    await api("DELETE", f"{CONFIGMAPS}/b")
    api.clock.advance(timedelta(hours=2))
    await api.server.tend()
    gone = await api("GET", f"{CONFIGMAPS}?limit=1&continue={token}")
    assert (gone.status, gone.json["reason"]) == (410, "Expired")
    rest = await api("GET", f"{CONFIGMAPS}?limit=1&continue={gone.json['metadata']['continue']}")
    assert names(rest) == ["c"]
    assert rest.json["metadata"]["resourceVersion"] == await now(api)


async def test_a_page_takes_no_version_beside_its_token(api):
    await fill(api, "a", "b")
    token = (await api("GET", f"{CONFIGMAPS}?limit=1")).json["metadata"]["continue"]
    reply = await api("GET", f"{CONFIGMAPS}?limit=1&continue={token}&resourceVersion={await now(api)}")
    assert (reply.status, reply.message) == (400, "specifying resource version is not allowed when using continue")


@pytest.mark.parametrize("exactly", ["resourceVersionMatch=Exact", "limit=9"])
async def test_a_moment_that_is_still_known_is_shown_exactly(api, exactly):
    await fill(api, "a", "b")
    then = await now(api)
    await fill(api, "c")
    await api("DELETE", f"{CONFIGMAPS}/a")
    reply = await api("GET", f"{CONFIGMAPS}?resourceVersion={then}&{exactly}")
    assert (names(reply), reply.json["metadata"]["resourceVersion"]) == (["a", "b"], then)
    again = await api("GET", f"{CONFIGMAPS}?resourceVersion={then}&resourceVersionMatch=NotOlderThan")
    assert names(again) == ["b", "c"]


async def test_pages_and_selectors_go_together(api):
    await fill(api, "a1", "b1", "a2", "b2", "a3")
    first = await api("GET", f"{CONFIGMAPS}?limit=2&labelSelector=first%3Da")
    assert names(first) == ["a1", "a2"]
    rest = await api("GET", f"{CONFIGMAPS}?labelSelector=first%3Da&continue={first.json['metadata']['continue']}")
    assert names(rest) == ["a3"]


@pytest.mark.parametrize("version", ["0", "1", ""])
async def test_any_version_that_was_is_answered_with_the_present(api, version):
    await fill(api, "a")
    assert names(await api("GET", f"{CONFIGMAPS}?resourceVersion={version}")) == ["a"]
    assert (await api("GET", f"{CONFIGMAPS}/a?resourceVersion={version}")).status == 200


async def test_a_version_that_is_forgotten_is_410(api):
    reply = await api("GET", f"{CONFIGMAPS}?resourceVersion=1&resourceVersionMatch=Exact")
    assert (reply.status, reply.json["reason"]) == (410, "Expired")


@pytest.mark.parametrize("path", [CONFIGMAPS, f"{CONFIGMAPS}/a"])
async def test_a_version_that_is_not_reached_is_504_and_says_so_for_machines(api, path):
    reply = await api("GET", f"{path}?resourceVersion=999999")
    assert (reply.status, reply.json["reason"]) == (504, "Timeout")
    assert reply.message == f"Timeout: Too large resource version: 999999, current: {await now(api)}"
    assert [cause["reason"] for cause in reply.json["details"]["causes"]] == ["ResourceVersionTooLarge"]


async def test_a_table_has_columns_and_rows_with_metadata(api):
    await api.create(GATEWAYS, "Gateway", "web", spec={"servers": [SERVER]})
    for path in (GATEWAYS, f"{GATEWAYS}/web"):
        table = (await api("GET", path, Accept=TABLE)).json
        assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
        assert [column["name"] for column in table["columnDefinitions"]][:3] == ["Name", "Hosts", "Ports"]
        (row,) = table["rows"]
        assert row["cells"][:3] == ["web", "*", "80"]
        assert (row["object"]["kind"], row["object"]["metadata"]["name"]) == ("PartialObjectMetadata", "web")


async def test_a_table_can_hold_the_objects(api):
    await fill(api, "a")
    (row,) = (await api("GET", f"{CONFIGMAPS}?includeObject=Object", Accept=TABLE)).json["rows"]
    assert row["object"]["kind"] == "ConfigMap"


async def test_metadata_alone_can_be_asked_for(api):
    await fill(api, "a")
    one = await api("GET", f"{CONFIGMAPS}/a", Accept="application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1")
    assert (one.json["kind"], one.json["metadata"]["name"]) == ("PartialObjectMetadata", "a")
    accept = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,"
    accept += "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
    many = await api("GET", CONFIGMAPS, Accept=accept)
    assert (many.json["kind"], names(many)) == ("PartialObjectMetadataList", ["a"])


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/vnd.kubernetes.protobuf,application/json", "ConfigMapList"),
        ("*/*", "ConfigMapList"),
        ("application/json;q=0.5, application/json;as=Table;g=meta.k8s.io;v=v1", "Table"),
        ("application/json;as=Table;g=other.io;v=v1,application/json", "ConfigMapList"),
        ("application/json;as=Something,application/json", "ConfigMapList"),
    ],
)
async def test_the_most_wanted_form_that_we_have_is_given(api, accept, kind):
    assert (await api("GET", CONFIGMAPS, Accept=accept)).json["kind"] == kind


async def test_a_client_that_takes_no_json_is_told_406(api):
    reply = await api("GET", CONFIGMAPS, Accept="application/vnd.kubernetes.protobuf")
    assert (reply.status, reply.json["reason"]) == (406, "NotAcceptable")


async def test_big_answers_are_compressed_for_those_who_take_it(api):
    await api.create(CONFIGMAPS, "ConfigMap", "small")
    plain = await api("GET", CONFIGMAPS, Accept_Encoding="gzip")
    assert "Content-Encoding" not in plain.headers
    await api.create(CONFIGMAPS, "ConfigMap", "big", data={"k": "v" * 200_000})
    whole = await api("GET", CONFIGMAPS, Accept_Encoding="identity")
    url, accept = f"{api.server.url}{CONFIGMAPS}", {"Accept-Encoding": "gzip"}
    async with api.session.get(url, headers=accept, auto_decompress=False) as compressed:
        assert compressed.headers["Content-Encoding"] == "gzip"
        body = await compressed.read()
    assert len(body) < 20_000
    assert gzip.decompress(body) == whole.body


async def test_an_answer_is_indented_on_request(api):
    await fill(api, "a")
    assert (await api("GET", f"{CONFIGMAPS}/a?pretty=true")).body.startswith(b'{\n  "apiVersion": "v1",\n')
