"""What is promised of the plain manifests, and that they are what the chart and the types make today."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pylae.kube.rights import Where, rules

Json = dict[str, Any]


def test_the_kinds_are_those_of_the_types(generate: ModuleType) -> None:
    assert generate.DEFINITIONS.read_text() == generate.crds(), "run: python deploy/generate.py"


def test_the_charts_roles_are_those_of_the_table(generate: ModuleType) -> None:
    assert generate.ROLES.read_text() == generate.roles(), "run: python deploy/generate.py"


def test_the_documents_rights_are_those_of_the_table(generate: ModuleType) -> None:
    text = generate.DOCUMENT.read_text()
    assert generate.HEAD in text
    assert text == generate.document(text), "run: python deploy/generate.py"


def test_the_manifests_are_the_charts(generate: ModuleType, helm: str) -> None:
    assert generate.MANIFESTS.read_text() == generate.manifests(helm), "run: python deploy/generate.py"


def test_the_manifests_have_these_very_kinds(generate: ModuleType) -> None:
    assert generate.MANIFESTS.read_text().startswith(generate.crds())


ROLES = {"pylae-pylae-system": Where.CLUSTER, "pylae": Where.OWN, "pylae-pylae-system-gateways": Where.GATEWAYS}


def test_the_rights_are_those_that_are_asked_for_and_no_others(manifests: list[Json]) -> None:
    roles = {item["metadata"]["name"]: item for item in manifests if item["kind"] in ("Role", "ClusterRole")}
    assert roles.keys() == ROLES.keys()
    for name, where in ROLES.items():
        assert sorted(map(spelled, roles[name]["rules"])) == sorted(map(spelled, rules(where)))


def test_rights_everywhere_do_not_include_secrets(manifests: list[Json]) -> None:
    (everywhere,) = (item for item in manifests if item["kind"] == "ClusterRole")
    assert all("secrets" not in rule["resources"] for rule in everywhere["rules"])


def test_the_authority_lies_where_there_is_no_gateway(manifests: list[Json]) -> None:
    places = {
        item["metadata"]["name"]: item["metadata"]["namespace"] for item in manifests if item["kind"] == "Deployment"
    }
    assert places == {"pylae": "pylae-system", "istio-ingressgateway": "istio-system"}


def test_gateways_have_no_rights_and_no_token_for_the_api(manifests: list[Json]) -> None:
    bound = {
        subject["name"]
        for item in manifests
        if item["kind"] in ("RoleBinding", "ClusterRoleBinding")
        for subject in item["subjects"]
    }
    assert bound == {"pylae"}
    assert deployment(manifests, "istio-ingressgateway")["automountServiceAccountToken"] is False


@pytest.mark.parametrize("name", ["pylae", "istio-ingressgateway"])
def test_pods_are_hardened(manifests: list[Json], name: str) -> None:
    """The restricted profile of Kubernetes' pod security standards, and a root filesystem that nobody writes."""
    pod = deployment(manifests, name)
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    writable = {volume["name"] for volume in pod["volumes"] if "emptyDir" in volume}
    assert {mount["name"] for mount in container["volumeMounts"] if not mount.get("readOnly")} == writable
    assert all("hostPath" not in volume for volume in pod["volumes"])


@pytest.mark.parametrize("name", ["pylae", "istio-ingressgateway"])
def test_pods_are_probed_and_have_their_share_of_a_machine(manifests: list[Json], name: str) -> None:
    (container,) = deployment(manifests, name)["containers"]
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "telemetry"}
    assert container["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "telemetry"}
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}


def test_a_gateway_proves_itself_by_a_token_that_is_good_for_pylae_alone(manifests: list[Json]) -> None:
    (token,) = (
        source["serviceAccountToken"]
        for volume in deployment(manifests, "istio-ingressgateway")["volumes"]
        for source in volume.get("projected", {}).get("sources", ())
    )
    assert token == {"audience": "pylae", "expirationSeconds": 3600, "path": "token"}


def test_a_gateway_has_time_to_drain(manifests: list[Json]) -> None:
    pod = deployment(manifests, "istio-ingressgateway")
    (container,) = pod["containers"]
    delay = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] >= delay + 60


def test_only_gateways_reach_the_control_plane(manifests: list[Json]) -> None:
    (policy,) = (item["spec"] for item in named(manifests, "NetworkPolicy", "pylae"))
    reachable = {rule["ports"][0]["port"]: rule.get("from") for rule in policy["ingress"]}
    (gateways,) = reachable.pop("xds-tokens")
    assert gateways["podSelector"]["matchLabels"] == {"app": "istio-ingressgateway", "istio": "ingressgateway"}
    assert gateways["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "istio-system"}
    assert reachable == {"telemetry": None}


def test_selectors_select_the_pods(manifests: list[Json]) -> None:
    for kind in ("Service", "PodDisruptionBudget", "Deployment"):
        for item in manifests:
            if item["kind"] == kind:
                selector = item["spec"]["selector"].get("matchLabels", item["spec"]["selector"])
                labels = next(named(manifests, "Deployment", item["metadata"]["name"]))["spec"]["template"]["metadata"]
                assert selector.items() <= labels["labels"].items()


def test_nothing_says_that_helm_manages_it(generate: ModuleType) -> None:
    assert "Helm" not in Path(generate.MANIFESTS).read_text()


def named(manifests: list[Json], kind: str, name: str) -> Iterator[Json]:
    return (item for item in manifests if (item["kind"], item["metadata"]["name"]) == (kind, name))


def deployment(manifests: list[Json], name: str) -> Json:
    """The pods of a Deployment."""
    return next(named(manifests, "Deployment", name))["spec"]["template"]["spec"]


def spelled(rule: Json) -> str:
    return json.dumps(rule, sort_keys=True)
