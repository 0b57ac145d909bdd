"""Lists: pages, selectors, versions, and deleting all that is selected."""

import pytest
from rest import ISTIO


@pytest.fixture
async def five(api):
    for name, tier in zip("abcde", ["web", "web", "db", "db", ""], strict=True):
        await api.create(name, labels={"tier": tier, "n": name} if tier else {"n": name})
    return api


async def test_pages_go_on_where_the_last_ended(five):
    first = await five("GET", five.path(query="limit=2"))
    assert (first.names, first.json["metadata"]["remainingItemCount"]) == (["a", "b"], 3)
    token = first.json["metadata"]["continue"]
    second = await five("GET", five.path(query=f"limit=2&continue={token}"))
    assert (second.names, second.json["metadata"]["remainingItemCount"]) == (["c", "d"], 1)
    last = await five("GET", five.path(query=f"limit=2&continue={second.json['metadata']['continue']}"))
    assert last.names == ["e"]
    assert not {"continue", "remainingItemCount"} & last.json["metadata"].keys()


async def test_all_pages_show_one_moment(five):
    first = await five("GET", five.path(query="limit=3"))
    await five("DELETE", five.path(name="d"))
    await five.create("dd")
    second = await five("GET", five.path(query=f"limit=3&continue={first.json['metadata']['continue']}"))
    assert (second.names, second.version) == (["d", "e"], first.version)


async def test_a_page_that_is_exactly_full_is_the_last(five):
    reply = await five("GET", five.path(query="limit=5"))
    assert (len(reply.names), "continue" in reply.json["metadata"]) == (5, False)


async def test_with_a_selector_nobody_counts_what_remains(five):
    reply = await five("GET", five.path(query="limit=1&labelSelector=tier%3Dweb"))
    assert (reply.names, "remainingItemCount" in reply.json["metadata"]) == (["a"], False)
    names = reply.names
    while token := reply.json["metadata"].get("continue"):
        reply = await five("GET", five.path(query=f"limit=1&labelSelector=tier%3Dweb&continue={token}"))
        names += reply.names
    assert names == ["a", "b"]


@pytest.mark.parametrize("query", ["continue=nonsense", "limit=x", "limit=1&continue=e30"])
async def test_a_page_that_nobody_gave_is_refused(five, query):
    reply = await five("GET", five.path(query=query))
    assert (reply.status, reply.reason) == (400, "BadRequest"), reply.body


async def test_the_next_page_of_a_moment_that_is_forgotten(five, engine):
    first = await five("GET", five.path(query="limit=2"))
    token = first.json["metadata"]["continue"]
    await five.create("f")
    engine.compact()
    reply = await five("GET", five.path(query=f"limit=2&continue={token}"))
    assert (reply.status, reply.reason) == (410, "Expired")
    assert "continue" in reply.json["metadata"]
    inconsistent = await five("GET", five.path(query=f"limit=2&continue={reply.json['metadata']['continue']}"))
    assert (inconsistent.status, inconsistent.names) == (200, ["c", "d"])


LABELS = {
    "tier=web": "ab",
    "tier==web": "ab",
    "tier!=web": "cde",
    "tier": "abcd",
    "!tier": "e",
    "tier in (web,db),n!=a": "bcd",
    "tier notin (web)": "cde",
    "n in (a)": "a",
    "tier=": "",
    "tier=web,tier=db": "",
    "": "abcde",
}


@pytest.mark.parametrize("selector", LABELS)
async def test_labels_select(five, selector):
    path = five.path()
    async with five.session.get(five.url + path, params={"labelSelector": selector}) as response:
        names = [item["metadata"]["name"] for item in (await response.json())["items"]]
    assert names == list(LABELS[selector])


@pytest.mark.parametrize(
    "query",
    [
        "labelSelector=a%3D%3D%3Db",
        "labelSelector=a+in+b",
        "labelSelector=%21%21a",
        "fieldSelector=nonsense",
        "fieldSelector=spec.x%3D1",
    ],
)
async def test_a_selector_that_cannot_be_read_is_refused(api, query):
    reply = await api("GET", api.path(query=query))
    assert (reply.status, reply.reason) == (400, "BadRequest")


