"""What the user asked for, and ports that stay."""

import json
import socket
from pathlib import Path

import pytest
from world import free_port

from pylae.controlplane.directories import DataDirectory
from pylae.controlplane.settings import Instance, PortMapping, instance


def test_a_mapping_reads_as_host_port_and_gateway_port() -> None:
    assert PortMapping.parse("30443:443") == PortMapping(30443, 443)


@pytest.mark.parametrize("text", ["443", "a:443", "0:443", "80:70000", "80:443:1", "", "-1:80", "²:80"])
def test_what_is_no_mapping_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="30443:443"):
        PortMapping.parse(text)


def test_the_ports_of_a_data_directory_stay_the_same(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path)
    data.instance.write_text(json.dumps({"apiPort": free_port(), "telemetryPort": free_port()}))
    before = data.instance.read_text()
    kept = json.loads(before)
    assert instance(data) == Instance(kept["apiPort"], kept["telemetryPort"])
    assert data.instance.read_text() == before


def test_a_port_that_was_taken_meanwhile_is_replaced_and_the_new_one_kept(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        data.instance.write_text(json.dumps({"apiPort": taken, "telemetryPort": free_port()}))
        chosen = instance(data)
    assert chosen.api_port != taken
    assert json.loads(data.instance.read_text())["apiPort"] == chosen.api_port
