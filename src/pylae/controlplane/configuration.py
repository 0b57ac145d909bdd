"""What this Envoy must be given, kept current change by change.

Three streams meet here and none waits for another. What changes the shape of things (Gateways, VirtualServices,
Services …) is translated anew, and what comes out equal is carried over. Secrets and endpoints go straight to their
own resources: a rotation touches no listener, an endpoint no route.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from pylae.api.core import Service
from pylae.api.discovery import EndpointSlice
from pylae.api.meta import Object, ObjectRef
from pylae.api.scheme import CONFIG_MAP, ENDPOINT_SLICE, SECRET, SERVICE
from pylae.api.service_entry import ServiceEntry
from pylae.kube.store import Change
from pylae.model import codes
from pylae.model.finding import Finding, Level
from pylae.model.ir.cluster import Cluster, Discovery, Endpoints
from pylae.model.ir.listener import SecretRef
from pylae.model.ir.secret import SecretValue, TlsCertificate
from pylae.model.snapshot import SERVICE_NAME_LABEL, Snapshot
from pylae.model.translation import ServerPlan, Translation
from pylae.model.workload import GatewayWorkload
from pylae.rules import credentials
from pylae.rules.credentials import Unusable
from pylae.rules.names import service_hostname
from pylae.translate.endpoints import endpoints
from pylae.translate.select import without
from pylae.translate.translate import translate
from pylae.validation.validate import validate
from pylae.xds.emit import Emission, emit, emit_endpoints, emit_secret
from pylae.xds.resource import Key, Resource, ResourceSet, Type


class Configuration:
    """The present translation and its resources. `apply` is its only verb; all else is read."""

    def __init__(self, workload: GatewayWorkload) -> None:
        self.workload = workload
        self.snapshot = Snapshot()
        self.translation = Translation()
        self.wanted = ResourceSet()
        self.secrets: dict[str, SecretValue] = {}
        """What is served now under each SDS name: the last good value, where the newest cannot be used."""
        self.unusable: dict[str, Unusable] = {}
        self._emission = Emission()
        self._validated: dict[ObjectRef, tuple[Finding, ...]] = {}
        self._endpoints: dict[str, Endpoints] = {}
        self._endpoint_resources: dict[str, Resource] = {}
        self._secret_resources: dict[str, Resource] = {}

    def apply(self, changes: Iterable[Change], snapshot: Snapshot) -> None:
        """Bring everything up to `snapshot`, which the changes led to."""
        self.snapshot = snapshot
        changed = _Touched.by(changes, self.workload)
        for about, object_ in changed.objects.items():
            self._judge(about, object_)
        if changed.shape:
            self._translate()
        self._refresh_endpoints(changed.hostnames)
        self._refresh_secrets(changed.secrets)
        self._assemble()

    @property
    def invalid(self) -> frozenset[ObjectRef]:
        """Objects that break a rule of their kind: they are left out, and what they said before goes on serving
        only through the API's own refusal to store them."""
        return frozenset(
            about for about, found in self._validated.items() if any(f.level is Level.ERROR for f in found)
        )

    @property
    def broken(self) -> Mapping[Key, Exception]:
        """Resources that could not be made of the present translation, which is our fault."""
        return self._emission.broken

    def findings(self, now: datetime) -> tuple[Finding, ...]:
        """What is wrong with users' objects at this moment, but for what Envoy and the API answered."""
        found = [finding for findings in self._validated.values() for finding in findings]
        found.extend(self.translation.findings)
        found.extend(_unready(cluster) for cluster in self.translation.clusters if self._is_empty(cluster))
        for server in self.translation.servers:
            found.extend(self._credential_findings(server, now))
        return tuple(found)

    def _is_empty(self, cluster: Cluster) -> bool:
        known = self._endpoints.get(cluster.name)
        return known is not None and not any(endpoint.healthy for endpoint in known.endpoints)

    def _judge(self, about: ObjectRef, object_: Object | None) -> None:
        found = validate(object_) if object_ is not None else ()
        if found:
            self._validated[about] = found
        else:
            self._validated.pop(about, None)

    def _translate(self) -> None:
        self.translation = translate(self.snapshot, self.workload, self.invalid)
        self._emission = emit(self.translation, self._emission)

    def _refresh_endpoints(self, hostnames: frozenset[str]) -> None:
        """Endpoints of clusters that are new or whose service's endpoints changed; the others are as they were."""
        valid = without(self.snapshot, self.invalid)
        clusters = {
            cluster.name: cluster for cluster in self.translation.clusters if cluster.discovery is Discovery.EDS
        }
        for gone in self._endpoints.keys() - clusters.keys():
            del self._endpoints[gone], self._endpoint_resources[gone]
        for name, cluster in clusters.items():
            if name not in self._endpoints or cluster.hostname in hostnames:
                self._endpoints[name] = found = endpoints(valid, cluster, self.workload)
                self._endpoint_resources[name] = emit_endpoints(found)

    def _refresh_secrets(self, changed: frozenset[str]) -> None:
        """Secrets that servers name: those newly named, those missing so far, and those whose Secret changed."""
        named = {ref.name for server in self.translation.servers for ref in server.secrets if server.listener}
        for gone in (self.secrets.keys() | self.unusable.keys()) - named:
            self._forget(gone)
        known = self.secrets.keys() | self.unusable.keys()
        for name in sorted((named - known) | (named & changed)):
            self._resolve(name)

    def _resolve(self, name: str) -> None:
        """A Secret that is gone is forgotten; one that turned bad leaves its last good value in place."""
        value = credentials.resolve(SecretRef(name), self.snapshot.secrets, self.workload.namespace)
        if isinstance(value, Unusable):
            if value.code is not codes.CERTIFICATE_INVALID:
                self._forget(name)
            self.unusable[name] = value
            return
        self.unusable.pop(name, None)
        self.secrets[name] = value
        self._secret_resources[name] = emit_secret(value)

    def _forget(self, name: str) -> None:
        self.unusable.pop(name, None)
        self.secrets.pop(name, None)
        self._secret_resources.pop(name, None)

    def _credential_findings(self, server: ServerPlan, now: datetime) -> Iterable[Finding]:
        if not server.listener:
            return
        where = f"{server.origin.path.removeprefix('spec.')} ({', '.join(server.hosts)})"
        for ref in server.secrets:
            for code, message, cure in self._troubles(ref, server, now):
                yield Finding(
                    code, server.gateway, f"{server.origin.path}.tls.credentialName", f"{where}: {message}", cure
                )

    def _troubles(self, ref: SecretRef, server: ServerPlan, now: datetime) -> Iterable[credentials.Doubt]:
        if unusable := self.unusable.get(ref.name):
            yield credentials.Doubt(unusable.code, unusable.message, unusable.cure)
        value = self.secrets.get(ref.name)
        if isinstance(value, TlsCertificate):
            yield from credentials.warnings(value, server.hosts, now)

    def _assemble(self) -> None:
        shape = self._emission.resources
        self.wanted = shape.replaced(Type.ENDPOINT, self._endpoint_resources).replaced(
            Type.SECRET, self._secret_resources
        )


