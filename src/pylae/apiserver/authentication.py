"""Who asks. There is no anonymous request here: not for discovery, not for health.

Loopback is not a fence by itself: a web page that the user visits can send requests to it (and by DNS rebinding read
the answers), and so can every other user of the machine. Hence TLS with a token or a client certificate of our own
authority, a Host that is loopback or was configured, and no browser (Origin) at all.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pylae.apimachinery.failure import Failure, unauthorized
from pylae.apimachinery.review import User
from pylae.apiserver.kubeconfig import token_hash
from pylae.apiserver.pki import ADMIN, ADMIN_GROUP
from pylae.apiserver.settings import is_loopback

AUTHENTICATED: Final = "system:authenticated"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request brings along. `certificate` is the verified peer certificate as `ssl` gives it, or None."""

    host: str
    origin: str | None
    authorization: str = field(repr=False)
    certificate: Mapping[str, Any] | None
    impersonated: str | None = None
    """Whom the request is to be taken for (`kubectl --as`)."""


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Decides who a request is from. `token_hashes` maps the hash of a token to its user."""

    token_hashes: Mapping[str, User]
    host_names: frozenset[str] = frozenset()

    def admit(self, credentials: Credentials) -> User:
        """The user, or a `Failure`: 403 for a foreign Host, a browser, or one who wants to be taken for another; 401
        for no or unknown credentials."""
        self._check_host(credentials.host)
        if credentials.origin is not None:
            raise Failure(403, "Forbidden", "requests from web pages (with an Origin header) are refused")
        user = self._known(credentials)
        if credentials.impersonated is not None:
            raise Failure(403, "Forbidden", f"{user.name} cannot be taken for another: this server has no other users")
        return user

    def _known(self, credentials: Credentials) -> User:
        if credentials.certificate:
            return _certified(credentials.certificate)
        return self._bearer(credentials.authorization)

    def _check_host(self, header: str) -> None:
        name = _without_port(header)
        if not is_loopback(name) and name.lower().rstrip(".") not in self.host_names:
            raise Failure(
                403,
                "Forbidden",
                f"this API server does not answer to the host name {name!r}: "
                "use 127.0.0.1 or localhost, or add the name to its settings",
            )

    def _bearer(self, header: str) -> User:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise unauthorized()
        given = token_hash(token.strip())
        for known, user in self.token_hashes.items():
            if hmac.compare_digest(known, given):
                return user
        raise unauthorized()


def administrator() -> User:
    """Who the token of the kubeconfig stands for."""
    return User(ADMIN, (ADMIN_GROUP, AUTHENTICATED), read_only=False)


def _certified(certificate: Mapping[str, Any]) -> User:
    """The user that a certificate names, as in Kubernetes: common name and organizations."""
    subject = [pair for part in certificate.get("subject", ()) for pair in part]
    names = [value for key, value in subject if key == "commonName"]
    groups = tuple(value for key, value in subject if key == "organizationName")
    if not names or ADMIN_GROUP not in groups:
        raise unauthorized()
    return User(names[0], (*groups, AUTHENTICATED), read_only=False)


def _without_port(header: str) -> str:
    if header.startswith("["):
        return header[1:].partition("]")[0]
    name, _, port = header.rpartition(":")
    return name if name and port.isdigit() else header
