"""`pylae gateway`: what may be asked of it, and how it shows itself."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click import unstyle
from click.testing import CliRunner

from pylae.cli.gateway import gateway
from pylae.cli.gateway_status import render

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, ...]:
    for name in ("ca.crt", "tls.crt", "tls.key", "token"):
        (tmp_path / name).touch()
    return ("--ca", f"{tmp_path}/ca.crt", "--data-dir", f"{tmp_path}/data")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--control-plane", "a:0"), "HOST:PORT, such as control.example:15012"),
        (("--control-plane", "https://a:1"), "HOST:PORT"),
        (("--control-plane", "a:1", "-l", "istio"), "KEY=VALUE"),
        (("--control-plane", "a:1", "--telemetry", "15020"), "ADDRESS:PORT"),
        (("--control-plane", "a:1", "--serve-stored-for", "5"), "not a duration"),
        (("--control-plane", "a:1", "--serve-stored-for", "-5s"), "cannot be negative"),
        (("--control-plane", "a:1", "-p", "443"), "HOSTPORT:GATEWAYPORT"),
        ((), "--control-plane"),
    ],
)
def test_what_cannot_be_meant_is_told_before_anything_starts(
    files: tuple[str, ...], options: tuple[str, ...], words: str
) -> None:
    result = CliRunner().invoke(gateway, [*files, *options])
    assert result.exit_code == 2
    assert words in " ".join(result.output.replace("│", "").split())


@pytest.mark.parametrize("proof", [(), ("certificate",), ("key",), ("certificate", "key", "token-file")])
def test_it_shows_a_certificate_or_a_token(files: tuple[str, ...], tmp_path: Path, proof: tuple[str, ...]) -> None:
    names = {"certificate": "tls.crt", "key": "tls.key", "token-file": "token"}
    shown = [word for option in proof for word in (f"--{option}", f"{tmp_path}/{names[option]}")]
    result = CliRunner().invoke(gateway, [*files, "--control-plane", "a:1", *shown])
    assert "either --certificate and --key, or --token-file" in result.output


def told(**facts: Any) -> dict[str, Any]:
    return {
        "version": "0.1.0",
        "program": "gateway",
        "ready": True,
        "gateway": {
            "name": "front-1", "namespace": "edge", "labels": {"istio": "edge", "zone": "a"}, "bind": "0.0.0.0",
            "pid": 4708, "memory": 78_000_000,
        },
        "controlPlane": {"address": "one:15012", "seconds": 240.0, "known": ["one:15012", "two:15012"], "reasons": {}},
        "stored": {"resources": {"LDS": 2, "RDS": 1, "CDS": 5, "EDS": 5, "SRDS": 0, "SDS": 3}, "age": 1.0},
        "certificate": {"notAfter": "2026-12-23T00:00:00Z"},
        "telemetry": {"address": "http://127.0.0.1:15020"},
        "envoy": {"version": "1.40.0", "pid": 4711, "memory": 71_000_000, "uptime": 240.0},
        **facts,
    }  # fmt: skip


def page(**facts: Any) -> str:
    return unstyle(render(told(**facts), NOW))


def test_a_gateway_that_has_joined() -> None:
    assert page() == (
        "Gateway         edge/front-1  istio=edge, zone=a\n"
        "Control plane   one:15012, for 4m\n"
        "Configuration   2 listeners, 1 route configuration, 5 clusters, 3 secrets\n"
        "Certificate     ends in 29 days\n"
        "Telemetry       http://127.0.0.1:15020\n"
        "\n"
        "Envoy 1.40.0, pid 4711, 71 MB, serves · gateway pid 4708, 78 MB"
    )


def test_a_gateway_that_no_control_plane_has_says_why_and_how_old_it_is() -> None:
    reasons = {"one:15012": "it refuses connections", "two:15012": "it does not answer"}
    link = {"address": None, "seconds": 7300.0, "known": ["one:15012", "two:15012"], "reasons": reasons}
    stored = {"resources": {"LDS": 1}, "age": 7300.0}
    shown = page(controlPlane=link, stored=stored, certificate={"notAfter": None})
    assert "Control plane   none for 2h; asked: one:15012, two:15012\n" in shown
    assert "                one:15012: it refuses connections\n" in shown
    assert "Configuration   1 listener; stored 2h ago\n" in shown
    assert "Certificate" not in shown


def test_a_gateway_that_has_nothing_yet() -> None:
    stored = {"resources": {}, "age": None}
    shown = page(stored=stored, ready=False, envoy={"version": "1.40.0", "pid": None, "memory": None})
    assert "Configuration   nothing yet\n" in shown
    assert shown.endswith("Envoy 1.40.0, does not run · gateway pid 4708, 78 MB")
