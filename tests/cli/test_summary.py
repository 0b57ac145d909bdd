from pathlib import Path
from typing import Any

from click import unstyle

from pylae.cli.summary import render, short
from pylae.node.directories import DataDirectory

DATA = DataDirectory.at("/var/lib/pylae")


def told(**facts: Any) -> dict[str, Any]:
    return {
        "version": "0.1.0",
        "envoy": {"version": "1.40.0"},
        "api": {"address": "https://127.0.0.1:16443"},
        "ports": [{"address": "127.0.0.1:30005", "port": 443, "protocol": "HTTPS", "message": ""}],
        "files": [],
        "findings": [],
        **facts,
    }


def page(**facts: Any) -> str:
    return unstyle(render(told(**facts), DATA))


def test_it_says_what_listens_where_and_how_kubectl_gets_in() -> None:
    assert page().splitlines() == [
        "Pylae 0.1.0 · Envoy 1.40.0 · data in /var/lib/pylae",
        "",
        "  Kubernetes API  https://127.0.0.1:16443     export KUBECONFIG=/var/lib/pylae/kubeconfig",
        "  HTTPS           127.0.0.1:30005 → port 443",
    ]


def test_files_are_counted_and_each_refusal_has_its_line() -> None:
    refusal = {"where": "shop/broken.yaml:9", "message": 'Gateway shop/front: duplicate name "https"'}
    shown = page(files=[{"path": "shop", "applied": 4, "refused": [refusal]}])
    assert "  Files           shop  4 applied, 1 refused (watched)" in shown
    assert 'shop/broken.yaml:9  refused  Gateway shop/front: duplicate name "https"' in shown


def test_a_port_that_is_taken_says_so_in_place_of_what_it_serves() -> None:
    sentence = "127.0.0.1:30005 is taken by nginx (pid 812), so nothing is served there."
    port = {"address": "127.0.0.1:30005", "port": 443, "protocol": "HTTPS", "message": sentence}
    assert f"  HTTPS           {sentence}" in page(ports=[port])


def test_before_the_first_gateway_it_says_what_is_waited_for() -> None:
    assert "  Gateway         none yet: kubectl apply -f FILE" in page(ports=[])


def test_paths_in_the_home_directory_are_written_short() -> None:
    home = Path("/home/ada")
    assert short(Path("/home/ada/.local/state/pylae"), home) == "~/.local/state/pylae"
    assert short(Path("/home/adam/x"), home) == "/home/adam/x"
    assert short(Path("/var/lib/pylae"), Path("/")) == "/var/lib/pylae"
