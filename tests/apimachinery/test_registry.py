"""What is served."""

import pytest

from pylae.api.scheme import KINDS
from pylae.apimachinery.built_in.kept import RUNS_NOTHING
from pylae.apimachinery.registry import REGISTRY


def test_every_typed_kind_is_served():
    assert {(kind.group, kind.kind) for kind in KINDS} <= {(served.group, served.kind) for served in REGISTRY}


def test_istio_comes_before_every_other_group_so_that_gateway_means_its_own():
    assert REGISTRY.groups()[:2] == ("", "networking.istio.io")


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        (("", "v1", "secrets"), "Secret"),
        (("networking.istio.io", "v1alpha3", "gateways"), "Gateway"),
        (("networking.istio.io", "v1", "gateways"), "Gateway"),
        (("networking.istio.io", "v2", "gateways"), None),
        (("", "v1", "gateways"), None),
        (("apps", "v1", "deployments"), "Deployment"),
        (("autoscaling", "v2", "horizontalpodautoscalers"), "HorizontalPodAutoscaler"),
        (("authorization.k8s.io", "v1", "selfsubjectaccessreviews"), "SelfSubjectAccessReview"),
        (("", "v1", ""), None),
    ],
)
def test_a_path_leads_to_a_resource_or_to_none(place, kind):
    found = REGISTRY.find(*place)
    assert (found and found.kind) == kind


def test_a_name_that_is_not_served_is_an_error_of_the_caller():
    with pytest.raises(KeyError):
        REGISTRY.named("tables")


@pytest.mark.parametrize(
    ("name", "status", "generation", "strategic"),
    [
        ("gateways.networking.istio.io", True, True, False),
        ("services", True, False, True),
        ("secrets", False, False, True),
        ("pods", True, False, True),
        ("nodes", True, False, True),
        ("namespaces", True, False, True),
        ("deployments.apps", True, True, True),
        ("leases.coordination.k8s.io", False, False, True),
    ],
)
def test_what_each_kind_is_capable_of(name, status, generation, strategic):
    resource = REGISTRY.named(name)
    assert (resource.has_status, resource.has_generation, resource.strategic) == (status, generation, strategic)


def test_only_pods_have_logs():
    assert [resource.plural for resource in REGISTRY if "log" in resource.subresources] == ["pods"]


@pytest.mark.parametrize(
    ("name", "notice"),
    [
        (
            "deployments.apps",
            f"Deployment is stored, but {RUNS_NOTHING}",
        ),
        (
            "ingresses.networking.k8s.io",
            "Ingress is stored, but nothing routes by it here: use a Gateway and a VirtualService",
        ),
        ("leases.coordination.k8s.io", ""),
        ("gateways.networking.istio.io", ""),
        ("secrets", ""),
    ],
)
def test_kinds_that_nothing_acts_on_say_so(name, notice):
    assert REGISTRY.named(name).notice == notice


def test_names_are_unique_within_a_group():
    for group in REGISTRY.groups():
        names = [name for r in REGISTRY if r.group == group for name in (r.plural, *r.short_names)]
        assert len(names) == len(set(names))
