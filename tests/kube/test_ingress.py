"""What belongs to a cluster's ingress, gathered from a server that plays the cluster."""

from pathlib import Path

import pytest

from pylae.api.meta import ObjectRef
from pylae.kube.apply import apply
from pylae.kube.client import Client
from pylae.kube.ingress import HELD_BACK, Ingress, Wanted, gather
from pylae.kube.manifest import read

CLUSTER = b"""
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: edge}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: ["*.example"]
    tls: {mode: MUTUAL, credentialName: shop}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: internal, namespace: edge}
spec: {selector: {istio: internal}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web.example]
  gateways: [edge/front, mesh]
  http:
  - route: [{destination: {host: web}}, {destination: {host: gone.shop.svc.cluster.local}}]
    mirrors: [{destination: {host: api.partner.example}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: inside, namespace: shop}
spec: {hosts: [inside], http: [{route: [{destination: {host: inside}}]}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: partner, namespace: shop}
spec: {hosts: ["api.partner.example"], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: other, namespace: shop}
spec: {hosts: [other.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec: {host: web}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{port: 80, name: http}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-x7, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints: [{addresses: [10.1.2.3]}]
ports: [{name: http, port: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: inside, namespace: shop}
spec: {ports: [{port: 80, name: http}]}
---
apiVersion: v1
kind: Secret
metadata: {name: shop, namespace: edge}
stringData: {tls.crt: certificate, tls.key: k3y}
"""


@pytest.fixture
async def cluster(client: Client) -> Client:
    for document in read(CLUSTER, Path("-")).documents:
        await apply(client, document)
    return client


def names(ingress: Ingress) -> set[str]:
    return {f"{document['kind']} {document['metadata']['name']}" for document in ingress.documents}


async def test_what_the_chosen_gateways_lead_to_is_taken_and_nothing_else(cluster: Client) -> None:
    found = await gather(cluster, Wanted(selector={"istio": "ingressgateway"}))
    assert names(found) == {
        "Gateway front",
        "VirtualService web",
        "ServiceEntry partner",
        "DestinationRule web",
        "Service web",
        "EndpointSlice web-x7",
    }


async def test_what_a_route_leads_to_in_vain_is_told(cluster: Client) -> None:
    left = (await gather(cluster, Wanted())).left
    assert left[ObjectRef("Service", "shop", "gone")] == "a route leads to it, and it is not there"


async def test_keys_are_not_even_asked_for_unless_they_are_wanted(cluster: Client) -> None:
    found = await gather(cluster, Wanted(credentials_from="edge"))
    assert found.left[ObjectRef("Secret", "edge", "shop")] == HELD_BACK
    assert "Secret shop" not in names(found)


async def test_keys_get_to_where_the_gateway_here_looks_for_them(cluster: Client) -> None:
    found = await gather(cluster, Wanted(with_keys=True, credentials_from="edge"))
    taken = [document for document in found.documents if document["kind"] == "Secret"]
    assert [document["metadata"]["namespace"] for document in taken] == ["istio-system"]
    assert "azN5" not in repr(found)


async def test_a_secret_that_is_missing_is_told(cluster: Client) -> None:
    found = await gather(cluster, Wanted(with_keys=True))
    assert found.left[ObjectRef("Secret", "istio-system", "shop")] == "a Gateway names it, and it is not there"


async def test_of_one_namespace_only_what_is_in_it_is_looked_at(cluster: Client) -> None:
    assert names(await gather(cluster, Wanted(namespaces=("edge",)))) == {"Gateway front", "Gateway internal"}
