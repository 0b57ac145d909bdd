from typing import Any

import click
import pytest

from pylae.cli.dump.source import node
from pylae.cli.dump.target import check

GATEWAY = ("istio-ingressgateway-0", "istio-system")


def test_the_gateway_is_known_by_the_node_in_the_dump(dump: dict[str, Any]) -> None:
    assert node(dump) == GATEWAY


@pytest.mark.parametrize(
    "text",
    [
        None,
        "deploy/istio-ingressgateway.istio-system",
        "deployment/istio-ingressgateway",
        "deployment.apps/istio-ingressgateway.istio-system",
        "istio-ingressgateway-0.istio-system",
        "pod/istio-ingressgateway-0.istio-system",
        "istio-ingressgateway",
    ],
)
def test_istioctls_ways_to_name_the_gateway_are_understood(text: str | None) -> None:
    check(text, GATEWAY)


@pytest.mark.parametrize(
    "text", ["deploy/other.istio-system", "deploy/istio-ingressgateway.default", "pod/istio-ingressgateway"]
)
def test_another_gateway_is_refused_with_the_name_of_this_one(text: str) -> None:
    with pytest.raises(click.ClickException, match=r"This one is deploy/istio-ingressgateway\.istio-system"):
        check(text, GATEWAY)


def test_a_kind_that_is_no_workload_is_a_mistake_of_usage() -> None:
    with pytest.raises(click.UsageError, match="deploy/NAME"):
        check("service/istio-ingressgateway", GATEWAY)
