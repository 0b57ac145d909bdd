"""Names that mean something: of services as users write them, and of Envoy's resources as Istio spells them.

Dashboards, scripts and istioctl's habits know Istio's spelling, so it is kept to the letter.
"""

from typing import Final, Literal

from pylae.model.snapshot import Key
from pylae.rules.hosts import ANY_HOST, is_ip_address

MESH: Final = "mesh"
"""The reserved gateway that stands for all sidecars; an ingress gateway never is one."""

ANY_ADDRESS = "0.0.0.0"  # noqa: S104 (a part of a listener's name; what is bound is decided elsewhere)


def expand(host: str, namespace: str, domain: str) -> str:
    """The full, lower-case name of a host as written in `namespace`: `webapp` is `webapp.shop.svc.cluster.local`.

    A name with a dot is taken as full (so `webapp.shop` is not expanded), and so are `*` and IP addresses.
    """
    host = host.lower()
    if not host or "." in host or host == ANY_HOST or is_ip_address(host):
        return host
    return service_hostname(namespace, host, domain)


def service_hostname(namespace: str, name: str, domain: str) -> str:
    """A Service's name in the cluster's DNS; `domain` is usually `cluster.local`."""
    return f"{name}.{namespace}.svc.{domain}"


def gateway_reference(text: str, namespace: str) -> Key | Literal["mesh"]:
    """The Gateway that a VirtualService in `namespace` names: `name`, `./name`, `ns/name`, or the old
    `name.ns[.svc…]`.
    """
    if text == MESH:
        return MESH
    owner, slash, name = text.partition("/")
    if slash:
        return (namespace if owner == "." else owner, name)
    name, dot, rest = text.partition(".")
    return (rest.partition(".")[0], name) if dot else (namespace, name)


def cluster(port: int, subset: str, hostname: str) -> str:
    """`outbound|80|v1|webapp.shop.svc.cluster.local`; the subset may be empty."""
    return f"outbound|{port}|{subset}|{hostname}"


def listener(bind: str, port: int) -> str:
    """`0.0.0.0_8443`: the address as written in the Gateway ("" for all of them) and the target port."""
    return f"{bind or ANY_ADDRESS}_{port}"


def http_route_configuration(listen_port: int, bind: str = "") -> str:
    """`http.8080`: all plain-text servers of a target port share one, whatever Gateway they are in."""
    return _with_bind(f"http.{listen_port}", bind)


def https_route_configuration(port: int, port_name: str, gateway: str, namespace: str, bind: str = "") -> str:
    """`https.443.https.shop-gateway.shop`: one for each server that terminates HTTPS; `port` is the Service's."""
    return _with_bind(f"https.{port}.{port_name}.{gateway}.{namespace}", bind)


def _with_bind(name: str, bind: str) -> str:
    return f"{name}.{bind}" if bind else name
