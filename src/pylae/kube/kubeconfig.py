"""kubeconfig files: reading one context of them, and adding ours to a user's own.

The format is Kubernetes' (`kubectl config view`): lists of named clusters, users and contexts. Paths in it are relative
to the directory that the file lies in.
"""

import base64
import binascii
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from pylae.api.scalars import SecretBytes, SecretText
from pylae.kube.connection import Connection
from pylae.kube.errors import KubeError

Entry = dict[str, Any]

SECTIONS = {"clusters": "cluster", "users": "user", "contexts": "context"}
"""The three lists, and under which key an item of each holds its content."""

NOT_READ = {
    "exec": "logs in through a program (exec)",
    "auth-provider": "logs in through an auth-provider",
    "username": "logs in with a password",
}
"""Ways of logging in that exist, and that are not ours yet."""


class KubeconfigError(KubeError):
    """A kubeconfig cannot be used; the message names the file, says why and what to do."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path


def default_path(environment: Mapping[str, str] = os.environ) -> Path:
    """The first file of `KUBECONFIG`, else `~/.kube/config`."""
    named = [part for part in environment.get("KUBECONFIG", "").split(os.pathsep) if part]
    return Path(named[0] if named else "~/.kube/config").expanduser()


def load(path: Path, context: str = "") -> Connection:
    """Reads `context` of the file, or its current one. Raises `KubeconfigError`."""
    config = _Kubeconfig(path, _read(path))
    chosen = config.item("contexts", context or config.current_context)
    cluster = config.item("clusters", chosen.get("cluster", ""))
    user = config.item("users", chosen["user"]) if chosen.get("user") else {}
    for key, how in NOT_READ.items():
        if key in user:
            raise config.error(
                f'user "{chosen["user"]}" {how}, which Pylae cannot do yet; use a token or a client certificate'
            )
    if cluster.get("proxy-url"):
        raise config.error(f'cluster "{chosen["cluster"]}" is behind a proxy-url, which Pylae cannot do yet')
    return Connection(
        server=config.server(cluster),
        ca=config.content(cluster, "certificate-authority"),
        token=SecretText(str(user.get("token", "")).encode()),
        token_file=None if user.get("token") else config.path_of(user, "tokenFile"),
        client_certificate=config.content(user, "client-certificate"),
        client_key=SecretBytes(config.content(user, "client-key")),
        server_name=cluster.get("tls-server-name", ""),
        verify=not cluster.get("insecure-skip-tls-verify", False),
        namespace=chosen.get("namespace") or "default",
    )


def merge(into: Path, from_: Path, context: str) -> None:
    """Adds the current context of `from_` to `into` under the name `context`, as `kind export kubeconfig` does.

    Entries of that name are replaced, all others and the current context stay. The file is made if it is missing, is
    readable by its owner alone afterwards, and is never seen half-written. Raises `KubeconfigError`.
    """
    source = _Kubeconfig(from_, _read(from_))
    added = source.standing_alone(context)
    target = into.resolve()  # a link stays a link
    with _locked(target):
        wanted = _read(target) if target.exists() else {}
        merged = {"apiVersion": "v1", "kind": "Config", **wanted}
        for section, entry in added.items():
            others = [item for item in _entries(wanted, section) if item.get("name") != context]
            merged[section] = [*others, entry]
        merged.setdefault("current-context", "")
        _write(target, merged)


class _Kubeconfig:
    """A parsed file, and how things are found in it."""

    def __init__(self, path: Path, content: Entry) -> None:
        self.path = path
        self._content = content

    @property
    def current_context(self) -> str:
        if current := self._content.get("current-context"):
            return str(current)
        raise self.error("it has no current-context; name one of its contexts")

    def error(self, message: str) -> KubeconfigError:
        return KubeconfigError(self.path, message)

    def item(self, section: str, name: str) -> Entry:
        """The content of the named cluster, user or context."""
        key = SECTIONS[section]
        items = {item.get("name"): item.get(key) or {} for item in _entries(self._content, section)}
        if name not in items:
            raise self.error(f'it has no {key} "{name}"; there {_are(sorted(str(known) for known in items))}')
        found: Entry = items[name]
        return found

    def server(self, cluster: Entry) -> str:
        server = str(cluster.get("server", "")).rstrip("/")
        if not server.startswith(("https://", "http://")):
            raise self.error(f'the server "{server}" is no https:// address')
        return server

    def path_of(self, entry: Entry, key: str) -> Path | None:
        return self.path.parent / Path(entry[key]).expanduser() if entry.get(key) else None

    def content(self, entry: Entry, key: str) -> bytes:
        """Bytes that are in the entry (`<key>-data`, base64) or in the file it names."""
        if data := entry.get(f"{key}-data"):
            try:
                return base64.b64decode(data, validate=True)
            except (binascii.Error, ValueError, TypeError):
                raise self.error(f"{key}-data is not base64") from None
        if path := self.path_of(entry, key):
            try:
                return path.read_bytes()
            except OSError as error:
                raise self.error(f"{key} {path} cannot be read: {error.strerror}") from None
        return b""

    def standing_alone(self, name: str) -> dict[str, Entry]:
        """The current context with its cluster and user, all called `name`, needing no other file."""
        context = self.item("contexts", self.current_context)
        cluster = self._absolute(self.item("clusters", context.get("cluster", "")))
        user = self._absolute(self.item("users", context.get("user", "")))
        return {
            "clusters": {"name": name, "cluster": cluster},
            "users": {"name": name, "user": user},
            "contexts": {"name": name, "context": {**context, "cluster": name, "user": name}},
        }

    def _absolute(self, entry: Entry) -> Entry:
        keys = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
        moved = {key: str(path.absolute()) for key in keys if (path := self.path_of(entry, key))}
        return {**entry, **moved}


def _entries(content: Entry, section: str) -> list[Entry]:
    entries = content.get(section)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _are(names: list[str]) -> str:
    return f"are {', '.join(names)}" if names else "are none"


def _read(path: Path) -> Entry:
    try:
        content = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    except OSError as error:
        raise KubeconfigError(path, f"it cannot be read: {error.strerror}") from None
    except yaml.YAMLError:
        raise KubeconfigError(path, "it is not YAML; correct it, or name another file in KUBECONFIG") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise KubeconfigError(path, "it is no kubeconfig")
    return content


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """kubectl's own lock: a file beside the kubeconfig, for as long as it is being written (client-go, clientcmd)."""
    lock = path.with_name(f"{path.name}.lock")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise KubeconfigError(path, f"another program is writing it; if none is, remove {lock}") from None
    except OSError as error:
        raise KubeconfigError(path, f"it cannot be written: {error.strerror}") from None
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _write(path: Path, content: Entry) -> None:
    text = yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
    new = path.with_name(f".{path.name}.new")  # nobody else writes it: we hold the lock
    try:
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise KubeconfigError(path, f"it cannot be written: {error.strerror}") from None
