"""What kubectl writes: create, apply by client and by server, diff, edit, replace, patch, label, delete. Every kubectl
that is at hand, on both servers."""

import json
import re
from datetime import UTC, datetime

import pytest
from manifests import DEPLOYMENT, GATEWAY, SECRET, SERVICE, VIRTUAL_SERVICE

from pylae.apiserver.pki import ensure_pki

pytestmark = pytest.mark.real

APPLIED = {
    "gateway": (GATEWAY, "gateway.networking.istio.io/web", ("web.example", "web2.example")),
    "virtualservice": (VIRTUAL_SERVICE, "virtualservice.networking.istio.io/web", ("host: web}", "host: other}")),
    "service": (SERVICE, "service/web", ("targetPort: 8080", "targetPort: 9090")),
    "secret": (SECRET, "secret/settings", ("red", "blue")),
    "deployment": (DEPLOYMENT, "deployment.apps/web", ("web:1", "web:2")),
}


async def _read(kubectl, what: str) -> dict:
    return json.loads(await kubectl(f"get {what} -o json"))


async def test_create_makes_each_kind_by_its_own_command(kubectl, tmp_path):
    pki = ensure_pki(tmp_path / "pki", names=("web.example",), now=datetime.now(UTC)).server
    pair = f"--cert={pki.certificate_file}", f"--key={pki.key_file}"
    assert await kubectl("create secret tls web-credential", *pair) == "secret/web-credential created"
    assert await kubectl("create secret generic plain --from-literal=a=b") == "secret/plain created"
    docker = "create secret docker-registry pull --docker-server=r --docker-username=u --docker-password=p"
    assert await kubectl(docker) == "secret/pull created"
    assert await kubectl("create configmap settings --from-literal=a=b") == "configmap/settings created"
    assert await kubectl("create serviceaccount robot") == "serviceaccount/robot created"
    assert await kubectl("create service clusterip web --tcp=80:8080") == "service/web created"
    assert (
        await kubectl("create role reader --verb=get --resource=configmaps")
        == "role.rbac.authorization.k8s.io/reader created"
    )
    types = await kubectl("get secrets -o custom-columns=N:.metadata.name,T:.type --no-headers")
    assert [row.split() for row in types.splitlines()] == [
        ["plain", "Opaque"],
        ["pull", "kubernetes.io/dockerconfigjson"],
        ["web-credential", "kubernetes.io/tls"],
    ]
    assert "already exists" in await kubectl.fails(f"create namespace {kubectl.namespace}")
    assert 'namespaces "nowhere" not found' in await kubectl.fails("create -n nowhere secret generic a")


async def test_create_generates_names_and_takes_lists(kubectl):
    generated = "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: job-}\n"
    assert re.fullmatch(r"configmap/job-\w{5} created", await kubectl("create -f -", stdin=generated))
    items = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}} for name in ("a", "b")]
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    assert (await kubectl("apply -f -", stdin=listed)).splitlines() == ["configmap/a created", "configmap/b created"]


@pytest.mark.parametrize("case", APPLIED)
async def test_apply_creates_leaves_configures_and_prunes_fields(kubectl, case):
    document, kind, change = APPLIED[case]
    assert await kubectl("apply -f -", stdin=document) == f"{kind} created"
    before = await _read(kubectl, kind)
    again = await kubectl("apply -f -", stdin=document)
    assert again in ([f"{kind} unchanged", f"{kind} configured"] if case == "secret" else [f"{kind} unchanged"])
    after = await _read(kubectl, kind)
    assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
    assert await kubectl("apply -f -", stdin=document.replace(*change)) == f"{kind} configured"
    assert after != await _read(kubectl, kind)


async def test_apply_of_many_documents_and_their_deletion(kubectl):
    documents = f"{SERVICE}---{GATEWAY}---{VIRTUAL_SERVICE}---{DEPLOYMENT}---{SECRET}"
    created = (await kubectl("apply -f -", stdin=documents)).splitlines()
    assert [row.rsplit(" ", 1)[1] for row in created] == ["created"] * 5
    deleted = (await kubectl("delete -f -", stdin=documents)).splitlines()
    assert ["deleted" in row for row in deleted] == [True] * 5


async def test_apply_of_a_folder_and_of_a_kustomization(kubectl, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "service.yaml").write_text(SERVICE)
    (folder / "gateway.yaml").write_text(GATEWAY)
    created = (await kubectl(f"apply -f {folder}")).splitlines()
    assert created == ["gateway.networking.istio.io/web created", "service/web created"]
    (folder / "kustomization.yaml").write_text(
        "resources: [service.yaml]\nnamePrefix: my-\nconfigMapGenerator: [{name: c, literals: [a=b]}]\n"
    )
    made = (await kubectl(f"apply -k {folder}")).splitlines()
    assert re.fullmatch(r"configmap/my-c-\w+ created", made[0])
    assert made[1] == "service/my-web created"


