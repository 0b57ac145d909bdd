"""The chart, by a real helm."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

Json = dict[str, Any]

CHART = str(Path(__file__).parents[2] / "deploy" / "chart" / "pylae")

MANY = """
image: {repository: registry.example/pylae, digest: "sha256:%s", pullSecrets: [registry]}
revision: canary
class: edge
conditions: always
meshConfig: {accessLogFile: /dev/stdout}
controlPlane:
  networkPolicy: {gatewaysElsewhere: [192.0.2.0/24]}
gatewayDefaults:
  nodeSelector: {disk: ssd}
gateways:
  - name: istio-ingressgateway
  - name: internal
    namespace: edge
    labels: {istio: internal}
    replicas: 3
    autoscaling: {enabled: false}
    service: {type: ClusterIP, ports: [{name: https, port: 443, targetPort: 8443}]}
""" % ("0" * 64)


@pytest.fixture
def many(helm: str, tmp_path: Path) -> list[Json]:
    values = tmp_path / "values.yaml"
    values.write_text(MANY)
    return template(helm, "-f", str(values))


def template(helm: str, *arguments: str) -> list[Json]:
    done = helm_says(helm, "template", "pylae", CHART, "-n", "pylae-system", *arguments)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def helm_says(helm: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([helm, *arguments], capture_output=True, text=True, check=False)


def find(documents: list[Json], kind: str, name: str) -> Json:
    return next(item for item in documents if (item["kind"], item["metadata"]["name"]) == (kind, name))


def arguments(deployment: Json) -> list[str]:
    found: list[str] = deployment["spec"]["template"]["spec"]["containers"][0]["args"]
    return found


def test_helm_finds_nothing_to_complain_of(helm: str) -> None:
    done = helm_says(helm, "lint", "--strict", CHART)
    assert done.returncode == 0, done.stdout


def test_several_kinds_of_gateway_hang_on_one_control_plane(many: list[Json]) -> None:
    internal = find(many, "Deployment", "internal")
    assert "--control-plane=pylae-canary.pylae-system.svc:15013" in arguments(internal)
    assert "--labels=istio=internal" in arguments(internal)
    assert internal["metadata"]["namespace"] == "edge"
    assert internal["spec"]["replicas"] == 3
    assert find(many, "Service", "internal")["spec"]["type"] == "ClusterIP"
    assert "--labels=app=istio-ingressgateway,istio=ingressgateway" in arguments(
        find(many, "Deployment", "istio-ingressgateway")
    )


def test_what_all_gateways_have_is_said_once(many: list[Json]) -> None:
    for name in ("internal", "istio-ingressgateway"):
        assert find(many, "Deployment", name)["spec"]["template"]["spec"]["nodeSelector"] == {"disk": "ssd"}


def test_secrets_are_read_where_there_are_gateways_and_nowhere_else(many: list[Json]) -> None:
    readers = [
        item["metadata"]["namespace"]
        for item in many
        if item["kind"] in ("Role", "ClusterRole") and reads_secrets(item["rules"])
    ]
    assert sorted(readers) == ["edge", "istio-system"]


def reads_secrets(rules: list[Json]) -> bool:
    return any("secrets" in rule["resources"] and "list" in rule["verbs"] for rule in rules)


def test_autoscaling_and_a_number_of_replicas_exclude_each_other(many: list[Json]) -> None:
    scaled = [item["metadata"]["name"] for item in many if item["kind"] == "HorizontalPodAutoscaler"]
    assert scaled == ["istio-ingressgateway"]
    assert "replicas" not in find(many, "Deployment", "istio-ingressgateway")["spec"]


def test_a_revision_has_names_of_its_own(many: list[Json]) -> None:
    assert {"--revision=canary", "--class=edge", "--conditions=always"} <= set(
        arguments(find(many, "Deployment", "pylae-canary"))
    )


def test_the_mesh_configuration_is_istios_config_map(many: list[Json]) -> None:
    mesh = find(many, "ConfigMap", "istio")["data"]["mesh"]
    assert yaml.safe_load(mesh) == {"accessLogFile": "/dev/stdout"}


def test_gateways_elsewhere_get_through_to_the_port_for_certificates(many: list[Json]) -> None:
    rules = find(many, "NetworkPolicy", "pylae-canary")["spec"]["ingress"]
    (sources,) = (rule["from"] for rule in rules if rule["ports"][0]["port"] == "xds")
    assert sources == [{"ipBlock": {"cidr": "192.0.2.0/24"}}]


def test_an_image_is_named_by_its_digest_where_there_is_one(many: list[Json]) -> None:
    container = find(many, "Deployment", "internal")["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == f"registry.example/pylae@sha256:{'0' * 64}"


@pytest.mark.parametrize(
    "setting",
    [
        "image.repo=x",
        "gateways[0].nam=x",
        "gateways[0].name=Upper",
        "gatewayDefaults.service.type=Ingress",
        "gatewayDefaults.service.ports[0].targetPort=80",
        "conditions=sometimes",
        "controlPlane.replicas=many",
    ],
)
def test_what_is_misspelt_is_refused(helm: str, setting: str) -> None:
    done = helm_says(helm, "template", "pylae", CHART, "--set", setting)
    assert done.returncode != 0
    assert "schema" in done.stderr
