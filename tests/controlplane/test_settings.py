"""What the user asked for, and ports that stay."""

from pathlib import Path

import pytest

from pylae.node.directories import DataDirectory
from pylae.controlplane.settings import Instance, PortMapping, keep_ports, kept_ports


def test_a_mapping_reads_as_host_port_and_gateway_port() -> None:
    assert PortMapping.parse("30443:443") == PortMapping(30443, 443)


@pytest.mark.parametrize("text", ["443", "a:443", "0:443", "80:70000", "80:443:1", "", "-1:80", "²:80"])
def test_what_is_no_mapping_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="30443:443"):
        PortMapping.parse(text)


def test_ports_that_were_bound_once_are_tried_first_ever_after(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path)
    assert kept_ports(data) == Instance()
    keep_ports(data, Instance(40001, 40002))
    assert kept_ports(data) == Instance(40001, 40002)
    assert data.instance.stat().st_mode & 0o077 == 0


def test_a_file_that_cannot_be_read_is_as_none(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path)
    data.instance.write_text("{")
    assert kept_ports(data) == Instance()