async def test_apply_merges_lists_of_built_in_kinds_by_their_keys(kubectl):
    await kubectl("apply -f -", stdin=SERVICE)
    affinity = '[{"op":"add","path":"/spec/sessionAffinity","value":"ClientIP"}]'
    await kubectl("patch service web --type json -p", affinity)
    without_https = SERVICE.replace("  - {name: https, port: 443}\n", "  - {name: admin, port: 9000}\n")
    await kubectl("apply -f -", stdin=without_https)
    spec = (await _read(kubectl, "service web"))["spec"]
    assert {port["name"]: port["targetPort"] for port in spec["ports"]} == {"http": 8080, "admin": 9000}
    assert spec["sessionAffinity"] == "ClientIP"


@pytest.mark.parametrize("case", APPLIED)
async def test_the_server_applies(kubectl, case):
    document, kind, change = APPLIED[case]
    assert await kubectl("apply --server-side -f -", stdin=document) == f"{kind} serverside-applied"
    assert await kubectl("apply --server-side -f -", stdin=document.replace(*change)) == f"{kind} serverside-applied"
    managers = (await _read(kubectl, f"{kind} --show-managed-fields" if kubectl.minor >= 21 else kind))["metadata"][
        "managedFields"
    ]
    assert [(each["manager"], each["operation"]) for each in managers] == [("kubectl", "Apply")]


async def test_the_server_names_conflicts_and_force_wins(kubectl):
    await kubectl("apply --server-side --field-manager=one -f -", stdin=SERVICE)
    other = SERVICE.replace("targetPort: 8080", "targetPort: 9090")
    refused = await kubectl.fails("apply --server-side --field-manager=two -f -", stdin=other)
    assert 'conflict with "one": .spec.ports[port=80,protocol="TCP"].targetPort' in refused
    assert "--force-conflicts" in refused
    await kubectl("apply --server-side --field-manager=two --force-conflicts -f -", stdin=other)
    assert (await _read(kubectl, "service web"))["spec"]["ports"][0]["targetPort"] == 9090


async def test_from_client_to_server_side_apply(kubectl):
    await kubectl("apply -f -", stdin=GATEWAY)
    changed = GATEWAY.replace("web.example", "new.example")
    await kubectl("apply --server-side --force-conflicts -f -", stdin=changed)
    assert (await _read(kubectl, "gateway.networking.istio.io web"))["spec"]["servers"][0]["hosts"] == ["new.example"]
    await kubectl("apply --server-side --force-conflicts -f -", stdin=changed)


async def test_a_dry_run_of_the_server_stores_nothing(kubectl):
    dry = await kubectl("apply --dry-run=server -f -", stdin=GATEWAY)
    assert dry == "gateway.networking.istio.io/web created (server dry run)"
    assert await kubectl("get gateways.networking.istio.io -o name") == ""
    assert "configmap/a created (server dry run)" in await kubectl("create configmap a --dry-run=server")
    await kubectl("apply -f -", stdin=SERVICE)
    assert "(server dry run)" in await kubectl("delete service web --dry-run=server")
    assert "service/web labeled" in await kubectl("label service web a=b --dry-run=server")
    assert "labels" not in (await _read(kubectl, "service web"))["metadata"]


async def test_diff_shows_what_would_change(kubectl):
    for document, kind, change in (APPLIED["gateway"], APPLIED["service"]):
        await kubectl("apply -f -", stdin=document)
        same = await kubectl.run("diff", "-f", "-", stdin=document)
        assert (same.code, same.out) == (0, ""), same
        differs = await kubectl.run("diff", "-f", "-", stdin=document.replace(*change))
        assert differs.code == 1, differs
        assert any(
            row.startswith("+") and change[1].split(": ")[-1].rstrip("}") in row for row in differs.out.splitlines()
        ), kind
    by_server = await kubectl.run(
        "diff", "--server-side", "--force-conflicts", "-f", "-", stdin=SERVICE.replace("8080", "9090")
    )
    assert (by_server.code, "9090" in by_server.out) == (1, True)


async def test_edit_changes_with_an_editor(kubectl, tmp_path):
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i -e s/web.example/edited.example/ -e s/9443/9444/ "$1"\n')
    editor.chmod(0o755)
    await kubectl("apply -f -", stdin=GATEWAY)
    edited = await kubectl("edit gateways.networking.istio.io web", KUBE_EDITOR=str(editor))
    assert edited == "gateway.networking.istio.io/web edited"
    await kubectl("apply -f -", stdin=SERVICE.replace("port: 443", "port: 9443"))
    assert await kubectl("edit service web", KUBE_EDITOR=str(editor)) == "service/web edited"
    assert [port["port"] for port in (await _read(kubectl, "service web"))["spec"]["ports"]] == [80, 9444]
    unchanged = await kubectl.run("edit", "service", "web", KUBE_EDITOR="/bin/true")
    assert "Edit cancelled" in unchanged.out + unchanged.err


