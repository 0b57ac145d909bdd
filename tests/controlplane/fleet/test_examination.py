"""Looking into what changed, and at the start into everything: what users hear of hosts that nobody asked for yet."""

from datetime import timedelta

import edits
import pytest
from demand import GOOD, NOW, Stage, gateway, routes, secret, service, shop
from edits import Edit
from hypothesis import given, settings

from pylae.api.scheme import ENDPOINT_SLICE
from pylae.model import codes
from pylae.model.finding import Code


def ready(name: str) -> edits.Object:
    body = {
        "metadata": {"labels": {"kubernetes.io/service-name": name}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080}],
        "endpoints": [{"addresses": ["10.0.0.1"]}],
    }
    return edits.of(ENDPOINT_SLICE, f"{name}-1", "shop", edits.AGES[0], body)


@pytest.fixture
def stage() -> Stage:
    """A host on demand of which nothing is to be said."""
    made = shop()
    made.tell(ready("x"))
    made.examine()
    assert made.findings() == ()
    return made


def found(stage: Stage) -> set[Code]:
    stage.examine()
    return {finding.code for finding in stage.findings()}


def test_everything_is_looked_into_once_and_then_that_is_over() -> None:
    stage = Stage()
    stage.tell(gateway("g", "a.io", "b.io"), routes("v", "a.io"))
    assert not stage.configuration.examination.is_over
    stage.examine()
    assert stage.configuration.examination.is_over
    assert {codes.CERTIFICATE_MISSING, codes.NO_ROUTES} <= {finding.code for finding in stage.findings()}
    stage.tell(gateway("h", "c.io"))
    assert stage.configuration.examination.is_over


def test_what_changed_comes_before_what_was_there_at_the_start() -> None:
    stage = Stage()
    stage.tell(*(gateway(f"g{number}", f"h{number}.io") for number in range(20)))
    stage.tell(gateway("new", "new.io"))
    assert stage.configuration.examination.is_urgent
    while stage.configuration.examination.is_urgent:
        stage.configuration.examination.examine()
    assert {finding.about.name for finding in stage.findings()} == {"new"}
    assert stage.reported[-1] == ("Gateway", ("shop", "new"))


def test_a_change_is_looked_into_with_what_hangs_on_it_and_nothing_else(stage: Stage) -> None:
    stage.tell(*(gateway(f"g{number}", f"h{number}.io") for number in range(20)))
    stage.examine()
    stage.tell(routes("v", "a.io", to="y"))
    assert stage.examine() == 2
    stage.tell(ready("lonely"))
    assert stage.examine() == 0


def test_a_host_that_nobody_asked_for_tells_of_its_missing_service_and_endpoints(stage: Stage) -> None:
    stage.tell(routes("v", "a.io", to="y"))
    assert found(stage) == {codes.DESTINATION_UNKNOWN}
    stage.tell(service("y"))
    assert found(stage) == {codes.NO_ENDPOINTS}
    stage.tell(ready("y"))
    assert found(stage) == set()


def test_a_host_without_routes_says_so_until_it_has_some(stage: Stage) -> None:
    stage.take_away(routes("v"))
    assert found(stage) == {codes.NO_ROUTES}
    stage.tell(routes("v", "a.io"))
    assert found(stage) == set()


def test_nothing_is_said_any_more_of_a_gateway_that_is_gone(stage: Stage) -> None:
    stage.take_away(routes("v"))
    assert found(stage) == {codes.NO_ROUTES}
    stage.take_away(gateway("g"))
    assert found(stage) == set()
    assert not stage.configuration.examination._hosts_of
    assert not stage.configuration.examination._due_at


def test_of_a_host_that_is_sent_ahead_by_now_the_picture_tells_and_nobody_else(stage: Stage) -> None:
    stage.take_away(routes("v"))
    stage.examine()
    stage.tell(gateway("g", "a.io", serve="ahead"))
    stage.examine()
    assert [finding.code for finding in stage.findings()] == [codes.NO_ROUTES]
    stage.tell(routes("v", "a.io"))
    assert found(stage) == set()


def test_a_secret_is_judged_on_every_gateway_that_names_it(stage: Stage) -> None:
    stage.tell(gateway("h", "b.io"), routes("w", "b.io", gateways=("h",)))
    stage.take_away(secret("c", GOOD))
    stage.examine()
    missing = [finding.about.name for finding in stage.findings() if finding.code is codes.CERTIFICATE_MISSING]
    assert missing == ["g", "h"]
    assert {("Gateway", ("shop", "g")), ("Gateway", ("shop", "h"))} <= {*stage.reported}


def test_time_alone_makes_a_certificate_worth_telling_of(stage: Stage) -> None:
    stage.now = NOW + timedelta(days=80)
    assert found(stage) == {codes.CERTIFICATE_EXPIRES_SOON}
    stage.now = NOW + timedelta(days=100)
    assert found(stage) == {codes.CERTIFICATE_EXPIRED}


def test_a_gateway_is_looked_into_for_the_time_once_however_often_it_changed(stage: Stage) -> None:
    for _ in range(10):
        stage.tell(gateway("g", "a.io"))
        stage.examine()
    assert len(stage.configuration.examination._due) == 1
    stage.now = NOW + timedelta(days=80)
    assert stage.examine() == 1


def test_dates_of_gateways_that_are_gone_are_not_kept(stage: Stage) -> None:
    for number in range(20):
        passing = gateway(f"h{number}", f"h{number}.io")
        stage.tell(passing)
        stage.examine()
        stage.take_away(passing)
        stage.examine()
    assert len(stage.configuration.examination._due) <= 4


@settings(max_examples=60)
@given(edits.scripts())
def test_after_any_edits_one_finds_what_one_would_find_anew(script: list[list[Edit]]) -> None:
    stage = Stage()
    stage.tell(*edits.at_work(), secret("c", GOOD))
    for step in script:
        for edit in step:
            (stage.tell if edit.here else stage.take_away)(edit.object_)
        stage.examine()
    assert set(stage.findings()) == set(anew(stage).findings())


def anew(stage: Stage) -> Stage:
    made = Stage(stage.cluster)
    made.know_all()
    made.examine()
    return made
