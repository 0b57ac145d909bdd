"""What `-p` says."""

import pytest

from pylae.node.port_mapping import PortMapping


def test_a_mapping_reads_as_host_port_and_gateway_port() -> None:
    assert PortMapping.parse("30443:443") == PortMapping(30443, 443)


@pytest.mark.parametrize("text", ["443", "a:443", "0:443", "80:70000", "80:443:1", "", "-1:80", "²:80"])
def test_what_is_no_mapping_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="30443:443"):
        PortMapping.parse(text)
