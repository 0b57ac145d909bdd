"""What Envoy chooses in a handshake when nobody told it anything: on this rests that we tell it nothing."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from issuing import ec_key, issue, rsa_key
from lab import Lab, eventually, free_port
from picture import answering, certificate, listener, site, world

from pylae.api.scalars import SecretBytes
from pylae.envoy.admin import Admin
from pylae.envoy.process import spawn
from pylae.model.ir.listener import DownstreamTls, SecretRef
from pylae.model.ir.secret import TlsCertificate
from pylae.xds.resource import ResourceSet

pytestmark = pytest.mark.real

ECDSA, RSA = "kubernetes://ecdsa", "kubernetes://rsa"


def both(port: int, *names: str) -> ResourceSet:
    """A host with two certificates, in this order."""
    chain = replace(site("a.test", "", "https"), tls=DownstreamTls(tuple(SecretRef(name) for name in names)))
    made = {ECDSA: issue("a.test", key=ec_key()), RSA: issue("a.test", key=rsa_key())}
    secrets = (TlsCertificate(name, issued.chain, SecretBytes(issued.key)) for name, issued in made.items())
    return world(listener("0.0.0.0_8443", port, chain), answering("https", "hello"), *secrets)


async def signature(port: int, *options: str) -> str:
    """The kind of the certificate's key with which the server signed the handshake."""
    process = await asyncio.create_subprocess_exec(
        *("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "a.test", *options),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return output.decode().partition("Peer signature type: ")[2].partition("\n")[0].partition("-")[0]


@pytest.mark.parametrize("order", [(ECDSA, RSA), (RSA, ECDSA)], ids=["ecdsa first", "rsa first"])
async def test_whoever_can_gets_the_ecdsa_certificate_in_whatever_order_they_are_named(
    lab: Lab, order: tuple[str, str]
) -> None:
    port = free_port()
    await lab.settle(both(port, *order))
    for version in ("-tls1_3", "-tls1_2"):
        for offered in ("ECDSA+SHA256:RSA-PSS+SHA256", "RSA-PSS+SHA256:ECDSA+SHA256", "ECDSA+SHA256"):
            assert await signature(port, version, "-sigalgs", offered) == "ECDSA"
        assert await signature(port, version, "-sigalgs", "RSA-PSS+SHA256:RSA+SHA256") == "RSA"


CLIENT = """
{{"admin": {{"address": {{"pipe": {{"path": "{admin}"}}}}}},
 "static_resources": {{
  "listeners": [{{
   "name": "in", "address": {{"socket_address": {{"address": "127.0.0.1", "port_value": {port}}}}},
   "filter_chains": [{{"filters": [{{"name": "tcp", "typed_config": {{
     "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
     "stat_prefix": "in", "cluster": "out"}}}}]}}]}}],
  "clusters": [{{
   "name": "out", "type": "STATIC",
   "load_assignment": {{"cluster_name": "out", "endpoints": [{{"lb_endpoints": [{{"endpoint": {{"address":
     {{"socket_address": {{"address": "127.0.0.1", "port_value": {server}}}}}}}}}]}}]}},
   "transport_socket": {{"name": "tls", "typed_config": {{
     "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", "sni": "a.test",
     "common_tls_context": {{"tls_params": {{
       "tls_maximum_protocol_version": "TLSv1_3", "ecdh_curves": ["X25519MLKEM768", "X25519"]}}}}}}}}}}]}}}}
"""
"""An Envoy that speaks TLS for those who speak none, and prefers what browsers prefer."""


async def test_a_client_that_prefers_the_hybrid_key_exchange_gets_it(lab: Lab, tmp_path: Path) -> None:
    server, port = free_port(), free_port()
    chain = site("a.test", "kubernetes://a", "https")
    made = certificate("kubernetes://a", "a.test")
    await lab.settle(world(listener("0.0.0.0_8443", server, chain), answering("https", "hello"), made))
    file, admin = lab.directory / "client.json", lab.directory / "client.sock"
    file.write_text(json.dumps(json.loads(CLIENT.format(admin=admin, port=port, server=server))))
    client = spawn(replace(lab.command, bootstrap=file), log=tmp_path / "log", pid_file=tmp_path / "pid")
    try:
        async with Admin(admin) as other:
            await eventually(other.ready, "the client to be ready")
        assert (await lab.curl(f"http://a.test:{port}/", "--http1.1")).body == "hello"
        chosen = await lab.admin.stats(r"ssl\.curves")
        assert [name.rpartition(".")[2] for name in chosen] == ["X25519MLKEM768"]
    finally:
        client.signal(9)
        await client.wait()
