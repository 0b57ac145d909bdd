"""The rights that `pylae run` asks for are all that it needs, and each of them is needed: by a real API server's own
account of what was asked of it, and by its own judgement of what would be refused."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from attached import NAMESPACE, Kubectl, a_replica, gateway, teach, virtual_service
from joining import a_gateway, until_ready
from world import until

from cluster import RealCluster, a_cluster
from pylae.api.meta import Object
from pylae.api.scheme import Kind
from pylae.kube.client import Client
from pylae.kube.kubeconfig import load
from pylae.kube.rights import RIGHTS, Right, Where, rules

Json = dict[str, Any]

RBAC = "rbac.authorization.k8s.io"
ROLE = Kind(RBAC, ("v1",), "Role", "roles", "role", Object)
CLUSTER_ROLE = Kind(RBAC, ("v1",), "ClusterRole", "clusterroles", "clusterrole", Object, namespaced=False)
REVIEW = Kind(
    "authorization.k8s.io",
    ("v1",),
    "SubjectAccessReview",
    "subjectaccessreviews",
    "subjectaccessreview",
    Object,
    namespaced=False,
)

pytestmark = [pytest.mark.real, pytest.mark.cluster]

ACCOUNT = "pylae"
USER = f"system:serviceaccount:{NAMESPACE}:{ACCOUNT}"
PLACES = {Where.CLUSTER: "", Where.GATEWAYS: "edge", Where.OWN: NAMESPACE}
POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata", "users": [USER]}, {"level": "None"}],
}


class Audited(RealCluster):
    """One that writes down what was asked of it by the control plane."""

    @property
    def audit(self) -> Path:
        return self.home / "audit.log"

    def _apiserver(self) -> list[str]:
        policy = self.home / "policy.yaml"
        policy.write_text(json.dumps(POLICY))
        return [*super()._apiserver(), f"--audit-policy-file={policy}", f"--audit-log-path={self.audit}"]

    def asked(self) -> list[Json]:
        return [json.loads(line) for line in self.audit.read_text().splitlines()]


@dataclass(frozen=True)
class Asked:
    """What RBAC knows of a request."""

    verb: str
    group: str
    resource: str
    namespace: str
    name: str

    @classmethod
    def of(cls, event: Json) -> "Asked":
        about = event["objectRef"]
        resource = "/".join(filter(None, (about["resource"], about.get("subresource", ""))))
        return cls(
            event["verb"], about.get("apiGroup", ""), resource, about.get("namespace", ""), about.get("name", "")
        )

    def needs(self, right: Right, verb: str, resource: str) -> bool:
        """Whether it is by this right that the request is allowed."""
        is_there = right.where is Where.CLUSTER or PLACES[right.where] == self.namespace
        is_named = not right.names or self.name in right.names
        return is_there and is_named and (self.verb, self.group, self.resource) == (verb, right.group, resource)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Audited]:
    with a_cluster(Audited) as made:
        assert isinstance(made, Audited)
        teach(made)
        grant(Kubectl(made.kubeconfig), RIGHTS)
        yield made


@pytest.fixture(scope="module")
def asked(cluster: Audited) -> frozenset[Asked]:
    """What a control plane asks in a life in which everything happens once: it is the first of its cluster, gateways
    join by certificate and by token, a finding is told and told again, the authority's ConfigMap is restored."""
    kubectl, mine = Kubectl(cluster.kubeconfig), as_account(cluster)
    kubectl.apply(gateway("shop", "shop.example", credential="missing"), virtual_service("shop", "shop.example", "x"))
    with a_replica(mine, "--gateway-namespace", "edge") as replica:
        until_ready(replica)
        with a_gateway(cluster, replica), a_gateway(cluster, replica, by_token=True):
            until(lambda: _said(kubectl), 30)
            kubectl.apply(virtual_service("shop", "shop.example", "y"), virtual_service("more", "shop.example", "z"))
            kubectl.apply(gateway("late", "late.example", credential="missing"))
            until(lambda: _said(kubectl), 30)
            until(lambda: _told(kubectl) == 1, 30)
        replica.stop()
        kubectl("patch", "configmap", "-n", "edge", "pylae-ca", "--type=merge", "-p", '{"data":{"ca.crt":"other"}}')
        replica.start()
        until_ready(replica)
        with a_gateway(cluster, replica):
            until(lambda: _told(kubectl) == 2, 40)
            until(lambda: "other" not in kubectl("get", "configmap", "-n", "edge", "pylae-ca", "-o", "yaml"), 30)
    return frozenset(Asked.of(event) for event in cluster.asked() if event.get("objectRef", {}).get("resource"))


