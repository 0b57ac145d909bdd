"""The Services in front of the gateway are few among many, and followed by change."""

from dataclasses import replace
from typing import Any

from from_scratch import published_ports

from pylae.api.decode import convert
from pylae.api.meta import ObjectRef
from pylae.api.scheme import ENDPOINT_SLICE, SERVICE
from pylae.model.ir.origin import Origin
from pylae.model.snapshot import Snapshot
from pylae.model.workload import GatewayWorkload
from pylae.translate.ports import Fronts, PublishedPort, sockets

FRONT = ("istio-system", "front")


def service(name: str, namespace: str = "istio-system", **spec: Any) -> Any:
    ports = [{"name": "https", "port": 443, "targetPort": "tls"}]
    metadata = {"name": name, "namespace": namespace}
    return convert(SERVICE, {"kind": "Service", "metadata": metadata, "spec": {"ports": ports} | spec})


def slice_of(service: str, port: int) -> Any:
    metadata = {"name": f"{service}-1", "namespace": FRONT[0], "labels": {"kubernetes.io/service-name": service}}
    ports = [{"name": "https", "port": port}]
    return convert(
        ENDPOINT_SLICE, {"kind": "EndpointSlice", "metadata": metadata, "addressType": "IPv4", "ports": ports}
    )


def test_only_a_service_in_front_changes_what_is_published() -> None:
    fronts, front = Fronts(GatewayWorkload()), service("front", selector={"istio": "ingressgateway"})
    assert not fronts.note(("shop", "web"), None, service("web", "shop"))
    assert not fronts.note(("istio-system", "other"), None, service("other", selector={"app": "other"}))
    assert fronts.note(FRONT, None, front)
    snapshot = Snapshot(services={FRONT: front})
    assert [port.port for port in fronts.published(snapshot)] == [443]
    assert fronts.published(snapshot) == published_ports(snapshot, GatewayWorkload())
    assert fronts.note(FRONT, front, None)
    assert fronts.published(Snapshot()) == ()
    assert not fronts.note(FRONT, None, None)


def test_an_endpoint_slice_of_a_service_in_front_says_where_a_named_port_leads() -> None:
    fronts, front = Fronts(GatewayWorkload()), service("front", selector={"istio": "ingressgateway"})
    fronts.note(FRONT, None, front)
    assert not fronts.note(("istio-system", "other-1"), None, slice_of("other", 1))
    found = slice_of("front", 8443)
    assert fronts.note(("istio-system", "front-1"), None, found)
    snapshot = Snapshot(services={FRONT: front}, endpoint_slices={("istio-system", "front-1"): found})
    assert [port.target_port for port in fronts.published(snapshot)] == [8443]


PORT = PublishedPort(443, 8443, 30005, Origin(ObjectRef("Service", *FRONT), "spec.ports[0]"))


def bound(published: tuple[PublishedPort, ...], port: int, workload: GatewayWorkload) -> list[str]:
    return [str(socket.address) for socket in sockets(published, port, "", workload)]


def test_a_port_that_the_gateway_publishes_by_itself_wins_over_what_the_service_says() -> None:
    workload = GatewayWorkload(publish=((443, 10443), (80, 10080)))
    assert bound((PORT,), 8443, workload) == ["127.0.0.1:10443"]
    assert bound((PORT,), 8443, replace(workload, node_ports=False)) == ["127.0.0.1:10443"]
    assert bound((PORT,), 8443, replace(workload, publish=())) == ["127.0.0.1:30005"]


def test_without_a_service_a_port_is_published_all_the_same() -> None:
    workload = GatewayWorkload(publish=((443, 10443),))
    assert bound((), 443, workload) == ["127.0.0.1:10443"]
    assert bound((), 444, workload) == ["127.0.0.1:444"]
