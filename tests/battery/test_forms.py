"""The forms an answer comes in: tables, metadata alone, and failures that say what is the matter."""

import pytest
from rest import ISTIO, PARTIAL, PARTIAL_LIST, TABLE

ROUTES = {"hosts": ["a.example"], "gateways": ["g"], "http": [{"route": [{"destination": {"host": "web"}}]}]}


async def test_a_list_as_a_table(api):
    await api.create("a", data={"n": "1", "m": "2"})
    reply = await api("GET", api.path(), Accept=TABLE)
    table = reply.json
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert table["columnDefinitions"][0]["format"] == "name"
    (row,) = table["rows"]
    assert row["cells"][:2] == ["a", 2]
    assert (row["object"]["kind"], "data" in row["object"]) == ("PartialObjectMetadata", False)
    assert int(table["metadata"]["resourceVersion"]) > 0


@pytest.mark.parametrize(
    ("include", "kind"), [("None", None), ("Metadata", "PartialObjectMetadata"), ("Object", "ConfigMap")]
)
async def test_a_table_may_include_more_or_less(api, include, kind):
    await api.create("a", data={"n": "1"})
    (row,) = (await api("GET", api.path(query=f"includeObject={include}"), Accept=TABLE)).json["rows"]
    assert (row.get("object") or {}).get("kind") == kind


async def test_an_object_as_a_table(api):
    await api.create("a", "services", spec={"ports": [{"port": 80}]})
    table = (await api("GET", api.path("services", "a"), Accept=TABLE)).json
    names = [column["name"] for column in table["columnDefinitions"]]
    assert names == ["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector"]
    assert [column["priority"] for column in table["columnDefinitions"]] == [0, 0, 0, 0, 0, 0, 1]
    assert table["rows"][0]["cells"][0:2] + table["rows"][0]["cells"][3:5] == ["a", "ClusterIP", "<none>", "80/TCP"]


async def test_the_table_of_a_custom_kind(api):
    await api.create("a", "virtualservices", group=ISTIO, spec=ROUTES)
    table = (await api("GET", api.path("virtualservices", group=ISTIO), Accept=TABLE)).json
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Gateways", "Hosts", "Age"]
    assert table["rows"][0]["cells"][:3] == ["a", '["g"]', '["a.example"]']


async def test_pages_of_tables(api):
    for name in "abc":
        await api.create(name)
    first = (await api("GET", api.path(query="limit=2"), Accept=TABLE)).json
    assert (len(first["rows"]), first["metadata"]["remainingItemCount"]) == (2, 1)
    rest = (await api("GET", api.path(query=f"limit=2&continue={first['metadata']['continue']}"), Accept=TABLE)).json
    assert [row["cells"][0] for row in rest["rows"]] == ["c"]


async def test_what_is_created_or_changed_may_be_shown_as_a_table(api):
    made = await api("POST", api.path(), {"metadata": {"name": "a"}}, Accept=TABLE)
    assert (made.status, made.json["kind"], made.json["rows"][0]["cells"][0]) == (201, "Table", "a")
    changed = await api.patch(api.path(name="a"), {"data": {"n": "1"}}, accept=TABLE)
    assert changed.json["rows"][0]["cells"][:2] == ["a", 1]


async def test_metadata_alone(api):
    made = await api.create("a", data={"n": "1"}, labels={"x": "y"})
    one = (await api("GET", api.path(name="a"), Accept=PARTIAL)).json
    assert (one["kind"], one["apiVersion"], one.keys()) == (
        "PartialObjectMetadata",
        "meta.k8s.io/v1",
        {"kind", "apiVersion", "metadata"},
    )
    assert one["metadata"] == made["metadata"]
    listed = (await api("GET", api.path(), Accept=PARTIAL_LIST)).json
    assert (listed["kind"], [item["metadata"] for item in listed["items"]]) == (
        "PartialObjectMetadataList",
        [made["metadata"]],
    )


