"""The marks on fields that are not honoured yet, and the paths that warnings name."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from pylae.api.core import Service
from pylae.api.destination_rule import DestinationRule
from pylae.api.gateway import Gateway
from pylae.api.honour import NOT_YET, not_honoured
from pylae.api.service_entry import ServiceEntry
from pylae.api.virtual_service import VirtualService
from pylae.api.workload_entry import WorkloadEntry


def test_a_marked_field_is_named_by_its_path() -> None:
    http = [{"route": []}, {"fault": {"delay": {"fixedDelay": "5s"}}, "mirror": {"host": "shadow"}, "timeout": "1s"}]
    found = not_honoured(VirtualService, {"spec": {"http": http}})
    assert found == ("spec.http[1].fault", "spec.http[1].mirror")


def test_a_marked_field_within_a_list_within_a_list_is_found() -> None:
    matches = [{"port": 80}, {"sourceLabels": {"app": "web"}, "sourceNamespace": "shop"}]
    assert not_honoured(VirtualService, {"spec": {"tcp": [{"match": matches}]}}) == (
        "spec.tcp[0].match[1].sourceLabels",
        "spec.tcp[0].match[1].sourceNamespace",
    )


def test_both_spellings_of_mirror_percent_are_named_as_they_were_written() -> None:
    http = [{"mirror_percent": 1}, {"mirrorPercent": 0}]
    found = not_honoured(VirtualService, {"spec": {"http": http}})
    assert found == ("spec.http[0].mirror_percent", "spec.http[1].mirrorPercent")


def test_a_field_that_says_nothing_draws_no_warning() -> None:
    http: dict[str, Any] = {"fault": None, "mirrors": [], "corsPolicy": {}}
    assert not_honoured(VirtualService, {"spec": {"http": [http]}}) == ()
    assert not_honoured(Gateway, {"spec": {"servers": [{"defaultEndpoint": "", "tls": None}]}}) == ()


def test_each_kind_has_its_marks() -> None:
    cases: tuple[tuple[type, dict[str, Any], tuple[str, ...]], ...] = (
        (
            Gateway,
            {"spec": {"servers": [{"name": "a", "defaultEndpoint": "127.0.0.1:80", "tls": {"caCrl": "/crl.pem"}}]}},
            ("spec.servers[0].tls.caCrl", "spec.servers[0].defaultEndpoint"),
        ),
        (
            ServiceEntry,
            {"spec": {"hosts": ["a.b"], "exportTo": ["."], "location": "MESH_EXTERNAL", "addresses": ["192.0.2.1"]}},
            ("spec.addresses", "spec.location"),
        ),
        (
            ServiceEntry,
            {
                "spec": {
                    "workloadSelector": {"labels": {"a": "b"}},
                    "subjectAltNames": ["a"],
                    "endpoints": [{"weight": 1}],
                }
            },
            ("spec.workloadSelector", "spec.subjectAltNames"),
        ),
        (
            DestinationRule,
            {"spec": {"host": "a", "exportTo": ["."], "trafficPolicy": {"tls": {}}, "subsets": [{"name": "v1"}]}},
            ("spec.trafficPolicy", "spec.subsets"),
        ),
        (WorkloadEntry, {"spec": {"address": "192.0.2.1"}}, ("spec",)),
        (
            VirtualService,
            {"spec": {"tls": [{"match": [{"sniHosts": ["a.b"], "destinationSubnets": ["192.0.2.0/24"]}]}]}},
            ("spec.tls[0].match[0].destinationSubnets",),
        ),
        (
            VirtualService,
            {"spec": {"tcp": [{"match": [{"port": 1, "sourceSubnet": "192.0.2.0/24"}]}]}},
            ("spec.tcp[0].match[0].sourceSubnet",),
        ),
        (Service, {"spec": {"type": "LoadBalancer", "loadBalancerIP": "192.0.2.1"}}, ()),
    )
    for kind, value, paths in cases:
        assert not_honoured(kind, value) == paths


def test_values_of_the_wrong_shape_are_nothing_to_warn_of() -> None:
    specs: tuple[Any, ...] = (None, [], "text", {"http": {"fault": 1}}, {"http": [1, None, "x"]}, {"hosts": 5})
    for spec in specs:
        assert not_honoured(VirtualService, {"spec": spec}) == ()


class Inner(Struct):
    old: Annotated[int, Meta(description="x", extra=NOT_YET)] = 0


class Outer(Struct):
    by_name: dict[str, Inner] = {}


def test_a_marked_field_within_a_map_is_named_with_its_key() -> None:
    assert not_honoured(Outer, {"by_name": {"a": {"old": 1}}}) == ("by_name[a].old",)
