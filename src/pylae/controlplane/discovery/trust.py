"""The authority that a control plane's gateways trust and are known by, and the control plane's own certificate.

The authority is an ordinary Secret of the API, so that several control planes have the same, and it is made by whoever
comes first. It should lie in a namespace that no gateway reads its certificates from: whoever has its key is any
gateway.

A new authority takes over without a break: put its certificate in front of the old one in `tls.crt`, with its key in
`tls.key`, and take the old one out when every gateway has been given a certificate by the new.
"""

import base64
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from pylae.api.scheme import CONFIG_MAP, NAMESPACE, SECRET, Kind
from pylae.certs.authority import Authority
from pylae.certs.pem import certificate_pem, key_pem
from pylae.certs.trust import CONTROL_PLANE_LIFE, Draw, authority, control_plane
from pylae.kube.client import Client
from pylae.kube.errors import AlreadyExists, NotFound
from pylae.model.control_plane import AUTHORITY

BUNDLE = "ca.crt"

KEPT: list[grpc.ServerCredentials] = []
"""gRPC asks credentials for their certificate by address alone, a handshake under way even while its server ends. So
none are let go of; a process makes two."""

Json = dict[str, Any]
Clock = Callable[[], datetime]


class TrustError(Exception):
    """The authority's Secret cannot be used; the message says why and what to do."""


def draw() -> Draw:
    """A key and a serial number that nobody can guess."""
    return Draw(generate_private_key(SECP256R1()), x509.random_serial_number())


class Trust:
    """Construct it with `found`. `refresh` follows a Secret that was changed since."""

    def __init__(self, issuer: Authority, bundle: bytes, namespace: str, clock: Clock) -> None:
        self.issuer = issuer
        self.bundle = bundle
        """All authorities whose gateways and control planes are ours, PEM."""
        self._namespace = namespace
        self._clock = clock
        self._renew()

    @classmethod
    async def found(cls, client: Client, namespace: str, clock: Clock) -> "Trust":
        """The authority of this API, made if there is none. Raises `TrustError`, and what `client` raises."""
        issuer, bundle = await find(client, namespace, clock())
        return cls(issuer, bundle, namespace, clock)

    async def refresh(self, client: Client) -> None:
        """Read the Secret again; connections from now on follow it. Raises as `found` does."""
        issuer, bundle = await find(client, self._namespace, self._clock())
        if bundle != self.bundle:
            self.issuer, self.bundle = issuer, bundle
            self._renew()

    async def publish(self, client: Client, namespace: str) -> None:
        """Let gateways of this namespace know whom to trust: ConfigMap `pylae-ca`."""
        wanted = {BUNDLE: self.bundle.decode()}
        try:
            found = await client.get(CONFIG_MAP, namespace, AUTHORITY)
        except NotFound:
            await _create(client, namespace, CONFIG_MAP, {"metadata": {"name": AUTHORITY}, "data": wanted})
        else:
            if found.get("data") != wanted:
                await client.patch(CONFIG_MAP, namespace, AUTHORITY, {"data": wanted})

    def server_credentials(self, *, require_client_certificate: bool) -> grpc.ServerCredentials:
        """For a server whose certificate is renewed while it runs: each handshake asks for it anew."""
        made = grpc.dynamic_ssl_server_credentials(
            self._configuration(), self._configuration, require_client_certificate
        )
        KEPT.append(made)
        return made

    def _configuration(self) -> grpc.ServerCertificateConfiguration:
        if self._clock() >= self._renewal:
            self._renew()
        return self._current

    def _renew(self) -> None:
        now, drawn = self._clock(), draw()
        certificate = control_plane(drawn, self.issuer, now)
        pair = (bytes(key_pem(drawn.key)), certificate_pem(certificate))
        self._renewal = now + CONTROL_PLANE_LIFE / 2
        self._current = grpc.ssl_server_certificate_configuration([pair], root_certificates=self.bundle)


async def find(client: Client, namespace: str, now: datetime) -> tuple[Authority, bytes]:
    """The authority and the bundle, made if there is none. Raises `TrustError`, and what `client` raises."""
    try:
        secret = await client.get(SECRET, namespace, AUTHORITY)
    except NotFound:
        secret = await _made(client, namespace, now)
    return read(secret, namespace)


def read(secret: Json, namespace: str) -> tuple[Authority, bytes]:
    """The authority in a Secret, and all certificates beside it. Raises `TrustError`."""
    where = f"Secret {namespace}/{AUTHORITY}"
    try:
        chain, key = (base64.b64decode(secret["data"][name]) for name in ("tls.crt", "tls.key"))
        certificates = x509.load_pem_x509_certificates(chain)
        private = load_pem_private_key(key, None)
    except (KeyError, TypeError, ValueError):
        raise TrustError(f"{where} holds no certificate with its key. Delete it, and a new one is made.") from None
    if private.public_key() != certificates[0].public_key():
        raise TrustError(f"In {where} the key is not that of the first certificate. Put that one first.")
    return Authority(certificates[0], private), certificate_pem(*certificates)  # type: ignore[arg-type]


async def _made(client: Client, namespace: str, now: datetime) -> Json:
    made = authority(draw(), now)
    pair = {"tls.crt": certificate_pem(made.certificate), "tls.key": bytes(key_pem(made.key))}
    data = {name: base64.b64encode(content).decode() for name, content in pair.items()}
    await _create(
        client, namespace, SECRET, {"metadata": {"name": AUTHORITY}, "type": "kubernetes.io/tls", "data": data}
    )
    return await client.get(SECRET, namespace, AUTHORITY)


async def _create(client: Client, namespace: str, kind: Kind, body: Json) -> None:
    """Unless another was quicker; the namespace too, if it is missing."""
    document = {"apiVersion": kind.api_version, "kind": kind.kind, **body}
    with suppress(AlreadyExists):
        try:
            await client.create(kind, namespace, document)
        except NotFound:
            if kind is NAMESPACE:
                raise
            await _create(client, "", NAMESPACE, {"metadata": {"name": namespace}})
            await client.create(kind, namespace, document)
