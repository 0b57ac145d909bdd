"""What the server is known by and knows others by: certificates, the token's hash, and the kubeconfig that carries
them."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pylae.apimachinery.review import User
from pylae.apiserver.authentication import Doorkeeper, administrator
from pylae.apiserver.kubeconfig import ensure_token, token_hash, write_kubeconfig
from pylae.apiserver.pki import Pki, ensure_pki
from pylae.apiserver.settings import ApiServerSettings

HASH_FILE: Final = "admin.token.sha256"


@dataclass(frozen=True, slots=True)
class Identity:
    """The TLS side of a running server. Everything here blocks."""

    settings: ApiServerSettings
    url: str
    tls: ssl.SSLContext
    token_hashes: Mapping[str, User]

    @classmethod
    def ensure(cls, settings: ApiServerSettings, url: str, now: datetime) -> "Identity":
        """Reads or makes certificates and token, and writes the kubeconfig for a server at `url`. Raises OSError."""
        pki = _pki(settings, now)
        token = _write_kubeconfig(settings, url, pki)
        return cls(settings, url, _tls(pki), {token_hash(token): administrator()})

    def doorkeeper(self) -> Doorkeeper:
        """Lets in whom this identity knows, under the names that it has."""
        return Doorkeeper(self.token_hashes, frozenset(name.lower() for name in self.settings.host_names))

    def renew(self, now: datetime) -> None:
        """Renews what is about to end. New connections get the new certificate; old ones go on."""
        pki = _pki(self.settings, now)
        _load(self.tls, pki)
        _write_kubeconfig(self.settings, self.url, pki)


def _pki(settings: ApiServerSettings, now: datetime) -> Pki:
    return ensure_pki(settings.pki, names=settings.host_names, now=now)


def _write_kubeconfig(settings: ApiServerSettings, url: str, pki: Pki) -> str:
    token = ensure_token(settings.kubeconfig, settings.pki / HASH_FILE)
    write_kubeconfig(settings.kubeconfig, server=url, token=token, pki=pki)
    return token


def _tls(pki: Pki) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_OPTIONAL
    context.set_alpn_protocols(["http/1.1"])
    _load(context, pki)
    return context


def _load(context: ssl.SSLContext, pki: Pki) -> None:
    context.load_cert_chain(pki.server.certificate_file, pki.server.key_file)
    context.load_verify_locations(pki.authority.certificate_file)
