"""Which Gateways name a secret: whose findings may be others when it changes."""

from collections.abc import Iterator

from pylae.api.gateway import Gateway
from pylae.model.snapshot import Key
from pylae.rules.credentials import server_secrets


class Naming:
    """`put` keeps it current. Nearly always one Gateway names a secret, and there may be a hundred thousand."""

    def __init__(self) -> None:
        self._gateways: dict[str, Key | tuple[Key, ...]] = {}
        self._names: dict[Key, tuple[str, ...]] = {}

    def put(self, key: Key, gateway: Gateway | None) -> None:
        """A Gateway is new, changed or gone."""
        before, now = self._names.pop(key, ()), tuple(dict.fromkeys(_names(gateway))) if gateway else ()
        if now:
            self._names[key] = before if before == now else now
        for name in before:
            if name not in now:
                self._set(name, tuple(other for other in self.of(name) if other != key))
        for name in now:
            if name not in before:
                self._set(name, (*self.of(name), key))

    def of(self, name: str) -> tuple[Key, ...]:
        """The Gateways with a server that names this secret, by its name in secret discovery."""
        found = self._gateways.get(name, ())
        return (found,) if len(found) == 2 and isinstance(found[0], str) else found

    def _set(self, name: str, gateways: tuple[Key, ...]) -> None:
        if gateways:
            self._gateways[name] = gateways[0] if len(gateways) == 1 else gateways
        else:
            del self._gateways[name]


def _names(gateway: Gateway) -> Iterator[str]:
    for server in gateway.spec.servers:
        if server.tls is not None:
            certificates, client_ca = server_secrets(server.tls)
            yield from (ref.name for ref in certificates)
            if client_ca is not None:
                yield client_ca.name
