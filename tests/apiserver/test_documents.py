"""What the server says about itself."""

import pytest

from pylae.apimachinery import openapi_v2

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList"
PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"


@pytest.fixture
async def api(serve):
    return await serve()


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
async def test_health_is_a_word(api, path):
    reply = await api("GET", path)
    assert (reply.status, reply.body) == (200, b"ok")


async def test_the_version_is_one_of_kubernetes(api):
    version = (await api("GET", "/version")).json
    assert (version["major"], version["minor"]) == ("1", "37")
    assert version["gitVersion"].startswith("v1.37.0+pylae.")


async def test_the_root_lists_paths_that_are_there(api):
    paths = (await api("GET", "/")).json["paths"]
    assert {"/api/v1", "/apis/networking.istio.io", "/readyz", "/openapi/v3"} <= set(paths)
    for path in paths:
        assert (await api("GET", path)).status == 200, path


async def test_plain_discovery_leads_from_group_to_resource(api):
    assert (await api("GET", "/api")).json["versions"] == ["v1"]
    groups = [group["name"] for group in (await api("GET", "/apis")).json["groups"]]
    assert groups.index("networking.istio.io") == 0
    for name in groups:
        group = (await api("GET", f"/apis/{name}")).json
        for version in group["versions"]:
            resources = (await api("GET", f"/apis/{version['groupVersion']}")).json
            assert (resources["kind"], resources["groupVersion"]) == ("APIResourceList", version["groupVersion"])


@pytest.mark.parametrize("path", ["/api", "/apis"])
@pytest.mark.parametrize("version", ["v2", "v2beta1"])
async def test_aggregated_discovery_is_given_in_the_version_asked_for(api, path, version):
    reply = await api("GET", path, Accept=f"{AGGREGATED.format(version)},application/json")
    assert reply.headers["Content-Type"] == AGGREGATED.format(version)
    assert reply.json["apiVersion"] == f"apidiscovery.k8s.io/{version}"
    assert reply.json["kind"] == "APIGroupDiscoveryList"


async def test_every_openapi_document_may_be_kept_for_ever(api):
    paths = (await api("GET", "/openapi/v3")).json["paths"]
    assert {"api/v1", "apis/networking.istio.io/v1"} <= set(paths)
    for entry in paths.values():
        reply = await api("GET", entry["serverRelativeURL"])
        assert (reply.status, reply.json["openapi"][:2]) == (200, "3.")
        assert "immutable" in reply.headers["Cache-Control"]
    stale = await api("GET", "/openapi/v3/api/v1?hash=old")
    assert (stale.status, "immutable" in stale.headers["Cache-Control"]) == (200, False)


async def test_openapi_v2_is_protobuf_for_those_who_ask_for_it(api):
    plain = await api("GET", "/openapi/v2", Accept="application/json")
    assert plain.json["swagger"] == "2.0"
    binary = await api("GET", "/openapi/v2", Accept=f"{PROTOBUF},*/*")
    assert binary.headers["Content-Type"] == openapi_v2.PROTOBUF_TYPE
    assert b"networking.istio.io" in binary.body


async def test_what_has_not_changed_is_not_sent_again(api):
    first = await api("GET", "/apis")
    again = await api("GET", "/apis", If_None_Match=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