FIELDS = {
    "metadata.name=b": "b",
    "metadata.name!=b": "acde",
    "metadata.name==b": "b",
    "metadata.name=zz": "",
    "metadata.name=b,metadata.name!=b": "",
}


@pytest.mark.parametrize("selector", FIELDS)
async def test_fields_select(five, selector):
    async with five.session.get(five.url + five.path(), params={"fieldSelector": selector}) as response:
        names = [item["metadata"]["name"] for item in (await response.json())["items"]]
    assert names == list(FIELDS[selector])


async def test_fields_of_their_kind_select(api):
    await api.create("plain", "secrets")
    await api.create("own", "secrets", type="example.com/own")
    own = await api("GET", api.path("secrets", query="fieldSelector=type%3Dexample.com%2Fown"))
    assert own.names == ["own"]
    everywhere = await api("GET", f"/api/v1/secrets?fieldSelector=metadata.namespace%3D{api.namespace}")
    assert everywhere.names == ["own", "plain"]
    custom = await api("GET", api.path("gateways", group=ISTIO, query="fieldSelector=spec.selector%3Dx"))
    assert custom.status == 400


async def test_a_list_over_all_namespaces_has_this_one(api):
    await api.create("mine", labels={"of": api.namespace})
    reply = await api("GET", f"/api/v1/configmaps?labelSelector=of%3D{api.namespace}")
    assert [item["metadata"]["namespace"] for item in reply.json["items"]] == [api.namespace]


VERSIONS = [
    ("resourceVersion=0", 200),
    ("resourceVersion={now}", 200),
    ("resourceVersion={now}&resourceVersionMatch=NotOlderThan", 200),
    ("resourceVersion={now}&resourceVersionMatch=Exact", 200),
    ("resourceVersionMatch=Exact", 400),
    ("resourceVersion=0&resourceVersionMatch=Exact", 400),
    ("resourceVersion={now}&resourceVersionMatch=Other", 400),
    ("resourceVersion=x", 400),
]


@pytest.mark.parametrize(("query", "status"), VERSIONS)
async def test_versions_that_a_list_may_be_asked_at(five, query, status):
    now = (await five("GET", five.path())).version
    reply = await five("GET", five.path(query=query.format(now=now)))
    assert reply.status in (status, 422 if status == 400 else status), reply.body


async def test_a_list_at_an_exact_version_shows_that_moment(five):
    before = (await five("GET", five.path())).version
    await five("DELETE", five.path(name="a"))
    then = await five("GET", five.path(query=f"resourceVersion={before}&resourceVersionMatch=Exact"))
    assert (then.names, then.version) == (list("abcde"), before)


async def test_all_that_is_selected_is_deleted(five):
    reply = await five("DELETE", five.path(query="labelSelector=tier%3Dweb"))
    assert reply.status == 200
    assert (reply.json["kind"], reply.names) == ("ConfigMapList", ["a", "b"])
    assert (await five("GET", five.path())).names == ["c", "d", "e"]
    await five("DELETE", five.path())
    assert (await five("GET", five.path())).names == []


async def test_a_dry_deletion_of_a_collection_deletes_nothing(five):
    await five("DELETE", five.path(query="dryRun=All"))
    assert len((await five("GET", five.path())).names) == 5


async def test_what_has_finalizers_stays_when_a_collection_is_deleted(api):
    await api.create("held", finalizers=["example.com/hold"])
    await api.create("free")
    await api("DELETE", api.path())
    (left,) = (await api("GET", api.path())).json["items"]
    assert (left["metadata"]["name"], "deletionTimestamp" in left["metadata"]) == ("held", True)
    await api.patch(api.path(name="held"), {"metadata": {"finalizers": None}})
    assert (await api("GET", api.path())).names == []
