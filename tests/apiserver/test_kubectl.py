"""The real kubectl against the real server: what tutorials type, and what they should see.

Every kubectl that is found is tried: `kubectl` and `kubectl.1.*` on the PATH, and those that PYLAE_KUBECTLS names
(separated by `:`). Each run has a home and a cache of its own.
"""

import asyncio
import ipaddress
import json
import os
import re
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from pylae.apiserver.allocation import NETWORK
from pylae.apiserver.pki import ensure_pki

pytestmark = pytest.mark.real

GATEWAY = """
apiVersion: networking.istio.io/v1alpha3
kind: Gateway
metadata: {name: web, labels: {app: shop}}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    tls: {mode: SIMPLE, credentialName: web-credential}
    hosts: [web.example]
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
  - {name: http, port: 80, targetPort: 8080}
  - {name: https, port: 443}
"""
VIRTUAL_SERVICE = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web}
spec: {hosts: [web.example], gateways: [web], http: [{route: [{destination: {host: web}}]}]}
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web:1}]}
"""
SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: settings}
stringData: {color: red, shape: round}
"""


def kubectls() -> list[str]:
    named = [path for path in os.environ.get("PYLAE_KUBECTLS", "").split(":") if path]
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    versioned = {path.name: str(path) for folder in folders for path in sorted(folder.glob("kubectl.1.*"))}
    default = shutil.which("kubectl")
    return [*([default] if default else []), *versioned.values(), *named]


