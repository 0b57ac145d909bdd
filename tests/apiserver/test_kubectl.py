"""The real kubectl, and what is the embedded server's own: what it keeps for others, its logs, its columns, its limits.

What it has in common with a real API server is stated in `tests/battery`. Every kubectl that is found is tried (see
`kubectls`); each has a home and a cache of its own.
"""

import ipaddress
import json
import re

import pytest
from manifests import DEPLOYMENT, GATEWAY

from pylae.apiserver.allocation import NETWORK

pytestmark = pytest.mark.real


async def test_what_only_is_stored_warns(kubectl):
    ran = await kubectl.run("apply", "-f", "-", stdin=DEPLOYMENT)
    assert (ran.code, ran.out) == (0, "deployment.apps/web created")
    assert "Warning: Deployment is stored, but nothing runs it here" in ran.err


async def test_a_gateway_shows_its_hosts_and_ports(kubectl):
    await kubectl("apply -f -", stdin=GATEWAY)
    header, row = (await kubectl("get gateway")).splitlines()
    assert header.split() == ["NAME", "HOSTS", "PORTS", "READY", "AGE"]
    assert row.split()[:4] == ["web", "web.example", "443", "-"]


async def test_a_service_gets_an_address_and_any_node_port(kubectl):
    assert await kubectl("create service nodeport open --tcp=443 --node-port=30005") == "service/open created"
    spec = json.loads(await kubectl("get service open -o json"))["spec"]
    assert ipaddress.ip_address(spec["clusterIP"]) in NETWORK
    assert spec["ports"][0]["nodePort"] == 30005


async def test_deleting_a_namespace_takes_all_of_it_and_some_stay(kubectl):
    await kubectl("apply -f -", stdin=GATEWAY)
    assert 'namespace "shop" deleted' in await kubectl("delete namespace shop")
    assert await kubectl("get gw -A -o name") == ""
    assert "may not be deleted" in await kubectl.fails("delete namespace istio-system")


async def test_it_says_which_kubernetes_it_is_like_and_who_one_is(kubectl):
    assert json.loads(await kubectl("version -o json"))["serverVersion"]["minor"] == "37"
    if kubectl.minor >= 28:
        assert "pylae-admin" in await kubectl("auth whoami")


async def test_logs_of_a_pod(kubectl):
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "gateway"},
        "spec": {"containers": [{"name": "istio-proxy", "image": "envoy"}]},
    }
    await kubectl("create -f -", stdin=json.dumps(pod))
    assert await kubectl("logs gateway --tail=3") == "gateway/istio-proxy, last 3"
    assert await kubectl("logs gateway -c istio-proxy -f --tail=1") == "gateway/istio-proxy, last 1"


async def test_what_is_wrong_in_structure_is_named_with_its_place(kubectl):
    invalid = GATEWAY.replace("number: 443", "number: many")
    refused = await kubectl.fails("apply --dry-run=server --validate=false -f -", stdin=invalid)
    assert "spec.servers[0].port.number" in refused


async def test_a_secret_that_is_too_big_is_refused_and_the_next_one_taken(kubectl, tmp_path):
    (tmp_path / "big").write_bytes(b"x" * 4_000_000)
    refused = await kubectl.fails(f"create secret generic big --from-file={tmp_path / 'big'}")
    assert re.search(r"too large|Too long", refused), refused
    assert await kubectl("create secret generic small --from-literal=a=b") == "secret/small created"
