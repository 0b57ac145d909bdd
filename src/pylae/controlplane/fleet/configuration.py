"""What this Envoy must be given, kept current change by change.

Every change is noted by the translator, which names the units that it touches; what is made anew of them is written to
the world, and the world says what Envoy has to be told. Secrets and endpoints go straight to their own resources: a
rotation touches no listener, an endpoint no route.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from pylae.api.meta import Object, ObjectRef
from pylae.api.scheme import CONFIG_MAP, ENDPOINT_SLICE, GATEWAY, SECRET, SERVICE, VIRTUAL_SERVICE, Kind
from pylae.controlplane.fleet.backends import AHEAD, Backends
from pylae.controlplane.fleet.credentials import Credentials
from pylae.controlplane.fleet.crowding import crowded
from pylae.controlplane.fleet.examination import Examination
from pylae.controlplane.fleet.on_demand import OnDemand
from pylae.controlplane.report.voice import Voice
from pylae.kube.store import Change
from pylae.model.finding import Level
from pylae.model.ir.listener import Listener, secret_refs
from pylae.model.snapshot import Key as ObjectKey
from pylae.model.snapshot import Snapshot
from pylae.model.translation import Translation
from pylae.model.workload import GatewayWorkload
from pylae.rules import credentials
from pylae.translate.translate import Touched, Translator
from pylae.validation.validate import validate
from pylae.xds.emit import Emission, emit
from pylae.xds.resource import Key, Named, Type
from pylae.xds.world import World


class Configuration:
    """`note` takes changes, `settle` brings the world up to them. Before the first `settle` nothing is sent, so that at
    a start whatever comes is only noted."""

    def __init__(
        self,
        workload: GatewayWorkload,
        snapshot: Snapshot,
        clock: Callable[[], datetime],
        voice: Voice,
        report: Callable[[Kind, ObjectKey], None] = lambda _kind, _key: None,
        expiry: Callable[[str, datetime | None], None] = lambda _name, _not_after: None,
    ) -> None:
        self.workload = workload
        self.snapshot = snapshot
        self.world = World()
        self.voice = voice
        self.translator = Translator(workload, snapshot, self._judge)
        self.translation = Translation()
        self.backends = Backends(self.translator.registry, self.world, voice)
        self.credentials = Credentials(workload.namespace, snapshot.secrets, self.world, expiry=expiry)
        self.on_demand = OnDemand(self.translator, self.world, self.backends, self.credentials)
        self.examination = Examination(self.translator, self.credentials, voice, clock, report)
        self.report = report
        self._emission = Emission()
        self._touched = Touched()
        self._secrets: set[str] = set()
        self._is_planned = False
        """Whether the plan of ports follows every change, as before the first `settle` it does for latecomers."""
        self._began = False

    @property
    def broken(self) -> Mapping[Key, Exception]:
        """Resources that could not be made of the present translation, which is our fault."""
        return {**self._emission.broken, **self.backends.broken}

    def note(self, changes: Iterable[Change]) -> None:
        """Take in what changed in the snapshot."""
        for change in changes:
            if not self._began:
                self._gather(change)
            elif change.kind is SECRET:
                self._secrets.update(credentials.affected(change.key[1]))
            else:
                self._note(change.kind, change.key, change.old, change.new)

    def take_in(self, change: Change) -> None:
        """As `note`, for one of many objects that were there before, Gateways after all others. Each costs a little
        more, so that in the end there is nothing to be worked out for all of them together: other gateways are served
        meanwhile, and cannot wait."""
        if change.kind is GATEWAY and not (self._is_planned or self._began):
            self._is_planned = True
            self.translator.begin()
        self.note((change,))

    def _gather(self, change: Change) -> None:
        """One of the many that were there before us. Nobody asks yet, so most are not even read."""
        kind, key = change.kind, change.key
        if kind is SECRET or (kind in READ_LATER and key[0] != self.workload.namespace):
            return
        new = change.glance()
        valid = None if kind is VIRTUAL_SERVICE else kind in UNJUDGED or self._judged(kind, key, new)
        if self._is_planned and valid is not None:
            self.translator.note(kind.kind, key, change.old, new, valid=valid)
        else:
            self.translator.gather(kind.kind, key, new, valid=valid)

    def _note(self, kind: Kind, key: ObjectKey, old: Object | None, new: Object | None) -> None:
        valid = kind in UNJUDGED or self._judged(kind, key, new)
        self._touched.add(self.translator.note(kind.kind, key, old, new, valid=valid))
        self.report(kind, key)

    def _judged(self, kind: Kind, key: ObjectKey, object_: Object | None) -> bool:
        """As `_judge`; of what is gone nothing is said any more."""
        if object_ is None:
            self.voice.silence(ObjectRef(kind.kind, *key))
        return object_ is None or self._judge(object_)

    def _judge(self, object_: Object) -> bool:
        """Whether an object breaks no rule of its kind; what it breaks is told."""
        found = validate(object_)
        self.voice.tell(object_.ref, found)
        return not (found and any(finding.level is Level.ERROR for finding in found))

    def settle(self) -> None:
        """Make anew what the changes touched."""
        if not (self._began or self._is_planned):
            self.translator.begin()
        touched, self._touched = self._touched, Touched()
        secrets, self._secrets = self._secrets, set()
        self.voice.tell("mesh", self.translator.mesh_findings)
        self._send_ahead()
        turned = self.translator.turned()
        touched.gateways |= turned if self._began else frozenset()
        self.backends.refresh(touched.endpoints)
        self.credentials.refresh(secrets)
        self.on_demand.touch(touched)
        self.examination.touch(touched)
        self.examination.secrets(secrets)
        if not self._began:
            self._began = True
            self.examination.begin()

    def end(self) -> None:
        """There is no such gateway any more: what was found for it, and told of its secrets, is taken back."""
        self.voice.fall_silent()
        self.credentials.end()

    def _send_ahead(self) -> None:
        translation, before = self.translator.ahead(), self.translation
        if translation is before:
            return
        self.translation = translation
        # Clusters are spelled where they are held: hosts on demand hold some of the same.
        emission, self._emission = self._emission, emit(replace(translation, clusters=()), self._emission)
        for type_ in (Type.LISTENER, Type.ROUTE):
            self._replace(emission.resources[type_], self._emission.resources[type_])
        self.backends.hold(AHEAD, translation.clusters)
        self.credentials.serve_ahead(frozenset(_secret_names(translation.listeners)))
        self.voice.tell("ahead", translation.findings)
        self.voice.tell("crowding", crowded(self.translator.plan, self.workload))

    def _replace(self, before: Named, after: Named) -> None:
        if before is after:
            return
        for name, resource in before.items():
            if name not in after:
                self.world.drop(resource.key)
        for name, resource in after.items():
            if before.get(name) is not resource:
                self.world.put(resource)


UNJUDGED = frozenset({ENDPOINT_SLICE, CONFIG_MAP})
"""Kinds of which validation has nothing to say that translation would heed."""

READ_LATER = UNJUDGED | {SERVICE}
"""Kinds that are read when somebody asks for them, but for those beside the gateway, which say what its ports mean.
What validation has to say of a Service keeps none from being used, and is found by the examination."""


def _secret_names(listeners: Iterable[Listener]) -> Iterable[str]:
    """The secrets that chains sent ahead name."""
    return (ref.name for listener in listeners for chain in listener.chains for ref in secret_refs(chain))
