"""The document of `GET /status`: one account of everything, for `pylae status`, the start-up summary and machines."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from pylae import __version__
from pylae.api.meta import ObjectRef
from pylae.api.scheme import GATEWAY
from pylae.controlplane.discovery.stream import StreamState
from pylae.controlplane.fleet.configuration import Configuration
from pylae.controlplane.fleet.fleet import Fleet
from pylae.controlplane.fleet.refusals import UnboundPort
from pylae.controlplane.fleet.serving import Serving
from pylae.controlplane.report.ledger import Ledger
from pylae.kube.report import Standing
from pylae.model.finding import Finding
from pylae.model.ir.secret import TlsCertificate
from pylae.model.snapshot import Key
from pylae.model.workload import GatewayWorkload
from pylae.rules.pem import CertificateFacts, facts
from pylae.status.table import SiteRow, site_rows
from pylae.translate.endpoints import endpoints
from pylae.translate.on_demand import HostSite
from pylae.xds.cluster import emit_cluster
from pylae.xds.endpoint import emit_endpoints
from pylae.xds.scope import emit_scope
from pylae.xds.shown import shown

Json = dict[str, object]

Unbound = tuple[GatewayWorkload, tuple[UnboundPort, ...]]
"""The ports that the gateways of one kind could not have."""

FINDINGS = 1000
"""Findings that are listed."""


def status(fleet: Fleet, unbound: Iterable[Unbound], standing: Iterable[Standing]) -> Json:
    """What serves, on which ports, and what is wrong; of very many findings the worst. Stable keys. Where there are
    several kinds of gateways, each port and site names its own."""
    findings = fleet.ledger.worst(FINDINGS)
    names = gateway_names(serving.workload for serving in fleet)
    troubles = {workload: {str(port.address): port for port in ports} for workload, ports in unbound}
    return {
        "version": __version__,
        "ports": [
            {**port, **_named(names, serving)}
            for serving in fleet
            for port in _ports(serving.configuration, troubles.get(serving.workload, {}))
        ],
        "sites": [
            {**_site(row), **_named(names, serving)}
            for serving in fleet
            for row in _rows(serving.configuration, fleet.ledger, findings)
        ],
        "onDemand": _on_demand(fleet),
        "findings": [_finding(finding) for finding in findings],
        "findingsTotal": len(fleet.ledger),
        "files": [_standing(path) for path in standing],
    }


def gateway_names(workloads: Iterable[GatewayWorkload]) -> Mapping[GatewayWorkload, str]:
    """A name for each kind: with its labels, where others are called the same, and with its number where those are
    alike, too, so that only ports tell them apart."""
    known = tuple(workloads)
    plain = Counter(map(str, known))
    labelled = {one: f"{one} ({_spelled(one)})" if plain[str(one)] > 1 else str(one) for one in known}
    count, names = Counter(labelled.values()), dict[GatewayWorkload, str]()
    for number, (workload, name) in enumerate(labelled.items(), 1):
        names[workload] = f"{name} #{number}" if count[name] > 1 else name
    return names


def gateway(workload: GatewayWorkload, name: str, streams: Iterable[StreamState], *, ready: bool) -> Json:
    """A kind of gateway, how many Envoys of it are connected, and whether all that is known can be served to it."""
    envoys = sum(stream.workload == workload for stream in streams)
    labels = dict(workload.labels)
    return {"name": name, "namespace": workload.namespace, "labels": labels, "envoys": envoys, "ready": ready}


def _spelled(workload: GatewayWorkload) -> str:
    return ",".join(f"{name}={value}" for name, value in sorted(workload.labels.items()))


def _named(names: Mapping[GatewayWorkload, str], serving: Serving) -> Json:
    return {"gateway": names[serving.workload]} if len(names) > 1 else {}


def _rows(configuration: Configuration, ledger: Ledger, findings: Iterable[Finding]) -> Iterable[SiteRow]:
    translator = configuration.translator
    gateways = _gateways(configuration, findings)
    servers = tuple(server for gateway in gateways for server in translator.plans(gateway))
    found = [finding for gateway in gateways for finding in ledger.about(ObjectRef(GATEWAY.kind, *gateway))]
    translation = replace(configuration.translation, servers=servers)
    return site_rows(translation, known_certificates(configuration), found, translator.plans)


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


def _gateways(configuration: Configuration, findings: Iterable[Finding]) -> list[Key]:
    """The Gateways that have a server sent ahead, or of which something is found."""
    listeners = configuration.translator.plan.listeners()
    gateways = {server.gateway_key for listener in listeners for server in listener.servers}
    gateways |= {(f.about.namespace, f.about.name) for f in findings if f.about.kind == GATEWAY.kind}
    return sorted(gateways)


def _on_demand(fleet: Fleet) -> Json:
    """How many hosts are there for whoever asks, how many were asked for, and whether all were looked into."""
    plans = [serving.configuration.translator.plan for serving in fleet]
    return {
        "hosts": sum(plan.claims_on(listener.name).on_demand for plan in plans for listener in plan.listeners()),
        "inUse": sum(len(serving.configuration.on_demand.uses) for serving in fleet),
        "examined": fleet.is_examined,
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
