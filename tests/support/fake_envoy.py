"""An Envoy as far as delta xDS can see it, for tests of the protocol: it asks, applies, acknowledges and refuses.

It behaves as Envoy 1.40 does where that matters to a control plane: it asks by name for what its clusters and
listeners refer to, withholds the answer about clusters until they have endpoints, and keeps what it had of what it
refuses. What is refused is decided by content: a version that begins with `bad`.

A listener that needs `*` of the scopes serves on demand: its handshakes ask for the secret that has the host's name,
and are refused when there is none. A scope whose version begins with `probe` asks for its routes with the next request.
"""

from collections import deque
from dataclasses import dataclass, field

from pylae.xds.message import Node, Request, Response
from pylae.xds.resource import ANY_NAME, Key, Resource, ResourceSet, Type, is_asked_for

BAD = "bad"
PROBE = "probe"
BY_NAME = (Type.ENDPOINT, Type.ROUTE, Type.SECRET)


def scope_of(host: str) -> str:
    return f"https|{host}"


def is_bad(resource: Resource) -> bool:
    return resource.version.startswith(BAD)


@dataclass
class FakeEnvoy:
    """`requests` wait to be received by the control plane, `responses` to be applied, each with the world it was
    sent in."""

    names_the_guilty: bool = True
    has: dict[Key, Resource] = field(default_factory=dict)
    told_absent: set[Key] = field(default_factory=set)
    lost: set[Key] = field(default_factory=set)
    asked: dict[Type, set[str]] = field(default_factory=lambda: {type_: set() for type_ in BY_NAME})
    hosts: set[str] = field(default_factory=set)
    scoped: bool = False
    probed: set[str] = field(default_factory=set)
    warming: set[str] = field(default_factory=set)
    usable: set[str] = field(default_factory=set)
    draining: list[Resource] = field(default_factory=list)
    requests: deque[Request] = field(default_factory=deque)
    responses: deque[tuple[Response, ResourceSet]] = field(default_factory=deque)
    applied: int = 0
    _late: Request | None = None

    def connect(self) -> None:
        """A new stream: say what is there already. What was under way on the old one is lost."""
        self.requests.clear()
        self.responses.clear()
        self._late = None
        self.warming.clear()
        self.lost.clear()
        for type_ in Type:
            names = tuple(sorted(self.asked.get(type_, ())))
            if names or type_ in (Type.CLUSTER, Type.LISTENER) or (type_ is Type.SCOPE and self.scoped):
                versions = {name: found.version for (of, name), found in self.has.items() if of is type_}
                self.requests.append(Request(type_, names, initial_versions=versions, node=Node("fake")))

    @property
    def serves_on_demand(self) -> bool:
        return any((Type.SCOPE, ANY_NAME) in found.needs for found in self.has.values())

    def shake_hands(self, host: str) -> None:
        """A client connects to a host."""
        if self.serves_on_demand and host not in self.hosts:
            self.hosts.add(host)
            self._ask_for_more()

    def hear_request(self, host: str) -> None:
        """A client that is connected asks for something; if the host is probed that is how it answers."""
        scope = self.has.get((Type.SCOPE, scope_of(host)))
        if scope and host in self.hosts and scope.version.startswith(PROBE):
            self.probed.add(f"asked/{host}")
            self._ask_for_more()

    def apply(self) -> None:
        """Take the oldest response in, check that it breaks nothing, and answer it."""
        response, world = self.responses.popleft()
        refused = [resource for resource in response.resources if is_bad(resource)]
        for name in response.removed:
            self._remove((response.type, name), world)
        for resource in response.resources:
            if not is_bad(resource) and (not refused or self.names_the_guilty or len(response.resources) == 1):
                self._take(resource, world)
        if response.type is Type.ENDPOINT:
            self._warmed({resource.name for resource in refused})
        error = self._complaint(response.type, refused) if refused else None
        answer = Request(response.type, nonce=response.nonce, error=error)
        if response.type is Type.CLUSTER and self.warming:
            self._late = answer
        else:
            self.requests.append(answer)
        self._ask_for_more()

    def _complaint(self, type_: Type, refused: list[Resource]) -> str:
        if type_ not in (Type.CLUSTER, Type.LISTENER) or not self.names_the_guilty:
            return "something is wrong"
        kind, separator = ("cluster", ", ") if type_ is Type.CLUSTER else ("listener", "\n")
        return f"Error adding/updating {kind}(s) " + separator.join(f"{resource.name}: bad" for resource in refused)

    def _take(self, resource: Resource, world: ResourceSet) -> None:
        if resource.type in BY_NAME and resource.name not in self.asked[resource.type]:
            return
        if resource.type in (Type.LISTENER, Type.ROUTE) or (resource.type is Type.SCOPE and resource.key in self.has):
            self._check_clusters(resource, world)
        if resource.type is Type.SECRET and resource.key not in self.has and self.names_the_guilty:
            self._check_scope(resource, world)
        self._drain(resource.key)
        self.has[resource.key] = resource
        self.told_absent.discard(resource.key)
        self.lost.discard(resource.key)
        self.applied += 1
        if resource.awaits_endpoints:
            self._warm(resource.name)
        if resource.type is Type.ENDPOINT:
            self._warmed({resource.name})
            self.usable.add(resource.name)

    def _warm(self, cluster: str) -> None:
        """The new cluster begins without endpoints; the old one serves on until it has some."""
        self.warming.add(cluster)
        key = (Type.ENDPOINT, cluster)
        if self.has.pop(key, None):
            self.lost.add(key)
        else:
            self.lost.discard(key)

    def has_lost(self, key: Key) -> bool:
        """Whether it had endpoints on this stream, until it was offered bad ones together with a new cluster."""
        return key in self.lost and key[1] not in self.warming

    def _warmed(self, clusters: set[str]) -> None:
        """These got endpoints, or learned that theirs are bad; when all have, the answer about clusters goes out."""
        self.warming -= clusters
        if not self.warming and self._late:
            self.requests.append(self._late)
            self._late = None

    def _check_clusters(self, resource: Resource, world: ResourceSet) -> None:
        """Made before broken: a cluster that exists is here, with endpoints, before anything that sends requests
        to it."""
        for key in resource.needs:
            wanted = world.get_resource(key)
            if key[0] is Type.CLUSTER and wanted is not None and not is_bad(wanted):
                assert key in self.has, f"{resource.name} came before its cluster {key[1]}"
                assert key[1] in self.usable, f"{resource.name} came before the endpoints of {key[1]}"

    def _check_scope(self, secret: Resource, world: ResourceSet) -> None:
        """Whoever is answered with the secret is served right away, but by what was refused. This relies on that of
        several clusters only the bad ones are refused, as Envoy does."""
        for key in self._good_needs(secret, world):
            assert key in self.has, f"{secret.name} came before its scope"
            for cluster in self._good_needs(world[key[0]][key[1]], world):
                assert cluster in self.has, f"{secret.name} came before the cluster {cluster[1]}"
                fed = cluster[1] in self.usable or not self._good_needs(world[cluster[0]][cluster[1]], world)
                assert fed, f"{secret.name} came before the endpoints of {cluster[1]}"

    def _good_needs(self, resource: Resource, world: ResourceSet) -> list[Key]:
        needs = [(key, world.get_resource(key)) for key in resource.needs]
        return [key for key, found in needs if found is not None and not is_bad(found)]

    def _remove(self, key: Key, world: ResourceSet) -> None:
        if key[0] in BY_NAME:
            self.told_absent.add(key)  # and what is there stays in use, unless it was asked for
            self._refuse_hands(key)
            return
        for other in self.has.values() if key[0] is not Type.LISTENER else ():
            wanted = world.get_resource(other.key)
            unwanted = wanted is None or wanted.version != other.version
            assert not (unwanted and key in other.needs), f"{key[1]} went before {other.name}, which uses it"
        self._drain(key)
        self.has.pop(key, None)
        if key[0] is Type.CLUSTER:
            self.usable.discard(key[1])
            self._warmed({key[1]})

    def _refuse_hands(self, key: Key) -> None:
        """There is no such secret: the handshakes that wait for it are refused, and nobody asks for it any more."""
        if key[0] is Type.SECRET and is_asked_for(key):
            self.hosts.discard(key[1])

    def _drain(self, key: Key) -> None:
        """Connections of a listener that is replaced go on with its routes and secrets for a while."""
        if key[0] is Type.LISTENER and key in self.has:
            self.draining.append(self.has[key])

    def finish_draining(self) -> None:
        self.draining.clear()
        self._ask_for_more()

    def _ask_for_more(self) -> None:
        """Names that clusters and listeners refer to; those that nothing refers to any more are given up."""
        if not self.serves_on_demand and not self.draining:
            self.hosts.clear()
        self.probed = {name for name in self.probed if self._is_probed(name)}
        asked = {Type.SECRET: self.hosts, Type.ROUTE: self.probed}
        for type_ in BY_NAME:
            in_use = [found for found in (*self.has.values(), *self.draining) if found.type is not Type.SCOPE]
            wanted = {name for found in in_use for of, name in found.needs if of is type_} | asked.get(type_, set())
            new, gone = wanted - self.asked[type_], self.asked[type_] - wanted
            if new or gone:
                self.asked[type_] = wanted
                for name in gone:
                    self.has.pop((type_, name), None)
                    self.told_absent.discard((type_, name))
                    self.lost.discard((type_, name))
                self.requests.append(Request(type_, tuple(sorted(new)), tuple(sorted(gone))))
        if self.serves_on_demand and not self.scoped:
            self.scoped = True
            self.requests.append(Request(Type.SCOPE))

    def _is_probed(self, name: str) -> bool:
        scope = self.has.get((Type.SCOPE, scope_of(name.removeprefix("asked/"))))
        return scope is not None and scope.version.startswith(PROBE)
