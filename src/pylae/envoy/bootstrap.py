"""What Envoy is started with: who it is, where its control plane is, and how its statistics are named.

All else comes by discovery. Nothing here depends on a user's object, so it is plain JSON, not protobuf.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pylae.envoy.limits import MIB, Limits

NOT_KEPT: tuple[Mapping[str, str], ...] = (
    {"prefix": "sds."},  # eight for each certificate, and we tell of certificates ourselves
    {"contains": ".on_demand_secret.ssl.certificate."},
    {"contains": ";.rds.asked/"},  # of routes that are asked for once, when a host is found to be in use still
    {"prefix": "cluster.on-demand;.membership_"},  # means nothing where many clusters are counted as one
)
"""Statistics that are left out: but for the last they would be there for each host that is served on demand."""

ADS_CLUSTER = "xds-grpc"
"""The control plane's name in Envoy, as in Istio."""

Json = dict[str, Any]

STATS_TAGS: Mapping[str, str] = {
    "cluster_name": r"^cluster\.((.+?);\.)",
    "http_conn_manager_prefix": r"^http\.((.+?);\.)",
    "tcp_prefix": r"^tcp\.((.+?);\.)",
    "listener_address": r"^listener\.((\[[0-9a-fA-F:_]+\]_\d+|[0-9._]+_\d+)\.)",
    "response_code": r"_rq(_(\d{3}))$",
    "response_code_class": r"_rq(_(\dxx))$",
}
"""Labels in Prometheus, under the names that dashboards for Istio ask for. Each takes its first group out of the
statistic's name, and its value is the second. Names of ours end in `;`, since they hold dots."""


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """`pod` and `namespace` name the gateway as a pod of Istio's would be; `labels` are the workload's. A gateway that
    joins from elsewhere says in `metadata` what else its control plane must know of it."""

    xds_socket: Path
    admin_socket: Path
    pod: str = "istio-ingressgateway"
    namespace: str = "istio-system"
    cluster_domain: str = "cluster.local"
    labels: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""
    limits: Limits = field(default_factory=Limits)

    def json(self) -> str:
        """The document for `envoy -c`; the same settings give the same text."""
        return json.dumps(self._document(), indent=1, sort_keys=True) + "\n"

    @property
    def node_id(self) -> str:
        """Istio's form: `router~<ip>~<pod>.<namespace>~<namespace>.svc.<domain>`."""
        return f"router~127.0.0.1~{self.pod}.{self.namespace}~{self.namespace}.svc.{self.cluster_domain}"

    def _document(self) -> Json:
        return {
            "node": self._node(),
            # Its owner alone may ask or stop Envoy: the page shows the configuration and can end the process.
            "admin": {
                "address": {"pipe": {"path": str(self.admin_socket), "mode": 0o600}},
                "ignore_global_conn_limit": True,
            },
            "dynamic_resources": _discovery(),
            "static_resources": {"clusters": [_control_plane(self.xds_socket)]},
            "stats_config": _stats(),
            # There is no sink that they would be flushed to: every 5 s all counters would be walked for nobody.
            "stats_flush_on_admin": True,
            "layered_runtime": _runtime(),
            "overload_manager": _overload(self.limits),
            "memory_allocator_manager": {"bytes_to_release": GIVEN_BACK, "memory_release_interval": "1s"},
        }

    def _node(self) -> Json:
        metadata = {
            "NAME": self.pod,
            "NAMESPACE": self.namespace,
            "LABELS": dict(self.labels),
            "PYLAE_VERSION": self.version,
            **self.metadata,
        }
        return {"id": self.node_id, "cluster": f"{self.pod}.{self.namespace}", "metadata": metadata}


def _discovery() -> Json:
    """Everything on one stream. Envoy opens no port before the control plane has spoken, however long that takes."""
    by_ads = {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}
    back_off = {"base_interval": "0.05s", "max_interval": "1s"}
    grpc = {"envoy_grpc": {"cluster_name": ADS_CLUSTER, "retry_policy": {"retry_back_off": back_off}}}
    return {
        "ads_config": {
            "api_type": "DELTA_GRPC",
            "transport_api_version": "V3",
            "set_node_on_first_message_only": True,
            "grpc_services": [grpc],
        },
        "lds_config": by_ads,
        "cds_config": by_ads,
    }


def _control_plane(socket: Path) -> Json:
    http2 = {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
    endpoint = {"endpoint": {"address": {"pipe": {"path": str(socket)}}}}
    return {
        "name": ADS_CLUSTER,
        "alt_stat_name": f"{ADS_CLUSTER};",
        "type": "STATIC",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": http2},
        "load_assignment": {"cluster_name": ADS_CLUSTER, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _stats() -> Json:
    tags = [{"tag_name": name, "regex": regex} for name, regex in STATS_TAGS.items()]
    return {
        "use_all_default_tags": False,
        "stats_tags": tags,
        "stats_matcher": {"exclusion_list": {"patterns": list(NOT_KEPT)}},
    }


def _runtime() -> Json:
    """A user's regular expression may be as large as Istio allows; Envoy's own limit refuses quite ordinary ones."""
    return {"layers": [{"name": "static", "static_layer": {"re2.max_program_size.error_level": 32768}}]}


GIVEN_BACK = 100 * MIB
"""Bytes of free pages a second that the allocator returns to the machine, beyond what was in use in the last minutes:
a busy Envoy keeps its own. Without this Envoy looks only when it is told something, and lets 100 MiB lie."""

HEAP, CONNECTIONS = "envoy.resource_monitors.fixed_heap", "envoy.resource_monitors.global_downstream_max_connections"

HEAP_ACTIONS: Mapping[str, float] = {
    "envoy.overload_actions.shrink_heap": 0.95,
    "envoy.overload_actions.stop_accepting_requests": 0.98,
}
"""From which part of the heap on what is done (Envoy, "Configuring Envoy as an edge proxy")."""


def _overload(limits: Limits) -> Json:
    """Requests get 503 before memory is out, and no connection is taken beyond the limit.

    The limit holds for all listeners together. One for each, as in Envoy's guide, would have to name them here, and
    they come and go with Gateways.
    """
    heap = _monitor(HEAP, "fixed_heap.v3.FixedHeapConfig", max_heap_size_bytes=limits.max_heap)
    connections = _monitor(
        CONNECTIONS,
        "downstream_connections.v3.DownstreamConnectionsConfig",
        max_active_downstream_connections=limits.max_connections,
    )
    actions = [
        {"name": action, "triggers": [{"name": HEAP, "threshold": {"value": part}}]}
        for action, part in HEAP_ACTIONS.items()
    ]
    return {"refresh_interval": "0.25s", "resource_monitors": [heap, connections], "actions": actions}


def _monitor(name: str, kind: str, **settings: int) -> Json:
    url = f"type.googleapis.com/envoy.extensions.resource_monitors.{kind}"
    return {"name": name, "typed_config": {"@type": url, **settings}}
