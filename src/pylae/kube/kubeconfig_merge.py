"""Adding our own context to a user's kubeconfig, as `kind export kubeconfig` does."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from pylae.kube.kubeconfig_file import Entry, Kubeconfig, KubeconfigError, entries, read


def merge(into: Path, from_: Path, context: str) -> None:
    """Adds the current context of `from_` to `into` under the name `context`, as `kind export kubeconfig` does.

    Entries of that name are replaced, all others and the current context stay. The file is made if it is missing, is
    readable by its owner alone afterwards, and is never seen half-written. Raises `KubeconfigError`.
    """
    source = Kubeconfig((read(from_),))
    added = _standing_alone(source, context)
    target = into.resolve()  # a link stays a link
    with _locked(target):
        wanted: Entry = read(target).content if target.exists() else {}
        merged = {"apiVersion": "v1", "kind": "Config", **wanted}
        for section, entry in added.items():
            others = [item for item in entries(wanted, section) if item.get("name") != context]
            merged[section] = [*others, entry]
        merged.setdefault("current-context", "")
        _write(target, merged)


def _standing_alone(source: Kubeconfig, name: str) -> dict[str, Entry]:
    """The current context with its cluster and user, all called `name`, needing no other file."""
    context = source.item("contexts", source.current_context).content
    cluster = source.item("clusters", context.get("cluster", "")).absolute()
    user = source.item("users", context.get("user", "")).absolute()
    return {
        "clusters": {"name": name, "cluster": cluster},
        "users": {"name": name, "user": user},
        "contexts": {"name": name, "context": {**context, "cluster": name, "user": name}},
    }


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
