"""What of an object can be taken from one API server to another: what somebody wanted, and nothing that a server or
one of its controllers put there."""

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any, Final

from pylae.kube.last_applied import LAST_APPLIED
from pylae.kube.ownership import SOURCE

Json = dict[str, Any]

NAMES: Final = ("name", "namespace", "labels", "annotations")
"""Metadata that people write. An owner has another uid elsewhere, and to name one that is not there is to be collected
as garbage; a finalizer whose controller is not there would never end."""

LEFT_BEHIND: Final = frozenset({LAST_APPLIED, SOURCE})
"""Annotations that speak of where an object came from."""

NAMESPACE_LABEL: Final = "kubernetes.io/metadata.name"

HEADLESS: Final = "None"
ALLOTTED: Final = frozenset({"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"})
"""Fields of a Service that its server fills in, of its own addresses and ports."""


def portable(document: Json) -> Json:
    """The object without what belongs to its server: identity, status, addresses that were allotted. Its parts come in
    the order of their names, whoever wrote it."""
    head = {key: document[key] for key in ("apiVersion", "kind")}
    body = {key: document[key] for key in sorted(document) if key not in (*head, "metadata", "status")}
    shape = _SHAPES.get((document["apiVersion"], document["kind"]), _as_it_is)
    return {**head, "metadata": _metadata(document["metadata"]), **shape(body)}


def reachable(endpoint_slice: Json) -> Json | None:
    """The EndpointSlice without endpoints that no cluster takes; None if there are no others.

    A real API server refuses addresses that mean another machine on every machine: loopback, link-local, multicast and
    the unspecified one (Kubernetes, discovery/v1, validation of EndpointSlices).
    """
    endpoints = endpoint_slice.get("endpoints") or []
    kept = [endpoint for endpoint in endpoints if all(map(_is_elsewhere, endpoint.get("addresses", ())))]
    if endpoints and not kept:
        return None
    return endpoint_slice if len(kept) == len(endpoints) else {**endpoint_slice, "endpoints": kept}


def _is_elsewhere(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return True  # a name
    return not (found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified)


def _metadata(metadata: Mapping[str, Any]) -> Json:
    kept = {key: metadata[key] for key in NAMES if metadata.get(key)}
    for field, unwanted in (("annotations", LEFT_BEHIND), ("labels", {NAMESPACE_LABEL})):
        if field in kept:
            kept[field] = {key: value for key, value in kept[field].items() if key not in unwanted}
    return {key: value for key, value in kept.items() if value}


def _as_it_is(body: Json) -> Json:
    return body


def _namespace(_: Json) -> Json:
    """All that a Namespace has beside its name are the server's finalizers."""
    return {}


def _service(body: Json) -> Json:
    spec: Json = body.get("spec", {})
    headless = {"clusterIP": HEADLESS} if spec.get("clusterIP") == HEADLESS else {}
    wanted = {key: value for key, value in spec.items() if key not in ALLOTTED}
    ports = [{key: value for key, value in port.items() if key != "nodePort"} for port in spec.get("ports", ())]
    return {"spec": {**wanted, **headless, **({"ports": ports} if ports else {})}}


def _account(body: Json) -> Json:
    """The Secrets of a ServiceAccount are tokens of its own cluster."""
    return {key: value for key, value in body.items() if key != "secrets"}


_SHAPES: Final[Mapping[tuple[str, str], Callable[[Json], Json]]] = {
    ("v1", "Namespace"): _namespace,
    ("v1", "Service"): _service,
    ("v1", "ServiceAccount"): _account,
}
