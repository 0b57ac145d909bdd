"""TLS at the gateway: which certificate, which clients, which versions."""

from typing import Any

from google.protobuf.json_format import MessageToDict

from pylae.model.ir.listener import AskedBySni, DownstreamTls, SecretRef
from pylae.xds.tls_context import downstream_tls_context

SERVER, AUTHORITY = SecretRef("kubernetes://webapp"), SecretRef("kubernetes://webapp-cacert")


def context(**more: Any) -> dict[str, Any]:
    message = downstream_tls_context(DownstreamTls((SERVER,), **more))
    document: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    return document


def test_simple_names_the_certificate_and_asks_for_none() -> None:
    assert context() == {
        "require_client_certificate": False,
        "common_tls_context": {
            "alpn_protocols": ["h2", "http/1.1"],
            "tls_certificate_sds_secret_configs": [
                {"name": "kubernetes://webapp", "sds_config": {"ads": {}, "resource_api_version": "V3"}}
            ],
        },
    }


def test_a_certificate_that_is_asked_for_is_named_by_the_client_and_its_sessions_are_not_resumed() -> None:
    message = downstream_tls_context(DownstreamTls(AskedBySni("nobody")))
    document: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    selector = document["common_tls_context"].pop("custom_tls_certificate_selector")["typed_config"]
    assert document == {
        "require_client_certificate": False,
        "common_tls_context": {"alpn_protocols": ["h2", "http/1.1"]},
        "disable_stateless_session_resumption": True,
        "disable_stateful_session_resumption": True,
    }
    assert selector["type_url"].endswith(".cert_selectors.on_demand_secret.v3.Config")
    assert selector["value"]["config_source"] == {"ads": {}, "resourceApiVersion": "V3"}
    mapper = selector["value"]["certificate_mapper"]["typed_config"]
    assert mapper["@type"].endswith(".cert_mappers.sni.v3.SNI")
    assert mapper["default_value"] == "nobody"


def test_mutual_demands_a_certificate_of_the_named_authority() -> None:
    document = context(client_ca=AUTHORITY, require_client_certificate=True)
    assert document["require_client_certificate"] is True
    assert document["common_tls_context"]["combined_validation_context"] == {
        "default_validation_context": {},
        "validation_context_sds_secret_config": {
            "name": "kubernetes://webapp-cacert",
            "sds_config": {"ads": {}, "resource_api_version": "V3"},
        },
    }


def test_an_expected_name_may_be_a_dns_name_a_uri_an_email_or_an_address() -> None:
    document = context(client_ca=AUTHORITY, subject_alt_names=("spiffe://shop/client",))
    matchers = _validation(document)["match_typed_subject_alt_names"]
    assert [matcher["san_type"] for matcher in matchers] == ["DNS", "URI", "EMAIL", "IP_ADDRESS"]
    assert all(matcher["matcher"] == {"exact": "spiffe://shop/client"} for matcher in matchers)


def test_keys_and_hashes_are_pinned_and_an_untrusted_certificate_may_be_let_in() -> None:
    document = context(
        client_ca=AUTHORITY, certificate_spki=("c3BraQ==",), certificate_hashes=("ab" * 32,), accept_untrusted=True
    )
    assert _validation(document) == {
        "verify_certificate_spki": ["c3BraQ=="],
        "verify_certificate_hash": ["ab" * 32],
        "trust_chain_verification": "ACCEPT_UNTRUSTED",
    }


def test_parameters_are_written_only_where_the_user_chose() -> None:
    assert "tls_params" not in context()["common_tls_context"]
    chosen = context(minimum_version="TLSV1_2", cipher_suites=("AES128-SHA",), ecdh_curves=("P-256",))
    assert chosen["common_tls_context"]["tls_params"] == {
        "tls_minimum_protocol_version": "TLSv1_2",
        "cipher_suites": ["AES128-SHA"],
        "ecdh_curves": ["P-256"],
    }
    both = context(minimum_version="TLSV1_0", maximum_version="TLSV1_3")
    assert both["common_tls_context"]["tls_params"] == {
        "tls_minimum_protocol_version": "TLSv1_0",
        "tls_maximum_protocol_version": "TLSv1_3",
    }


def _validation(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["common_tls_context"]["combined_validation_context"]["default_validation_context"]
    return found
