"""What a user takes from the embedded server to a cluster."""

from pathlib import Path
from typing import Any

import pytest

from pylae.api.meta import ObjectRef
from pylae.kube.apply import apply
from pylae.kube.client import Client
from pylae.kube.export import Wanted, export
from pylae.kube.manifest import read

GATEWAYS_SERVICE = ObjectRef("Service", "istio-system", "istio-ingressgateway")
WANTED = Wanted(GATEWAYS_SERVICE)

APPLIED = b"""
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: web}}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [shop.example],
             tls: {mode: SIMPLE, credentialName: shop}}]
---
apiVersion: v1
kind: Secret
metadata: {name: shop, namespace: istio-system}
stringData: {tls.crt: certificate, tls.key: k3y}
---
apiVersion: v1
kind: Service
metadata: {name: catalog, namespace: shop}
spec: {type: NodePort, selector: {app: catalog}, ports: [{port: 80, name: http}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: catalog-1, namespace: shop, labels: {kubernetes.io/service-name: catalog}}
addressType: IPv4
endpoints: [{addresses: [127.0.0.1]}]
ports: [{name: http, port: 3000}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: catalog, namespace: shop}
spec: {replicas: 1}
---
apiVersion: v1
kind: Namespace
metadata: {name: pylae-system}
---
apiVersion: v1
kind: Secret
metadata: {name: pylae-ca, namespace: pylae-system}
stringData: {tls.crt: certificate, tls.key: k3y}
---
apiVersion: v1
kind: Service
metadata: {name: istio-ingressgateway, namespace: istio-system}
spec: {type: NodePort, ports: [{port: 80}]}
"""


@pytest.fixture
async def filled(client: Client) -> Client:
    for document in read(APPLIED, Path("-")).documents:
        await apply(client, document)
    return client


def names(documents: list[dict[str, Any]]) -> list[str]:
    return [f"{document['kind']} {document['metadata']['name']}" for document in documents]


async def test_what_others_need_comes_first_and_keys_stay_where_they_are(filled: Client) -> None:
    exported = await export(filled, WANTED)
    assert names(exported.documents) == ["Namespace shop", "Service catalog", "Deployment catalog", "Gateway front"]
    assert exported.secrets == [ObjectRef("Secret", "istio-system", "shop")]


async def test_keys_go_along_when_they_are_asked_for_and_so_does_the_namespace_that_they_need(filled: Client) -> None:
    exported = await export(filled, Wanted(GATEWAYS_SERVICE, with_keys=True))
    assert names(exported.documents)[:3] == ["Namespace istio-system", "Namespace shop", "Secret shop"]
    assert exported.documents[2]["data"] == {"tls.crt": "Y2VydGlmaWNhdGU=", "tls.key": "azN5"}
    assert exported.secrets == []


async def test_the_authority_of_gateways_never_leaves(filled: Client) -> None:
    exported = await export(filled, Wanted(GATEWAYS_SERVICE, with_keys=True))
    assert [name for name in names(exported.documents) if "pylae" in name] == []


async def test_no_key_is_seen_in_what_is_printed_of_an_export(filled: Client) -> None:
    assert "azN5" not in repr(await export(filled, Wanted(GATEWAYS_SERVICE, with_keys=True)))


async def test_endpoints_on_loopback_are_told_and_left_out(filled: Client) -> None:
    exported = await export(filled, WANTED)
    assert exported.unreachable == [ObjectRef("EndpointSlice", "shop", "catalog-1")]


async def test_one_namespace_can_be_taken_alone(filled: Client) -> None:
    exported = await export(filled, Wanted(GATEWAYS_SERVICE, ("default",)))
    assert (exported.documents, exported.secrets) == ([], [])


async def test_nothing_of_the_server_is_in_it(filled: Client) -> None:
    documents = {document["kind"]: document for document in (await export(filled, WANTED)).documents}
    assert documents["Namespace"] == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "shop", "labels": {"team": "web"}},
    }
    assert documents["Service"]["spec"].keys() == {"type", "selector", "ports", *defaults(documents["Service"])}
    assert documents["Gateway"]["metadata"] == {"name": "front", "namespace": "shop"}


def defaults(service: dict[str, Any]) -> set[str]:
    """What every server fills in alike, which does no harm."""
    return service["spec"].keys() & {"sessionAffinity", "internalTrafficPolicy", "externalTrafficPolicy"}


async def test_an_export_applied_again_changes_nothing(filled: Client) -> None:
    exported = await export(filled, Wanted(GATEWAYS_SERVICE, with_keys=True))
    again = await export(filled, Wanted(GATEWAYS_SERVICE, with_keys=True))
    assert again.documents == exported.documents


DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {plural}.{group}}}
spec:
  group: {group}
  scope: Namespaced
  names: {{plural: {plural}, kind: {kind}}}
  versions:
  - {{name: {version}, served: true, storage: true,
      schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}}}
"""


def definition(plural: str, kind: str, *, group: str = "kitchen.example", version: str = "v1") -> bytes:
    return DEFINITION.format(plural=plural, kind=kind, group=group, version=version).encode()


async def test_a_kind_that_only_an_older_version_of_its_group_has_goes_along(filled: Client) -> None:
    spoon = b"{apiVersion: kitchen.example/v1alpha1, kind: Spoon, metadata: {name: big, namespace: default}}"
    written = (definition("forks", "Fork"), definition("spoons", "Spoon", version="v1alpha1"), spoon)
    for document in read(b"\n---\n".join(written), Path("-")).documents:
        await apply(filled, document)
    assert "Spoon big" in names((await export(filled, WANTED)).documents)


async def test_a_definition_of_a_kind_of_ours_stays_for_a_cluster_has_its_own(filled: Client) -> None:
    written = definition("gateways", "Gateway", group="networking.istio.io"), definition("forks", "Fork")
    for document in read(b"\n---\n".join(written), Path("-")).documents:
        await apply(filled, document)
    exported = names((await export(filled, WANTED)).documents)
    assert exported[0] == "CustomResourceDefinition forks.kitchen.example"
    assert "CustomResourceDefinition gateways.networking.istio.io" not in exported
