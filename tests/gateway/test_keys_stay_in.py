"""A private key is in its Secret, in Envoy and nowhere else, and no longer than its Secret is."""

import base64
import json
import os
import re
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from world import GOOD, Pair, World, a_world, gateway, good_host, pair, secret

from pylae.cli.door import ask
from pylae.node.directories import DataDirectory

pytestmark = pytest.mark.real

SPELLING = 24
"""Characters: long enough to be no accident."""


def traces(text: str) -> tuple[bytes, ...]:
    """What gives a PEM away: its lines as they are, and inside the base64 of a Secret's `data` at any offset. The first
    line is the same in every key of this kind."""
    lines = [line for line in text.splitlines()[2:-1] if len(line) >= SPELLING]
    assert lines, "there is nothing to look for"
    encoded = [base64.b64encode(line[offset:].encode())[:-4] for line in lines for offset in range(3)]
    raw = [base64.b64decode("".join(text.splitlines()[1:-1]))[36:68]]  # RFC 5208, RFC 5915: the private number
    return (*(line.encode() for line in lines), *(code for code in encoded if len(code) >= SPELLING), *raw)


def holding(data: Path, marks: tuple[bytes, ...]) -> set[str]:
    """The names of the files in which there is any of these."""
    files = [path for path in data.rglob("*") if path.is_file()]
    return {path.name for path in files if any(mark in path.read_bytes() for mark in marks)}


def stop(world: World) -> None:
    stopped = world.pylae("down")
    assert stopped.code == 0, stopped.err


# Outputs


@pytest.fixture(scope="module")
def spilling() -> Iterator[tuple[World, list[Pair]]]:
    """A gateway whose Secrets came in every way, were rotated, were refused and were spoilt, and all their keys."""
    with a_world() as world:
        good, rotated, applied, spoilt, odd = (pair(GOOD) for _ in range(5))
        files = world.data.parent / "files"
        files.mkdir()
        (files / "tls.crt").write_text(good.chain)
        (files / "tls.key").write_text(good.key)
        pem = (f"--cert={files}/tls.crt", f"--key={files}/tls.key")
        assert world.kubectl("create", "secret", "tls", "good", "-n", "istio-system", *pem).code == 0
        assert world.apply(gateway("good", GOOD, "good")).code == 0
        world.until(lambda: world.curl(f"https://{GOOD}/", "-k").code == 0)
        assert world.kubectl("replace", "-f", "-", stdin=tls("good", rotated.chain, rotated.key)).code == 0
        assert "last-applied" in applied_secret(world, applied)
        assert world.apply(ACCESS_LOG).code == 0
        world.until(lambda: world.curl(f"https://{GOOD}/", "-k").code == 0 and (world.data / "envoy.log").read_text())
        # A certificate of another key, a key that is no base64, a key in a field that there is not, a patch that fails.
        assert world.kubectl("replace", "-f", "-", stdin=tls("good", good.chain, spoilt.key)).code == 0
        world.apply(secret("plain").replace('"stringData": {}', f'"data": {{"tls.key": {json.dumps(odd.key)}}}'))
        world.apply(secret("listed").replace('"stringData": {}', f'"data": {{"tls.key": [{json.dumps(odd.key)}]}}'))
        world.apply(secret("lost", x="y").replace('"x": "y"', f'"x": {{{json.dumps(odd.key)}: 1}}'))
        test = json.dumps(
            [{"op": "test", "path": "/data/tls.key", "value": base64.b64encode(odd.key.encode()).decode()}]
        )
        world.kubectl("patch", "secret", "good", "-n", "istio-system", "--type=json", "-p", test)
        world.until(lambda: "PYL0103" in world.pylae("status").out)
        yield world, [good, rotated, applied, spoilt, odd]


