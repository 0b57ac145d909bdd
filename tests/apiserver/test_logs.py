"""`pods/log` over HTTP."""

import asyncio

import pytest

from pylae.apiserver.backend import LogQuery

PODS = "/api/v1/namespaces/default/pods"


@pytest.fixture
def asked() -> list[LogQuery]:
    return []


@pytest.fixture
async def api(serve, asked):
    async def logs(query: LogQuery):
        asked.append(query)
        yield b"first\n"
        yield b"second\n"
        if query.follow:
            await asyncio.Event().wait()

    started = await serve(logs=logs)
    await started.create(PODS, "Pod", "gateway", spec={"containers": [{"name": "istio-proxy"}]})
    await started.create(PODS, "Pod", "two", spec={"containers": [{"name": "a"}, {"name": "b"}]})
    return started


async def test_a_log_is_plain_text(api, asked):
    reply = await api("GET", f"{PODS}/gateway/log?container=istio-proxy&tailLines=10&sinceSeconds=60&timestamps=true")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert reply.body == b"first\nsecond\n"
    assert asked == [
        LogQuery(
            namespace="default",
            pod="gateway",
            container="istio-proxy",
            timestamps=True,
            tail_lines=10,
            since_seconds=60,
        )
    ]


async def test_a_log_is_followed_as_it_grows(api):
    async with asyncio.timeout(10), api.watch(f"{PODS}/gateway/log?follow=true") as stream:
        assert await stream.content.readline() == b"first\n"
        assert await stream.content.readline() == b"second\n"


async def test_the_only_container_needs_no_name(api, asked):
    await api("GET", f"{PODS}/gateway/log")
    assert asked[0].container == "istio-proxy"


async def test_whatever_form_is_accepted_a_log_is_text(api):
    assert (await api("GET", f"{PODS}/gateway/log", Accept="application/yaml")).status == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("nobody/log", 404),
        ("gateway/log?container=other", 400),
        ("gateway/log?tailLines=x", 400),
        ("two/log", 400),
        ("two/log?container=b", 200),
    ],
)
async def test_a_log_is_found_by_pod_and_container(api, path, status):
    assert (await api("GET", f"{PODS}/{path}")).status == status


async def test_where_no_log_is_kept_it_is_said(serve):
    api = await serve()
    await api.create(PODS, "Pod", "gateway", spec={"containers": []})
    reply = await api("GET", f"{PODS}/gateway/log")
    assert (reply.status, reply.message) == (400, "no log is kept for pod gateway")
