"""The kubeconfig that is written, and the token that only it holds."""

import base64
import stat

import pytest
import yaml

from pylae.apiserver.kubeconfig import ensure_token, token_hash, write_kubeconfig
from pylae.apiserver.pki import certificate_pem, ensure_pki, key_pem


@pytest.fixture
def pki(tmp_path, clock):
    return ensure_pki(tmp_path / "pki", names=(), now=clock())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "kubeconfig"


@pytest.fixture
def hash_file(tmp_path):
    return tmp_path / "token.sha256"


def test_it_has_one_context_with_all_that_kubectl_needs(path, pki):
    write_kubeconfig(path, server="https://127.0.0.1:1", token="t", pki=pki)
    document = yaml.safe_load(path.read_text())
    assert document["current-context"] == "pylae"
    assert document["contexts"] == [{"name": "pylae", "context": {"cluster": "pylae", "user": "pylae-admin"}}]
    cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
    assert cluster["server"] == "https://127.0.0.1:1"
    assert base64.b64decode(cluster["certificate-authority-data"]) == certificate_pem(pki.authority)
    assert user["token"] == "t"
    assert base64.b64decode(user["client-certificate-data"]) == certificate_pem(pki.admin)
    assert base64.b64decode(user["client-key-data"]) == key_pem(pki.admin)


def test_it_is_private_even_if_it_was_not(path, pki):
    for _ in range(2):
        write_kubeconfig(path, server="https://127.0.0.1:1", token="t", pki=pki)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.chmod(0o644)


def test_it_is_not_touched_when_nothing_changed(path, pki):
    write_kubeconfig(path, server="https://127.0.0.1:1", token="t", pki=pki)
    before = path.stat().st_ino
    write_kubeconfig(path, server="https://127.0.0.1:1", token="t", pki=pki)
    assert path.stat().st_ino == before


def test_the_server_keeps_only_the_hash_and_the_token_stays_from_start_to_start(path, pki, hash_file):
    token = ensure_token(path, hash_file)
    write_kubeconfig(path, server="https://127.0.0.1:1", token=token, pki=pki)
    assert hash_file.read_text().strip() == token_hash(token)
    assert token not in hash_file.read_text()
    assert ensure_token(path, hash_file) == token


@pytest.mark.parametrize("content", ["", "[]", "users: []", "users: [{user: {}}]", "{broken", "users: 7"])
def test_a_kubeconfig_without_our_token_gets_a_new_one(path, hash_file, content):
    first = ensure_token(path, hash_file)
    path.write_text(content)
    assert ensure_token(path, hash_file) != first


def test_a_token_whose_hash_is_not_ours_is_replaced(path, pki, hash_file):
    write_kubeconfig(path, server="https://127.0.0.1:1", token="planted", pki=pki)
    assert ensure_token(path, hash_file) != "planted"
