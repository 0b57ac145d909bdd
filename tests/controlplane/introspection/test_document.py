"""The account of everything: how kinds of gateways are called in it."""

from dataclasses import replace

from pylae.controlplane.introspection.document import gateway_names
from pylae.model.workload import GatewayWorkload

EDGE = GatewayWorkload("edge", "shop", {"istio": "edge"})


def test_a_kind_is_called_by_its_name_and_namespace() -> None:
    home = GatewayWorkload()
    assert gateway_names([home, EDGE]) == {home: "istio-ingressgateway.istio-system", EDGE: "edge.shop"}


def test_labels_and_numbers_tell_apart_what_is_called_the_same() -> None:
    zone, other = replace(EDGE, labels={"istio": "edge", "zone": "b"}), replace(EDGE, bind_address="127.0.0.2")
    assert list(gateway_names([EDGE, zone]).values()) == ["edge.shop (istio=edge)", "edge.shop (istio=edge,zone=b)"]
    assert list(gateway_names([EDGE, other]).values()) == ["edge.shop (istio=edge) #1", "edge.shop (istio=edge) #2"]
