"""Gateways: rules RG1 to RG22 of Istio's webhook (pkg/config/validation, ValidateGateway)."""

from pylae.api.gateway import Gateway, Port, Server, ServerTlsSettings
from pylae.rules.hosts import is_dns_label, is_ip_address, is_wildcard_domain
from pylae.rules.protocols import HTTP_FAMILY, TLS_FAMILY, Protocol, parse
from pylae.rules.serving import AHEAD, SERVE, WAYS
from pylae.validation.report import METADATA, SPEC, Path, Report
from pylae.validation.server_tls import PASSING_MODES, check_server_tls

UNIX = "unix://"
SUPPORTED = ", ".join(protocol for protocol in Protocol if protocol is not Protocol.UNSUPPORTED)


def check_gateway(gateway: Gateway, report: Report) -> None:
    """All rules for a Gateway."""
    if gateway.metadata.name and not is_dns_label(gateway.metadata.name):
        report.error(
            METADATA / "name",
            f"invalid gateway name {gateway.metadata.name!r}: it must be a DNS label.",
            "Use up to 63 lower-case letters, digits and hyphens.",
        )
    _check_way(gateway.metadata.annotations.get(SERVE, AHEAD), report)
    servers = gateway.spec.servers
    if not servers:
        report.error(SPEC / "servers", "gateway must have at least one server.", "Add a server with port and hosts.")
    for index, server in enumerate(servers):
        _check_server(server, SPEC / "servers" / index, report)
    _check_port_names(servers, report)


def _check_way(written: str, report: Report) -> None:
    if written not in WAYS:
        report.warning(
            (METADATA / "annotations").key(SERVE),
            f"{written!r} is no way to serve hosts; the default holds.",
            f"Write {' or '.join(WAYS)}.",
        )


def _check_server(server: Server, path: Path, report: Report) -> None:
    if not server.hosts:
        report.error(
            path / "hosts", "server config must contain at least one host.", 'Add the host names, or "*" for all.'
        )
    for index, host in enumerate(server.hosts):
        check_gateway_host(host, path / "hosts" / index, report)
    if server.port is None:
        report.error(path / "port", "port is required.", "Set number, name and protocol.")
    else:
        _check_port(server.port, server.bind, path / "port", report)
    _check_bind(server, path, report)
    if server.tls is not None:
        check_server_tls(server.tls, path / "tls", report)
    _check_tls_fits_protocol(server, path, report)


def _check_port_names(servers: tuple[Server, ...], report: Report) -> None:
    first: dict[str, int] = {}
    for index, server in enumerate(servers):
        name = server.port.name if server.port else ""
        if not name:
            continue
        if name in first:
            report.error(
                SPEC / "servers" / index / "port" / "name",
                f"port names in servers must be unique: {name!r} is the name of servers[{first[name]}] too.",
                "Give each port a name of its own.",
            )
        first.setdefault(name, index)


def check_gateway_host(host: str, path: Path, report: Report) -> None:
    """RG5 to RG9: a DNS name, `*.suffix`, `*` or an IP address, optionally after a namespace and a slash."""
    namespace, slash, name = host.partition("/")
    if not slash:
        _check_dns_name(host, path, report)
        return
    if not namespace or not name:
        report.error(
            path, f"namespace and dnsName of host {host!r} cannot be empty.", "Write namespace/name, or the name."
        )
        return
    if namespace not in ("*", ".") and not is_dns_label(namespace):
        report.error(
            path,
            f"invalid namespace value {namespace!r} in host {host!r}.",
            "Use a namespace's name, `.` for this one or `*`.",
        )
    _check_dns_name(name, path, report)


def _check_dns_name(name: str, path: Path, report: Report) -> None:
    if name == "*" or is_ip_address(name):
        return
    partial = "*" in name and ("*" in name[1:] or not name.startswith("*."))
    partial_wildcard = f'partial wildcard "{name}" not allowed'
    if "." not in name:
        report.error(path, f"short names (non FQDN) are not allowed: {name!r} has no dot.", "Write the full host name.")
    if not is_wildcard_domain(name):
        why = f": {partial_wildcard}" if partial else ""
        report.error(path, f"domain name {name!r} invalid{why}.", "Write a DNS name, *.suffix or *.")
    elif partial:
        report.error(path, f"{partial_wildcard}.", "A wildcard stands for whole labels: *.suffix, or *.")


def _check_port(port: Port, bind: str, path: Path, report: Report) -> None:
    if parse(port.protocol) is None:
        report.error(path / "protocol", f"invalid protocol {port.protocol!r}, supported are {SUPPORTED}.")
    if not 1 <= port.number <= 65535 and not (port.number == 0 and bind.startswith(UNIX)):
        report.error(path / "number", f"port number {port.number} must be in the range 1..65535.")
    if port.target_port:
        report.error(
            path / "targetPort",
            "targetPort has no impact on Gateways.",
            "Remove it: the Service of the gateway says which port its own leads to.",
        )
    if not port.name:
        report.error(path / "name", "port name must be set.", "Name it like http or https-shop.")


def _check_bind(server: Server, path: Path, report: Report) -> None:
    bind = server.bind
    if bind.startswith(UNIX):
        _check_unix_bind(bind.removeprefix(UNIX), path / "bind", report)
        if server.port is not None and server.port.number != 0:
            report.error(
                path / "port" / "number", f"port number must be 0 for unix domain socket, not {server.port.number}."
            )
        report.check_reach(path / "bind", bind, "Bind an IP address, or leave `bind` out.")
    elif bind and not is_ip_address(bind):
        report.error(path / "bind", f"{bind} is not a valid IP.", "Write an IP address, or leave `bind` out for all.")


def _check_unix_bind(file: str, path: Path, report: Report) -> None:
    if not file.startswith(("/", "@")) or file.endswith("/") or len(file) < 2:
        report.error(path, f"unix domain socket {file!r} must be an absolute path, or @name for an abstract one.")


def _check_tls_fits_protocol(server: Server, path: Path, report: Report) -> None:
    """RG19 to RG22: which protocols need `tls`, and which allow it."""
    protocol = parse(server.port.protocol) if server.port else None
    if protocol is None:
        return
    if server.tls is None:
        if protocol in TLS_FAMILY:
            report.error(
                path / "tls",
                f"server must have TLS settings for HTTPS/TLS protocols, and {protocol} is one.",
                "Set tls.mode and tls.credentialName.",
            )
        return
    if server.tls.https_redirect and protocol not in HTTP_FAMILY:
        report.warning(
            path / "tls" / "httpsRedirect",
            f"tls.httpsRedirect should only be used with http servers; on {protocol} it has no effect.",
            "Move it to the server of the plain HTTP port.",
        )
    if protocol in HTTP_FAMILY and not _only_redirects(server.tls):
        report.error(
            path / "tls",
            f"server cannot have TLS settings for plain text HTTP ports, and {protocol} is plain text.",
            "Set the protocol to HTTPS, or keep nothing but tls.httpsRedirect.",
        )
    elif protocol not in HTTP_FAMILY | TLS_FAMILY:
        report.error(
            path / "tls",
            f"server cannot have TLS settings for non HTTPS/TLS ports, and {protocol} is none.",
            "Set the protocol to TLS, or remove tls.",
        )


def _only_redirects(tls: ServerTlsSettings) -> bool:
    return tls.mode in PASSING_MODES and not (tls.ca_certificates or tls.private_key or tls.server_certificate)
