"""What a cluster would have around a gateway and one machine has not: the gateway's Service, its node and its pod.

They are ordinary objects, made through the API like a user's. What a user changed on the Service stays changed; `-p`
changes it as `kubectl patch` would. A real cluster has its own, and none of this is written there.
"""

from collections.abc import Iterable
from typing import Any

from pylae import __version__
from pylae.api.scheme import NODE, POD, SERVICE, Kind
from pylae.kube.client import Client
from pylae.kube.errors import AlreadyExists, NotFound
from pylae.model.workload import GatewayWorkload
from pylae.node.port_mapping import PortMapping

Json = dict[str, Any]

NODE_NAME = "pylae"
TARGET_PORTS = {80: 8080, 443: 8443}
"""Istio's ingress gateway listens on unprivileged ports behind its Service (istio.io, "Gateway installation")."""

NODE_PORTS = {80: 30000, 443: 30005}
"""Where the walkthrough reaches the gateway."""

PORT_NAMES = {80: "http2", 443: "https"}


async def furnish(client: Client, workload: GatewayWorkload, ports: tuple[PortMapping, ...]) -> None:
    """Make what is missing, and publish the ports that were asked for."""
    await _ensure(client, SERVICE, _service(workload))
    await _ensure(client, NODE, _node())
    await _ensure(client, POD, _pod(workload))
    await client.patch_status(NODE, "", NODE_NAME, {"status": _node_status(workload)})
    await client.patch_status(POD, workload.namespace, pod_name(workload), {"status": _pod_status()})
    if ports:
        await _publish(client, workload, ports)


def pod_name(workload: GatewayWorkload) -> str:
    return f"{workload.name}-0"


async def _ensure(client: Client, kind: Kind, body: Json) -> None:
    metadata = body["metadata"]
    try:
        await client.get(kind, metadata.get("namespace", ""), metadata["name"])
    except NotFound:
        try:
            await client.create(
                kind, metadata.get("namespace", ""), {"apiVersion": kind.api_version, "kind": kind.kind, **body}
            )
        except AlreadyExists:
            return


async def _publish(client: Client, workload: GatewayWorkload, mappings: Iterable[PortMapping]) -> None:
    service = await client.get(SERVICE, workload.namespace, workload.name)
    ports: list[Json] = service["spec"].get("ports", [])
    wanted = with_node_ports(ports, mappings)
    if wanted != ports:
        await client.patch(SERVICE, workload.namespace, workload.name, {"spec": {"ports": wanted}})


def with_node_ports(ports: list[Json], mappings: Iterable[PortMapping]) -> list[Json]:
    """The Service's ports with each mapping's node port; a gateway port that the Service lacks is added to it."""
    published = [dict(port) for port in ports]
    for mapping in mappings:
        entry = next((port for port in published if port["port"] == mapping.gateway_port), None)
        if entry is None:
            entry = _service_port(mapping.gateway_port, mapping.host_port)
            published.append(entry)
        entry["nodePort"] = mapping.host_port
    return published


def _service_port(port: int, node_port: int) -> Json:
    return {
        "name": PORT_NAMES.get(port, f"port-{port}"),
        "port": port,
        "targetPort": TARGET_PORTS.get(port, port),
        "nodePort": node_port,
        "protocol": "TCP",
    }


def _service(workload: GatewayWorkload) -> Json:
    return {
        "metadata": {"name": workload.name, "namespace": workload.namespace, "labels": dict(workload.labels)},
        "spec": {
            "type": "NodePort",
            "selector": dict(workload.labels),
            "ports": [_service_port(port, node_port) for port, node_port in NODE_PORTS.items()],
        },
    }


def _node() -> Json:
    return {"metadata": {"name": NODE_NAME, "labels": {"kubernetes.io/hostname": NODE_NAME}}, "spec": {}}


def _node_status(workload: GatewayWorkload) -> Json:
    return {
        "addresses": [
            {"type": "InternalIP", "address": workload.bind_address},
            {"type": "Hostname", "address": NODE_NAME},
        ],
        "conditions": [{"type": "Ready", "status": "True", "reason": "PylaeRuns", "message": "Pylae runs here"}],
        "nodeInfo": {"kubeletVersion": f"pylae-{__version__}", "operatingSystem": "linux"},
    }


def _pod(workload: GatewayWorkload) -> Json:
    return {
        "metadata": {"name": pod_name(workload), "namespace": workload.namespace, "labels": dict(workload.labels)},
        "spec": {"nodeName": NODE_NAME, "containers": [{"name": "istio-proxy", "image": "envoy"}]},
    }


def _pod_status() -> Json:
    return {
        "phase": "Running",
        "podIP": "127.0.0.1",
        "hostIP": "127.0.0.1",
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [
            {
                "name": "istio-proxy",
                "image": "envoy",
                "imageID": "",
                "ready": True,
                "restartCount": 0,
                "started": True,
                "state": {"running": {}},
            }
        ],
    }
