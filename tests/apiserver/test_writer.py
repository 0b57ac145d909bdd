"""Who a request writes as."""

import pytest

from pylae.apiserver.writer import program

CONFIG_MAPS = "/api/v1/namespaces/shop/configmaps"
MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("kubectl/v1.33.4 (linux/amd64) kubernetes/abc", "kubectl"),
        ("curl", "curl"),
        ("", ""),
        ("a\x00b\x7f/1", "ab"),
        ("x" * 200, "x" * 128),
        ("é" * 100, "é" * 64),
    ],
)
def test_a_program_is_named_by_what_stands_before_the_slash(user_agent, name):
    assert program(user_agent) == name


async def owners(api, query="", **headers):
    body = {"kind": "ConfigMap", "metadata": {"generateName": "a-"}, "data": {"a": "b"}}
    made = await api("POST", f"{CONFIG_MAPS}{query}", body, **headers)
    return [entry["manager"] for entry in made.json["metadata"]["managedFields"]]


async def test_a_writer_is_who_it_says_or_else_its_program(api):
    assert await owners(api, "?fieldManager=me", User_Agent="curl/8.0") == ["me"]
    assert await owners(api, User_Agent="curl/8.0") == ["curl"]
    assert await owners(api, User_Agent="/") == ["unknown"]


@pytest.mark.parametrize(
    ("method", "query", "content_type", "options", "field"),
    [
        ("POST", f"?fieldManager={'x' * 129}", "application/json", "CreateOptions", "fieldManager"),
        ("PUT", "/a?fieldManager=a%00b", "application/json", "UpdateOptions", "fieldManager"),
        ("PATCH", "/a?fieldManager=a%0Ab", MERGE, "PatchOptions", "fieldManager"),
        ("PATCH", "/a?force=true", MERGE, "PatchOptions", "force"),
        ("PATCH", "/a", APPLY, "PatchOptions", "fieldManager"),
    ],
)
async def test_options_that_are_wrong(api, method, query, content_type, options, field):
    body = {"kind": "ConfigMap", "metadata": {"name": "a"}}
    reply = await api(method, f"{CONFIG_MAPS}{query}", body, Content_Type=content_type)
    details = reply.json["details"]
    assert (reply.status, details["kind"], details["causes"][0]["field"]) == (422, options, field)