@dataclass(frozen=True)
class Ran:
    """What a command printed. `out` has no newline at its end."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Kubectl:
    """One kubectl, aimed at the test's server. `home` holds its files, `minor` is its version (32 for 1.32)."""

    path: str
    kubeconfig: Path
    home: Path
    minor: int = 0

    def arguments(self, *args: str) -> list[str]:
        return [self.path, "--cache-dir", str(self.home / "cache"), *args]

    @property
    def environment(self) -> dict[str, str]:
        return {"HOME": str(self.home), "KUBECONFIG": str(self.kubeconfig), "PATH": os.environ["PATH"]}

    async def start(self, *args: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        argv = self.arguments(*args)
        return await asyncio.create_subprocess_exec(*argv, env=self.environment, stdin=pipe, stdout=pipe, stderr=pipe)

    async def run(self, *args: str, stdin: str = "") -> Ran:
        process = await self.start(*args)
        async with asyncio.timeout(60):
            out, err = await process.communicate(stdin.encode())
        return Ran(process.returncode or 0, out.decode().rstrip("\n"), err.decode().rstrip("\n"))

    async def __call__(self, command: str, *more: str, stdin: str = "") -> str:
        """Runs `kubectl <command>`, which must succeed, and gives what it printed."""
        ran = await self.run(*command.split(), *more, stdin=stdin)
        assert ran.code == 0, ran
        return ran.out

    async def fails(self, command: str, *more: str, stdin: str = "") -> str:
        """Runs what must fail, and gives its complaint."""
        ran = await self.run(*command.split(), *more, stdin=stdin)
        assert ran.code != 0, ran
        return ran.err


@pytest.fixture(params=kubectls() or [pytest.param("", marks=pytest.mark.skip("there is no kubectl here"))])
async def kubectl(request, serve, tmp_path) -> Kubectl:
    async def logs(query):
        yield f"{query.pod}/{query.container}, last {query.tail_lines}\n".encode()

    api = await serve(logs=logs)
    (tmp_path / "home").mkdir()
    bare = Kubectl(request.param, api.server.settings.kubeconfig, tmp_path / "home")
    version = json.loads(await bare("version --client -o json"))["clientVersion"]
    client = Kubectl(bare.path, bare.kubeconfig, bare.home, int(re.sub(r"\D", "", version["minor"])))
    await client("create namespace shop")
    await client("config set-context --current --namespace shop")
    return client


async def line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(30):
        return (await process.stdout.readline()).decode().rstrip("\n")


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await condition():
            pass


@pytest.fixture
def pair(tmp_path, clock):
    made = ensure_pki(tmp_path / "certificates", names=("web.example",), now=clock()).server
    return f"--cert={made.certificate_file}", f"--key={made.key_file}"


async def test_create_makes_each_kind_by_its_own_command(kubectl, pair):
    assert await kubectl("create secret tls web-credential", *pair) == "secret/web-credential created"
    assert await kubectl("create secret generic plain --from-literal=a=b") == "secret/plain created"
    assert await kubectl("create configmap settings --from-literal=a=b") == "configmap/settings created"
    assert await kubectl("create serviceaccount robot") == "serviceaccount/robot created"
    assert await kubectl("create service clusterip web --tcp=80:8080") == "service/web created"
    assert await kubectl("create service nodeport open --tcp=443 --node-port=30005") == "service/open created"
    docker = "create secret docker-registry pull --docker-server=r --docker-username=u --docker-password=p"
    assert await kubectl(docker) == "secret/pull created"
    secret = json.loads(await kubectl("get secret web-credential -o json"))
    assert (secret["type"], sorted(secret["data"])) == ("kubernetes.io/tls", ["tls.crt", "tls.key"])
    types = await kubectl("get secrets -o custom-columns=N:.metadata.name,T:.type --no-headers")
    assert [row.split() for row in types.splitlines()] == [
        ["plain", "Opaque"],
        ["pull", "kubernetes.io/dockerconfigjson"],
        ["web-credential", "kubernetes.io/tls"],
    ]
    assert "already exists" in await kubectl.fails("create namespace shop")
    assert 'namespaces "nowhere" not found' in await kubectl.fails("create -n nowhere secret generic a")


@pytest.mark.parametrize(
    ("document", "kind", "change"),
    [
        (GATEWAY, "gateway.networking.istio.io/web", ("web.example", "web2.example")),
        (VIRTUAL_SERVICE, "virtualservice.networking.istio.io/web", ("host: web}", "host: other}")),
        (SERVICE, "service/web", ("targetPort: 8080", "targetPort: 9090")),
        (SECRET, "secret/settings", ("red", "blue")),
        (DEPLOYMENT, "deployment.apps/web", ("web:1", "web:2")),
    ],
    ids=["gateway", "virtualservice", "service", "secret", "deployment"],
)
async def test_apply_creates_leaves_and_configures(kubectl, document, kind, change):
    assert await kubectl("apply -f -", stdin=document) == f"{kind} created"
    before = json.loads(await kubectl(f"get {kind} -o json"))
    again = await kubectl("apply -f -", stdin=document)
    assert again in ([f"{kind} unchanged", f"{kind} configured"] if document is SECRET else [f"{kind} unchanged"])
    after = json.loads(await kubectl(f"get {kind} -o json"))
    assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
    assert await kubectl("apply -f -", stdin=document.replace(*change)) == f"{kind} configured"
    assert after != json.loads(await kubectl(f"get {kind} -o json"))


async def test_apply_merges_lists_of_built_in_kinds_by_their_keys(kubectl):
    await kubectl("apply -f -", stdin=SERVICE)
    await kubectl(
        "patch service web --type json -p", '[{"op":"add","path":"/spec/sessionAffinity","value":"ClientIP"}]'
    )
    without_https = SERVICE.replace("  - {name: https, port: 443}\n", "  - {name: admin, port: 9000}\n")
    await kubectl("apply -f -", stdin=without_https)
    spec = json.loads(await kubectl("get service web -o json"))["spec"]
    assert {port["name"]: port["targetPort"] for port in spec["ports"]} == {"http": 8080, "admin": 9000}
    assert spec["sessionAffinity"] == "ClientIP"
    assert ipaddress.ip_address(spec["clusterIP"]) in NETWORK


async def test_apply_of_many_documents_and_their_deletion(kubectl):
    documents = f"{SERVICE}---{GATEWAY}---{VIRTUAL_SERVICE}---{DEPLOYMENT}---{SECRET}"
    created = (await kubectl("apply -f -", stdin=documents)).splitlines()
    assert [row.rsplit(" ", 1)[1] for row in created] == ["created"] * 5
    deleted = (await kubectl("delete -f -", stdin=documents)).splitlines()
    assert len(deleted) == 5
    assert all("deleted" in row for row in deleted)


async def test_what_only_is_stored_warns(kubectl):
    ran = await kubectl.run("apply", "-f", "-", stdin=DEPLOYMENT)
    assert (ran.code, ran.out) == (0, "deployment.apps/web created")
    assert "Warning: Deployment is stored, but nothing runs it here" in ran.err


async def test_replace_takes_a_fresh_version_and_refuses_a_stale_one(kubectl):
    await kubectl("apply -f -", stdin=GATEWAY)
    stale = await kubectl("get gateway web -o yaml")
    assert await kubectl("replace -f -", stdin=GATEWAY) == "gateway.networking.istio.io/web replaced"
    await kubectl("label gateway web touched=yes")
    assert "the object has been modified" in await kubectl.fails("replace -f -", stdin=stale)
    forced = await kubectl("replace --force -f -", stdin=GATEWAY)
    assert forced.splitlines()[-1] == "gateway.networking.istio.io/web replaced"
    assert "not found" in await kubectl.fails("replace -f -", stdin=GATEWAY.replace("name: web,", "name: other,"))


async def test_get_prints_every_form(kubectl):
    await kubectl("apply -f -", stdin=GATEWAY)
    assert await kubectl("get gateway -o name") == "gateway.networking.istio.io/web"
    header, row = (await kubectl("get gateway")).splitlines()
    assert header.split() == ["NAME", "HOSTS", "PORTS", "READY", "AGE"]
    assert row.split()[:4] == ["web", "web.example", "443", "-"]
    assert (await kubectl("get gw -A -o wide")).splitlines()[0].split()[0] == "NAMESPACE"
    assert await kubectl("get gw web -o jsonpath={.spec.servers[0].hosts[0]}") == "web.example"
    assert await kubectl("get gw -o custom-columns=N:.metadata.name,P:.spec.servers[*].port.number") == (
        "N     P\nweb   443"
    )
    listed = yaml.safe_load(await kubectl("get gw -o yaml"))
    assert (listed["kind"], listed["items"][0]["kind"]) == ("List", "Gateway")
    one = json.loads(await kubectl("get gateways.v1alpha3.networking.istio.io web -o json"))
    assert one["apiVersion"] == "networking.istio.io/v1alpha3"
    assert await kubectl("get gw -l app=shop -o name") == "gateway.networking.istio.io/web"
    assert await kubectl("get gw -l app=other -o name") == ""
    assert await kubectl("get gw --field-selector metadata.name=web -o name") == "gateway.networking.istio.io/web"
    assert 'gateways.networking.istio.io "nope" not found' in await kubectl.fails("get gw nope")


async def test_get_takes_several_kinds_categories_and_pages(kubectl):
    await kubectl("apply -f -", stdin=f"{SERVICE}---{GATEWAY}---{VIRTUAL_SERVICE}")
    istio = (await kubectl("get istio-io -o name")).splitlines()
    assert istio == ["gateway.networking.istio.io/web", "virtualservice.networking.istio.io/web"]
    assert "service/web" in await kubectl("get all")
    assert len((await kubectl("get gw,vs,svc -o name")).splitlines()) == 3
    for number in range(5):
        await kubectl(f"create configmap c{number}")
    assert len((await kubectl("get configmaps --chunk-size=2 -o name")).splitlines()) == 5
    assert (await kubectl("get svc --sort-by=.metadata.name")).splitlines()[1].split()[0] == "web"


async def test_get_w_shows_changes_as_they_come(kubectl):
    await kubectl("apply -f -", stdin=GATEWAY)
    process = await kubectl.start("get", "gw", "-w")
    assert (await line(process)).split()[0] == "NAME"
    assert (await line(process)).split()[1] == "web.example"
    await kubectl("apply -f -", stdin=GATEWAY.replace("web.example", "new.example"))
    assert (await line(process)).split()[1] == "new.example"
    process.terminate()
    await process.communicate()


async def test_get_w_of_one_object_by_name(kubectl):
    await kubectl("create configmap a")
    process = await kubectl.start("get", "configmap", "a", "-w", "-o", "name")
    assert await line(process) == "configmap/a"
    await kubectl("create configmap b")
    await kubectl("label configmap a x=y")
    assert await line(process) == "configmap/a"
    process.terminate()
    await process.communicate()


async def test_wait_ends_when_it_comes_true(kubectl):
    await kubectl("apply -f -", stdin=GATEWAY)
    ready = await kubectl.start("wait", "--for=condition=Programmed", "--timeout=30s", "gateway/web")
    ended = await kubectl.start("wait", "--for=delete", "--timeout=30s", "gateway/web")
    status = json.dumps({"status": {"conditions": [{"type": "Programmed", "status": "True", "reason": "Accepted"}]}})
    raw = "/apis/networking.istio.io/v1/namespaces/shop/gateways/web/status"
    current = json.loads(await kubectl(f"get --raw {raw}"))
    await kubectl(f"replace --raw {raw} -f -", stdin=json.dumps(current | json.loads(status)))
    assert await line(ready) == "gateway.networking.istio.io/web condition met"
    await kubectl("delete gateway web")
    for process in (ready, ended):
        await process.communicate()
        assert process.returncode == 0
    if kubectl.minor >= 24:
        await kubectl("apply -f -", stdin=SERVICE)
        await kubectl("wait svc/web --for=jsonpath={.spec.type}=ClusterIP --timeout=10s")


async def test_describe_shows_the_object_and_its_events(kubectl):
    await kubectl("apply -f -", stdin=GATEWAY)
    about = json.loads(await kubectl("get gateway web -o json"))
    reference = {"kind": "Gateway", "name": "web", "namespace": "shop", "uid": about["metadata"]["uid"]}
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": "web."},
        "involvedObject": reference,
        "type": "Warning",
        "reason": "CertificateMissing",
        "message": "Secret web-credential does not exist",
        "count": 1,
        "firstTimestamp": "2026-01-02T03:04:05Z",
        "lastTimestamp": "2026-01-02T03:04:05Z",
        "source": {"component": "pylae"},
    }
    await kubectl("create -f -", stdin=json.dumps(event))
    described = await kubectl("describe gateway web")
    assert re.search(r"Credential Name:\s+web-credential", described)
    assert re.search(r"Warning\s+CertificateMissing\s+\S+\s+pylae\s+Secret web-credential does not exist", described)
    assert "CertificateMissing" in await kubectl("get events")
    await kubectl("apply -f -", stdin=SERVICE)
    assert re.search(r"TargetPort:\s+8080/TCP", await kubectl("describe service web"))
    assert re.search(r"Status:\s+Active", await kubectl("describe namespace shop"))
    await kubectl("create secret generic plain --from-literal=a=hunter2")
    assert "hunter2" not in await kubectl("describe secret plain")


