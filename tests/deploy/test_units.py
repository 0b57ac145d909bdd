"""The systemd units, as systemd itself reads them."""

import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
SERVICES = ["pylae.service", "pylae-gateway.service"]

MOST_EXPOSED = 25
"""Tenths of systemd's measure of exposure, from 0 to 100 of a root without any sandbox."""

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")


@pytest.fixture(params=SERVICES)
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The unit, of a Pylae that is installed."""
    path = tmp_path / request.param
    path.write_text((UNITS / request.param).read_text().replace("/opt/pylae/bin/pylae", "/bin/true"))
    return path


def service(name: str) -> dict[str, str]:
    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(UNITS / name)
    return dict(parser["Service"])


@needs_systemd
def test_systemd_understands_every_line(unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
def test_the_sandbox_is_tight(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", SERVICES)
def test_envoy_outlives_a_crash_and_not_a_stop(name: str) -> None:
    settings = service(name)
    assert settings["KillMode"] == "process"
    assert settings["OOMPolicy"] == "continue"
    assert settings["Restart"] == "on-failure"
    assert "success|timeout) exec /opt/pylae/bin/pylae down" in settings["ExecStopPost"]


@pytest.mark.parametrize("name", SERVICES)
def test_there_is_no_root_and_no_right_but_to_bind_443(name: str) -> None:
    settings = service(name)
    assert settings["User"] == "pylae"
    assert settings["AmbientCapabilities"] == settings["CapabilityBoundingSet"] == "CAP_NET_BIND_SERVICE"
