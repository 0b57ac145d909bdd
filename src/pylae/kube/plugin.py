"""Credential plugins: a program of the user's that says who we are, such as `gke-gcloud-auth-plugin`.

The protocol is client-go's `client.authentication.k8s.io`, v1 and v1beta1 (kubernetes.io, "Authenticating", client-go
credential plugins): an ExecCredential goes in by the environment and comes out on standard output. What comes out is
kept until it expires, or until the server refuses it.
"""

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from pylae.api.scalars import SecretBytes, SecretText
from pylae.kube.errors import KubeError

Json = dict[str, Any]

GROUP = "client.authentication.k8s.io"
VERSIONS = (f"{GROUP}/v1", f"{GROUP}/v1beta1")
INFO = "KUBERNETES_EXEC_INFO"
PATIENCE = 60.0
"""Seconds that a plugin may take. There is nobody whom it could ask for anything."""


class PluginError(KubeError):
    """A credential plugin gave no credentials; the message names it, says why and what to do."""

    def __init__(self, command: str, why: str, hint: str = "") -> None:
        super().__init__(f"the credential plugin {command} {why}" + (f". {hint.strip()}" if hint.strip() else ""))


@dataclass(frozen=True, slots=True)
class Plugin:
    """The `exec` of a kubeconfig's user, checked. `cluster` is what the plugin is told of the server, if it asked."""

    command: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    api_version: str = VERSIONS[0]
    cluster: Json | None = field(default=None, repr=False)
    install_hint: str = ""

    def __hash__(self) -> int:
        return hash((self.command, self.arguments))


@dataclass(frozen=True, slots=True)
class Credential:
    """What a plugin said: a token, a certificate with its key, or both."""

    token: SecretText
    certificate: bytes
    key: SecretBytes
    expires: datetime | None


class _Status(msgspec.Struct, rename="camel"):
    token: str = ""
    client_certificate_data: str = ""
    client_key_data: str = ""
    expiration_timestamp: datetime | None = None


class _ExecCredential(msgspec.Struct, rename="camel"):
    api_version: str = ""
    kind: str = ""
    status: _Status | None = None


async def run(plugin: Plugin) -> Credential:
    """Ask the plugin. Raises `PluginError`."""
    environment = {**os.environ, **plugin.environment, INFO: _info(plugin)}
    try:
        process = await asyncio.create_subprocess_exec(
            plugin.command,
            *plugin.arguments,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # it may repeat what nobody shall read
        )
    except OSError as error:
        raise PluginError(plugin.command, f"cannot be run: {error.strerror}", plugin.install_hint) from None
    return _credential(plugin, await _output(plugin, process))


async def _output(plugin: Plugin, process: asyncio.subprocess.Process) -> bytes:
    try:
        async with asyncio.timeout(PATIENCE):
            out, _ = await process.communicate()
    except TimeoutError:
        raise PluginError(plugin.command, f"said nothing for {PATIENCE:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        again = "Log in again, and run it by hand to see what it says"
        raise PluginError(plugin.command, f"failed (exit code {process.returncode})", again)
    return out


def _info(plugin: Plugin) -> str:
    spec: Json = {"interactive": False}
    if plugin.cluster is not None:
        spec["cluster"] = plugin.cluster
    return json.dumps({"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec})


def _credential(plugin: Plugin, out: bytes) -> Credential:
    try:
        said = msgspec.json.decode(out, type=_ExecCredential)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise PluginError(plugin.command, "printed no ExecCredential") from None
    if (said.kind, said.api_version) != ("ExecCredential", plugin.api_version):
        wrong = f"printed {said.kind or 'nothing'} {said.api_version}, and not ExecCredential {plugin.api_version}"
        raise PluginError(plugin.command, wrong)
    status = said.status or _Status()
    if not status.token and not (status.client_certificate_data and status.client_key_data):
        raise PluginError(plugin.command, "gave neither a token nor a certificate with its key")
    expires = status.expiration_timestamp
    return Credential(
        SecretText(status.token.encode()),
        status.client_certificate_data.encode(),
        SecretBytes(status.client_key_data.encode()),
        expires.replace(tzinfo=UTC) if expires and expires.tzinfo is None else expires,
    )
