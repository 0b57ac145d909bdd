"""What translation makes of the golden cases, Envoy accepts: with secrets and endpoints to come, and the routes written
inline.

All cases are put into one configuration, since every start of Envoy costs; a failure names the listener that is to
blame.
"""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from envoy.config.bootstrap.v3.bootstrap_pb2 import Bootstrap
from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2 import (
    HttpConnectionManager,
)
from google.protobuf import any_pb2, json_format
from google.protobuf.message import Message

from pylae.api.meta import Object
from pylae.envoy.binary import find
from pylae.model.snapshot import Snapshot
from pylae.model.workload import GatewayWorkload
from pylae.translate.translate import translate
from pylae.xds.emit import emit
from pylae.xds.resource import Resource, Type

CASES = sorted((Path(__file__).parent / "cases").glob("*/*.yaml"))

SKELETON = """
node: {id: test, cluster: test}
layered_runtime: {layers: [{name: static, static_layer: {re2.max_program_size.error_level: 32768}}]}
dynamic_resources:
  ads_config: {api_type: DELTA_GRPC, transport_api_version: V3, grpc_services: [{envoy_grpc: {cluster_name: xds}}]}
static_resources:
  clusters:
  - name: xds
    type: STATIC
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {http2_protocol_options: {}}
"""


@pytest.mark.real
def test_envoy_accepts_what_is_made_of_every_case(
    tmp_path: Path, read_objects: Callable[[str], list[Object]], snapshot_of: Callable[[Sequence[Object]], Snapshot]
) -> None:
    bootstrap = json_format.ParseDict(yaml.safe_load(SKELETON), Bootstrap())
    for path in CASES:
        text, _, _ = path.read_text().partition("---- expect\n")
        emission = emit(translate(snapshot_of(read_objects(text)), GatewayWorkload()))
        assert not emission.broken
        add(emission.resources, f"{path.parent.name}/{path.stem}", bootstrap)
    document = tmp_path / "bootstrap.json"
    document.write_text(json_format.MessageToJson(bootstrap))
    run = subprocess.run(
        [find().path, "--mode", "validate", "-l", "error", "-c", document], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr[-2000:]


def add(resources: Any, case: str, bootstrap: Bootstrap) -> None:
    """Adds a case's resources under names and ports of its own; of clusters of the same name the first is enough."""
    known = {cluster.name for cluster in bootstrap.static_resources.clusters}
    for resource in resources[Type.CLUSTER].values():
        cluster = unpack(resource, Cluster())
        if cluster.name not in known:
            bootstrap.static_resources.clusters.append(cluster)
    routes = {name: unpack(resource, RouteConfiguration()) for name, resource in resources[Type.ROUTE].items()}
    for resource in resources[Type.LISTENER].values():
        listener = unpack(resource, Listener())
        listener.name = f"{case} {listener.name}"
        listener.address.socket_address.port_value = 1024 + len(bootstrap.static_resources.listeners)
        for part in (part for chain in listener.filter_chains for part in chain.filters):
            write_inline(part.typed_config, routes)
        bootstrap.static_resources.listeners.append(listener)


def write_inline(config: any_pb2.Any, routes: dict[str, RouteConfiguration]) -> None:
    manager = HttpConnectionManager()
    if config.Unpack(manager):
        manager.route_config.CopyFrom(routes[manager.rds.route_config_name])
        config.Pack(manager)


def unpack(resource: Resource, message: Message) -> Any:
    packed = any_pb2.Any.FromString(resource.body)
    assert packed.Unpack(message)
    return message
