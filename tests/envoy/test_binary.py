"""Where Envoy is found, and what is said if it is not."""

from pathlib import Path

import pytest

from pylae.envoy.binary import Binary, BinaryError, find


def script(directory: Path, text: str) -> Path:
    path = directory / "envoy"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.mark.real
def test_the_wheels_envoy_is_found_whatever_package_owns_its_name() -> None:
    found = find()
    assert found.version == "1.40.0"
    assert found.tested
    assert found.path.name == "envoy"
    assert found.path.stat().st_size > 10_000_000


def test_another_envoy_may_be_named_and_says_its_version(tmp_path: Path) -> None:
    path = script(tmp_path, "echo 'envoy  version: 0123abc/1.41.2-dev/Modified/RELEASE/BoringSSL'")
    assert find(path) == Binary(path, "1.41.2")
    assert not find(path).tested


def test_a_file_that_is_not_there_or_not_executable_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(BinaryError, match="cannot be executed"):
        find(tmp_path / "envoy")
    path = script(tmp_path, "")
    path.chmod(0o644)
    with pytest.raises(BinaryError, match="cannot be executed"):
        find(path)


def test_a_program_that_is_no_envoy_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(BinaryError, match="does not answer as Envoy does"):
        find(script(tmp_path, "echo nginx version: nginx/1.22"))
    with pytest.raises(BinaryError, match="Is it an Envoy for this machine"):
        find(script(tmp_path, "exit 3"))
