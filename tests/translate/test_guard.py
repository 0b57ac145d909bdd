"""A mistake of ours costs the object that it happened on."""

from collections.abc import Callable

from msgspec.structs import replace

from pylae.model.codes import INTERNAL
from pylae.model.snapshot import Snapshot
from pylae.model.workload import GatewayWorkload
from pylae.translate.translate import translate

WORLD = """
kind: Gateway
metadata: {name: front}
spec:
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
  - {port: {number: 443, name: tls, protocol: TLS}, tls: {mode: PASSTHROUGH}, hosts: ["*"]}
  - {port: {number: 31400, name: tcp, protocol: TCP}, hosts: ["*"]}
---
kind: VirtualService
metadata: {name: bad}
spec: {hosts: [a.io], gateways: [front], http: [{directResponse: {status: 200}}]}
---
kind: VirtualService
metadata: {name: good}
spec: {hosts: [a.io], gateways: [front], http: [{directResponse: {status: 201}}]}
"""


def test_a_virtual_service_that_cannot_be_translated_is_a_finding_and_the_others_serve(
    read: Callable[[str], Snapshot],
) -> None:
    snapshot = read(WORLD)
    bad = snapshot.virtual_services["shop", "bad"]
    broken = replace(bad, spec=replace(bad.spec, http=(None,), tls=(None,), tcp=(None,)))  # type: ignore[arg-type]
    translation = translate(with_virtual_service(snapshot, broken), GatewayWorkload())
    (host,) = translation.route_configurations[0].virtual_hosts
    assert [route.config.rpartition("/")[2] for route in host.routes] == ["good"]
    internal = [finding for finding in translation.findings if finding.code == INTERNAL]
    assert {str(finding.about) for finding in internal} == {"VirtualService shop/bad"}
    assert "please report it" in internal[0].cure


def test_a_server_that_cannot_be_read_is_a_finding_and_the_others_serve(read: Callable[[str], Snapshot]) -> None:
    snapshot = read(WORLD)
    front = snapshot.gateways["shop", "front"]
    servers = (*front.spec.servers, None)
    broken = replace(front, spec=replace(front.spec, servers=servers))  # type: ignore[arg-type]
    translation = translate(Snapshot(gateways={("shop", "front"): broken}), GatewayWorkload())
    assert [listener.name for listener in translation.listeners] == ["0.0.0.0_80"]
    (internal,) = [finding for finding in translation.findings if finding.code == INTERNAL]
    assert internal.path == "spec.servers[3]"


def with_virtual_service(snapshot: Snapshot, virtual_service: object) -> Snapshot:
    others = dict(snapshot.virtual_services)
    others["shop", "bad"] = virtual_service  # type: ignore[assignment]
    return Snapshot(gateways=snapshot.gateways, virtual_services=others)
