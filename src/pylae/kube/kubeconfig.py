"""kubeconfig files: one context of them, read and checked.

The format is Kubernetes' (`kubectl config view`); so is the order in which a way to the API is looked for.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pylae.api.scalars import SecretBytes, SecretText
from pylae.kube import in_cluster
from pylae.kube.connection import Connection
from pylae.kube.kubeconfig_file import File, Item, Kubeconfig, read
from pylae.kube.plugin import VERSIONS, Plugin

NOT_READ = {
    "auth-provider": "logs in through an auth-provider, which Kubernetes itself gave up; use its exec plugin",
    "username": "logs in with a password, which Kubernetes itself gave up; use a token or a client certificate",
}
"""Ways of logging in that existed."""

PROXIES = ("http", "https")
EXTENSION = f"{VERSIONS[0].partition('/')[0]}/exec"
"""The extension of a cluster that its credential plugin is told."""


def default_path(environment: Mapping[str, str] = os.environ) -> Path:
    """The first file of `KUBECONFIG`, else `~/.kube/config`."""
    return default_paths(environment)[0]


def default_paths(environment: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """All files of `KUBECONFIG`, else `~/.kube/config`."""
    named = [part for part in environment.get("KUBECONFIG", "").split(os.pathsep) if part]
    return tuple(Path(part).expanduser() for part in named or ["~/.kube/config"])


def choose(kubeconfig: Path | None, context: str = "", environment: Mapping[str, str] = os.environ) -> Connection:
    """The way to the API that a program is given: by a file, by `KUBECONFIG`, by the pod that it runs in, or by
    `~/.kube/config`. Raises `KubeconfigError`, `InClusterError`."""
    if kubeconfig is not None:
        return load(kubeconfig, context)
    if not environment.get("KUBECONFIG") and not context and (found := in_cluster.connection(environment)):
        return found
    paths = default_paths(environment)
    return _connection(_read_all(paths), context)


def load(path: Path, context: str = "") -> Connection:
    """Reads `context` of the file, or its current one. Raises `KubeconfigError`."""
    return _connection(Kubeconfig((read(path),)), context)


def _read_all(paths: tuple[Path, ...]) -> Kubeconfig:
    """Of several files some may be missing, as for kubectl."""
    found: list[File] = [read(path) for path in paths if path.exists()]
    return Kubeconfig(found or [read(paths[0])])


def _connection(config: Kubeconfig, context: str) -> Connection:
    chosen = config.item("contexts", context or config.current_context)
    cluster = config.item("clusters", chosen.text("cluster"))
    user = config.item("users", chosen.text("user")) if chosen.text("user") else Item(config.path, "", {})
    for key, how in NOT_READ.items():
        if key in user.content:
            raise user.error(f'user "{user.name}" {how}')
    return Connection(
        server=_server(cluster),
        ca=cluster.bytes_of("certificate-authority"),
        token=SecretText(user.text("token").encode()),
        token_file=None if user.text("token") else user.path_of("tokenFile"),
        client_certificate=user.bytes_of("client-certificate"),
        client_key=SecretBytes(user.bytes_of("client-key")),
        server_name=cluster.text("tls-server-name"),
        verify=not cluster.content.get("insecure-skip-tls-verify", False),
        namespace=chosen.text("namespace") or "default",
        plugin=_plugin(user, cluster) if user.content.get("exec") else None,
        proxy=_proxy(cluster),
    )


def _server(cluster: Item) -> str:
    server = cluster.text("server").rstrip("/")
    if not server.startswith(("https://", "http://")):
        raise cluster.error(f'the server "{server}" is no https:// address')
    return server


def _proxy(cluster: Item) -> str:
    proxy = cluster.text("proxy-url")
    scheme = urlsplit(proxy).scheme
    if proxy and scheme not in PROXIES:
        raise cluster.error(f'cluster "{cluster.name}" is behind a proxy-url of {scheme}://; Pylae knows HTTP proxies')
    return proxy


def _plugin(user: Item, cluster: Item) -> Plugin:
    """Refuses plugins that have to ask somebody: here is nobody."""
    said = user.content["exec"] if isinstance(user.content["exec"], dict) else {}
    version, command = str(said.get("apiVersion", "")), str(said.get("command", ""))
    if version not in VERSIONS or not command:
        raise user.error(f'the exec of user "{user.name}" needs a command and an apiVersion: {" or ".join(VERSIONS)}')
    if said.get("interactiveMode") == "Always":
        raise user.error(f'the exec of user "{user.name}" wants a terminal (interactiveMode: Always)')
    return Plugin(
        command=str(user.path.parent / command) if "/" in command else command,
        arguments=tuple(str(argument) for argument in said.get("args") or ()),
        environment={str(pair["name"]): str(pair["value"]) for pair in said.get("env") or ()},
        api_version=version,
        cluster=_told(cluster) if said.get("provideClusterInfo") else None,
        install_hint=str(said.get("installHint") or ""),
    )


def _told(cluster: Item) -> dict[str, object]:
    """What a plugin may know of the server (client.authentication.k8s.io, Cluster)."""
    names = ("server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data", "proxy-url")
    told = {name: cluster.content[name] for name in names if cluster.content.get(name)}
    for extension in cluster.content.get("extensions") or ():
        if extension.get("name") == EXTENSION:
            told["config"] = extension.get("extension")
    return told
