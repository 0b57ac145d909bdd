"""The kinds by their names."""

import pytest

from pylae.api.scheme import GATEWAY, KINDS, NODE, SECRET, SERVICE, kind_of


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha3"])
def test_every_version_of_a_kind_is_the_same_kind(version: str) -> None:
    assert kind_of(f"networking.istio.io/{version}", "Gateway") is GATEWAY


def test_the_core_group_has_no_name() -> None:
    assert kind_of("v1", "Secret") is SECRET
    assert SECRET.api_version == "v1"


@pytest.mark.parametrize(
    "named",
    [("gateway.networking.k8s.io/v1", "Gateway"), ("v1", "Gateway"), ("networking.istio.io/v2", "Gateway"), ("", "")],
)
def test_what_is_not_known_is_none(named: tuple[str, str]) -> None:
    assert kind_of(*named) is None


def test_short_names_and_categories_are_those_that_kubectl_users_type() -> None:
    assert (GATEWAY.short_names, GATEWAY.categories) == (("gw",), ("istio-io", "networking-istio-io"))
    assert (SERVICE.short_names, SERVICE.categories) == (("svc",), ("all",))
    assert {kind.kind for kind in KINDS if not kind.namespaced} == {"Namespace", "Node"}


def test_no_name_means_two_kinds() -> None:
    names = [name for kind in KINDS for name in (kind.plural, *kind.short_names, *{kind.singular} - {kind.plural})]
    assert sorted(names) == sorted(set(names))


def test_a_kind_and_its_type_agree_on_their_names() -> None:
    for kind in KINDS:
        assert (kind.type().kind, kind.type().api_version, kind.type.__name__) == (
            kind.kind,
            kind.api_version,
            str(kind),
        )
    assert str(NODE) == "Node"
