"""What the user asked for, and ports that stay."""

import socket
from pathlib import Path

import pytest

from pylae.controlplane.directories import DataDirectory
from pylae.controlplane.settings import PortMapping, instance


def test_a_mapping_reads_as_host_port_and_gateway_port() -> None:
    assert PortMapping.parse("30443:443") == PortMapping(30443, 443)


@pytest.mark.parametrize("text", ["443", "a:443", "0:443", "80:70000", "80:443:1", "", "-1:80", "²:80"])
def test_what_is_no_mapping_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="30443:443"):
        PortMapping.parse(text)


def test_the_ports_of_a_data_directory_stay_the_same(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path)
    assert instance(data) == instance(data)


def test_a_port_that_was_taken_meanwhile_is_replaced_and_the_new_one_kept(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path)
    before = instance(data)
    with socket.socket() as other:
        other.bind(("127.0.0.1", before.api_port))
        other.listen()
        after = instance(data)
    assert after.api_port != before.api_port
    assert instance(data) == after
