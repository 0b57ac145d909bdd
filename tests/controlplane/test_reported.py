"""A status is computed anew only for an object of which something changed since it was written."""

from dataclasses import replace

from pylae.api.gateway import Gateway
from pylae.api.meta import ObjectMeta
from pylae.api.scheme import GATEWAY, VIRTUAL_SERVICE
from pylae.api.virtual_service import VirtualService
from pylae.controlplane.reported import Reported
from pylae.model import codes
from pylae.model.finding import Finding
from pylae.model.snapshot import Key, Snapshot
from pylae.model.translation import ServerPlan

FRONT = ("istio-system", "istio-ingressgateway")
HERE, THERE = ("shop", "here"), ("shop", "there")


def gateway(key: Key) -> Gateway:
    return Gateway(kind="Gateway", metadata=ObjectMeta(namespace=key[0], name=key[1]))


GATEWAYS = {key: gateway(key) for key in (HERE, THERE)}
ROUTES = VirtualService(kind="VirtualService", metadata=ObjectMeta(namespace="shop", name="here"))
SNAPSHOT = Snapshot(gateways=GATEWAYS, virtual_services={HERE: ROUTES})
SERVERS = tuple(ServerPlan(found.ref, 0, "https", 443, "HTTPS", ("a.test",)) for found in GATEWAYS.values())
FINDING = Finding(codes.NO_ROUTES, GATEWAYS[THERE].ref, "", "no route")


def told(
    reported: Reported, snapshot: Snapshot = SNAPSHOT, servers: tuple[ServerPlan, ...] = SERVERS, *found: Finding
) -> list[tuple[str, Key]]:
    """The objects of a report that is written."""
    news = list(reported.news(snapshot, servers, found))
    for kind, key, basis in news:
        reported.done(kind, key, basis)
    return [(kind.kind, key) for kind, key, _ in news]


def test_the_first_report_is_about_everything_and_the_second_about_nothing() -> None:
    reported = Reported(FRONT)
    assert told(reported) == [("Gateway", HERE), ("Gateway", THERE), ("VirtualService", HERE)]
    assert told(reported) == []


def test_what_was_not_written_is_told_again() -> None:
    reported = Reported(FRONT)
    assert len(list(reported.news(SNAPSHOT, SERVERS, ()))) == 3
    assert len(list(reported.news(SNAPSHOT, SERVERS, ()))) == 3


def test_a_finding_concerns_its_object_alone_when_it_comes_and_when_it_goes() -> None:
    reported = Reported(FRONT)
    told(reported)
    assert told(reported, SNAPSHOT, SERVERS, FINDING) == [("Gateway", THERE)]
    assert told(reported) == [("Gateway", THERE)]


def test_another_plan_for_a_server_and_another_version_of_an_object_are_news() -> None:
    reported = Reported(FRONT)
    told(reported)
    assert told(reported, SNAPSHOT, (replace(SERVERS[0], listener="l"), SERVERS[1])) == [("Gateway", HERE)]
    changed = replace(SNAPSHOT, gateways={HERE: gateway(HERE), THERE: GATEWAYS[THERE]})
    assert told(reported, changed, (replace(SERVERS[0], listener="l"), SERVERS[1])) == [("Gateway", HERE)]


def test_an_object_that_is_gone_is_forgotten_once() -> None:
    reported = Reported(FRONT)
    told(reported)
    left = Snapshot(gateways={HERE: GATEWAYS[HERE]})
    assert set(reported.forget_gone(left)) == {(GATEWAY, THERE), (VIRTUAL_SERVICE, HERE)}
    assert reported.forget_gone(left) == ()
