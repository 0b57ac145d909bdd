"""The way to the API that every pod is given: two variables and a mounted service account.

Source: kubernetes.io, "Accessing the Kubernetes API from a Pod".
"""

import os
from collections.abc import Mapping
from pathlib import Path

from pylae.kube.connection import Connection
from pylae.kube.errors import KubeError

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class InClusterError(KubeError):
    """This is a pod, and its service account cannot be used; the message says why and what to do."""


def connection(environment: Mapping[str, str] = os.environ, account: Path = ACCOUNT) -> Connection | None:
    """As the pod's service account; None where this is no pod. The kubelet renews the token in its file."""
    host, port = environment.get("KUBERNETES_SERVICE_HOST", ""), environment.get("KUBERNETES_SERVICE_PORT", "")
    if not (host and port):
        return None
    try:
        ca = (account / "ca.crt").read_bytes()
    except OSError as error:
        cure = "Set automountServiceAccountToken, or name a kubeconfig"
        raise InClusterError(f"{account / 'ca.crt'} cannot be read: {error.strerror}. {cure}") from None
    name = f"[{host}]" if ":" in host else host
    return Connection(
        f"https://{name}:{port}", ca=ca, token_file=account / "token", namespace=namespace(account) or "default"
    )


def namespace(account: Path = ACCOUNT) -> str:
    """The pod's own, or "" where this is no pod."""
    try:
        return (account / "namespace").read_text().strip()
    except OSError:
        return ""
