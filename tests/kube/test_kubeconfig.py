"""kubeconfigs: reading what others wrote, and adding ours without touching what is theirs."""

import base64
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from pylae.kube.kubeconfig import choose, default_path, load
from pylae.kube.kubeconfig_file import KubeconfigError
from pylae.kube.kubeconfig_merge import merge

Config = dict[str, Any]


def config(**user: Any) -> Config:
    cluster = {"server": "https://127.0.0.1:6443/", "certificate-authority-data": base64.b64encode(b"CA").decode()}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "local", "cluster": cluster}],
        "users": [{"name": "me", "user": user or {"token": "s3cr3t"}}],
        "contexts": [{"name": "here", "context": {"cluster": "local", "user": "me", "namespace": "shop"}}],
        "current-context": "here",
    }


def written(path: Path, content: Config) -> Path:
    path.write_text(yaml.safe_dump(content))
    return path


def read(path: Path) -> Config:
    content: Config = yaml.safe_load(path.read_text())
    return content


def test_the_current_context_is_read(tmp_path: Path) -> None:
    connection = load(written(tmp_path / "config", config()))
    assert connection.server == "https://127.0.0.1:6443"
    assert connection.ca == b"CA"
    assert connection.namespace == "shop"
    assert connection.headers() == {"Authorization": "Bearer s3cr3t"}


def test_a_token_never_prints(tmp_path: Path) -> None:
    connection = load(written(tmp_path / "config", config(token="s3cr3t", **{"client-key-data": "czNjcjN0"})))
    assert "s3cr3t" not in repr(connection)


def test_another_context_is_read_by_its_name(tmp_path: Path) -> None:
    content = config()
    content["contexts"].append({"name": "there", "context": {"cluster": "local", "user": "me"}})
    assert load(written(tmp_path / "config", content), "there").namespace == "default"


def test_files_are_found_beside_the_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "me.crt").write_bytes(b"CERT")
    (tmp_path / "me.key").write_bytes(b"KEY")
    (tmp_path / "token").write_text("fresh\n")
    user = {"client-certificate": "me.crt", "client-key": "me.key", "tokenFile": "token"}
    connection = load(written(tmp_path / "config", config(**user)))
    assert (connection.client_certificate, bytes(connection.client_key)) == (b"CERT", b"KEY")
    assert connection.headers() == {"Authorization": "Bearer fresh"}


def test_a_token_in_a_file_is_read_again_each_time(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("old")
    connection = load(written(tmp_path / "config", config(tokenFile="token")))
    (tmp_path / "token").write_text("new")
    assert connection.headers() == {"Authorization": "Bearer new"}


REFUSED = [
    (
        {"exec": {"command": "gke-gcloud-auth-plugin"}},
        'the exec of user "me" needs a command and an apiVersion: client.authentication.k8s.io/v1 or',
    ),
    ({"auth-provider": {"name": "oidc"}}, "auth-provider"),
    ({"username": "admin", "password": "x"}, "with a password"),
    ({"client-key-data": "%%%"}, "client-key-data is not base64"),
    ({"client-key": "nowhere.key"}, "nowhere.key cannot be read: No such file"),
]


@pytest.mark.parametrize(("user", "message"), REFUSED)
def test_what_cannot_be_used_is_named_with_its_file(tmp_path: Path, user: Config, message: str) -> None:
    path = written(tmp_path / "config", config(**user))
    with pytest.raises(KubeconfigError, match=message) as caught:
        load(path)
    assert str(caught.value).startswith(str(path))


def test_a_context_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match='no context "elsewhere"; there are here'):
        load(written(tmp_path / "config", config()), "elsewhere")


@pytest.mark.parametrize("text", ["[]", "a: b: c", "just words", ""])
def test_a_file_that_is_no_kubeconfig_is_an_error_of_ours(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)
    with pytest.raises(KubeconfigError):
        load(tmp_path / "config")


def test_a_file_that_is_not_there_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match="cannot be read: No such file"):
        load(tmp_path / "config")


def test_merging_adds_a_context_and_leaves_the_current_one(tmp_path: Path) -> None:
    ours, theirs = config(), config(token="theirs")
    theirs["contexts"][0]["name"] = theirs["current-context"] = "work"
    theirs["extensions"] = [{"name": "kept"}]
    target = written(tmp_path / "theirs", theirs)
    merge(target, written(tmp_path / "ours", ours), "pylae")
    merged = read(target)
    assert merged["current-context"] == "work"
    assert merged["extensions"] == [{"name": "kept"}]
    assert load(target) == load(written(tmp_path / "copy", theirs))
    assert load(target, "pylae") == load(tmp_path / "ours")


