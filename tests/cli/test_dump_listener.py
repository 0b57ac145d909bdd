from typing import Any

import pytest

from pylae.cli.dump.listener import destination, match

Json = dict[str, Any]


def filters(message: str, **config: object) -> Json:
    return {"filters": [{"typed_config": {"@type": f"type.googleapis.com/envoy.{message}", **config}}]}


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({}, "ALL"),
        ({"server_names": ["a.io", "b.io"]}, "SNI: a.io,b.io"),
        ({"transport_protocol": "tls", "application_protocols": ["h2"]}, "Trans: tls; App: h2"),
        (
            {"prefix_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}], "destination_port": 443},
            "Addr: 10.0.0.0/8:443",
        ),
        ({"destination_port": 443}, "Addr: *:443"),
    ],
)
def test_what_a_chain_asks_of_a_connection(asked: Json, text: str) -> None:
    assert match({"filter_chain_match": asked}) == text


@pytest.mark.parametrize(
    ("chain", "text"),
    [
        (filters("v3.HttpConnectionManager", rds={"route_config_name": "http.8080"}), "Route: http.8080"),
        (
            filters(
                "v3.HttpConnectionManager",
                route_config={
                    "virtual_hosts": [{"routes": [{"match": {"prefix": "/healthz"}}, {"match": {"path": "/x"}}]}]
                },
            ),
            "Inline Route: /healthz*, /x",
        ),
        (filters("v3.TcpProxy", cluster="outbound|80||a"), "Cluster: outbound|80||a"),
        (filters("v3.TcpProxy", cluster="PassthroughCluster"), "PassthroughCluster"),
        (filters("v3.TcpProxy", weighted_clusters={"clusters": [{"name": "a"}, {"name": "b"}]}), "Cluster: a, b"),
        (filters("v3.MongoProxy"), "Non-HTTP/Non-TCP"),
    ],
)
def test_where_a_chain_sends_its_traffic(chain: Json, text: str) -> None:
    assert destination(chain) == text
