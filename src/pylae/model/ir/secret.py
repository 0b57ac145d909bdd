"""Secrets as Envoy gets them. Private keys print redacted."""

from dataclasses import dataclass

from pylae.api.scalars import SecretBytes


@dataclass(frozen=True, slots=True)
class TlsCertificate:
    """A server's certificate chain and its private key, both PEM. `name` is the SDS name."""

    name: str
    chain: bytes
    key: SecretBytes
    ocsp_staple: bytes = b""


@dataclass(frozen=True, slots=True)
class TrustedCa:
    """The authorities that sign clients' certificates, and their revocation lists; PEM."""

    name: str
    authorities: bytes
    revocations: bytes = b""


SecretValue = TlsCertificate | TrustedCa
