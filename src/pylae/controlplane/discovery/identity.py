"""Who joins from elsewhere: a service account of a namespace, by the certificate of its connection.

The handshake has shown that the certificate is signed by our authority and in date, and that its owner has the key.
What it says is read here, as SPIFFE has it: one URI, `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`.

Source: SPIFFE, "The X.509 SPIFFE Verifiable Identity Document"; Istio, "Security", "Istio identity".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import grpc
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID


@dataclass(frozen=True, slots=True)
class Identity:
    """`expires` is when it has to be shown anew."""

    namespace: str
    account: str
    expires: datetime

    def __str__(self) -> str:
        """As Kubernetes names service accounts."""
        return f"system:serviceaccount:{self.namespace}:{self.account}"


class NotAdmittedError(Exception):
    """Who comes may not join; the message says why, and what to do."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code


def unauthenticated(message: str) -> NotAdmittedError:
    return NotAdmittedError(grpc.StatusCode.UNAUTHENTICATED, message)


@dataclass(frozen=True, slots=True)
class Certificates:
    """Knows a client by the certificate that it showed in its handshake."""

    trust_domain: str = "cluster.local"

    async def identify(self, context: Any, now: datetime) -> Identity:
        """Raises `NotAdmittedError`."""
        shown = context.auth_context().get("x509_pem_cert", ())
        if not shown:
            raise unauthenticated("No client certificate was shown: make one with `pylae enroll`.")
        return identity_of(shown[0], self.trust_domain, now)


def identity_of(pem: bytes, trust_domain: str, now: datetime) -> Identity:
    """Whom a certificate names that was verified already. Raises `NotAdmittedError`."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        raise unauthenticated(f"The client certificate names no SPIFFE identity. {_MAKE_ONE}") from None
    if ExtendedKeyUsageOID.CLIENT_AUTH not in uses:
        raise unauthenticated(f"The certificate is not for clients. {_MAKE_ONE}")
    if certificate.not_valid_after_utc <= now:
        raise unauthenticated(f"The client certificate has expired. {_MAKE_ONE}")
    namespace, account = _spiffe(names.get_values_for_type(x509.UniformResourceIdentifier), trust_domain)
    return Identity(namespace, account, certificate.not_valid_after_utc)


_MAKE_ONE = "Make one with `pylae enroll`."


def _spiffe(uris: Iterable[str], trust_domain: str) -> tuple[str, str]:
    """The namespace and the service account: of one URI, for with several nobody could say which of them counts."""
    match [_SPIFFE.fullmatch(uri) for uri in uris]:
        case [re.Match() as found]:
            if found["domain"] != trust_domain:
                domain = found["domain"]
                raise unauthenticated(f'The client certificate is of trust domain "{domain}", not "{trust_domain}".')
            return found["namespace"], found["account"]
        case _:
            form = f"spiffe://{trust_domain}/ns/NAMESPACE/sa/ACCOUNT"
            raise unauthenticated(f"The client certificate does not name one identity of the form {form}.")


_SPIFFE = re.compile(r"spiffe://(?P<domain>[a-z0-9._-]+)/ns/(?P<namespace>[a-z0-9-]+)/sa/(?P<account>[a-z0-9.-]+)")
"""Character by character, in the alphabets of SPIFFE and of Kubernetes' names: nothing is decoded, and nothing that is
spelled otherwise is taken to be the same."""
