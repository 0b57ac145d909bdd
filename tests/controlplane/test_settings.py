"""What the user asked for, and ports that stay."""

from pathlib import Path

from pylae.controlplane.settings import Instance, keep_ports, kept_ports
from pylae.node.directories import DataDirectory


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
