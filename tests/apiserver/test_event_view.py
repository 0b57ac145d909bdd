"""Events have two groups and one store: what is written in the one is read in the other."""

import pytest

CORE, NEW = "/api/v1/namespaces/default/events", "/apis/events.k8s.io/v1/namespaces/default/events"
MERGE = {"Content_Type": "application/merge-patch+json"}


@pytest.fixture
async def api(serve):
    return await serve()


def an_event(**fields: object) -> dict:
    regarding = {"kind": "Pod", "name": "web", "namespace": "default"}
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "web.1"},
        "regarding": regarding,
        "note": "it began",
        "reason": "Started",
        "type": "Normal",
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "reportingController": "example.com/c",
        **fields,
    }


async def test_what_the_new_group_writes_the_core_group_reads(api):
    made = await api("POST", NEW, an_event())
    assert made.status == 201, made.json
    assert (made.json["apiVersion"], made.json["note"]) == ("events.k8s.io/v1", "it began")
    core = (await api("GET", f"{CORE}/web.1")).json
    assert (core["apiVersion"], core["message"], core["involvedObject"]["name"]) == ("v1", "it began", "web")
    assert core["reportingComponent"] == "example.com/c"
    chosen = (await api("GET", f"{CORE}?fieldSelector=involvedObject.name%3Dweb")).json
    assert len(chosen["items"]) == 1


async def test_what_the_core_group_writes_the_new_group_reads_patches_and_deletes(api):
    about = {"kind": "Pod", "name": "web", "namespace": "default"}
    await api(
        "POST", CORE, {"kind": "Event", "metadata": {"name": "a"}, "involvedObject": about, "message": "m", "count": 2}
    )
    (item,) = (await api("GET", NEW)).json["items"]
    assert (item["note"], item["regarding"], item["deprecatedCount"]) == ("m", about, 2)
    series = {"count": 3, "lastObservedTime": "2026-01-01T00:00:00.000000Z"}
    patched = await api("PATCH", f"{NEW}/a", {"series": series, "note": "n"}, **MERGE)
    assert patched.status == 200, patched.json
    core = (await api("GET", f"{CORE}/a")).json
    assert (core["series"], core["message"], core["apiVersion"]) == (series, "n", "v1")
    assert (await api("DELETE", f"{NEW}/a")).status == 200
    assert (await api("GET", f"{CORE}/a")).status == 404