def _unready(cluster: Cluster) -> Finding:
    about = cluster.origin.about
    message = f"{cluster.hostname} has no ready endpoint on port {cluster.port}: requests get 503."
    cure = (
        f"Give it one: pylae expose {about.name} -n {about.namespace} ADDRESS:PORT"
        if about.kind == SERVICE.kind
        else "Add one to spec.endpoints."
    )
    return Finding(codes.NO_ENDPOINTS, about, cluster.origin.path, message, cure)


class _Touched:
    """What a batch of changes touches, by the three streams."""

    def __init__(self) -> None:
        self.objects: dict[ObjectRef, Object | None] = {}
        self.shape = False
        self.hostnames: frozenset[str] = frozenset()
        self.secrets: frozenset[str] = frozenset()

    @classmethod
    def by(cls, changes: Iterable[Change], workload: GatewayWorkload) -> "_Touched":
        touched = cls()
        for change in changes:
            if change.kind is SECRET:
                touched.secrets |= frozenset(credentials.affected(change.key[1]))
                continue
            touched.hostnames |= frozenset(_hostnames(change, workload))
            if change.kind is ENDPOINT_SLICE or (
                change.kind is CONFIG_MAP and change.key != (workload.namespace, "istio")
            ):
                continue
            touched.shape = True
            touched.objects[ObjectRef(change.kind.kind, *change.key)] = change.new
        return touched


def _hostnames(change: Change, workload: GatewayWorkload) -> Iterable[str]:
    """The services whose endpoints a change may alter."""
    namespace, name = change.key
    for version in (change.old, change.new):
        match version:
            case Service():
                yield service_hostname(namespace, name, workload.cluster_domain)
            case EndpointSlice():
                service = version.metadata.labels.get(SERVICE_NAME_LABEL, "")
                yield service_hostname(namespace, service, workload.cluster_domain)
            case ServiceEntry():
                yield from (host.lower() for host in version.spec.hosts)
            case _:
                continue
