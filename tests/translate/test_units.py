"""The units of translation can be made one by one, and each depends on no more than it says."""

from collections.abc import Callable
from dataclasses import replace

from from_scratch import bindings, port_plan

from pylae.model.snapshot import Snapshot
from pylae.model.workload import GatewayWorkload
from pylae.translate.cluster import cluster
from pylae.translate.registry import ServiceRegistry
from pylae.translate.site import site
from pylae.translate.translate import translate
from pylae.translate.view import View

WORKLOAD = GatewayWorkload()

WORLD = """
kind: Gateway
metadata: {name: front}
spec:
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["a.io"]}
  - {port: {number: 443, name: https, protocol: HTTPS}, tls: {mode: SIMPLE, credentialName: c}, hosts: ["a.io"]}
---
kind: VirtualService
metadata: {name: vs}
spec: {hosts: [a.io], gateways: [front], http: [{route: [{destination: {host: x}}]}]}
---
kind: Service
metadata: {name: x}
spec: {ports: [{name: http, port: 80}]}
---
kind: Secret
metadata: {name: c, namespace: istio-system}
---
kind: EndpointSlice
metadata: {name: x-1, labels: {kubernetes.io/service-name: x}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [10.0.0.1]}]
"""


def view_of(snapshot: Snapshot) -> View:
    return View(WORKLOAD, bindings(snapshot, WORKLOAD), ServiceRegistry(snapshot, WORKLOAD))


def test_sites_made_one_by_one_are_those_of_the_whole(read: Callable[[str], Snapshot]) -> None:
    snapshot = read(WORLD)
    whole = translate(snapshot, WORKLOAD)
    view = view_of(snapshot)
    sites = {plan.name: site(plan, view) for plan in port_plan(snapshot, WORKLOAD).listeners()}
    assert {name: made.chains for name, made in sites.items()} == {made.name: made.chains for made in whole.listeners}
    made = sorted((r for found in sites.values() for r in found.route_configurations), key=lambda routes: routes.name)
    assert tuple(made) == whole.route_configurations


def test_a_cluster_made_by_itself_is_that_of_the_whole(read: Callable[[str], Snapshot]) -> None:
    snapshot = read(WORLD)
    (port,) = view_of(snapshot).registry.ports("x.shop.svc.cluster.local")
    assert (cluster("x.shop.svc.cluster.local", port),) == translate(snapshot, WORKLOAD).clusters


def test_endpoints_and_secrets_change_nothing_of_a_translation(read: Callable[[str], Snapshot]) -> None:
    snapshot = read(WORLD)
    without = replace(snapshot, endpoint_slices={}, secrets={})
    assert translate(without, WORKLOAD) == translate(snapshot, WORKLOAD)


def test_the_port_plan_reads_no_virtual_service(read: Callable[[str], Snapshot]) -> None:
    snapshot = read(WORLD)
    plan, other = port_plan(snapshot, WORKLOAD), port_plan(replace(snapshot, virtual_services={}), WORKLOAD)
    assert [(found.name, found.sockets) for found in plan.listeners()] == [
        (found.name, found.sockets) for found in other.listeners()
    ]
    assert plan.findings() == other.findings()