async def test_patch_in_each_of_its_types(kubectl):
    await kubectl("apply -f -", stdin=GATEWAY)
    await kubectl("apply -f -", stdin=SERVICE)
    hosts = '[{"op":"replace","path":"/spec/servers/0/hosts/0","value":"b.example"}]'
    assert await kubectl("patch gw web --type json -p", hosts) == "gateway.networking.istio.io/web patched"
    await kubectl("patch gw web --type merge -p", '{"spec":{"selector":{"istio":"other"}}}')
    spec = json.loads(await kubectl("get gw web -o json"))["spec"]
    assert (spec["servers"][0]["hosts"], spec["selector"]) == (["b.example"], {"istio": "other"})
    await kubectl("patch svc web -p", '{"spec":{"type":"NodePort","ports":[{"port":443,"nodePort":30005}]}}')
    ports = json.loads(await kubectl("get svc web -o json"))["spec"]["ports"]
    assert [(port["port"], port["nodePort"] == 30005) for port in ports] == [(80, False), (443, True)]
    refused = await kubectl.fails("patch gw web -p", "{}")
    assert re.search("is not supported by networking.istio.io|UnsupportedMediaType", refused)
    assert "(no change)" in await kubectl("patch svc web -p", "{}")
    refused = await kubectl.fails("patch gw web --type merge -p", '{"spec":{"servers":"all"}}')
    assert "spec.servers" in refused


