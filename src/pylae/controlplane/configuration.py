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
from pylae.api.scheme import CONFIG_MAP, ENDPOINT_SLICE, SECRET
from pylae.api.service_entry import ServiceEntry
from pylae.controlplane.addresses import Addresses
from pylae.controlplane.credentials import Credentials
from pylae.kube.store import Change
from pylae.model.finding import Finding, Level
from pylae.model.ir.secret import SecretValue
from pylae.model.snapshot import SERVICE_NAME_LABEL, Snapshot
from pylae.model.translation import Translation
from pylae.model.workload import GatewayWorkload
from pylae.rules import credentials
from pylae.rules.credentials import Unusable
from pylae.rules.names import service_hostname
from pylae.translate.translate import Translator
from pylae.validation.validate import validate
from pylae.xds.emit import Emission, emit
from pylae.xds.resource import Key, ResourceSet, Type


class Configuration:
    """The present translation and its resources. `apply` is its only verb; all else is read."""

    def __init__(self, workload: GatewayWorkload) -> None:
        self.workload = workload
        self.snapshot = Snapshot()
        self.translation = Translation()
        self.wanted = ResourceSet()
        self.invalid: frozenset[ObjectRef] = frozenset()
        """Objects that break a rule of their kind: they are left out, and what they said before goes on serving
        only through the API's own refusal to store them."""
        self._translator = Translator(workload)
        self._emission = Emission()
        self._validated: dict[ObjectRef, tuple[Finding, ...]] = {}
        self._addresses = Addresses(workload)
        self._credentials = Credentials(workload.namespace)

    @property
    def secrets(self) -> Mapping[str, SecretValue]:
        """What is served now under each SDS name: the last good value, where the newest cannot be used."""
        return self._credentials.values

    @property
    def unusable(self) -> Mapping[str, Unusable]:
        """Why the newest value of an SDS name is not served."""
        return self._credentials.unusable

    def apply(self, changes: Iterable[Change], snapshot: Snapshot) -> None:
        """Bring everything up to `snapshot`, which the changes led to."""
        self.snapshot = snapshot
        changed = _Touched.by(changes, self.workload)
        for about, object_ in changed.objects.items():
            self._judge(about, object_)
        if changed.shape:
            self._translate()
        valid = self._translator.valid(snapshot, self.invalid)
        self._addresses.refresh(self.translation.clusters, changed.hostnames, valid)
        self._credentials.refresh(self.translation.servers, changed.secrets, snapshot.secrets)
        self._assemble()

    @property
    def broken(self) -> Mapping[Key, Exception]:
        """Resources that could not be made of the present translation, which is our fault."""
        return self._emission.broken

    def findings(self, now: datetime) -> tuple[Finding, ...]:
        """What is wrong with users' objects at this moment, but for what Envoy and the API answered."""
        found = [finding for findings in self._validated.values() for finding in findings]
        found += self.translation.findings
        found += self._addresses.findings()
        found += self._credentials.findings(now)
        return tuple(found)

    def _judge(self, about: ObjectRef, object_: Object | None) -> None:
        found = validate(object_) if object_ is not None else ()
        if found:
            self._validated[about] = found
        else:
            self._validated.pop(about, None)
        if any(finding.level is Level.ERROR for finding in found):
            self.invalid |= {about}
        elif about in self.invalid:
            self.invalid -= {about}

    def _translate(self) -> None:
        self.translation = self._translator.translate(self.snapshot, self.invalid)
        self._emission = emit(self.translation, self._emission)

    def _assemble(self) -> None:
        shape = self._emission.resources
        self.wanted = shape.replaced(Type.ENDPOINT, self._addresses.resources).replaced(
            Type.SECRET, self._credentials.resources
        )


class _Touched:
    """What a batch of changes touches, by the three streams."""

    def __init__(self) -> None:
        self.objects: dict[ObjectRef, Object | None] = {}
        self.shape = False
        self.hostnames: set[str] = set()
        self.secrets: set[str] = set()

    @classmethod
    def by(cls, changes: Iterable[Change], workload: GatewayWorkload) -> "_Touched":
        touched = cls()
        for change in changes:
            if change.kind is SECRET:
                touched.secrets.update(credentials.affected(change.key[1]))
                continue
            touched.hostnames.update(_hostnames(change, workload))
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
