"""The way to the API that a pod is given."""

from pathlib import Path

import pytest
import yaml

from pylae.kube import in_cluster
from pylae.kube.in_cluster import InClusterError
from pylae.kube.kubeconfig import choose

POD = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}


@pytest.fixture
def account(tmp_path: Path) -> Path:
    for name, content in {"ca.crt": "CA", "token": "first\n", "namespace": "pylae-system\n"}.items():
        (tmp_path / name).write_text(content)
    return tmp_path


def test_a_pod_is_its_service_account(account: Path) -> None:
    found = in_cluster.connection(POD, account)
    assert found
    assert (found.server, found.ca, found.namespace) == ("https://10.96.0.1:443", b"CA", "pylae-system")


def test_the_token_is_read_again_since_the_kubelet_renews_it(account: Path) -> None:
    found = in_cluster.connection(POD, account)
    assert found
    assert found.headers() == {"Authorization": "Bearer first"}
    (account / "token").write_text("second")
    assert found.headers() == {"Authorization": "Bearer second"}


def test_an_address_of_ipv6_stands_in_brackets(account: Path) -> None:
    found = in_cluster.connection({**POD, "KUBERNETES_SERVICE_HOST": "fd00::1"}, account)
    assert found
    assert found.server == "https://[fd00::1]:443"


def test_elsewhere_there_is_none(account: Path) -> None:
    assert in_cluster.connection({}, account) is None
    assert in_cluster.namespace(account / "nowhere") == ""


def test_a_pod_without_its_account_is_told_what_to_do(account: Path) -> None:
    (account / "ca.crt").unlink()
    with pytest.raises(InClusterError, match=r"No such file or directory\. Set automountServiceAccountToken"):
        in_cluster.connection(POD, account)


def written(path: Path, server: str) -> Path:
    named = {"clusters": "cluster", "users": "user", "contexts": "context"}
    content = {"cluster": {"server": server}, "user": {}, "context": {"cluster": "c", "user": "u"}}
    config = {
        section: [{"name": key if key == "context" else key[0], key: content[key]}] for section, key in named.items()
    }
    path.write_text(yaml.safe_dump({**config, "current-context": "context"}))
    return path


def test_a_file_that_is_named_goes_before_the_pod(tmp_path: Path) -> None:
    mine, other = written(tmp_path / "mine", "https://mine"), written(tmp_path / "other", "https://other")
    environment = {**POD, "KUBECONFIG": str(other)}
    assert choose(mine, environment=environment).server == "https://mine"
    assert choose(None, environment=environment).server == "https://other"
