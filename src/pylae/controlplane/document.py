"""The document of `GET /status`: one account of everything, for `pylae status`, the start-up summary and machines."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pylae import __version__
from pylae.api.meta import ObjectRef
from pylae.api.scheme import GATEWAY
from pylae.controlplane.configuration import Configuration
from pylae.controlplane.refusals import UnboundPort
from pylae.kube.report import Standing
from pylae.model.finding import Finding
from pylae.model.ir.secret import TlsCertificate
from pylae.model.snapshot import Key
from pylae.node.dataplane import EnvoyState
from pylae.rules.pem import CertificateFacts, facts
from pylae.status.table import SiteRow, site_rows
from pylae.translate.endpoints import endpoints
from pylae.translate.on_demand import HostSite
from pylae.xds.cluster import emit_cluster
from pylae.xds.endpoint import emit_endpoints
from pylae.xds.scope import emit_scope
from pylae.xds.shown import shown

Json = dict[str, object]

KIBIBYTE = 1024

FINDINGS = 1000
"""Findings that are listed."""


def status(configuration: Configuration, unbound: Iterable[UnboundPort], standing: Iterable[Standing]) -> Json:
    """What serves, on which ports, and what is wrong; of very many findings the worst. Stable keys."""
    ledger, translator = configuration.ledger, configuration.translator
    findings = ledger.worst(FINDINGS)
    gateways = _gateways(configuration, findings)
    servers = tuple(server for gateway in gateways for server in translator.plans(gateway))
    found = [finding for gateway in gateways for finding in ledger.about(ObjectRef(GATEWAY.kind, *gateway))]
    translation = replace(configuration.translation, servers=servers)
    rows = site_rows(translation, known_certificates(configuration), found, translator.plans)
    return {
        "version": __version__,
        "ports": list(_ports(configuration, {str(port.address): port for port in unbound})),
        "sites": [_site(row) for row in rows],
        "onDemand": _on_demand(configuration),
        "findings": [_finding(finding) for finding in findings],
        "findingsTotal": len(ledger),
        "files": [_standing(path) for path in standing],
    }


def host(configuration: Configuration, name: str) -> Json:
    """What an Envoy is given for a host that is served on demand; nothing is `served` of a host that is none."""
    _, sites = configuration.translator.ask(name)
    return {
        "host": name,
        "inUse": name in configuration.on_demand.uses,
        "served": [_given(site, configuration) for site in sites],
    }


def _given(site: HostSite, configuration: Configuration) -> Json:
    registry = configuration.translator.registry
    return {
        "listener": site.scope.listener,
        "about": str(site.scope.origin.about),
        "certificate": site.certificate.name.removeprefix("kubernetes://"),
        "scope": shown(emit_scope(site.scope)),
        "clusters": [shown(emit_cluster(cluster)) for cluster in site.clusters],
        "endpoints": [shown(emit_endpoints(endpoints(cluster, registry))) for cluster in site.clusters],
    }


def known_certificates(configuration: Configuration) -> Mapping[str, CertificateFacts]:
    """What is known of each served certificate, by SDS name."""
    return {
        name: facts(value.chain)
        for name, value in configuration.credentials.values.items()
        if isinstance(value, TlsCertificate)
    }


def envoy(state: EnvoyState) -> Json:
    return {
        "version": state.version,
        "pid": state.pid,
        "memory": memory(state.pid) if state.pid else None,
        "uptime": round(state.seconds, 1),
    }


def memory(pid: int) -> int | None:
    """Bytes that a process holds in memory (VmRSS of proc(5)); None if it has gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * KIBIBYTE for line in lines if line.startswith("VmRSS:")), None)


def _gateways(configuration: Configuration, findings: Iterable[Finding]) -> list[Key]:
    """The Gateways that have a server sent ahead, or of which something is found."""
    listeners = configuration.translator.plan.listeners()
    gateways = {server.gateway_key for listener in listeners for server in listener.servers}
    gateways |= {(f.about.namespace, f.about.name) for f in findings if f.about.kind == GATEWAY.kind}
    return sorted(gateways)


def _on_demand(configuration: Configuration) -> Json:
    """How many hosts are there for whoever asks, how many were asked for, and whether all were looked into."""
    plan = configuration.translator.plan
    return {
        "hosts": sum(plan.claims_on(listener.name).on_demand for listener in plan.listeners()),
        "inUse": len(configuration.on_demand.uses),
        "examined": configuration.examination.is_over,
    }


def _ports(configuration: Configuration, unbound: Mapping[str, UnboundPort]) -> Iterable[Json]:
    """Every socket, by the port that a Gateway names."""
    sockets: dict[tuple[int, str], str] = {}
    for listener in configuration.translator.plan.listeners():
        for port, protocol in configuration.translator.plan.ports(listener.name):
            sockets |= {(port, str(address)): protocol for address in listener.addresses}
    for (port, address), protocol in sorted(sockets.items()):
        trouble = unbound.get(address)
        yield {
            "address": address,
            "port": port,
            "protocol": protocol,
            "state": "not bound" if trouble else "bound",
            "message": trouble.message if trouble else "",
        }


def _site(row: SiteRow) -> Json:
    return {
        "host": row.host,
        "port": row.port,
        "tls": row.tls,
        "certificate": row.certificate,
        "expires": _moment(row.expires),
        "routes": row.routes,
        "state": row.state,
        "codes": list(row.codes),
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def _finding(finding: Finding) -> Json:
    return {
        "code": finding.code.number,
        "reason": finding.code.reason,
        "level": str(finding.code.level),
        "about": str(finding.about),
        "path": finding.path,
        "message": finding.message,
        "cure": finding.cure,
    }


def _standing(standing: Standing) -> Json:
    refused = [
        {"where": refusal.where, "message": _words(refusal.about, refusal.message)} for refusal in standing.refused
    ]
    return {"path": str(standing.path), "applied": standing.applied, "refused": refused}


def _words(about: object, message: str) -> str:
    return f"{about}: {message}" if about else message
