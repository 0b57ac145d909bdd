"""Gateway: the ports that are open at the edge, the hosts served there, and their TLS (Istio, networking.istio.io)."""

from typing import Annotated

from msgspec import Meta, field

from pylae.api.honour import NOT_YET
from pylae.api.meta import ApiVersion, KindName, Object, Part
from pylae.api.scalars import Open, UInt32, one_of

TLS_MODES = ("PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL")
TLS_VERSIONS = ("TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3")


class Port(Part, frozen=True, kw_only=True):
    """A port as users of the gateway see it."""

    number: Annotated[
        UInt32, Meta(description="Port of the gateway's Service, such as 80 or 443; not the container's port.")
    ] = 0
    protocol: Annotated[
        str, Meta(description="HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TLS, TCP, MONGO, REDIS or MYSQL, in either case.")
    ] = ""
    name: Annotated[str, Meta(description="Label of the port, unique within the Gateway.")] = ""
    target_port: Annotated[UInt32, Meta(description="Deprecated: has no meaning on a Gateway and is refused.")] = 0


class TlsCertificate(Part, frozen=True, kw_only=True):
    """A server certificate in files of the proxy."""

    server_certificate: Annotated[str, Meta(description="Path of the certificate chain, PEM.")] = ""
    private_key: Annotated[str, Meta(description="Path of the private key, PEM.")] = ""
    ca_certificates: Annotated[
        str, Meta(description="Path of the authorities that client certificates must come from.")
    ] = ""


class ServerTlsSettings(Part, frozen=True, kw_only=True):
    """How a server terminates TLS, or that it does not."""

    https_redirect: Annotated[
        bool, Meta(description="Answer every plain HTTP request with a 301 to https; for servers without TLS.")
    ] = False
    mode: Annotated[
        str,
        one_of(*TLS_MODES),
        Meta(
            description="PASSTHROUGH forwards by SNI without terminating; SIMPLE terminates; MUTUAL also demands a "
            "client certificate; OPTIONAL_MUTUAL verifies one if it is sent; AUTO_PASSTHROUGH routes by the service "
            "named in the SNI; ISTIO_MUTUAL uses the mesh's own certificates."
        ),
    ] = "PASSTHROUGH"
    server_certificate: Annotated[
        str, Meta(description="Path of the server's certificate chain in the proxy, PEM.")
    ] = ""
    private_key: Annotated[str, Meta(description="Path of the server's private key in the proxy, PEM.")] = ""
    ca_certificates: Annotated[
        str, Meta(description="Path of the authorities that client certificates must come from, PEM.")
    ] = ""
    ca_crl: Annotated[str, Meta(description="Path of the list of revoked client certificates, PEM.", extra=NOT_YET)] = (
        ""
    )
    credential_name: Annotated[
        str,
        Meta(
            description="Name of the Secret with certificate and key (and ca.crt for mutual TLS), in the namespace of "
            "the gateway's workload."
        ),
    ] = ""
    credential_names: Annotated[
        tuple[str, ...],
        Meta(
            description="One or two Secrets, where the server has two certificates, such as RSA and ECDSA.",
            extra_json_schema={"minItems": 1, "maxItems": 2},
        ),
    ] = ()
    ca_cert_credential_name: Annotated[
        str, Meta(description="Secret or ConfigMap that client authorities are read from, instead of the credential's.")
    ] = ""
    tls_certificates: Annotated[
        tuple[TlsCertificate, ...],
        Meta(
            description="One or two certificates in files of the proxy.",
            extra_json_schema={"minItems": 1, "maxItems": 2},
        ),
    ] = ()
    subject_alt_names: Annotated[
        tuple[str, ...], Meta(description="Names of which the client certificate must carry at least one.")
    ] = ()
    verify_certificate_spki: Annotated[
        tuple[str, ...], Meta(description="Base64 SHA-256 of the public keys that client certificates may have.")
    ] = ()
    verify_certificate_hash: Annotated[
        tuple[str, ...], Meta(description="Hexadecimal SHA-256 of the client certificates that are accepted.")
    ] = ()
    min_protocol_version: Annotated[
        str, one_of(*TLS_VERSIONS), Meta(description="Oldest TLS version spoken; TLS 1.2 unless told.")
    ] = "TLS_AUTO"
    max_protocol_version: Annotated[
        str, one_of(*TLS_VERSIONS), Meta(description="Newest TLS version spoken; TLS 1.3 unless told.")
    ] = "TLS_AUTO"
    cipher_suites: Annotated[
        tuple[str, ...], Meta(description="Cipher suites up to TLS 1.2, by OpenSSL's names; Envoy's choice if empty.")
    ] = ()
    ecdh_curves: Annotated[
        tuple[str, ...],
        Meta(description="Curves for the key exchange, such as X25519 or P-256; Envoy's choice if empty."),
    ] = ()
    insecure_skip_verify: Annotated[
        bool | None, Meta(description="Ask for a client certificate, but accept one that does not verify.")
    ] = None


class Server(Part, frozen=True, kw_only=True):
    """An open port, the hosts served on it and its TLS."""

    port: Annotated[Port | None, Meta(description="Port to listen on. Required.")] = None
    bind: Annotated[
        str, Meta(description="Address to listen on, an IP or a Unix socket; all of the node's addresses if empty.")
    ] = ""
    hosts: Annotated[
        tuple[str, ...],
        Meta(
            description="Hosts served here: a name, `*.suffix` or `*`, optionally after a namespace whose "
            "VirtualServices may use them (`shop/*.example.com`; `.` is the Gateway's own namespace, `*` is any). "
            "Required."
        ),
    ] = ()
    tls: Annotated[
        ServerTlsSettings | None,
        Meta(description="TLS of the port; required for HTTPS and TLS, else for the redirect."),
    ] = None
    default_endpoint: Annotated[
        str, Meta(description="Loopback address that traffic goes to by default.", extra=NOT_YET)
    ] = ""
    name: Annotated[str, Meta(description="Name of the server, which its statistics carry.")] = ""


class GatewaySpec(Part, frozen=True, kw_only=True):
    """What the edge should look like."""

    servers: Annotated[tuple[Server, ...], Meta(description="Open ports with their hosts; at least one.")] = ()
    selector: Annotated[
        dict[str, str], Meta(description="Labels of the gateway workloads that serve this; all of them if empty.")
    ] = field(default_factory=dict)


class Gateway(Object, frozen=True, kw_only=True):
    """Opens ports at the edge and says which hosts are served there."""

    api_version: ApiVersion = "networking.istio.io/v1"
    kind: KindName = "Gateway"
    spec: Annotated[GatewaySpec, Meta(description="Ports, hosts and TLS that are wanted.")] = field(
        default_factory=GatewaySpec
    )
    status: Annotated[Open, Meta(description="What became of it: conditions, and the state of each server.")] = field(
        default_factory=dict
    )
