"""Events: written by either of their two groups, found by what they are about."""

MOMENT = "2026-01-02T03:04:05Z"


def _event(api, name, **fields):
    about = {"kind": "ConfigMap", "namespace": api.namespace, "name": "a", "uid": "u-1", "apiVersion": "v1"}
    return {
        "metadata": {"name": name},
        "involvedObject": about,
        "reason": "Changed",
        "message": "it changed",
        "type": "Normal",
        "count": 1,
        "firstTimestamp": MOMENT,
        "lastTimestamp": MOMENT,
        "source": {"component": "tester"},
        **fields,
    }


async def test_events_are_found_by_what_they_are_about(api):
    other = {"kind": "ConfigMap", "namespace": api.namespace, "name": "b", "uid": "u-2"}
    await api("POST", api.path("events"), _event(api, "e1"))
    await api("POST", api.path("events"), _event(api, "e2", involvedObject=other, reason="Gone", type="Warning"))
    for selector, names in {
        "involvedObject.name=a": ["e1"],
        "involvedObject.uid=u-2": ["e2"],
        "involvedObject.kind=ConfigMap": ["e1", "e2"],
        "involvedObject.name=a,involvedObject.uid=u-2": [],
        "reason=Gone": ["e2"],
        "type=Warning": ["e2"],
        "type!=Warning": ["e1"],
    }.items():
        async with api.session.get(api.url + api.path("events"), params={"fieldSelector": selector}) as response:
            assert [item["metadata"]["name"] for item in (await response.json())["items"]] == names, selector


async def test_an_event_is_about_something_in_its_namespace(api):
    about = {"kind": "ConfigMap", "namespace": "elsewhere", "name": "a"}
    reply = await api("POST", api.path("events"), _event(api, "e1", involvedObject=about))
    assert (reply.status, reply.causes) == (422, [("FieldValueInvalid", "involvedObject.namespace")])


async def test_an_event_is_counted_up_by_a_patch(api):
    await api("POST", api.path("events"), _event(api, "e1"))
    reply = await api.patch(
        api.path("events", "e1"), {"count": 2, "lastTimestamp": "2026-01-02T03:05:05Z"}, "strategic"
    )
    assert (reply.status, reply.json["count"]) == (200, 2)


async def test_both_groups_show_the_same_events(api):
    group = "/apis/events.k8s.io/v1"
    new = {
        "metadata": {"name": "e1"},
        "regarding": {"kind": "ConfigMap", "namespace": api.namespace, "name": "a", "uid": "u-1"},
        "eventTime": "2026-01-02T03:04:05.000000Z",
        "reportingController": "example.com/tester",
        "reportingInstance": "t-1",
        "action": "Test",
        "reason": "Changed",
        "note": "it changed",
        "type": "Normal",
    }
    made = await api("POST", api.path("events", group=group), new)
    assert made.status == 201, made.body
    old = (await api("GET", api.path("events", "e1"))).json
    assert (old["apiVersion"], old["involvedObject"]["name"], old["message"]) == ("v1", "a", "it changed")
    await api("POST", api.path("events"), _event(api, "e2"))
    seen = (await api("GET", api.path("events", "e2", group=group))).json
    assert (seen["regarding"]["name"], seen["note"], seen["deprecatedCount"]) == ("a", "it changed", 1)
