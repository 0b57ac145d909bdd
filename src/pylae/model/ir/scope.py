"""Scopes: the routes of one host that is served on demand, as its connections find them by their server name."""

from dataclasses import dataclass

from pylae.model.ir.origin import Origin
from pylae.model.ir.route import VirtualHost

NO_SNI = "-"
"""The host of clients that name none, and the name of the secret they are served with. No client can name it: it is no
host name. (`*` would not do as a name, for it means all resources of a type.)"""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is behind connections to `listener` that asked for `host`, an exact lower-case server name or `NO_SNI`.

    A connection belongs to its host: with `strict`, a request for an authority that no virtual host here has is
    answered 421 (Misdirected Request, RFC 9110 section 15.5.20), so that a browser that shares connections tries its
    own. Else it gets 404, as from a listener that serves every name. `host` itself is never misdirected: without a
    virtual host it has no routes, which is 404.
    """

    listener: str
    host: str
    virtual_hosts: tuple[VirtualHost, ...]
    origin: Origin
    strict: bool = True

    @property
    def name(self) -> str:
        """The resource's name. Scopes are common to all listeners of an Envoy, therefore the listener is part of it."""
        return f"{self.listener}|{self.host}"

    @property
    def key(self) -> str:
        """What requests find it by: the listener, and what the client named, which may be nothing."""
        return f"{self.listener}|" if self.host == NO_SNI else self.name
