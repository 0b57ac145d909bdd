"""Whatever happens in whatever order: when all is quiet the client has what is served, and on the way nothing broke."""

from collections.abc import Iterable

from fake_envoy import BAD, BY_NAME, PROBE, FakeEnvoy, is_bad, scope_of
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from pylae.xds.delta import DeltaStream, Sync
from pylae.xds.event import Accepted, Event, Refused, Turn
from pylae.xds.last_good import LastGood
from pylae.xds.resource import ANY_NAME, Key, Resource, ResourceSet, Type, is_asked_for
from pylae.xds.world import World

CLUSTERS, ROUTES, LISTENERS, HOSTS = ("c1", "c2", "c3"), ("r1", "r2"), ("l1", "l2"), ("h1", "h2", "h3")
SECRETS = ("kubernetes://s1", "kubernetes://s2")
GOOD = ["1", "2", "3"]
VERSIONS = st.sampled_from([*GOOD, f"{BAD}1", f"{BAD}2"])
AT_LARGE = (Type.CLUSTER, Type.LISTENER, Type.SCOPE)
Site = tuple[Resource, ...]


def some(names: Iterable[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(list(names)), unique=True, max_size=3)


@st.composite
def resources(
    draw: st.DrawFn, type_: Type, name: str, needs: tuple[Key, ...], versions: st.SearchStrategy[str] = VERSIONS
) -> Resource:
    """The version stands for the content, so what is referred to is part of it."""
    return Resource(type_, name, f"{draw(versions)}{needs}", b"", needs)


def keys(type_: Type, names: Iterable[str]) -> tuple[Key, ...]:
    return tuple((type_, name) for name in names)


@st.composite
def backends(draw: st.DrawFn, name: str) -> Site:
    """A cluster and its endpoints."""
    cluster = draw(resources(Type.CLUSTER, name, ((Type.ENDPOINT, name),)))
    return cluster, draw(resources(Type.ENDPOINT, name, ()))


@st.composite
def bases(draw: st.DrawFn) -> Site:
    """What is sent ahead. Listeners name routes that exist, as translation sees to; clusters and secrets may be
    missing. Some serve on demand."""
    found: list[Resource] = []
    for name in draw(some(CLUSTERS)):
        found.extend(draw(backends(name)))
    routes = draw(some(ROUTES))
    found += [draw(resources(Type.ROUTE, name, keys(Type.CLUSTER, draw(some(CLUSTERS))))) for name in routes]
    for name in draw(some(LISTENERS)):
        needs = keys(Type.ROUTE, draw(some(routes)) if routes else ()) + keys(Type.SECRET, draw(some(SECRETS)))
        needs += keys(Type.CLUSTER, draw(some(CLUSTERS))) + keys(Type.SCOPE, [ANY_NAME] if draw(st.booleans()) else [])
        found.append(draw(resources(Type.LISTENER, name, needs)))
    found += [draw(resources(Type.SECRET, name, ())) for name in draw(some(SECRETS))]
    return tuple(found)


@st.composite
def sites(draw: st.DrawFn, host: str) -> Site:
    """What a host that is served on demand is made of, if there is such a host."""
    if draw(st.integers(0, 3)) == 3:
        return ()
    own = draw(backends(f"c-{host}")) if draw(st.booleans()) else ()
    clusters = keys(Type.CLUSTER, [*draw(some(CLUSTERS)), *(found.name for found in own[:1])])
    prefix = draw(st.sampled_from(["", "", PROBE]))
    versions = st.sampled_from([f"{prefix}{version}" for version in GOOD] + [f"{BAD}1"])
    scope = draw(resources(Type.SCOPE, scope_of(host), clusters, versions))
    probe = (draw(resources(Type.ROUTE, f"asked/{host}", clusters)),) if scope.version.startswith(PROBE) else ()
    return (*own, scope, *probe, draw(resources(Type.SECRET, host, (scope.key,))))


class Conversation(RuleBasedStateMachine):
    """The control plane's loop, one stream and one Envoy, each of which may be slow."""

    def __init__(self) -> None:
        super().__init__()
        self.last_good = LastGood()
        self.events: list[Event] = []
        self.base: Site = ()
        self.sites: dict[str, Site] = {}
        self.undecided: list[Key] = []
        self.in_use: set[str] = set()
        self.world = World()
        self.stream = DeltaStream()
        self.envoy = FakeEnvoy()

    @initialize(names_the_guilty=st.booleans())
    def start(self, names_the_guilty: bool) -> None:
        self.envoy.names_the_guilty = names_the_guilty
        self.envoy.connect()

    @rule(base=bases())
    def change(self, base: Site) -> None:
        self.base = base
        self._serve()

    @rule(host=st.sampled_from(HOSTS), data=st.data())
    def change_a_host(self, host: str, data: st.DataObject) -> None:
        self.sites[host] = data.draw(sites(host))
        self._serve()

    @rule()
    def decide(self) -> None:
        """The control plane looks for what was asked for."""
        undecided, self.undecided = self.undecided, []
        for key in undecided:
            self.in_use.add(host_of(key))
            self.world.answer(key)
        self._serve()

    @rule(host=st.sampled_from(HOSTS))
    def shake_hands(self, host: str) -> None:
        self.envoy.shake_hands(host)

    @rule(host=st.sampled_from(HOSTS))
    def request(self, host: str) -> None:
        self.envoy.hear_request(host)

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
        self.in_use.clear()
        self.undecided.clear()
        self.envoy.connect()
        self._follow(self.stream.publish(self.last_good, ()))
        self._serve()

    @rule()
    def die_and_start_again(self) -> None:
        self.envoy = FakeEnvoy(self.envoy.names_the_guilty)
        self.lose_the_connection()

    @rule()
    def replace_the_control_plane(self) -> None:
        """The next one knows what is sent ahead, and nothing of what is in use."""
        self.last_good, self.world, self.events = LastGood(), World(), []
        self.in_use.clear()
        self.undecided.clear()
        self.stream = DeltaStream()
        self.envoy.connect()
        self._serve()

    @rule(steps=st.lists(st.sampled_from(["receive", "apply", "decide", "hear_the_verdicts"]), min_size=5, max_size=20))
    def carry_on(self, steps: list[str]) -> None:
        for step in steps:
            getattr(self, step)()

    @rule()
    def let_it_get_quiet(self) -> None:
        for _ in range(1000):
            if not (
                self.envoy.requests or self.envoy.responses or self.events or self.envoy.draining or self.undecided
            ):
                break
            self.drain()
            self.receive()
            self.apply()
            self.hear_the_verdicts()
            self.decide()
        else:
            raise AssertionError("they never stop talking")
        self._check()

    def teardown(self) -> None:
        self.let_it_get_quiet()

    def _serve(self) -> None:
        wanted = {resource.key: resource for resource in self._wanted(self.in_use)}
        for key in [(type_, name) for type_ in Type for name in self.world[type_]]:
            if key not in wanted:
                self.world.drop(key)
        for resource in wanted.values():
            self.world.put(resource)
        touched = self.last_good.serve(self.world, self.world.touched())
        self._follow(self.stream.publish(self.last_good, touched))

    def _wanted(self, hosts: Iterable[str]) -> Site:
        return (*(resource for host in hosts for resource in self.sites.get(host, ())), *self.base)

    def _follow(self, turn: Turn) -> None:
        self.events.extend(turn.events)
        self.undecided.extend(turn.asked)
        self.in_use.difference_update(host_of(key) for key in turn.left if key[0] is Type.SECRET)
        for response in turn.responses:
            self._check_nothing_in_use_goes([(response.type, name) for name in response.removed])
            self.envoy.responses.append((response, self._served()))

    def _served(self) -> ResourceSet:
        return ResourceSet.of({type_: dict(self.last_good[type_]) for type_ in Type})

    def _check_nothing_in_use_goes(self, removed: list[Key]) -> None:
        """Not even if the control plane has not yet been told that it is in use."""
        served = [name for name in self.envoy.hosts if (Type.SCOPE, scope_of(name)) in self.envoy.has]
        in_use = [name for name in served if (Type.SECRET, name) in self.envoy.has]
        wanted = {resource.key: resource for resource in self._wanted(in_use) if not is_bad(resource)}
        has_newer = {key for key in removed if key in wanted and key in self.envoy.has}
        assert not {key for key in has_newer if key[0] in (Type.CLUSTER, Type.SCOPE)}

    def _check(self) -> None:
        assert not any(is_bad(resource) for resource in self.envoy.has.values())
        for type_ in AT_LARGE:
            if type_ is not Type.SCOPE or self.envoy.scoped:
                self._check_all_there_are(type_)
        for type_ in BY_NAME:
            for name in self.envoy.asked[type_]:
                self._check_name(type_, name)
        undecidable = self._has_what_nobody_knows() or self.stream.sync(Type.LISTENER) is Sync.NOT_SENT
        assert self.stream.settled or undecidable
        self._check_memory()

    def _check_all_there_are(self, type_: Type) -> None:
        has = {name: found.version for (of, name), found in self.envoy.has.items() if of is type_}
        served = {name: found.version for name, found in self.last_good[type_].items()}
        extra = {name for name in has if not self.last_good.is_withheld((type_, name)) and name not in served}
        assert {name: version for name, version in has.items() if name in served} == served
        undecidable = self._has_what_nobody_knows() or self._has_not_said_what_is_in_use()
        assert not extra or (type_ is not Type.LISTENER and undecidable)

    def _has_what_nobody_knows(self) -> bool:
        """A version of before a lost connection, whose successor was refused: it may use any cluster."""
        return any(self.last_good.is_withheld(key) for key in self.envoy.has if key[0] in (*AT_LARGE, *BY_NAME))

    def _has_not_said_what_is_in_use(self) -> bool:
        """It came with scopes and asked for no secret since; with the first one that it asks for they are judged."""
        return self.stream.sync(Type.SECRET) is Sync.NOT_SENT

    def _check_name(self, type_: Type, name: str) -> None:
        """Everything asked for by name was answered, with what is served or with what says that there is nothing."""
        key = (type_, name)
        has, served = self.envoy.has.get(key), self.last_good.get_resource(key)
        if served is not None:
            assert has is not None
            assert has.version == served.version
        elif type_ is Type.SECRET and is_asked_for(key):
            assert has is not None
            assert self.last_good.is_withheld(key)
        else:
            # of lost endpoints nothing is said: the stream cannot tell whether Envoy has the older ones still
            assert has is not None or key in self.envoy.told_absent or self.envoy.has_lost(key)

    def _check_memory(self) -> None:
        """Of names in which the client is not interested nothing is remembered."""
        for type_ in BY_NAME:
            subscription = self.stream._subscriptions[type_]
            assert subscription.names == self.envoy.asked[type_]
            memories = (subscription.held, subscription.refused, subscription.due, subscription.suspects)
            for memory in (*memories, subscription.touched, subscription.undecided, subscription.under_way):
                assert set(memory) <= subscription.names


def host_of(key: Key) -> str:
    return key[1].removeprefix("asked/")


class OnDemand(Conversation):
    """The same with a listener that serves on demand, and hosts that are in use."""

    shared = Resource(Type.LISTENER, "shared", "1", b"", ((Type.SCOPE, ANY_NAME),))

    @initialize(names_the_guilty=st.booleans(), base=bases(), data=st.data())
    def start(self, names_the_guilty: bool, base: Site, data: st.DataObject) -> None:
        self.envoy.names_the_guilty = names_the_guilty
        self.sites = {host: data.draw(sites(host)) for host in HOSTS}
        self.envoy.connect()
        self.change(base)
        self.let_it_get_quiet()
        for host in data.draw(some(HOSTS)):
            self.shake_hands(host)
        if data.draw(st.booleans()):
            self.let_it_get_quiet()

    def _wanted(self, hosts: Iterable[str]) -> Site:
        return (*super()._wanted(hosts), self.shared)


QUICKLY = settings(max_examples=100, stateful_step_count=30, deadline=None, report_multiple_bugs=False)

TestConversation = Conversation.TestCase
TestConversation.settings = QUICKLY
TestOnDemand = OnDemand.TestCase
TestOnDemand.settings = QUICKLY