async def test_label_and_annotate_add_and_remove(kubectl):
    await kubectl("apply -f -", stdin=GATEWAY)
    assert await kubectl("label gw web tier=front") == "gateway.networking.istio.io/web labeled"
    assert "already has a value" in await kubectl.fails("label gw web tier=back")
    await kubectl("label gw web tier=back --overwrite app-")
    await kubectl("annotate gw web note=hello")
    await kubectl("label namespace shop istio-injection=enabled")
    metadata = json.loads(await kubectl("get gw web -o json"))["metadata"]
    assert metadata["labels"] == {"tier": "back"}
    assert metadata["annotations"]["note"] == "hello"


async def test_delete_by_name_selector_and_all(kubectl):
    for name in ("a", "b", "c", "d"):
        await kubectl(f"create configmap {name}")
    await kubectl("label configmap b group=x")
    await kubectl("delete configmap a")
    await kubectl("delete configmap -l group=x")
    assert (await kubectl("get configmaps -o name")).split() == ["configmap/c", "configmap/d"]
    await kubectl("delete configmaps --all")
    assert await kubectl("get configmaps -o name") == ""
    assert 'configmaps "a" not found' in await kubectl.fails("delete configmap a")
    assert await kubectl("delete configmap a --ignore-not-found") == ""
    await kubectl("create configmap e")
    await kubectl("delete configmap e --grace-period=0 --force --wait=false")