async def test_a_failure_is_an_object_whatever_form_was_asked_for(api):
    reply = await api("GET", api.path(name="a"), Accept=f"{TABLE},application/json")
    assert (reply.status, reply.json["kind"], reply.json["apiVersion"]) == (404, "Status", "v1")
    assert (reply.json["status"], reply.json["code"], reply.json["metadata"]) == ("Failure", 404, {})


async def test_a_form_that_nobody_makes_is_not_acceptable(api):
    reply = await api("GET", api.path(), Accept="text/html")
    assert (reply.status, reply.reason) == (406, "NotAcceptable")


async def test_the_first_form_that_can_be_made_is_taken(api):
    accept = "application/json;as=Table;v=v9;g=meta.k8s.io,application/json"
    assert (await api("GET", api.path(), Accept=accept)).json["kind"] == "ConfigMapList"


async def test_a_body_of_a_type_that_nobody_reads(api):
    reply = await api("POST", api.path(), b"a=b", Content_Type="application/x-www-form-urlencoded")
    assert (reply.status, reply.reason) == (415, "UnsupportedMediaType")


async def test_a_body_may_be_yaml(api):
    body = b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"
    assert (await api("POST", api.path(), body, Content_Type="application/yaml")).status == 201


async def test_an_answer_is_json_that_nobody_may_cache(api):
    reply = await api("GET", api.path())
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "no-cache, private"


async def test_a_long_answer_is_compressed_for_who_takes_it(api):
    await api.create("a", data={"n": "x" * 200_000})
    async with api.session.get(
        api.url + api.path(), headers={"Accept-Encoding": "gzip"}, auto_decompress=False
    ) as response:
        assert (response.headers.get("Content-Encoding"), len(await response.read()) < 50_000) == ("gzip", True)
    async with api.session.get(api.url + api.path(), headers={"Accept-Encoding": "identity"}) as response:
        assert "Content-Encoding" not in response.headers


async def test_every_cause_is_named_at_once(api):
    ports = [{"port": 0, "name": "a"}, {"port": 80, "name": "A_B"}]
    reply = await api("POST", api.path("services"), {"metadata": {"name": "a"}, "spec": {"ports": ports}})
    assert (reply.status, reply.reason, reply.json["details"]["kind"], reply.json["details"]["name"]) == (
        422,
        "Invalid",
        "Service",
        "a",
    )
    causes = set(reply.causes)
    assert ("FieldValueInvalid", "spec.ports[0].port") in causes
    assert ("FieldValueInvalid", "spec.ports[1].name") in causes
    assert reply.message.startswith('Service "a" is invalid: [')


async def test_a_failure_of_a_group_names_the_group(api):
    reply = await api("GET", api.path("gateways", "a", group=ISTIO))
    assert reply.json["details"] == {"name": "a", "group": "networking.istio.io", "kind": "gateways"}
    assert reply.message == 'gateways.networking.istio.io "a" not found'


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothings", 404),
        ("GET", "/apis/nothing.example/v1/things", 404),
        ("GET", "/nothing", 404),
        ("PATCH", "/api/v1/namespaces/default/configmaps", 405),
        ("PUT", "/api/v1/namespaces/default/configmaps", 405),
        ("POST", "/api/v1/namespaces/default/configmaps/a", 405),
    ],
)
async def test_where_nothing_is_and_what_cannot_be_done(api, method, path, status):
    reply = await api(method, path, None if method == "GET" else {})
    assert reply.status == status, reply.body
    if path.startswith("/api/v1/names"):
        assert reply.message == "the server does not allow this method on the requested resource"


async def test_a_body_that_is_too_large(api):
    reply = await api("POST", api.path(), {"metadata": {"name": "a"}, "data": {"n": "x" * 4_000_000}})
    assert (reply.status, reply.reason) == (413, "RequestEntityTooLarge")


async def test_a_config_map_holds_a_mebibyte(api):
    reply = await api("POST", api.path(), {"metadata": {"name": "a"}, "data": {"n": "x" * 1_100_000}})
    assert (reply.status, reply.causes[0][0]) == (422, "FieldValueTooLong")
