"""The mesh configuration, read once: ConfigMap `istio`, key `mesh` (Istio, MeshConfig).

Of Istio's fields the access log and `pathNormalization` are read. Ours begin with `pylae.dev/`, as annotations do. What
cannot be used is a finding on the ConfigMap, and its default holds: no word in there ends what is served.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

import yaml

from pylae.api.core import ConfigMap
from pylae.model.codes import DOUBTFUL, INVALID
from pylae.model.control_plane import MESH_CONFIG
from pylae.model.edge import DEFAULT_EDGE, Edge
from pylae.model.finding import Finding
from pylae.model.ir.origin import Origin
from pylae.model.snapshot import Key, Snapshot
from pylae.model.workload import AccessLog, GatewayWorkload
from pylae.rules.serving import SERVE, WAYS
from pylae.translate.access_log import access_log
from pylae.translate.edge import edge
from pylae.translate.guard import guarded
from pylae.translate.setting import Setting, Unusable, read_duration, shown

KEY = "mesh"
PREFIX = "pylae.dev/"
IDLE_AFTER, EDGE = f"{PREFIX}idleAfter", f"{PREFIX}edge"
DEFAULT_IDLE_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Mesh:
    """What holds for the whole gateway unless an object says otherwise.

    `serve_on_demand` is for Gateways without an annotation of their own. `idle_after` is how long a host that is served
    on demand may go unused before Envoy is let forget it; zero means for ever.
    """

    access_log: AccessLog | None = None
    serve_on_demand: bool = False
    idle_after: timedelta = DEFAULT_IDLE_AFTER
    edge: Edge = DEFAULT_EDGE


def mesh(snapshot: Snapshot, workload: GatewayWorkload, findings: list[Finding]) -> Mesh:
    """The mesh configuration; where it says nothing, what the workload was started with. Never raises."""
    config_map = snapshot.config_maps.get(place(snapshot, workload))
    if config_map is None:
        return Mesh(workload.access_log)
    with guarded(Origin(config_map.ref, f"data.{KEY}"), findings):
        return _configured(config_map, workload, findings)
    return Mesh(workload.access_log)


def place(snapshot: Snapshot, workload: GatewayWorkload) -> Key:
    """The ConfigMap of the mesh configuration."""
    return (snapshot.mesh_namespace or workload.namespace, MESH_CONFIG)


def _configured(config_map: ConfigMap, workload: GatewayWorkload, findings: list[Finding]) -> Mesh:
    path = f"data.{KEY}"
    written = _parse(config_map.data.get(KEY, ""))
    if written is None:
        message = "It is no YAML mapping; the mesh configuration is not used."
        findings.append(Finding(INVALID, config_map.ref, path, message, "Correct it, or leave it out."))
        return Mesh(workload.access_log)
    unusable: list[Unusable] = [*_unknown(written)]
    made = Mesh(
        access_log=access_log(written, workload.access_log, unusable),
        serve_on_demand=Setting(SERVE, False, _read_way).of(written, unusable),
        idle_after=Setting(IDLE_AFTER, DEFAULT_IDLE_AFTER, read_duration).of(written, unusable),
        edge=edge(written.get(EDGE), written.get("pathNormalization"), f"[{EDGE}]", unusable),
    )
    findings += (Finding(one.code, config_map.ref, f"{path}{one.path}", one.message, one.cure) for one in unusable)
    return made


@lru_cache(maxsize=8)
def _parse(text: str) -> dict[Any, Any] | None:
    try:
        read = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    return {} if read is None else read if isinstance(read, dict) else None


def _read_way(value: object) -> bool:
    if isinstance(value, str) and value in WAYS:
        return WAYS[value]
    raise ValueError(f"{shown(value)} is no way to serve hosts: there are {' and '.join(WAYS)}")


def _unknown(written: dict[Any, Any]) -> Iterator[Unusable]:
    """Istio's fields that have no effect here are many, and many have some; a word of ours is a slip of the pen."""
    for name in written:
        if isinstance(name, str) and name.startswith(PREFIX) and name not in (SERVE, IDLE_AFTER, EDGE):
            message = f"There is no setting {shown(name)}; there are {SERVE}, {IDLE_AFTER} and {EDGE}."
            yield Unusable(DOUBTFUL, f"[{shown(name)}]", message)
