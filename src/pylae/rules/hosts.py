"""The algebra of hosts: which names meet, which one contains the other, and what a Gateway's host says about
namespaces.

Translation binds VirtualServices with it, validation finds duplicates with it, and status words its hints with it, so
all three must mean the same. Names are compared without regard to case, as DNS and Envoy do (RFC 4343); what is
returned is lower-case.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address

ANY_HOST = "*"

MAXIMUM_LENGTH = 255

_LABEL = r"[A-Za-z0-9](?:[-A-Za-z0-9]{0,61}[A-Za-z0-9])?"
_DNS_LABEL = re.compile(_LABEL)
_DOMAIN = re.compile(rf"(?:\*|(?:\*-?)?{_LABEL})(?:\.(?:{_LABEL}\.)*(?:(?![0-9]+\Z){_LABEL})?)?")


def matches(left: str, right: str) -> bool:
    """Whether some name belongs to both hosts: equal, or one is a wildcard whose suffix ends the other. Symmetric."""
    return covers(left, right) or covers(right, left)


def covers(wide: str, narrow: str) -> bool:
    """Whether every name of `narrow` belongs to `wide`: `*` covers all, `*.io` covers `*.istio.io`, a name only
    itself.
    """
    wide, narrow = wide.lower(), narrow.lower()
    return wide == narrow or (wide.startswith("*") and narrow.endswith(wide[1:]))


def intersect(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    """Of every pair that meets the narrower host, each once, in the order of `left` and then of `right`."""
    met = (_narrower(a.lower(), b.lower()) for a in left for b in right if matches(a, b))
    return tuple(dict.fromkeys(met))


def _narrower(a: str, b: str) -> str:
    return a if covers(b, a) else b


def specificity(host: str) -> tuple[bool, int, str]:
    """Sort key, most specific first: names before wildcards, longer before shorter, then the alphabet; `*` comes
    last.
    """
    return (host.startswith("*"), -len(host), host.lower())


def is_dns_label(text: str) -> bool:
    """One part of a DNS name: letters, digits and inner hyphens, 1 to 63 of them (RFC 1123)."""
    return len(text) <= 63 and _DNS_LABEL.fullmatch(text) is not None


def is_domain(text: str) -> bool:
    """A DNS name without wildcard; a trailing dot is allowed, and the last label must not be a number."""
    return not text.startswith("*") and is_wildcard_domain(text)


def is_wildcard_domain(text: str) -> bool:
    """A DNS name whose first label may be `*`.

    `*foo` and `*-foo` pass as well: Envoy knows suffix matches of that form. Where Istio refuses them, validation does.
    """
    return len(text) <= MAXIMUM_LENGTH and _DOMAIN.fullmatch(text) is not None and len(text.partition(".")[0]) <= 63


def is_ip_address(text: str) -> bool:
    """An IPv4 or IPv6 address, without brackets, prefix length or zone."""
    if "%" in text or not (":" in text or text[-1:].isdigit()):
        return False  # most texts are names, and to be refused below takes ten times as long
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class GatewayHost:
    """A host of a Gateway's server: the lower-case DNS name, and the namespace whose VirtualServices may bind ("" for
    any).

    The namespace decides about binding alone: SNI and virtual hosts use the name.
    """

    namespace: str
    name: str

    def admits(self, namespace: str) -> bool:
        """Whether VirtualServices of this namespace may bind."""
        return self.namespace in ("", namespace)


def gateway_hosts(hosts: tuple[str, ...], gateway_namespace: str) -> tuple[GatewayHost, ...]:
    """A server's hosts (`[namespace/]name`) as written in a Gateway of `gateway_namespace`, each once.

    `.` means the Gateway's own namespace and `*` any; one `*/*` among them makes all the others superfluous.
    """
    if "*/*" in hosts:
        return (GatewayHost("", ANY_HOST),)
    found = [_gateway_host(host, gateway_namespace) for host in hosts]
    return tuple(dict.fromkeys(found)) if len(found) > 1 else tuple(found)


def _gateway_host(host: str, gateway_namespace: str) -> GatewayHost:
    namespace, slash, name = host.partition("/")
    if not slash:
        return GatewayHost("", host.lower())
    meanings = {".": gateway_namespace, "*": ""}
    return GatewayHost(meanings.get(namespace, namespace), name.lower())
