"""URLs, IP addresses and networks in validation rules (https://kubernetes.io/docs/reference/using-api/cel/).

CEL has no such types, so each is a map that expressions only hand from one function to the next.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs, urlsplit

Opaque: TypeAlias = Mapping[str, Any]

_LINK_LOCAL_MULTICAST: Final = tuple(map(ipaddress.ip_network, ("224.0.0.0/24", "ff02::/16")))
_SCHEME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*")
_NOT_IN_URLS: Final = re.compile(r"[\x00-\x20\x7f<>\"\\^`{}|]")


def can(make: Callable[[Any], Any]) -> Callable[[Any], bool]:
    """The function that says whether a text makes such a value."""

    def is_one(text: Any) -> bool:
        try:
            make(text)
        except (ArithmeticError, TypeError, ValueError):
            return False
        return True

    return is_one


def _url(text: str) -> dict[str, Any]:
    """An absolute URL, or an absolute path. Raises ValueError."""
    parts = urlsplit(text)
    is_absolute = bool(_SCHEME.fullmatch(parts.scheme)) and bool(parts.netloc or parts.path)
    if _NOT_IN_URLS.search(text) or not (is_absolute or (not parts.scheme and text.startswith("/"))):
        raise ValueError(f"URL parse error during conversion from string: parse {text!r}: invalid URI for request")
    port = str(parts.port or "")
    name = parts.hostname or ""
    host = parts.netloc.rpartition("@")[2]
    query = parse_qs(parts.query, keep_blank_values=True)
    return {"scheme": parts.scheme, "host": host, "name": name, "port": port, "path": parts.path, "query": query}


def _ip(value: Any) -> Any:
    """An address of a text, or that of a network."""
    if isinstance(value, Mapping):
        return _shown_ip(ipaddress.ip_interface(value["cidr"]).ip)
    address = ipaddress.ip_address(value)
    if getattr(address, "scope_id", None) or getattr(address, "ipv4_mapped", None):
        raise ValueError(f"IP Address {value!r} is not allowed: no zones, and no IPv4 in IPv6")
    return _shown_ip(address)


def _shown_ip(address: Any) -> dict[str, Any]:
    return {"ip": str(address)}


def _address(value: Mapping[str, Any]) -> Any:
    return ipaddress.ip_address(value["ip"])


def _cidr(text: str) -> dict[str, Any]:
    if "/" not in text:
        raise ValueError(f"network address parse error during conversion from string: {text!r}")
    return {"cidr": str(ipaddress.ip_interface(text))}


def _network(value: Mapping[str, Any]) -> Any:
    return ipaddress.ip_interface(value["cidr"]).network


def _contains_ip(network: Mapping[str, Any], value: Any) -> bool:
    return _address(value if isinstance(value, Mapping) else _ip(value)) in _network(network)


def _contains_cidr(network: Mapping[str, Any], value: Any) -> bool:
    inner, outer = _network(value if isinstance(value, Mapping) else _cidr(value)), _network(network)
    return bool(inner.version == outer.version and inner.subnet_of(outer))


def _is_link_local_multicast(ip: Opaque) -> bool:
    address = _address(ip)
    return any(address in network for network in _LINK_LOCAL_MULTICAST)


def _is_global_unicast(ip: Opaque) -> bool:
    address = _address(ip)
    return not (address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local)


URLS: Final[Mapping[str, Callable[..., Any]]] = {
    "url": _url,
    "isURL": can(_url),
    "getScheme": lambda url: url["scheme"],
    "getHost": lambda url: url["host"],
    "getHostname": lambda url: url["name"],
    "getPort": lambda url: url["port"],
    "getEscapedPath": lambda url: url["path"],
    "getQuery": lambda url: url["query"],
}

ADDRESSES: Final[Mapping[str, Callable[..., Any]]] = {
    "ip": _ip,
    "isIP": can(_ip),
    "ip.isCanonical": lambda text: str(_address(_ip(text))) == text,
    "family": lambda ip: _address(ip).version,
    "isUnspecified": lambda ip: _address(ip).is_unspecified,
    "isLoopback": lambda ip: _address(ip).is_loopback,
    "isLinkLocalMulticast": _is_link_local_multicast,
    "isLinkLocalUnicast": lambda ip: _address(ip).is_link_local,
    "isGlobalUnicast": _is_global_unicast,
    "cidr": _cidr,
    "isCIDR": can(_cidr),
    "containsIP": _contains_ip,
    "containsCIDR": _contains_cidr,
    "prefixLength": lambda cidr: _network(cidr).prefixlen,
    "masked": lambda cidr: {"cidr": str(_network(cidr))},
}
