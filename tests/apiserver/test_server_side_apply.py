"""Server-side apply and managedFields as the real kubectl and the programs of others use them."""

import base64
import json

import pytest

CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {color: red, shape: round}
"""
GATEWAY = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web}
spec:
  selector: {istio: ingressgateway}
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: [web.example]}
"""
SETTINGS = "/api/v1/namespaces/shop/configmaps/settings"
WEB = "/apis/networking.istio.io/v1/namespaces/shop/gateways/web"
APPLY = "application/apply-patch+yaml"


async def managers(kubectl, path):
    """Who wrote an object, and by what. Asked for raw, since old kubectls have no `--show-managed-fields`."""
    found = json.loads(await kubectl(f"get --raw {path}"))["metadata"]["managedFields"]
    return [(entry["manager"], entry["operation"]) for entry in found]


@pytest.mark.real
@pytest.mark.parametrize(
    ("document", "kind", "path", "change"),
    [
        (CONFIG, "configmap/settings", SETTINGS, ("red", "blue")),
        (GATEWAY, "gateway.networking.istio.io/web", WEB, ("web.example", "other.example")),
    ],
    ids=["configmap", "gateway"],
)
async def test_kubectl_applies_server_side(kubectl, document, kind, path, change):
    assert await kubectl("apply --server-side -f -", stdin=document) == f"{kind} serverside-applied"
    before = await kubectl(f"get {kind} -o jsonpath={{.metadata.resourceVersion}}")
    await kubectl("apply --server-side -f -", stdin=document)
    assert await kubectl(f"get {kind} -o jsonpath={{.metadata.resourceVersion}}") == before
    assert (await kubectl.run("diff", "--server-side", "-f", "-", stdin=document)).code == 0
    shown = await kubectl.run("diff", "--server-side", "-f", "-", stdin=document.replace(*change))
    assert shown.code == 1
    assert change[1] in shown.out
    await kubectl("apply --server-side -f -", stdin=document.replace(*change))
    assert change[1] in await kubectl(f"get {kind} -o yaml")
    assert await managers(kubectl, path) == [("kubectl", "Apply")]


@pytest.mark.real
async def test_kubectl_explains_a_conflict_and_takes_over(kubectl):
    await kubectl("apply --server-side --field-manager=helm -f -", stdin=CONFIG)
    changed = CONFIG.replace("red", "blue")
    refused = await kubectl.fails("apply --server-side -f -", stdin=changed)
    assert 'conflict with "helm": .data.color' in refused
    assert "--force-conflicts" in refused
    await kubectl("apply --server-side --force-conflicts -f -", stdin=changed)
    assert await kubectl("get configmap settings -o jsonpath={.data.color}") == "blue"
    await kubectl("apply --server-side -f -", stdin="\n".join(changed.splitlines()[:4]))
    assert json.loads(await kubectl("get configmap settings -o json"))["data"] == {"shape": "round"}


@pytest.mark.real
async def test_kubectl_goes_from_client_side_to_server_side_and_back(kubectl):
    await kubectl("apply -f -", stdin=CONFIG)
    changed = CONFIG.replace("red", "blue").replace(", shape: round", "")
    await kubectl("apply --server-side -f -", stdin=changed)
    stored = json.loads(await kubectl("get configmap settings -o json"))
    assert stored["data"]["color"] == "blue"
    if kubectl.minor >= 26:  # older ones leave their former entry behind, and with it what it owned
        assert stored["data"] == {"color": "blue"}
        assert set(await managers(kubectl, SETTINGS)) == {("kubectl", "Apply"), ("kubectl-last-applied", "Apply")}
    last = json.loads(stored["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"])
    assert last["data"] == {"color": "blue"}
    await kubectl("apply -f -", stdin=CONFIG)
    assert json.loads(await kubectl("get configmap settings -o json"))["data"] == {"color": "red", "shape": "round"}


@pytest.mark.real
async def test_kubectl_writes_under_its_commands_names(kubectl):
    await kubectl("create configmap settings --from-literal=color=red")
    await kubectl("label configmap settings tier=front")
    await kubectl("annotate configmap settings note=x")
    await kubectl("patch configmap settings --type=merge -p", '{"data":{"shape":"round"}}')
    found = {manager for manager, operation in await managers(kubectl, SETTINGS) if operation == "Update"}
    assert found == {"kubectl-create", "kubectl-label", "kubectl-annotate", "kubectl-patch"}