async def test_deleting_a_namespace_takes_all_of_it_and_some_stay(kubectl):
    await kubectl("apply -f -", stdin=GATEWAY)
    assert 'namespace "shop" deleted' in await kubectl("delete namespace shop")
    assert await kubectl("get gw -A -o name") == ""
    assert "may not be deleted" in await kubectl.fails("delete namespace istio-system")


async def test_what_is_there_can_be_found_out(kubectl):
    gateways = [row for row in (await kubectl("api-resources")).splitlines() if row.startswith("gateways ")]
    assert [row.split()[1:] for row in gateways] == [["gw", "networking.istio.io/v1", "true", "Gateway"]]
    assert "networking.istio.io/v1alpha3" in (await kubectl("api-versions")).splitlines()
    assert await kubectl("auth can-i create gateways.networking.istio.io") == "yes"
    assert "*" in await kubectl("auth can-i --list")
    assert await kubectl("get --raw /readyz") == "ok"
    assert "Kubernetes" in await kubectl("cluster-info")
    assert json.loads(await kubectl("version -o json"))["serverVersion"]["minor"] == "32"
    if kubectl.minor >= 21:
        named = (await kubectl("api-resources --categories=istio-io -o name")).splitlines()
        assert "gateways.networking.istio.io" in named
    if kubectl.minor >= 28:
        assert "pylae-admin" in await kubectl("auth whoami")


async def test_explain_describes_fields(kubectl):
    assert "FIELD: credentialName" in (await kubectl("explain gateway.spec.servers.tls.credentialName")).replace(
        "FIELD:    ", "FIELD: "
    )
    assert "externalTrafficPolicy" in await kubectl("explain service.spec")


async def test_logs_of_a_pod(kubectl):
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "gateway"},
        "spec": {"containers": [{"name": "istio-proxy", "image": "envoy"}]},
    }
    await kubectl("create -f -", stdin=json.dumps(pod))
    assert await kubectl("logs gateway --tail=3") == "gateway/istio-proxy, last 3"
    assert await kubectl("logs gateway -c istio-proxy -f --tail=1") == "gateway/istio-proxy, last 1"


async def test_a_field_that_is_not_known_is_named_with_its_place(kubectl):
    wrong = GATEWAY.replace("selector:", "selectorr:")
    refused = await kubectl.fails("apply -f -", stdin=wrong)
    assert "selectorr" in refused
    ran = await kubectl.run("apply", "--validate=false", "-f", "-", stdin=wrong)
    assert (ran.code, ran.out) == (0, "gateway.networking.istio.io/web created")
    if kubectl.minor >= 25:
        assert 'strict decoding error: unknown field "spec.selectorr"' in refused
        ran = await kubectl.run("replace", "--validate=warn", "-f", "-", stdin=wrong)
        assert 'Warning: unknown field "spec.selectorr"' in ran.err


async def test_a_dry_run_of_the_server_stores_nothing(kubectl):
    dry = await kubectl("apply --dry-run=server -f -", stdin=GATEWAY)
    assert dry == "gateway.networking.istio.io/web created (server dry run)"
    assert await kubectl("get gw -o name") == ""
    invalid = GATEWAY.replace("number: 443", "number: many")
    refused = await kubectl.fails("apply --dry-run=server --validate=false -f -", stdin=invalid)
    assert "spec.servers[0].port.number" in refused


async def test_server_side_apply_says_that_it_is_not_there(kubectl):
    complaint = await kubectl.fails("apply --server-side -f -", stdin=GATEWAY)
    assert "server-side apply" in complaint.lower()


async def test_a_secret_that_is_too_big_is_refused_and_the_next_one_taken(kubectl, tmp_path):
    (tmp_path / "big").write_bytes(b"x" * 4_000_000)
    refused = await kubectl.fails(f"create secret generic big --from-file={tmp_path / 'big'}")
    assert re.search(r"too large|Too long", refused), refused
    assert await kubectl("create secret generic small --from-literal=a=b") == "secret/small created"


async def test_generated_names_and_stdin_lists(kubectl):
    generated = "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: job-}\n"
    assert re.fullmatch(r"configmap/job-\w{5} created", await kubectl("create -f -", stdin=generated))
    items = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}} for name in ("a", "b")]
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    assert (await kubectl("apply -f -", stdin=listed)).splitlines() == ["configmap/a created", "configmap/b created"]
