"""What proves to a control plane who this gateway is: files, read again for each connection, since they are renewed.

Either a certificate with its key, signed by Pylae's authority, or the token of a service account.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import grpc
from cryptography import x509

from pylae.api.scalars import SecretBytes, SecretText

NOTHING, NO_TOKEN = SecretBytes(), SecretText()
REMAINS = 4
"""A certificate of which less than one part in so many is left is about to end."""


class CredentialsError(Exception):
    """A file cannot be used; the message says which, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """PEM, and a token. With a token there is no certificate."""

    authorities: bytes
    certificate: bytes = b""
    key: SecretBytes = NOTHING
    token: SecretText = NO_TOKEN

    @property
    def channel(self) -> grpc.ChannelCredentials:
        if not self.certificate:
            return grpc.ssl_channel_credentials(self.authorities)
        return grpc.ssl_channel_credentials(self.authorities, bytes(self.key), self.certificate)

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {bytes(self.token).decode()}"),) if self.token else ()

    @property
    def validity(self) -> tuple[datetime, datetime] | None:
        """From when to when the certificate holds; None without one. A token does not say it of itself."""
        if not self.certificate:
            return None
        certificate = x509.load_pem_x509_certificate(self.certificate)
        return certificate.not_valid_before_utc, certificate.not_valid_after_utc


@dataclass(frozen=True, slots=True)
class CredentialFiles:
    """`ca` are the authorities that a control plane's certificate is to be signed by."""

    ca: Path
    certificate: Path | None = None
    key: Path | None = None
    token: Path | None = None

    def read(self) -> Credentials:
        """What is in them now. Raises `CredentialsError`."""
        credentials = Credentials(
            _certificates(self.ca),
            _certificates(self.certificate) if self.certificate else b"",
            SecretBytes(_content(self.key)) if self.key else NOTHING,
            SecretText(_token(self.token)) if self.token else NO_TOKEN,
        )
        if self.key and b"PRIVATE KEY-----" not in bytes(credentials.key):
            raise CredentialsError(f"{self.key} holds no private key. It must be PEM, as `pylae enroll` writes it.")
        return credentials


def ends_soon(validity: tuple[datetime, datetime], now: datetime) -> bool:
    """Whether it is time to renew it."""
    begin, end = validity
    return end - now < (end - begin) / REMAINS


def _certificates(path: Path) -> bytes:
    content = _content(path)
    try:
        x509.load_pem_x509_certificates(content)
    except ValueError:
        raise CredentialsError(f"{path} holds no certificate. It must be PEM, as `pylae enroll` writes it.") from None
    return content


def _token(path: Path) -> bytes:
    token = _content(path).strip()
    if not token or not token.isascii() or len(token.split()) > 1:
        raise CredentialsError(f"{path} holds no token. It must be that of a service account, for the audience pylae.")
    return token


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CredentialsError(f"{path} cannot be read: {error.strerror}. See that it is there and yours.") from None