ACCESS_LOG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "accessLogFile: /dev/stdout"}
"""


def tls(name: str, chain: str, key: str) -> str:
    return json.dumps({**json.loads(secret(name, tls_crt=chain, tls_key=key)), "type": "kubernetes.io/tls"})


def applied_secret(world: World, made: Pair) -> str:
    """What kubectl says of a Secret that was applied twice, so that it has the annotation of its last state."""
    manifest = secret("applied", tls_crt=made.chain, tls_key=made.key)
    for _ in range(2):
        assert world.apply(manifest).code == 0
    return world.kubectl("get", "secret", "applied", "-n", "istio-system", "-o", "yaml").out


PYLAE = (
    *("status", "status -o json", "status -o yaml", "proxy-status", "proxy-status -o json", "logs --tail 10000"),
    *(f"proxy-config {part} -o {form}" for part in ("secret", "all", "listener") for form in ("json", "yaml")),
    "proxy-config secret",
    "export",
)
KUBECTL = (
    *("get events -A -o json", "get gateways.networking.istio.io -A -o yaml", "get secrets -A"),
    *("describe gateways.networking.istio.io", "describe secrets -n istio-system"),
    "logs -n istio-system istio-ingressgateway-0",
)


@pytest.mark.parametrize(
    "command", [*(f"pylae {words}" for words in PYLAE), *(f"kubectl {words}" for words in KUBECTL)]
)
def test_no_key_is_in_what_is_printed(spilling: tuple[World, list[Pair]], command: str) -> None:
    world, pairs = spilling
    program, *words = command.split()
    printed = world.pylae(*words) if program == "pylae" else world.kubectl(*words)
    assert printed.code == 0, printed.err
    assert printed.out
    assert_without_keys(f"{printed.out}\n{printed.err}".encode(), pairs)


ADMIN = ("/config_dump?include_eds", "/certs", "/clusters?format=json", "/stats", "/server_info")


@pytest.mark.parametrize("asked", [*(f"admin {path}" for path in ADMIN), "control /status", "control /proxies"])
def test_no_key_is_in_what_a_socket_of_ours_tells(spilling: tuple[World, list[Pair]], asked: str) -> None:
    world, pairs = spilling
    data = DataDirectory.at(world.data)
    door, _, path = asked.partition(" ")
    told = ask(data.admin_socket if door == "admin" else data.control_socket, path)
    assert told
    assert_without_keys(told, pairs)


@pytest.mark.parametrize("path", ["/metrics", "/stats/prometheus"])
def test_no_key_is_in_the_metrics(spilling: tuple[World, list[Pair]], path: str) -> None:
    world, pairs = spilling
    address = json.loads(world.pylae("status", "-o", "json").out)["telemetry"]["address"]
    told = world.run("curl", "-sf", f"{address}{path}")
    assert told.code == 0
    assert_without_keys(told.out.encode(), pairs)


def test_no_key_is_in_what_is_kept_of_who_owns_which_field(spilling: tuple[World, list[Pair]]) -> None:
    world, pairs = spilling
    side = ("apply", "--server-side", "--force-conflicts", "-f", "-")
    assert world.kubectl(*side, stdin=secret("applied", tls_crt=pairs[0].chain, tls_key=pairs[0].key)).code == 0
    found = json.loads(world.kubectl("get", "secrets", "-A", "-o", "json", "--show-managed-fields").out)["items"]
    owners = [each["metadata"]["managedFields"] for each in found if each["metadata"].get("managedFields")]
    assert any(entry["operation"] == "Apply" for entries in owners for entry in entries)
    assert_without_keys(json.dumps(owners).encode(), pairs)


def test_a_backup_is_its_owners_alone_whatever_the_umask(spilling: tuple[World, list[Pair]]) -> None:
    world, _ = spilling
    file = world.data.parent / "backup.tar.gz"
    before = os.umask(0)
    try:
        assert world.pylae("backup", str(file)).code == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in world.data.rglob("*") if path.is_file())


def test_keys_lie_in_the_database_alone_and_the_token_in_the_kubeconfig_alone(
    spilling: tuple[World, list[Pair]],
) -> None:
    world, pairs = spilling
    applied, spoilt = pairs[2], pairs[3]
    for made in pairs:
        assert holding(world.data, traces(made.key)) <= {"api.db", "api.db-wal"}
    assert holding(world.data, (*traces(applied.key), *traces(spoilt.key)))
    token = yaml.safe_load((world.data / "kubeconfig").read_text())["users"][0]["user"]["token"]
    spellings = (token.encode(), base64.b64encode(token.encode())[:-4])
    assert holding(world.data, spellings) == {"kubeconfig"}


def assert_without_keys(text: bytes, pairs: list[Pair]) -> None:
    text = text.replace(b"\\n", b"\n")
    for made in pairs:
        assert not [mark for mark in traces(made.key) if mark in text]
    assert not re.search(rb"BEGIN [A-Z ]*PRIVATE KEY", text)


# The disk, after deletion


def test_a_deleted_key_is_in_no_file_once_the_gateway_has_ended(world: World) -> None:
    world.apply(good_host())
    applied, rotated, kept = pair(GOOD), pair(GOOD), pair(GOOD)
    applied_secret(world, applied)
    world.kubectl("create", "-f", "-", stdin=secret("kept", tls_crt=kept.chain, tls_key=kept.key))
    assert holding(world.data, traces(applied.key)), "else the search is blind"
    assert (
        world.kubectl("apply", "-f", "-", stdin=secret("applied", tls_crt=rotated.chain, tls_key=rotated.key)).code == 0
    )
    assert world.kubectl("delete", "secret", "applied", "-n", "istio-system").code == 0
    stop(world)
    assert holding(world.data, traces(applied.key)) == set()
    assert holding(world.data, traces(rotated.key)) == set()
    assert holding(world.data, traces(kept.key)) == {"api.db"}


def test_a_key_that_was_deleted_before_a_kill_is_gone_after_the_next_run(world: World) -> None:
    made = pair(GOOD)
    world.apply(secret("applied", tls_crt=made.chain, tls_key=made.key))
    assert world.kubectl("delete", "secret", "applied", "-n", "istio-system").code == 0
    os.kill(json.loads(world.pylae("status", "-o", "json").out)["controlPlane"]["pid"], signal.SIGKILL)
    assert holding(world.data, traces(made.key)), "else the search is blind"
    world.until(lambda: world.up().code == 0)
    stop(world)
    assert holding(world.data, traces(made.key)) == set()


def test_a_key_that_was_refused_leaves_nothing(world: World) -> None:
    made = pair(GOOD)
    directory = world.data.parent / "files"
    directory.mkdir()
    manifest = secret("odd", tls_crt=made.chain).replace(
        '"stringData"', f'"data": {json.dumps({"k": made.key})}, "stringData"'
    )
    (directory / "odd.json").write_text(manifest)
    (directory / "torn.json").write_text(secret("torn", tls_crt=made.chain, tls_key=made.key)[:-1])
    (directory / "torn.yaml").write_text(yaml.safe_dump(json.loads(secret("torn", tls_key=made.key))) + "  x: [\n")
    assert world.pylae("apply", "-f", str(directory)).code == 1
    assert_without_keys(world.pylae("apply", "-f", str(directory)).err.encode(), [made])
    stop(world)
    assert world.up("-f", str(directory)).code == 0
    told = world.pylae("status")
    assert_without_keys(f"{told.out}{told.err}{world.pylae('logs', '--tail', '10000').out}".encode(), [made])
    stop(world)
    assert holding(world.data, traces(made.key)) == set()
