"""VirtualServices by what they bind to are kept by change, and are at any time those from scratch."""

from typing import Any

from from_scratch import bindings
from hypothesis import given, settings
from hypothesis import strategies as st

from pylae.api.decode import convert
from pylae.api.gateway import Gateway
from pylae.api.scheme import GATEWAY, VIRTUAL_SERVICE
from pylae.api.virtual_service import VirtualService
from pylae.model.codes import HOST_NOT_IN_GATEWAY, REFERENCE_NOT_FOUND
from pylae.model.snapshot import Key, Snapshot
from pylae.model.workload import GatewayWorkload
from pylae.rules.hosts import matches
from pylae.translate.bind import Bound, judge_binding, named_gateways, virtual_hosts_of

Json = dict[str, Any]
WORKLOAD = GatewayWorkload()
KEYS = tuple((namespace, f"v{number}") for namespace in ("shop", "istio-system") for number in range(8))
HOSTS = ("a.io", "A.io", "x.a.io", "*.a.io", "*.io", "*a.io", "*", "web")
GATEWAYS = ("g", "shop/g", "istio-system/g", "mesh", "h.shop")


def virtual_service(key: Key, spec: Json, age: str = "") -> VirtualService:
    metadata = {"namespace": key[0], "name": key[1], "creationTimestamp": age}
    body = {"apiVersion": VIRTUAL_SERVICE.api_version, "kind": "VirtualService", "metadata": metadata, "spec": spec}
    made = convert(VIRTUAL_SERVICE, body)
    assert isinstance(made, VirtualService)
    return made


specs = st.fixed_dictionaries(
    {
        "hosts": st.lists(st.sampled_from(HOSTS), max_size=3),
        "gateways": st.lists(st.sampled_from(GATEWAYS), min_size=1, max_size=2),
    },
    optional={"exportTo": st.lists(st.sampled_from((".", "*", "istio-system", "~")), max_size=1)},
)
puts = st.tuples(st.sampled_from(KEYS), st.one_of(st.none(), specs, specs, specs), st.sampled_from(("1", "2")))


@settings(deadline=None, max_examples=200)
@given(st.lists(puts, max_size=40))
def test_after_any_edits_everything_is_bound_as_from_scratch(script: list[Any]) -> None:
    bound, world = Bound(WORKLOAD), dict[Key, VirtualService]()
    for key, spec, age in script:
        before = {gateway: bound.of(gateway) for gateway in (("shop", "g"), ("istio-system", "g"), ("shop", "h"))}
        world.pop(key, None)
        if spec is not None:
            world[key] = virtual_service(key, spec, f"2026-01-0{age}T00:00:00Z")
        touched = bound.put(key, world.get(key))
        assert all(bound.of(gateway) == found for gateway, found in before.items() if gateway not in touched)
    fresh = bindings(Snapshot(virtual_services=world), WORKLOAD)
    for gateway in (("shop", "g"), ("istio-system", "g"), ("shop", "h"), ("lost", "g")):
        expected = fresh.get(gateway, ())
        assert bound.of(gateway) == tuple((found.metadata.namespace, found.metadata.name) for found in expected)
        assert set(bound.naming(gateway)) == {key for key, found in world.items() if gateway in named_gateways(found)}
        for host in ("a.io", "x.a.io", "*.a.io", "*", "web.shop.svc.cluster.local", "b.com"):
            assert bound.of_host(gateway, host) == tuple(
                (found.metadata.namespace, found.metadata.name)
                for found in expected
                if any(matches(own, host) for own in virtual_hosts_of(found, "cluster.local"))
            )


def test_the_hosts_of_a_virtual_service_are_known_as_long_as_it_is_there() -> None:
    bound, key = Bound(WORKLOAD), ("shop", "v")
    bound.put(key, virtual_service(key, {"hosts": ["Web", "a.io"], "gateways": ["g"]}))
    assert bound.hosts_of(key) == ("web.shop.svc.cluster.local", "a.io")
    bound.put(key, None)
    assert bound.hosts_of(key) == ()


def test_a_gateway_that_is_missing_is_told_and_one_that_is_invalid_is_not() -> None:
    found = virtual_service(("shop", "v"), {"hosts": ["a.io"], "gateways": ["lost", "g"]})
    written = {"servers": [{"port": {"number": 80, "protocol": "HTTP"}, "hosts": ["b.io"]}]}
    gateway = convert(GATEWAY, {"kind": "Gateway", "metadata": {"name": "g", "namespace": "shop"}, "spec": written})
    assert isinstance(gateway, Gateway)
    snapshot = Snapshot(gateways={("shop", "g"): gateway})
    codes = [finding.code for finding in judge_binding(found, snapshot, frozenset(), "cluster.local")]
    assert codes == [REFERENCE_NOT_FOUND, HOST_NOT_IN_GATEWAY]
    codes = [finding.code for finding in judge_binding(found, snapshot, {gateway.ref}, "cluster.local")]
    assert codes == [REFERENCE_NOT_FOUND]