def secret(certificate, **metadata):
    encoded = base64.b64encode(certificate).decode()
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "web", **metadata},
        "type": "Opaque",
        "data": {"tls.crt": encoded},
    }


async def test_a_controller_forces_its_part_of_a_secret(api):
    """As cert-manager does: it applies the data and the owner, and leaves what others added."""
    path = "/api/v1/namespaces/shop/secrets/web"
    owner = {"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "name": "web", "uid": "u1"}
    forced = f"{path}?fieldManager=cert-manager&force=true"
    made = await api("PATCH", forced, secret(b"one", ownerReferences=[owner]), Content_Type=APPLY)
    assert made.status == 201
    await api("PATCH", path, {"metadata": {"labels": {"team": "a"}}}, Content_Type="application/merge-patch+json")
    renewed = await api("PATCH", forced, secret(b"two", annotations={"renewed": "yes"}), Content_Type=APPLY)
    assert renewed.status == 200
    assert base64.b64decode(renewed.json["data"]["tls.crt"]) == b"two"
    metadata = renewed.json["metadata"]
    assert (metadata["labels"], metadata["annotations"]) == ({"team": "a"}, {"renewed": "yes"})
    assert "ownerReferences" not in metadata


async def test_applying_the_same_again_stores_nothing(api):
    path = "/api/v1/namespaces/shop/secrets/web?fieldManager=helm"
    first = await api("PATCH", path, secret(b"one"), Content_Type=APPLY)
    again = await api("PATCH", path, secret(b"one"), Content_Type=APPLY)
    assert (again.status, again.json) == (200, first.json)


async def test_an_object_from_before_there_were_owners_keeps_what_it_has(api):
    path = "/api/v1/namespaces/shop/configmaps/settings"
    await api.create("/api/v1/namespaces/shop/configmaps", "ConfigMap", "settings", data={"a": "1", "b": "1"})
    merge = "application/merge-patch+json"
    forgotten = await api("PATCH", path, {"metadata": {"managedFields": []}}, Content_Type=merge)
    assert "managedFields" not in forgotten.json["metadata"]
    updated = await api("PATCH", path, {"data": {"b": "2"}}, Content_Type=merge)
    assert "managedFields" not in updated.json["metadata"]
    wanted = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "2"}}
    refused = await api("PATCH", f"{path}?fieldManager=new", wanted, Content_Type=APPLY)
    assert 'conflict with "before-first-apply" using v1: .data.a' in refused.message
    forced = await api("PATCH", f"{path}?fieldManager=new&force=true", wanted, Content_Type=APPLY)
    assert forced.json["data"] == {"a": "2", "b": "2"}
    owners = [entry["manager"] for entry in forced.json["metadata"]["managedFields"]]
    assert owners == ["new", "before-first-apply"]


async def test_a_service_keeps_what_the_server_chose(api):
    path = "/api/v1/namespaces/shop/services/web?fieldManager=helm"
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}
    made = await api("PATCH", path, service, Content_Type=APPLY)
    spec["ports"] = [{"port": 443}]
    changed = await api("PATCH", path, service, Content_Type=APPLY)
    assert changed.json["spec"]["clusterIP"] == made.json["spec"]["clusterIP"]
    assert [port["port"] for port in changed.json["spec"]["ports"]] == [443]


async def test_a_secret_stays_out_of_what_a_refusal_says(api):
    path = "/api/v1/namespaces/shop/secrets/web?fieldManager="
    await api("PATCH", f"{path}one", secret(b"hunter2"), Content_Type=APPLY)
    refused = await api("PATCH", f"{path}two", secret(b"hunter3"), Content_Type=APPLY)
    assert (refused.status, refused.json["reason"]) == (409, "Conflict")
    causes = refused.json["details"]["causes"]
    assert [cause["field"] for cause in causes] == [".data.tls.crt"]
    for word in (b"hunter2", b"hunter3"):
        assert base64.b64encode(word) not in refused.body