def _said(kubectl: Kubectl) -> bool:
    found = kubectl.json("get", "gateways.networking.istio.io,virtualservices", "-n", "edge")["items"]
    return all((one.get("status") or {}).get("conditions") for one in found)


def _told(kubectl: Kubectl) -> int:
    events = kubectl.json("get", "events", "-n", "edge")["items"]
    return max((event["count"] for event in events), default=0)


def as_account(cluster: RealCluster) -> Path:
    """A kubeconfig of the control plane's service account."""
    kubectl = Kubectl(cluster.kubeconfig)
    token = kubectl("create", "token", "-n", NAMESPACE, ACCOUNT, "--duration=1h").strip()
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    config["users"] = [{"name": user["name"], "user": {"token": token}} for user in config["users"]]
    path = cluster.home / "account.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


def grant(kubectl: Kubectl, rights: Iterable[Right]) -> None:
    """Roles made of these rights, bound to the account."""
    rights = tuple(rights)
    subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}
    kubectl.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT, "namespace": NAMESPACE}})
    for where, namespace in PLACES.items():
        kind = "ClusterRole" if where is Where.CLUSTER else "Role"
        metadata = {"name": ACCOUNT, **({"namespace": namespace} if namespace else {})}
        head = {"apiVersion": f"{RBAC}/v1", "metadata": metadata}
        ref = {"apiGroup": RBAC, "kind": kind, "name": ACCOUNT}
        kubectl.apply(
            {**head, "kind": kind, "rules": list(rules(where, rights))},
            {**head, "kind": f"{kind}Binding", "roleRef": ref, "subjects": [subject]},
        )


def test_nothing_that_is_asked_for_is_refused(cluster: Audited, asked: frozenset[Asked]) -> None:
    assert asked
    assert [event["requestURI"] for event in cluster.asked() if event["responseStatus"]["code"] == 403] == []


EACH = [
    pytest.param(right, verb, resource, id=f"{right.where}-{verb}-{resource}-{'-'.join(right.names)}".rstrip("-"))
    for right in RIGHTS
    for verb in right.verbs
    for resource in right.resources
]


@pytest.mark.parametrize(("right", "verb", "resource"), EACH)
async def test_without_it_something_is_refused(
    cluster: Audited, asked: frozenset[Asked], right: Right, verb: str, resource: str
) -> None:
    """The API server itself is asked whether it would refuse what a control plane asked for."""
    request = next((one for one in asked if one.needs(right, verb, resource)), None)
    assert request, "no request needs it"
    async with Client(load(cluster.kubeconfig)) as client:
        try:
            await set_role(client, right.where, without(right, verb, resource))
            async with asyncio.timeout(10):
                while await is_allowed(client, request):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        finally:
            await set_role(client, right.where, RIGHTS)
            async with asyncio.timeout(10):
                while not await is_allowed(client, request):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)


async def set_role(client: Client, where: Where, rights: Iterable[Right]) -> None:
    kind = CLUSTER_ROLE if where is Where.CLUSTER else ROLE
    await client.patch(kind, PLACES[where], ACCOUNT, {"rules": list(rules(where, tuple(rights)))})


def without(right: Right, verb: str, resource: str) -> Iterator[Right]:
    """All rights but this one verb on this one resource."""
    for one in RIGHTS:
        if one is not right:
            yield one
            continue
        if others := tuple(other for other in one.verbs if other != verb):
            yield replace(one, verbs=others)
        if kept := tuple(other for other in one.resources if other != resource):
            yield replace(one, resources=kept, verbs=(verb,))


async def is_allowed(client: Client, asked: Asked) -> bool:
    resource, _, subresource = asked.resource.partition("/")
    about = {"verb": asked.verb, "group": asked.group, "resource": resource, "subresource": subresource}
    spec = {"user": USER, "resourceAttributes": {**about, "namespace": asked.namespace, "name": asked.name}}
    answer = await client.create(REVIEW, "", {"apiVersion": REVIEW.api_version, "kind": REVIEW.kind, "spec": spec})
    return bool(answer["status"]["allowed"])
