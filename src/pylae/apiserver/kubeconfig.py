"""The kubeconfig that is written for the user: one context, `pylae`, with all that kubectl needs to get in.

It holds a token and a client certificate; either will do. Of the token the server keeps only the hash, so this file
is the one place where it can be read, and it is read back from here when the file must be written again.
"""

import base64
import hashlib
import secrets
from pathlib import Path
from typing import Any, Final

import yaml

from pylae.apiserver.files import write_private
from pylae.apiserver.pki import ADMIN, Pki, certificate_pem, key_pem

CONTEXT: Final = "pylae"


def token_hash(token: str) -> str:
    """What the server remembers of a token. A token has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def ensure_token(kubeconfig: Path, hash_file: Path) -> str:
    """The administrator's token: the one in the kubeconfig if its hash is ours, else a new one, and the old one ends.

    Raises OSError.
    """
    token = _token_in(kubeconfig)
    if not token or not hash_file.is_file() or hash_file.read_text().strip() != token_hash(token):
        token = secrets.token_urlsafe(32)
        write_private(hash_file, f"{token_hash(token)}\n".encode())
    return token


def write_kubeconfig(path: Path, *, server: str, token: str, pki: Pki) -> None:
    """Writes the kubeconfig (0600) for a server such as `https://127.0.0.1:16443`. Raises OSError."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT,
        "clusters": [
            {
                "name": CONTEXT,
                "cluster": {"server": server, "certificate-authority-data": _base64(certificate_pem(pki.authority))},
            }
        ],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": ADMIN}}],
        "users": [
            {
                "name": ADMIN,
                "user": {
                    "token": token,
                    "client-certificate-data": _base64(certificate_pem(pki.admin)),
                    "client-key-data": _base64(key_pem(pki.admin)),
                },
            }
        ],
    }
    content = yaml.safe_dump(document, sort_keys=False).encode()
    if not path.is_file() or path.read_bytes() != content or path.stat().st_mode & 0o077:
        write_private(path, content)


def _token_in(path: Path) -> str:
    """The token of a kubeconfig that we wrote; `""` for anything else."""
    try:
        document: Any = yaml.safe_load(path.read_text())
        return str(document["users"][0]["user"]["token"])
    except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError):
        return ""


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
