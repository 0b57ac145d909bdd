"""Several kinds of gateways on one control plane: each is served its own, whenever it comes."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from demand import GOOD, RENEWED, gateway, routes, service
from edits import NAMES, WORKLOAD, Edit, at_work, edits
from fleet import Harbour, delete, harbour, secret, upsert
from hypothesis import given, settings
from hypothesis import strategies as st

from pylae.controlplane.discovery.observation import Joined, Observation, Parted
from pylae.controlplane.fleet.fleet import GRACE, KEPT
from pylae.kube.resume import Synced
from pylae.kube.store import PLACES
from pylae.model import codes
from pylae.model.workload import GatewayWorkload
from pylae.xds.event import Asked, Left, Refused
from pylae.xds.message import Node
from pylae.xds.resource import Key, Type

OTHER = GatewayWorkload("other", "istio-system", {"istio": "other"}, bind_address="0.0.0.0", node_ports=False)
TENANT = GatewayWorkload("tenant", "shop", {"istio": "ingressgateway"}, bind_address="0.0.0.0", node_ports=False)
KINDS = (WORKLOAD, OTHER, TENANT)

A_IO = (Type.SECRET, "a.io")


async def test_each_kind_is_served_the_gateways_that_choose_it() -> None:
    async with harbour(WORKLOAD) as made:
        await made.tell(upsert(gateway("g", "a.io", serve="ahead")))
        await made.list_all()
        await made.join(OTHER, TENANT)
        assert made.names(WORKLOAD, Type.LISTENER) == made.names(TENANT, Type.LISTENER) == ["0.0.0.0_443"]
        assert made.names(OTHER, Type.LISTENER) == []


async def test_a_kind_that_comes_late_is_served_what_was_there_before_it() -> None:
    async with harbour(WORKLOAD) as made:
        await made.list_all()
        await made.tell(*map(upsert, at_work()))
        await made.join(TENANT)
        assert made.names(TENANT, Type.CLUSTER) == made.names(WORKLOAD, Type.CLUSTER) != []


async def test_nothing_is_published_for_a_kind_before_every_object_is_known() -> None:
    async with harbour() as made:
        await made.join(TENANT)
        assert made.published == {}
        await made.list_all()
        assert list(made.published) == [TENANT]


async def test_a_change_reaches_every_kind_that_it_is_about() -> None:
    async with harbour(WORKLOAD) as made:
        await made.list_all()
        await made.join(TENANT, OTHER)
        await made.tell(upsert(gateway("g", "a.io", serve="ahead")), upsert(routes("v", "a.io")), upsert(service("x")))
        assert made.names(WORKLOAD, Type.ROUTE) == made.names(TENANT, Type.ROUTE) != []
        await made.tell(delete(gateway("g", "a.io")))
        assert made.names(WORKLOAD, Type.ROUTE) == made.names(TENANT, Type.ROUTE) == []


async def test_a_port_that_one_kind_cannot_have_is_another_kinds_all_the_same() -> None:
    async with harbour(WORKLOAD) as made:
        await made.tell(upsert(gateway("g", "a.io", serve="ahead")))
        await made.list_all()
        await made.join(TENANT)
        [listener] = made.published[WORKLOAD][Type.LISTENER].values()
        await made.say(WORKLOAD, Refused("1", listener, "cannot bind '127.0.0.1:443': Address already in use"))
        assert made.serving(WORKLOAD).unbound
        assert not made.serving(TENANT).unbound
        assert made.names(TENANT, Type.LISTENER) == ["0.0.0.0_443"]


async def test_what_one_kind_asks_for_is_not_in_use_for_another() -> None:
    async with harbour(WORKLOAD) as made:
        await made.tell(upsert(gateway("g", "a.io")), secret("istio-system", "c", GOOD), secret("shop", "c", RENEWED))
        await made.list_all()
        await made.join(TENANT)
        await made.say(TENANT, Asked((A_IO,)))
        assert made.names(TENANT, Type.SECRET) == ["a.io"]
        assert made.names(WORKLOAD, Type.SECRET) == []
        await made.say(TENANT, Left((A_IO,)))
        assert made.names(TENANT, Type.SECRET) == []


async def test_what_several_kinds_find_counts_once_and_ends_with_the_last() -> None:
    async with harbour(WORKLOAD) as made:
        await made.tell(upsert(gateway("g", "a.io", serve="ahead")))
        await made.list_all()
        await made.join(TENANT)
        made.look_into_all()
        missing = [found for found in made.fleet.ledger.all() if found.code is codes.CERTIFICATE_MISSING]
        assert len(missing) == 2, "each kind looks for it in a namespace of its own"
        assert [found.code for found in made.fleet.ledger.all()].count(codes.NO_ROUTES) == 1
        part_for_good(made, TENANT)
        missing = [found for found in made.fleet.ledger.all() if found.code is codes.CERTIFICATE_MISSING]
        assert len(missing) == 1
        assert codes.NO_ROUTES in made.found()


async def test_a_server_is_told_by_the_kind_that_does_not_serve_it() -> None:
    async with harbour(WORKLOAD) as made:
        await made.tell(upsert(gateway("g", "a.io")))
        await made.list_all()
        await made.join(OTHER)
        [plan] = made.fleet.plans(("shop", "g"))
        assert plan.listener
        assert made.fleet.plans(("shop", "nobody")) == ()


async def test_a_kind_is_kept_for_a_while_and_home_for_ever() -> None:
    async with harbour(WORKLOAD) as made:
        await made.list_all()
        await made.join(WORKLOAD, TENANT)
        await made.part(WORKLOAD, TENANT)
        parted_at = made.serving(TENANT).parted_at
        assert parted_at is not None
        made.fleet.look(parted_at + KEPT - 1)
        assert len(made.fleet) == 2
        made.fleet.look(parted_at + KEPT)
        assert [serving.workload for serving in made.fleet] == [WORKLOAD]
        assert made.forgotten == [TENANT]


async def test_who_comes_back_in_time_is_kept() -> None:
    async with harbour() as made:
        await made.join(TENANT)
        before = made.serving(TENANT)
        await made.part(TENANT)
        await made.join(TENANT)
        assert made.serving(TENANT) is before
        assert before.parted_at is None


async def test_an_end_of_a_certificate_is_told_as_long_as_a_kind_of_its_namespace_serves_it() -> None:
    twin = replace(TENANT, labels={"istio": "ingressgateway", "zone": "b"})

    def ends() -> float | None:
        place = {"namespace": "shop", "secret": "kubernetes://c"}
        return made.metrics.registry.get_sample_value("pylae_certificate_not_after_seconds", place)

    async with harbour() as made:
        await made.tell(upsert(gateway("g", "a.io", serve="ahead")), secret("shop", "c", GOOD))
        await made.list_all()
        await made.join(TENANT, twin)
        assert ends()
        part_for_good(made, twin)
        assert ends()
        part_for_good(made, TENANT)
        assert ends() is None


async def test_all_is_looked_into_when_every_kind_that_comes_by_itself_had_the_time_to() -> None:
    async with harbour() as made:
        await made.list_all()
        await made.join(TENANT)
        made.look_into_all()
        assert made.examined == 0
        synced_at = made.fleet._synced_at
        assert synced_at is not None
        made.fleet.look(synced_at + GRACE)
        assert made.examined == 1
        await made.join(OTHER)
        made.look_into_all()
        made.fleet.look(synced_at + GRACE)
        assert made.examined == 2, "what objects say may be another for the new kind"


async def test_a_mistake_of_ours_for_one_kind_does_not_touch_another(caplog: pytest.LogCaptureFixture) -> None:
    async with harbour(WORKLOAD) as made:
        await made.list_all()
        await made.join(TENANT)
        del made.serving(WORKLOAD).configuration.credentials
        with caplog.at_level(logging.CRITICAL):
            await made.tell(upsert(gateway("g", "a.io", serve="ahead")))
        assert made.names(TENANT, Type.LISTENER) == ["0.0.0.0_443"]


Step = Callable[["Fleets"], None]


@dataclass
class Fleets:
    """A fleet that is driven by hand, with the names that each kind asked for."""

    made: Harbour = field(default_factory=lambda: Harbour(WORKLOAD))
    asked: dict[GatewayWorkload, set[Key]] = field(default_factory=dict)
    version: int = 1

    def __post_init__(self) -> None:
        everything = [*map(upsert, at_work()), secret("istio-system", "c", GOOD), secret("shop", "c", RENEWED)]
        self.made.fleet.slice = 0.0
        self.tell(self.made, *everything, *map(Synced, PLACES))

    def edit(self, edit: Edit) -> None:
        self.version += 1
        self.tell(self.made, upsert(edit.object_, self.version) if edit.here else delete(edit.object_))

    def join(self, workload: GatewayWorkload) -> None:
        self.tell(self.made, Observation(workload, Node(), Joined()))

    def part(self, workload: GatewayWorkload) -> None:
        if workload != WORKLOAD and self.made.fleet.get(workload):
            self.tell(self.made, Observation(workload, Node(), Parted()))
            part_for_good(self.made, workload)
            self.asked.pop(workload, None)

    def ask(self, workload: GatewayWorkload, name: str) -> None:
        if self.made.fleet.get(workload):
            self.asked.setdefault(workload, set()).add((Type.SECRET, name))
            self.tell(self.made, Observation(workload, Node(), Asked(((Type.SECRET, name),))))

    def go_on(self, turns: int) -> None:
        """With what a kind that came late has to take in, one object in each turn."""
        for _ in range(turns):
            self.made.loop._work()

    def tell(self, harbour: Harbour, *items: object) -> None:
        for item in items:
            harbour.loop.tell(item)  # type: ignore[arg-type]
        harbour.loop._work()

    def rest(self, harbour: Harbour) -> None:
        """Until nothing is left to do."""
        while not harbour.fleet.is_gathered or harbour.fleet.is_asked:
            harbour.loop._work()
        harbour.loop._work()
        while harbour.fleet.examine():
            pass

    def anew(self) -> Harbour:
        """The same objects, and the same kinds, for a control plane that is new to them."""
        made = Harbour(WORKLOAD, self.made.store)
        for serving in self.made.fleet:
            self.tell(made, Observation(serving.workload, Node(), Joined()))
        return made

    def ask_again(self, harbour: Harbour) -> None:
        """As clients do that come anew: what is kept for connections of before is of no interest to them."""
        self.rest(harbour)
        for serving in harbour.fleet:
            for use in tuple(serving.configuration.on_demand.uses.values()):
                serving.configuration.on_demand.close(use)
        for workload, keys in self.asked.items():
            for key in sorted(keys):
                self.tell(harbour, Observation(workload, Node(), Asked((key,))))
        self.rest(harbour)


def part_for_good(made: Harbour, workload: GatewayWorkload) -> None:
    made.fleet.part(workload)
    parted_at = made.serving(workload).parted_at
    assert parted_at is not None
    made.fleet.look(parted_at + KEPT)


def steps() -> st.SearchStrategy[Step]:
    kinds, names = st.sampled_from(KINDS), st.sampled_from(NAMES)
    return st.one_of(
        edits().map(lambda edit: lambda fleets: fleets.edit(edit)),
        edits().map(lambda edit: lambda fleets: fleets.edit(edit)),
        kinds.map(lambda kind: lambda fleets: fleets.join(kind)),
        kinds.map(lambda kind: lambda fleets: fleets.part(kind)),
        st.integers(1, 9).map(lambda turns: lambda fleets: fleets.go_on(turns)),
        st.tuples(kinds, names).map(lambda asked: lambda fleets: fleets.ask(*asked)),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(steps(), min_size=4, max_size=14))
def test_after_any_edits_and_joins_every_kind_is_served_what_it_would_be_from_scratch(script: list[Step]) -> None:
    fleets = Fleets()
    for step in script:
        step(fleets)
    anew = fleets.anew()
    fleets.ask_again(fleets.made)
    fleets.ask_again(anew)
    for serving in fleets.made.fleet:
        other = anew.serving(serving.workload)
        for type_ in Type:
            assert serving.configuration.world[type_] == other.configuration.world[type_], (serving.workload, type_)
    assert fleets.made.fleet.ledger.all() == anew.fleet.ledger.all()
