"""Services get an address and node ports of their own."""

import asyncio
import ipaddress

import pytest

from pylae.apiserver.allocation import NODE_PORTS, STATIC_NODE_PORTS

SERVICES = "/api/v1/namespaces/shop/services"
MERGE = "application/merge-patch+json"
PORT = {"port": 80}


async def service(api, name: str, **spec: object) -> dict:
    return (await api.create(SERVICES, "Service", name, spec={"ports": [PORT], **spec}))["spec"]


def node_ports(spec: dict) -> list[int]:
    return [port["nodePort"] for port in spec["ports"] if "nodePort" in port]


async def test_every_service_gets_an_address_of_its_own(api):
    specs = await asyncio.gather(*(service(api, f"s{n}") for n in range(50)))
    addresses = {spec["clusterIP"] for spec in specs}
    assert len(addresses) == 50
    assert all(ipaddress.ip_address(address) in ipaddress.ip_network("10.96.0.0/12") for address in addresses)
    assert [spec["clusterIPs"] for spec in specs] == [[spec["clusterIP"]] for spec in specs]
    assert not any(node_ports(spec) for spec in specs)


async def test_a_headless_service_stays_headless(api):
    spec = await service(api, "a", clusterIP="None")
    assert (spec["clusterIP"], spec["clusterIPs"]) == ("None", ["None"])
    assert (await service(api, "b", clusterIP="None"))["clusterIP"] == "None"


async def test_an_external_name_has_no_address(api):
    assert "clusterIP" not in await service(api, "a", type="ExternalName", externalName="example.com")


async def test_an_address_can_be_chosen_once(api):
    assert (await service(api, "a", clusterIP="10.96.7.7"))["clusterIP"] == "10.96.7.7"
    spec = {"ports": [PORT], "clusterIP": "10.96.7.7"}
    reply = await api("POST", SERVICES, {"metadata": {"name": "b"}, "spec": spec})
    assert reply.status == 422
    assert 'spec.clusterIP: Invalid value: "10.96.7.7": failed to allocate IP' in reply.message


async def test_an_address_stays_and_may_not_be_changed(api):
    spec = await service(api, "a")
    replaced = await api("PUT", f"{SERVICES}/a", {"metadata": {"name": "a"}, "spec": {"ports": [{"port": 81}]}})
    assert replaced.json["spec"]["clusterIP"] == spec["clusterIP"]
    reply = await api("PATCH", f"{SERVICES}/a", {"spec": {"clusterIP": "10.96.1.1"}}, Content_Type=MERGE)
    assert (reply.status, "field is immutable" in reply.message) == (422, True)


@pytest.mark.parametrize("kind", ["NodePort", "LoadBalancer"])
async def test_node_ports_are_chosen_where_the_type_has_them(api, kind):
    ports = [{"name": "http", "port": 80}, {"name": "https", "port": 443}]
    chosen = node_ports(await service(api, "a", type=kind, ports=ports))
    assert len(set(chosen)) == 2
    assert all(port in NODE_PORTS[STATIC_NODE_PORTS:] for port in chosen)


async def test_node_ports_are_unique_among_services_made_at_once(api):
    specs = await asyncio.gather(*(service(api, f"s{n}", type="NodePort") for n in range(50)))
    assert len({port for spec in specs for port in node_ports(spec)}) == 50


async def test_a_load_balancer_may_do_without_node_ports(api):
    assert node_ports(await service(api, "a", type="LoadBalancer", allocateLoadBalancerNodePorts=False)) == []


async def test_chosen_node_ports_are_kept_and_a_taken_one_is_refused(api):
    await service(api, "a", type="NodePort", ports=[{"port": 443, "nodePort": 30005}])
    ports = [{"name": "http", "port": 80}, {"name": "https", "port": 443, "nodePort": 30005}]
    reply = await api("POST", SERVICES, {"metadata": {"name": "b"}, "spec": {"type": "NodePort", "ports": ports}})
    assert reply.status == 422
    assert "spec.ports[1].nodePort: Invalid value: 30005: provided port is already allocated" in reply.message
    await api("DELETE", f"{SERVICES}/a")
    again = await api("POST", SERVICES, {"metadata": {"name": "b"}, "spec": {"type": "NodePort", "ports": ports}})
    assert (again.status, 30005 in node_ports(again.json["spec"])) == (201, True)


async def test_a_node_port_survives_updates_and_goes_with_the_type(api):
    (port,) = node_ports(await service(api, "a", type="NodePort"))
    body = {"metadata": {"name": "a"}, "spec": {"type": "NodePort", "ports": [PORT]}}
    kept = await api("PUT", f"{SERVICES}/a", body)
    assert node_ports(kept.json["spec"]) == [port]
    assert kept.json["metadata"].get("generation") in (None, 1)
    changed = await api("PATCH", f"{SERVICES}/a", {"spec": {"type": "ClusterIP"}}, Content_Type=MERGE)
    assert (changed.status, node_ports(changed.json["spec"])) == (200, [])
    back = await api("PATCH", f"{SERVICES}/a", {"spec": {"type": "NodePort"}}, Content_Type=MERGE)
    assert len(node_ports(back.json["spec"])) == 1
