"""The Service of the gateway, and what `-p` does to it."""

from pylae.controlplane.home.household import with_node_ports
from pylae.node.port_mapping import PortMapping

PORTS = [{"name": "https", "port": 443, "targetPort": 8443, "nodePort": 30005}]


def test_a_mapping_changes_the_node_port_and_nothing_else() -> None:
    assert with_node_ports(PORTS, [PortMapping(8443, 443)]) == [{**PORTS[0], "nodePort": 8443}]


def test_a_gateway_port_that_the_service_lacks_is_added() -> None:
    added = with_node_ports(PORTS, [PortMapping(9000, 31400)])[1]
    assert (added["port"], added["targetPort"], added["nodePort"]) == (31400, 31400, 9000)


def test_what_was_there_is_not_changed_in_place() -> None:
    with_node_ports(PORTS, [PortMapping(1, 443)])
    assert PORTS[0]["nodePort"] == 30005
