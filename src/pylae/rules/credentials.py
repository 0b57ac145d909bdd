"""Where a credential is looked up, and whether what was found there can be served.

The one answer to "what is behind this name?": secret discovery serves by it, status and analysis report by it. A name
is resolved in the namespace of the gateway's *workload*, wherever the Gateway lives (Istio, "Secure Gateways"). What
Envoy would refuse is a value here, `Unusable`, so that a bad Secret never reaches a listener.
"""

from collections.abc import Mapping

from pylae.api.core import Secret
from pylae.api.gateway import ServerTlsSettings
from pylae.model.control_plane import AUTHORITY
from pylae.model.ir.listener import SecretRef
from pylae.model.ir.secret import SecretValue, TlsCertificate, TrustedCa
from pylae.model.snapshot import Key
from pylae.rules import unusable
from pylae.rules.armour import Broken, reading
from pylae.rules.doubts import Doubt, warnings
from pylae.rules.pem import CERTIFICATE, PRIVATE_KEY, read_authorities, read_pair
from pylae.rules.revocation import check_staple, read_revocations
from pylae.rules.sds_name import (
    CA_LAYOUTS,
    CA_SUFFIX,
    KUBERNETES,
    PAIR_LAYOUTS,
    STAPLE_KEY,
    authorities_name,
    certificate_name,
    parse,
)
from pylae.rules.unusable import Unusable

__all__ = ["Doubt", "Unusable", "affected", "resolve", "server_secrets", "warnings"]

TERMINATING_MODES = frozenset({"SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"})
CLIENT_CERTIFICATE_MODES = frozenset({"MUTUAL", "OPTIONAL_MUTUAL"})


def server_secrets(tls: ServerTlsSettings) -> tuple[tuple[SecretRef, ...], SecretRef | None]:
    """The certificates of a terminating server and the authorities of its clients, as names in secret discovery.

    Both are empty where nothing is terminated with Secrets. `caCertCredentialName` is read as authorities whether or
    not it is written with `-cacert`; Istio would wait for ever without.
    """
    credentials = tls.credential_names or ((tls.credential_name,) if tls.credential_name else ())
    if tls.mode not in TERMINATING_MODES or not credentials:
        return (), None
    certificates = tuple(SecretRef(certificate_name(credential)) for credential in credentials)
    if tls.mode not in CLIENT_CERTIFICATE_MODES:
        return certificates, None
    return certificates, SecretRef(authorities_name(tls.ca_cert_credential_name or credentials[0]))


def affected(secret_name: str, namespace: str = "") -> tuple[str, ...]:
    """The SDS names that a change of this Secret may touch; with the namespace, also those that spell it out."""
    names = [secret_name, secret_name + CA_SUFFIX]
    if secret_name.endswith(CA_SUFFIX):
        names.append(secret_name.removesuffix(CA_SUFFIX))
    places = ("", f"{namespace}/") if namespace else ("",)
    return tuple(f"{KUBERNETES}{place}{name}" for place in places for name in names)


def resolve(ref: SecretRef, secrets: Mapping[Key, Secret], namespace: str) -> SecretValue | Unusable:
    """What to send for an SDS name, read from the Secrets of `namespace`, the gateway workload's own.

    A name ending in `-cacert` gives authorities only: from Secret `X-cacert` if there is one, else from `X`. Never
    returns what Envoy would refuse, never the Secret of another namespace, and never the authority of gateways.
    """
    name = parse(ref.name)
    if name.scheme != KUBERNETES:
        return unusable.unserved(ref.name, name)
    if name.namespace not in ("", namespace):
        return unusable.foreign(name, namespace)
    if AUTHORITY in name.candidates:
        return unusable.authority(name)
    secret = next(filter(None, (secrets.get((namespace, candidate)) for candidate in name.candidates)), None)
    if secret is None:
        return unusable.missing(name, secrets, namespace)
    return _authorities(ref, secret) if name.is_authorities else _pair(ref, secret)


def _pair(ref: SecretRef, secret: Secret) -> SecretValue | Unusable:
    layout = next((keys for keys in PAIR_LAYOUTS if all(secret.data.get(key) for key in keys)), None)
    if layout is None:
        return unusable.without_pair(secret)
    staple = bytes(secret.data.get(STAPLE_KEY, b"")) if layout == PAIR_LAYOUTS[1] else b""
    try:
        pair = read_pair(secret.data[layout[0]], secret.data[layout[1]])
        with reading(STAPLE_KEY):
            check_staple(pair.chain, staple)
    except Broken as fault:
        places = {CERTIFICATE: layout[:1], PRIVATE_KEY: layout[1:], STAPLE_KEY: (STAPLE_KEY,)}
        return unusable.broken(secret, places.get(fault.place, layout), fault)
    return TlsCertificate(ref.name, pair.chain, pair.key, staple)


def _authorities(ref: SecretRef, secret: Secret) -> SecretValue | Unusable:
    layout = next((keys for keys in CA_LAYOUTS if secret.data.get(keys[0])), None)
    if layout is None:
        return unusable.without_authorities(secret)
    ca, crl = layout
    try:
        with reading(ca):
            authorities = read_authorities(secret.data[ca])
        with reading(crl):
            revocations = read_revocations(secret.data[crl]) if secret.data.get(crl) else b""
    except Broken as fault:
        return unusable.broken(secret, (fault.place,), fault)
    return TrustedCa(ref.name, authorities, revocations)
