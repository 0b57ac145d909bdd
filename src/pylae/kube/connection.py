"""Where an API server is, whom we trust to be it, and who we are to it."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pylae.api.scalars import SecretBytes, SecretText
from pylae.kube.errors import KubeError
from pylae.kube.plugin import Plugin


class UnusableCredentials(KubeError):
    """A certificate, key or token cannot be used; the message says which and why."""


NO_TOKEN, NO_KEY = SecretText(), SecretBytes()


@dataclass(frozen=True, slots=True)
class Connection:
    """One context of a kubeconfig, read and checked.

    `server` is a URL without a slash at its end; certificates and keys are PEM. An empty `ca` means the machine's own
    authorities. A token in a file is read again for every request, since clusters renew it there; a `plugin` is a
    program that says who we are. `proxy` is the URL of an HTTP proxy on the way. With a `socket` the server is asked
    for there, and not at its address.
    """

    server: str
    ca: bytes = b""
    token: SecretText = NO_TOKEN
    token_file: Path | None = None
    client_certificate: bytes = b""
    client_key: SecretBytes = NO_KEY
    server_name: str = ""
    verify: bool = True
    namespace: str = "default"
    plugin: Plugin | None = None
    proxy: str = field(default="", repr=False)
    socket: Path | None = None

    def through(self, socket: Path) -> "Connection":
        """To the same server, as the same user, through a Unix socket of this machine. What never leaves the kernel is
        not encrypted."""
        return replace(self, server="http://localhost", socket=socket)

    @property
    def place(self) -> str:
        """Where the server is asked, as messages name it."""
        return str(self.socket) if self.socket else self.server

    def headers(self) -> dict[str, str]:
        """What proves who we are, where no client certificate does. Raises `UnusableCredentials`."""
        token = bytes(self.token) if self.token_file is None else _read(self.token_file)
        return {"Authorization": f"Bearer {token.decode().strip()}"} if token else {}

    def ssl_context(self) -> ssl.SSLContext | None:
        """None for plain `http://`. Raises `UnusableCredentials`."""
        if not self.server.startswith("https://"):
            return None
        try:
            context = ssl.create_default_context(cadata=self.ca.decode() or None)
            context.verify_flags &= (
                ~ssl.VERIFY_X509_STRICT
            )  # clusters' own authorities seldom are; kubectl asks no more
            if not self.verify:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            if self.client_certificate:
                with _in_memory(self.client_certificate + b"\n" + bytes(self.client_key)) as path:
                    context.load_cert_chain(path)
        except (ssl.SSLError, ValueError, OSError) as error:
            reason = getattr(error, "reason", None) or str(error)
            raise UnusableCredentials(f"the certificates for {self.server} cannot be used: {reason}") from None
        return context


@contextmanager
def _in_memory(content: bytes) -> Iterator[str]:
    """A path that only this process can open: `ssl` reads keys from files alone, and ours shall not reach a disk."""
    descriptor = os.memfd_create("pylae-client", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnusableCredentials(f"{path} cannot be read: {error.strerror}") from None
