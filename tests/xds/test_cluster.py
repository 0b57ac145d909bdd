"""Clusters, their endpoints, and secrets in Envoy's words."""

from datetime import timedelta

from picture import certificate, cluster, decoded, endpoints

from pylae.model.ir.cluster import Discovery, Endpoint, Endpoints
from pylae.model.ir.secret import TlsCertificate, TrustedCa
from pylae.xds.cluster import HTTP_PROTOCOL_OPTIONS, emit_cluster
from pylae.xds.endpoint import emit_endpoints, empty_endpoints
from pylae.xds.resource import Type
from pylae.xds.secret import emit_secret

NAME = "outbound|80||webapp"
HOST = "outbound|80||webapp.shop.svc.cluster.local"


def test_a_cluster_has_istios_defaults_and_asks_for_its_endpoints() -> None:
    resource = emit_cluster(cluster(NAME))
    unlimited = 4294967295
    assert decoded(resource) == {
        "name": NAME,
        "alt_stat_name": f"{NAME};",
        "type": "EDS",
        "connect_timeout": "10s",
        "lb_policy": "LEAST_REQUEST",
        "per_connection_buffer_limit_bytes": 262144,
        "eds_cluster_config": {
            "service_name": NAME,
            "eds_config": {"ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"},
        },
        "common_lb_config": {"healthy_panic_threshold": {}},
        "circuit_breakers": {
            "thresholds": [
                {
                    "max_connections": unlimited,
                    "max_pending_requests": unlimited,
                    "max_requests": unlimited,
                    "max_retries": unlimited,
                }
            ]
        },
        "metadata": {
            "filter_metadata": {"istio": {"services": [{"host": HOST, "name": "shop-gateway", "namespace": "shop"}]}}
        },
    }
    assert resource.needs == ((Type.ENDPOINT, NAME),)
    assert resource.awaits_endpoints


def test_http2_is_spoken_where_the_port_says_so() -> None:
    document = decoded(emit_cluster(cluster(NAME, http2=True)))
    [(key, options)] = document["typed_extension_protocol_options"].items()
    assert key == HTTP_PROTOCOL_OPTIONS
    windows = {"initial_stream_window_size": 262144, "initial_connection_window_size": 1048576}
    assert options["explicit_http_config"] == {"http2_protocol_options": windows}


def test_clusters_of_hosts_on_demand_are_counted_as_one_and_keep_no_connection_for_long() -> None:
    for http2 in (False, True):
        document = decoded(emit_cluster(cluster(NAME, counted=False, http2=http2)))
        assert document["alt_stat_name"] == "on-demand;"
        options = document["typed_extension_protocol_options"][HTTP_PROTOCOL_OPTIONS]
        assert options["common_http_protocol_options"] == {"idle_timeout": "15s"}
        assert list(options["explicit_http_config"]) == [f"http{'2' * http2}_protocol_options"]


def test_names_are_resolved_by_envoy_to_all_addresses_or_to_the_first() -> None:
    one = (Endpoint("api.test", 443),)
    strict = emit_cluster(cluster(NAME, discovery=Discovery.STRICT_DNS, endpoints=one))
    logical = decoded(emit_cluster(cluster(NAME, discovery=Discovery.LOGICAL_DNS, endpoints=one)))
    dns = decoded(strict)["cluster_type"]["typed_config"]
    assert (dns["dns_refresh_rate"], dns["dns_jitter"], dns["respect_dns_ttl"]) == ("60s", "0.100s", True)
    assert logical["cluster_type"]["typed_config"]["all_addresses_in_single_endpoint"] is True
    assert logical["load_assignment"]["cluster_name"] == NAME
    assert not strict.awaits_endpoints


def test_a_connect_timeout_of_ones_own() -> None:
    resource = emit_cluster(cluster(NAME, connect_timeout=timedelta(milliseconds=250)))
    assert decoded(resource)["connect_timeout"] == "0.250s"


def test_endpoints_are_told_with_their_health_and_weight() -> None:
    two = (Endpoint("10.0.0.1", 8080), Endpoint("fd00::1", 8080, healthy=False, weight=3))
    assert decoded(emit_endpoints(Endpoints(NAME, two))) == {
        "cluster_name": NAME,
        "endpoints": [
            {
                "lb_endpoints": [
                    {
                        "endpoint": {"address": {"socket_address": {"address": "10.0.0.1", "port_value": 8080}}},
                        "health_status": "HEALTHY",
                        "load_balancing_weight": 1,
                    },
                    {
                        "endpoint": {"address": {"socket_address": {"address": "fd00::1", "port_value": 8080}}},
                        "health_status": "UNHEALTHY",
                        "load_balancing_weight": 3,
                    },
                ],
                "load_balancing_weight": 4,
            }
        ],
    }


def test_a_cluster_that_nobody_knows_has_no_endpoints() -> None:
    assert decoded(empty_endpoints(NAME)) == {"cluster_name": NAME}
    assert empty_endpoints(NAME).version == emit_endpoints(endpoints(NAME)).version


def test_a_certificate_goes_with_its_key_and_its_staple() -> None:
    shown = certificate("kubernetes://webapp", "webapp.test")
    stapled = TlsCertificate(shown.name, shown.chain, shown.key, b"ocsp")
    assert decoded(emit_secret(shown))["tls_certificate"].keys() == {"certificate_chain", "private_key"}
    assert decoded(emit_secret(stapled))["tls_certificate"]["ocsp_staple"] == {"inline_bytes": "b2NzcA=="}


def test_an_authority_goes_with_its_revocations() -> None:
    assert decoded(emit_secret(TrustedCa("kubernetes://webapp-cacert", b"ca", b"crl"))) == {
        "name": "kubernetes://webapp-cacert",
        "validation_context": {"trusted_ca": {"inline_bytes": "Y2E="}, "crl": {"inline_bytes": "Y3Js"}},
    }
    assert "crl" not in decoded(emit_secret(TrustedCa("ca", b"ca")))["validation_context"]


def test_a_key_is_in_no_representation_of_its_resource() -> None:
    resource = emit_secret(certificate("kubernetes://webapp", "webapp.test"))
    assert b"PRIVATE KEY" in resource.body
    assert "PRIVATE KEY" not in repr(resource)
    assert len(repr(resource)) < 250
