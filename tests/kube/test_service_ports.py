"""A document's ports, completed with what the server gave to those of the same number and protocol."""

from typing import Any

import pytest

from pylae.kube.service_ports import with_given_ports

Json = dict[str, Any]


def service(*ports: Json) -> Json:
    return {"spec": {"ports": list(ports)}}


CASES = [
    (
        "a port that stays keeps its node port",
        service({"port": 80}),
        service({"port": 80, "protocol": "TCP", "nodePort": 30001}),
        service({"port": 80}),
        service({"port": 80, "protocol": "TCP", "nodePort": 30001}),
    ),
    (
        "what the document says wins",
        service({"port": 80}),
        service({"port": 80, "nodePort": 30001}),
        service({"port": 80, "nodePort": 30002}),
        service({"port": 80, "nodePort": 30002}),
    ),
    (
        "what was applied and is wanted no more is not brought back",
        service({"port": 80, "nodePort": 30001}),
        service({"port": 80, "protocol": "TCP", "nodePort": 30001}),
        service({"port": 80}),
        service({"port": 80, "protocol": "TCP"}),
    ),
    (
        "another protocol is another port",
        service(),
        service({"port": 53, "protocol": "TCP", "nodePort": 30001}),
        service({"port": 53, "protocol": "UDP"}),
        service({"port": 53, "protocol": "UDP"}),
    ),
    (
        "the order of the document counts",
        service(),
        service({"port": 80, "nodePort": 1}, {"port": 443, "nodePort": 2}),
        service({"port": 443}, {"port": 80}),
        service({"port": 443, "nodePort": 2}, {"port": 80, "nodePort": 1}),
    ),
    ("a Service without ports stays so", {}, service({"port": 80}), {"spec": {}}, {"spec": {}}),
    (
        "ports that are none are left to the server",
        {},
        service({"port": 80}),
        {"spec": {"ports": 1}},
        {"spec": {"ports": 1}},
    ),
]


@pytest.mark.parametrize(
    ("last_applied", "current", "wanted", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_ports_are_completed(last_applied: Json, current: Json, wanted: Json, expected: Json) -> None:
    assert with_given_ports(last_applied, current, wanted) == expected