def test_merging_again_replaces_what_was_merged(tmp_path: Path) -> None:
    target = written(tmp_path / "theirs", config())
    for token in ("first", "second"):
        merge(target, written(tmp_path / "ours", config(token=token)), "pylae")
    assert [context["name"] for context in read(target)["contexts"]] == ["here", "pylae"]
    assert load(target, "pylae").headers() == {"Authorization": "Bearer second"}


def test_a_merged_file_is_its_owners_alone_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    target = written(tmp_path / "theirs", config())
    target.chmod(0o644)
    merge(target, written(tmp_path / "ours", config()), "pylae")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ours", "theirs"]


def test_a_file_that_is_missing_is_made_without_a_current_context(tmp_path: Path) -> None:
    target = tmp_path / ".kube" / "config"
    merge(target, written(tmp_path / "ours", config()), "pylae")
    assert read(target)["current-context"] == ""
    assert load(target, "pylae").server == "https://127.0.0.1:6443"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real = written(tmp_path / "real", config())
    link = tmp_path / "link"
    link.symlink_to(real)
    merge(link, written(tmp_path / "ours", config()), "pylae")
    assert link.is_symlink()
    assert load(real, "pylae").headers() == load(tmp_path / "ours").headers()


def test_a_file_that_kubectl_is_writing_is_left_alone(tmp_path: Path) -> None:
    target = written(tmp_path / "theirs", config())
    before = target.read_bytes()
    (tmp_path / "theirs.lock").touch()
    with pytest.raises(KubeconfigError, match="another program is writing it"):
        merge(target, written(tmp_path / "ours", config()), "pylae")
    assert target.read_bytes() == before


def test_relative_paths_are_absolute_after_a_merge(tmp_path: Path) -> None:
    (tmp_path / "us").mkdir()
    (tmp_path / "us" / "me.crt").write_bytes(b"CERT")
    ours = written(tmp_path / "us" / "ours", config(**{"client-certificate": "me.crt"}))
    target = written(tmp_path / "theirs", config())
    merge(target, ours, "pylae")
    assert load(target, "pylae").client_certificate == b"CERT"


def test_the_default_path_is_the_first_of_kubeconfig() -> None:
    assert default_path({"KUBECONFIG": os.pathsep.join(("", "/a/config", "/b/config"))}) == Path("/a/config")
    assert default_path({}) == Path.home() / ".kube" / "config"


def test_of_several_files_the_first_that_has_something_wins_and_some_may_be_missing(tmp_path: Path) -> None:
    """kubernetes.io, "Merging kubeconfig files"."""
    first, second = config(token="one"), config(token="two")
    first["clusters"] = []
    first["current-context"] = ""
    (tmp_path / "sub").mkdir()
    second["clusters"][0]["cluster"] = {"server": "https://b:6443", "certificate-authority": "ca.crt"}
    (tmp_path / "sub" / "ca.crt").write_bytes(b"CA of b")
    paths = [tmp_path / "nowhere", written(tmp_path / "a", first), written(tmp_path / "sub" / "b", second)]
    found = choose(None, environment={"KUBECONFIG": os.pathsep.join(map(str, paths))})
    assert (found.server, found.ca) == ("https://b:6443", b"CA of b")
    assert found.headers() == {"Authorization": "Bearer one"}


EXEC = {"apiVersion": "client.authentication.k8s.io/v1", "command": "./login", "args": ["-q"]}


def test_a_credential_plugin_is_found_beside_the_kubeconfig(tmp_path: Path) -> None:
    user = {"exec": {**EXEC, "env": [{"name": "A", "value": "b"}], "provideClusterInfo": True, "installHint": "get it"}}
    content = config(**user)
    content["clusters"][0]["cluster"]["extensions"] = [
        {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}
    ]
    plugin = load(written(tmp_path / "config", content)).plugin
    assert plugin
    assert (plugin.command, plugin.arguments) == (str(tmp_path / "login"), ("-q",))
    assert (plugin.environment, plugin.install_hint) == ({"A": "b"}, "get it")
    assert plugin.cluster
    assert (plugin.cluster["server"], plugin.cluster["config"]) == ("https://127.0.0.1:6443/", {"audience": "x"})


def test_a_credential_plugin_that_wants_a_terminal_is_refused(tmp_path: Path) -> None:
    user = {"exec": {**EXEC, "interactiveMode": "Always"}}
    with pytest.raises(KubeconfigError, match="wants a terminal"):
        load(written(tmp_path / "config", config(**user)))


def test_an_http_proxy_is_taken_and_another_is_refused(tmp_path: Path) -> None:
    content = config()
    content["clusters"][0]["cluster"]["proxy-url"] = "http://proxy.example:3128"
    assert load(written(tmp_path / "config", content)).proxy == "http://proxy.example:3128"
    content["clusters"][0]["cluster"]["proxy-url"] = "socks5://proxy.example"
    with pytest.raises(KubeconfigError, match="Pylae knows HTTP proxies"):
        load(written(tmp_path / "config", content))
