"""Why a credential cannot be served, in words that say what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass

from pylae.api.core import Secret
from pylae.model.codes import CERTIFICATE_INVALID, CERTIFICATE_MISSING, SECRET_ELSEWHERE
from pylae.model.finding import Code
from pylae.model.snapshot import Key
from pylae.rules.armour import Broken
from pylae.rules.sds_name import CA_LAYOUTS, CA_SUFFIX, INVALID, PAIR_LAYOUTS, SdsName


@dataclass(frozen=True, slots=True)
class Unusable:
    """`message` says what is wrong and where, `cure` what to do; `key` is the key of the Secret, where it is one."""

    code: Code
    message: str
    cure: str
    key: str = ""


def broken(secret: Secret, keys: tuple[str, ...], fault: Broken) -> Unusable:
    """What the Secret holds under these keys is nothing that Envoy takes."""
    problem = fault.problem
    message = f"{_place(secret)}, {' and '.join(keys)}: {problem.message}"
    return Unusable(CERTIFICATE_INVALID, message, problem.cure, keys[0] if len(keys) == 1 else "")


def without_pair(secret: Secret) -> Unusable:
    """Neither layout of certificate and key is whole."""
    for certificate, key in PAIR_LAYOUTS:
        if certificate in secret.data and key in secret.data:
            return Unusable(
                CERTIFICATE_INVALID,
                f'{_place(secret)}: found keys "{certificate}" and "{key}", but they were empty.',
                "Fill both; an issuer such as cert-manager does so when the certificate is issued.",
            )
    return Unusable(
        CERTIFICATE_INVALID,
        f"{_place(secret)} didn't have expected keys (cert and key) or (tls.crt and tls.key); found: {_keys(secret)}.",
        "Make it with: kubectl create secret tls NAME --cert=FILE --key=FILE",
    )


def without_authorities(secret: Secret) -> Unusable:
    """The Secret names no authority for client certificates."""
    empty = next((ca for ca, _ in CA_LAYOUTS if ca in secret.data), "")
    found = f'found key "{empty}", but it was empty.' if empty else f"found: {_keys(secret)}."
    other = secret.metadata.name.removesuffix(CA_SUFFIX) + CA_SUFFIX
    return Unusable(
        CERTIFICATE_INVALID,
        f"{_place(secret)} didn't have expected keys cacert or ca.crt; {found}",
        f"Put the authority of client certificates into it as ca.crt, or into a Secret {other} as cacert or ca.crt.",
    )


def missing(name: SdsName, secrets: Mapping[Key, Secret], namespace: str) -> Unusable:
    """No Secret of that name in the gateway's namespace, though perhaps in another."""
    wanted = f"secret {namespace}/{' or '.join(reversed(name.candidates))} not found"
    elsewhere = sorted({place for place, found in secrets if found in name.candidates})
    if elsewhere:
        return Unusable(
            SECRET_ELSEWHERE,
            f"{wanted}: it was found in namespace {', '.join(elsewhere)}, but this gateway reads those of {namespace}.",
            f"Create it in namespace {namespace}.",
        )
    return Unusable(CERTIFICATE_MISSING, f"{wanted}.", f"Create it: {_command(name, namespace)}")


def foreign(name: SdsName, namespace: str) -> Unusable:
    """The name spells out a namespace that is not the gateway's: another team's key is never read."""
    return Unusable(
        SECRET_ELSEWHERE,
        f"Secret {name.namespace}/{name.name} is in a namespace that this gateway does not read: it reads those of "
        f"{namespace}.",
        f"Create it in namespace {namespace} and name it {name.name}, without a namespace.",
    )


def authority(name: SdsName) -> Unusable:
    """Whoever has its key is any gateway: it is given to none, in whatever namespace it lies."""
    return Unusable(
        CERTIFICATE_MISSING,
        f"Secret {name.name} is the authority that gateways are known by, and is never served.",
        "Name a Secret that holds a certificate for the host.",
    )


def unserved(text: str, name: SdsName) -> Unusable:
    """The name is of a scheme that is never answered."""
    if name.scheme == INVALID and name.is_authorities:
        return Unusable(
            CERTIFICATE_INVALID,
            f"Credential {name.name} ends in {CA_SUFFIX}: such a name stands for client authorities, never for a key.",
            "Give the Secret with certificate and key another name.",
        )
    return Unusable(
        CERTIFICATE_MISSING,
        f"Credential {text} is written in a form that is not read here.",
        "Name a Secret in the gateway's namespace.",
    )


def _place(secret: Secret) -> str:
    return f"Secret {secret.metadata.namespace}/{secret.metadata.name}"


def _keys(secret: Secret) -> str:
    """At most three names: a Secret may have very many."""
    keys = sorted(secret.data)
    more = f", and {len(keys) - 3} more..." if len(keys) > 3 else ""
    return (", ".join(keys[:3]) or "none") + more


def _command(name: SdsName, namespace: str) -> str:
    create = f"kubectl -n {namespace} create secret"
    if name.is_authorities:
        return f"{create} generic {name.name} --from-file=ca.crt=FILE"
    return f"{create} tls {name.name} --cert=FILE --key=FILE"
