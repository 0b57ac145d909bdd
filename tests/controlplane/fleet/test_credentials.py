"""Secrets in use: what is served under each name, kept by every change of a Secret."""

from datetime import datetime

import pytest
from demand import GOOD, RENEWED, secret

from pylae.api.core import Secret
from pylae.controlplane.fleet.credentials import Credentials
from pylae.model import codes
from pylae.model.ir.listener import SecretRef
from pylae.model.snapshot import Key as ObjectKey
from pylae.xds.resource import Type
from pylae.xds.world import World

REF = SecretRef("kubernetes://c")
SCOPE = (Type.SCOPE, "l|a.io")


class Stage:
    """Credentials, the Secrets that they read, and the days on which they say that these expire."""

    def __init__(self) -> None:
        self.secrets: dict[ObjectKey, Secret] = {}
        self.world = World()
        self.expiries: dict[str, datetime | None] = {}
        self.credentials = Credentials("istio-system", self.secrets, self.world, expiry=self.expiries.__setitem__)

    def put(self, *, chain: object = GOOD, key: str = "", name: str = "c") -> None:
        made = secret(name, chain, key)  # type: ignore[arg-type]
        assert isinstance(made, Secret)
        self.secrets["istio-system", name] = made
        self.credentials.refresh([f"kubernetes://{name}"])

    def remove(self) -> None:
        del self.secrets["istio-system", "c"]
        self.credentials.refresh([REF.name])

    def version(self, name: str) -> str | None:
        found = self.world.get_resource((Type.SECRET, name))
        return found.version if found else None


@pytest.fixture
def stage() -> Stage:
    made = Stage()
    made.put()
    return made


def test_a_secret_is_served_under_every_name_that_it_is_asked_for_by(stage: Stage) -> None:
    assert stage.credentials.serve("a.io", REF, (SCOPE,))
    assert stage.credentials.serve("A.io", REF, (SCOPE,))
    found = stage.world.get_resource((Type.SECRET, "A.io"))
    assert found is not None
    assert found.needs == (SCOPE,)
    before = stage.version("a.io"), stage.version("A.io")
    stage.put(chain=RENEWED)
    assert not {stage.version("a.io"), stage.version("A.io")} & {*before}


def test_a_secret_that_nobody_asks_for_touches_nothing(stage: Stage) -> None:
    stage.put(chain=RENEWED)
    assert stage.world.touched() == frozenset()


def test_one_that_turned_bad_keeps_the_last_good_and_says_why_until_it_is_mended(stage: Stage) -> None:
    stage.credentials.serve("a.io", REF)
    before = stage.version("a.io")
    stage.put(key=RENEWED.key)
    assert stage.version("a.io") == before
    assert stage.credentials.unusable[REF.name].code is codes.CERTIFICATE_INVALID
    assert stage.credentials.serve("A.io", REF)
    stage.put(chain=RENEWED)
    assert stage.version("a.io") != before
    assert not stage.credentials.unusable


def test_one_that_is_gone_is_not_kept_and_comes_back(stage: Stage) -> None:
    stage.credentials.serve("a.io", REF)
    before = stage.version("a.io")
    stage.remove()
    assert stage.version("a.io") is None
    assert stage.credentials.unusable[REF.name].code is codes.CERTIFICATE_MISSING
    stage.put()
    assert stage.version("a.io") == before


def test_a_name_that_leads_to_another_secret_by_now_is_served_that_one(stage: Stage) -> None:
    stage.put(chain=RENEWED, name="d")
    stage.credentials.serve("a.io", REF)
    before = stage.version("a.io")
    stage.credentials.serve("a.io", SecretRef("kubernetes://d"))
    assert stage.version("a.io") not in (None, before)
    assert not stage.credentials.serve("a.io", SecretRef("kubernetes://nothing"))
    assert stage.version("a.io") is None


def test_when_the_last_name_is_dropped_nothing_is_remembered(stage: Stage) -> None:
    for name in ("a.io", "A.io"):
        stage.credentials.serve(name, REF)
    assert stage.expiries[REF.name] is not None
    stage.credentials.drop("a.io")
    assert list(stage.credentials.values) == [REF.name]
    stage.credentials.drop("A.io")
    assert not stage.credentials.values
    assert stage.expiries == {REF.name: None}
    stage.credentials.drop("A.io")


def test_what_chains_name_is_served_by_that_name_beside_what_is_asked_for(stage: Stage) -> None:
    stage.credentials.serve("a.io", REF)
    stage.credentials.serve_ahead(frozenset({REF.name}))
    assert sorted(stage.world[Type.SECRET]) == ["a.io", REF.name]
    stage.credentials.serve_ahead(frozenset())
    assert list(stage.world[Type.SECRET]) == ["a.io"]


def test_what_is_not_in_use_is_judged_all_the_same(stage: Stage) -> None:
    value, unusable = stage.credentials.standing(REF)
    assert value
    assert unusable is None
    value, unusable = stage.credentials.standing(SecretRef("kubernetes://nothing"))
    assert value is None
    assert unusable
    assert not stage.credentials.unusable