async def test_replace_takes_a_fresh_version_and_refuses_a_stale_one(kubectl):
    await kubectl("apply -f -", stdin=GATEWAY)
    stale = await kubectl("get gateways.networking.istio.io web -o yaml")
    fresh = await _read(kubectl, "gateways.networking.istio.io web")
    await kubectl("replace -f -", stdin=json.dumps(fresh))
    await kubectl("label gateways.networking.istio.io web touched=yes")
    assert "the object has been modified" in await kubectl.fails("replace -f -", stdin=stale)
    forced = await kubectl("replace --force -f -", stdin=GATEWAY)
    assert forced.splitlines()[-1] == "gateway.networking.istio.io/web replaced"
    assert "not found" in await kubectl.fails("replace -f -", stdin=GATEWAY.replace("name: web,", "name: other,"))


async def test_patch_in_each_of_its_types(kubectl):
    await kubectl("apply -f -", stdin=f"{GATEWAY}---{SERVICE}")
    gateway = "gateways.networking.istio.io web"
    hosts = '[{"op":"replace","path":"/spec/servers/0/hosts/0","value":"b.example"}]'
    assert await kubectl(f"patch {gateway} --type json -p", hosts) == "gateway.networking.istio.io/web patched"
    await kubectl(f"patch {gateway} --type merge -p", '{"spec":{"selector":{"istio":"other"}}}')
    spec = (await _read(kubectl, gateway))["spec"]
    assert (spec["servers"][0]["hosts"], spec["selector"]) == (["b.example"], {"istio": "other"})
    await kubectl("patch svc web -p", '{"spec":{"ports":[{"port":443,"targetPort":8443}]}}')
    ports = (await _read(kubectl, "svc web"))["spec"]["ports"]
    assert {port["port"]: port["targetPort"] for port in ports} == {80: 8080, 443: 8443}
    refused = await kubectl.fails(f"patch {gateway} -p", "{}")
    assert re.search("is not supported by networking.istio.io|UnsupportedMediaType", refused)
    assert "(no change)" in await kubectl("patch svc web -p", "{}")
    refused = await kubectl.fails(f"patch {gateway} --type merge -p", '{"spec":{"servers":"all"}}')
    assert "spec.servers" in refused
    if kubectl.minor >= 24:
        status = '{"status":{"observedGeneration":7}}'
        await kubectl(f"patch {gateway} --subresource=status --type merge -p", status)
        assert (await _read(kubectl, gateway))["status"] == {"observedGeneration": 7}


async def test_label_and_annotate_add_and_remove(kubectl):
    await kubectl("apply -f -", stdin=GATEWAY)
    gateway = "gateways.networking.istio.io web"
    assert await kubectl(f"label {gateway} tier=front") == "gateway.networking.istio.io/web labeled"
    assert "already has a value" in await kubectl.fails(f"label {gateway} tier=back")
    await kubectl(f"label {gateway} tier=back --overwrite app-")
    await kubectl(f"annotate {gateway} note=hello")
    await kubectl(f"label namespace {kubectl.namespace} istio-injection=enabled")
    metadata = (await _read(kubectl, gateway))["metadata"]
    assert (metadata["labels"], metadata["annotations"]["note"]) == ({"tier": "back"}, "hello")


async def test_delete_by_name_selector_and_all(kubectl):
    for name in "abcd":
        await kubectl(f"create configmap {name}")
    await kubectl("label configmap b group=x")
    await kubectl("delete configmap a")
    await kubectl("delete configmap -l group=x")
    left = (await kubectl("get configmaps -o name")).split()
    assert [name for name in left if name != "configmap/kube-root-ca.crt"] == ["configmap/c", "configmap/d"]
    await kubectl("delete configmaps --all")
    assert 'configmaps "a" not found' in await kubectl.fails("delete configmap a")
    assert await kubectl("delete configmap a --ignore-not-found") == ""
    await kubectl("create configmap e")
    await kubectl("delete configmap e --grace-period=0 --force --wait=false")
    assert "may not be deleted" in await kubectl.fails("delete namespace kube-system")


async def test_a_field_that_is_not_known_is_named_with_its_place(kubectl):
    wrong = GATEWAY.replace("selector:", "selectorr:")
    refused = await kubectl.fails("apply -f -", stdin=wrong)
    assert "selectorr" in refused
    ran = await kubectl.run("apply", "--validate=false", "-f", "-", stdin=wrong)
    assert (ran.code, ran.out) == (0, "gateway.networking.istio.io/web created")
    if kubectl.minor >= 25:
        assert 'strict decoding error: unknown field "spec.selectorr"' in refused
        other = wrong.replace("name: web,", "name: other,")
        ran = await kubectl.run("create", "--validate=warn", "-f", "-", stdin=other)
        assert 'Warning: unknown field "spec.selectorr"' in ran.err
