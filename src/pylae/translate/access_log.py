"""The access log that the mesh configuration asks for: ConfigMap `istio` of the gateway's namespace, key `mesh` (Istio,
MeshConfig: accessLogFile, accessLogEncoding, accessLogFormat).

Envoy's standard output is the only place there is, so `/dev/stdout` and `/dev/stderr` mean the same. A path is refused:
an object of the API must not have a file of the machine written.
"""

import json
from functools import lru_cache
from typing import Any

import yaml

from pylae.api.core import ConfigMap
from pylae.model.codes import ADDRESS_REFUSED, DOUBTFUL, INVALID
from pylae.model.finding import Code, Finding
from pylae.model.ir.origin import Origin
from pylae.model.snapshot import Snapshot
from pylae.model.workload import AccessLog, GatewayWorkload
from pylae.rules.substitution import unknown_substitution
from pylae.translate.guard import guarded

NAME, KEY = "istio", "mesh"
ENCODINGS = frozenset({"TEXT", "JSON"})


def access_log(snapshot: Snapshot, workload: GatewayWorkload, findings: list[Finding]) -> AccessLog | None:
    """The access log of every chain, or None; the mesh configuration goes before what the workload was started with."""
    config_map = snapshot.config_maps.get((workload.namespace, NAME))
    if config_map is None:
        return workload.access_log
    with guarded(Origin(config_map.ref, f"data.{KEY}"), findings):
        return _configured(config_map, workload, findings)
    return workload.access_log


def _configured(config_map: ConfigMap, workload: GatewayWorkload, findings: list[Finding]) -> AccessLog | None:
    mesh = _mesh(config_map.data.get(KEY, ""))
    if mesh is None:
        findings.append(_finding(config_map, INVALID, "", "It is no YAML mapping; the mesh configuration is not used."))
        return workload.access_log
    match mesh.get("accessLogFile"):
        case None:
            return workload.access_log
        case "":
            return None
        case "/dev/stdout" | "/dev/stderr":
            return _formatted(mesh, config_map, findings)
        case path:
            message = f"The access log is not written to {path!r}: the gateway writes no files of the machine."
            findings.append(_finding(config_map, ADDRESS_REFUSED, ".accessLogFile", message))
            return None


@lru_cache(maxsize=8)
def _mesh(text: str) -> dict[str, Any] | None:
    try:
        read = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    return {} if read is None else read if isinstance(read, dict) else None


def _formatted(mesh: dict[str, Any], config_map: ConfigMap, findings: list[Finding]) -> AccessLog:
    """A format that Envoy would refuse is not used, since with it Envoy would refuse every listener."""
    encoding, written = str(mesh.get("accessLogEncoding") or "TEXT").upper(), str(mesh.get("accessLogFormat") or "")
    if encoding not in ENCODINGS:
        message = f"{encoding!r} is no encoding of access logs; TEXT is used."
        findings.append(_finding(config_map, DOUBTFUL, ".accessLogEncoding", message))
        encoding = "TEXT"
    if problem := _format_problem(encoding, written):
        message = f"{problem}; Istio's default format is used."
        findings.append(_finding(config_map, DOUBTFUL, ".accessLogFormat", message))
        written = ""
    return AccessLog(encoding, written)


def _format_problem(encoding: str, written: str) -> str:
    if encoding == "JSON" and written:
        try:
            fields = json.loads(written)
        except ValueError:
            return "The format is no JSON"
        if not isinstance(fields, dict):
            return "The format is no JSON object"
        return _unknown_variable(_texts(fields))
    return _unknown_variable([written])


def _unknown_variable(texts: list[str]) -> str:
    unknown = next((rest for text in texts if (rest := unknown_substitution(text))), "")
    return f"{unknown[:40]!r} is no variable that Envoy knows" if unknown else ""


def _texts(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for item in value.values() for text in _texts(item)]
        case list():
            return [text for item in value for text in _texts(item)]
        case _:
            return []


def _finding(config_map: ConfigMap, code: Code, field: str, message: str) -> Finding:
    cure = "Correct it, or leave it out." if code is not ADDRESS_REFUSED else "Use /dev/stdout."
    return Finding(code, config_map.ref, f"data.{KEY}{field}", message, cure)
