"""Whatever happens in whatever order: when all is quiet the client has what is served, and on the way nothing broke."""

from collections.abc import Iterable

from fake_envoy import BAD, BY_NAME, FakeEnvoy, is_bad
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from pylae.xds.delta import Accepted, DeltaStream, Event, Refused, Sync, Turn
from pylae.xds.last_good import LastGood
from pylae.xds.resource import Key, Resource, ResourceSet, Type

CLUSTERS, ROUTES, LISTENERS, SECRETS = ("c1", "c2", "c3"), ("r1", "r2"), ("l1", "l2"), ("s1", "s2")
VERSIONS = st.sampled_from(["1", "2", "3", f"{BAD}1", f"{BAD}2"])


def some(names: Iterable[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(list(names)), unique=True, max_size=3)


@st.composite
def resources(draw: st.DrawFn, type_: Type, name: str, needs: tuple[Key, ...]) -> Resource:
    """The version stands for the content, so what is referred to is part of it."""
    version = draw(VERSIONS)
    return Resource(type_, name, f"{version}{needs}", b"", needs)


@st.composite
def worlds(draw: st.DrawFn) -> ResourceSet:
    """Listeners name routes that exist, as translation sees to; clusters and secrets may be missing."""
    found: list[Resource] = []
    for name in draw(some(CLUSTERS)):
        found.append(draw(resources(Type.CLUSTER, name, ((Type.ENDPOINT, name),))))
        found.append(draw(resources(Type.ENDPOINT, name, ())))
    routes = draw(some(ROUTES))
    for name in routes:
        needs = tuple((Type.CLUSTER, cluster) for cluster in draw(some(CLUSTERS)))
        found.append(draw(resources(Type.ROUTE, name, needs)))
    for name in draw(some(LISTENERS)):
        needed = {Type.ROUTE: routes and draw(some(routes)), Type.SECRET: draw(some(SECRETS))}
        needed[Type.CLUSTER] = draw(some(CLUSTERS))
        needs = tuple((type_, other) for type_, others in needed.items() for other in others)
        found.append(draw(resources(Type.LISTENER, name, needs)))
    found += [draw(resources(Type.SECRET, name, ())) for name in draw(some(SECRETS))]
    return ResourceSet.of({type_: {r.name: r for r in found if r.type is type_} for type_ in Type})


class Conversation(RuleBasedStateMachine):
    """The control plane's loop, one stream and one Envoy, each of which may be slow."""

    def __init__(self) -> None:
        super().__init__()
        self.last_good = LastGood()
        self.events: list[Event] = []
        self.wanted = ResourceSet()
        self.served = ResourceSet()
        self.stream = DeltaStream()
        self.envoy = FakeEnvoy()

    @initialize(names_the_guilty=st.booleans())
    def start(self, names_the_guilty: bool) -> None:
        self.envoy.names_the_guilty = names_the_guilty
        self.envoy.connect()

    @rule(world=worlds())
    def change(self, world: ResourceSet) -> None:
        self.wanted = world
        self._serve()

    @rule()
    def hear_the_verdicts(self) -> None:
        """The loop takes what was learned since, and serves accordingly."""
        events, self.events = self.events, []
        for event in events:
            match event:
                case Accepted(resources=accepted):
                    self.last_good.accepted(accepted)
                case Refused(resource=refused, message=message):
                    self.last_good.refused(refused, message)
        self._serve()

    @rule()
    def receive(self) -> None:
        if self.envoy.requests:
            self._follow(self.stream.receive(self.envoy.requests.popleft()))

    @rule()
    def apply(self) -> None:
        if self.envoy.responses:
            self.envoy.apply()

    @rule()
    def drain(self) -> None:
        self.envoy.finish_draining()

    @rule()
    def lose_the_connection(self) -> None:
        self.stream = DeltaStream()
        self.envoy.connect()
        self._follow(self.stream.publish(self.served))

    @rule()
    def die_and_start_again(self) -> None:
        self.envoy = FakeEnvoy(self.envoy.names_the_guilty)
        self.lose_the_connection()

    @rule()
    def let_it_get_quiet(self) -> None:
        for _ in range(1000):
            if not (self.envoy.requests or self.envoy.responses or self.events or self.envoy.draining):
                break
            self.drain()
            self.receive()
            self.apply()
            self.hear_the_verdicts()
        else:
            raise AssertionError("they never stop talking")
        self._check()

    def teardown(self) -> None:
        self.let_it_get_quiet()

    def _serve(self) -> None:
        self.served = self.last_good.serve(self.wanted)
        self._follow(self.stream.publish(self.served))

    def _follow(self, turn: Turn) -> None:
        self.events.extend(turn.events)
        self.envoy.responses.extend((response, self.served) for response in turn.responses)

    def _check(self) -> None:
        assert not any(is_bad(resource) for resource in self.envoy.has.values())
        for type_ in (Type.CLUSTER, Type.LISTENER):
            self._check_all_there_are(type_)
        for type_ in BY_NAME:
            for name in self.envoy.asked[type_]:
                self._check_name(type_, name)
        assert self.stream.settled or self.stream.sync(Type.LISTENER) is Sync.NOT_SENT

    def _check_all_there_are(self, type_: Type) -> None:
        has = {name: found.version for (of, name), found in self.envoy.has.items() if of is type_}
        served = {name: found.version for name, found in self.served[type_].items()}
        withheld = {name for of, name in self.served.withheld if of is type_}
        extra = {name: version for name, version in has.items() if name not in withheld and name not in served}
        assert {name: version for name, version in has.items() if name in served} == served
        assert not extra or (type_ is Type.CLUSTER and self._has_what_nobody_knows())

    def _has_what_nobody_knows(self) -> bool:
        """A listener or route of before a lost connection, whose successor was refused: it may use any cluster."""
        return any(type_ in (Type.LISTENER, Type.ROUTE) for type_, _ in self.served.withheld)

    def _check_name(self, type_: Type, name: str) -> None:
        """Everything asked for by name was answered, with what is served or with what says that there is nothing."""
        key = (type_, name)
        has, served = self.envoy.has.get(key), self.served.get_resource(key)
        if served is not None:
            assert has is not None
            assert has.version == served.version
        else:
            assert has is not None or key in self.envoy.told_absent or self._lost_by_refusal(key)

    def _lost_by_refusal(self, key: Key) -> bool:
        """Endpoints that came from nobody we know, and went when Envoy was offered bad ones with a new cluster."""
        wanted = self.wanted.get_resource(key)
        return key[0] is Type.ENDPOINT and wanted is not None and is_bad(wanted)


TestConversation = Conversation.TestCase
TestConversation.settings = settings(
    max_examples=100, stateful_step_count=30, deadline=None, report_multiple_bugs=False
)
